import Events
import Journeys
import SegmentStore
import Testing

/// Filters find sealed values by their tags: no plaintext has to stand in a query.
struct SealedFilterTests {
  private static let ann = Pseudonym(high: 0xA, low: 1)
  private static let bob = Pseudonym(high: 0xB, low: 2)
  private static func sealed(_ tag: Pseudonym, _ byte: UInt8 = 1) -> StoredValue { .sealed(SealedValue(bytes: [byte], tag: tag)) }
  private static func text(_ tag: Pseudonym) -> String { SealedValue.text(ofTag: tag) }

  /// Subjects 1 to 6: two with Ann's address, one with Bob's in a list, one with a text that looks like Ann's tag, one with that pseudonym,
  /// one without a profile.
  private static let profiles: [UInt32: StoredValue] = [
    1: sealed(ann, 1), 2: sealed(ann, 2), 3: .list([sealed(bob), .null, .string("x")]), 4: .string(text(ann)), 5: .pseudonym(ann),
  ]

  private func unique(_ comparison: Comparison, all: Bool = false) throws -> Double? {
    let day = CalendarDate(year: 2026, month: 3, day: 6)
    let calendar = ProjectCalendar(zone: "UTC")
    let noon = try calendar.interval(DateRange(from: day, to: day)).lowerBound.milliseconds + 43_200_000
    var world = PlainWorld()
    world.events = (1...6).map { PlainEvent("open", noon, $0) }
    world.profiles = Self.profiles.mapValues { ["$email": $0] }
    let property = PropertyReference("$email", scope: .subject)
    let query = Query.insights(
      InsightsQuery(
        range: DateRange(from: day, to: day), series: [.init(selector: EventSelector(event: "open"), measure: .unique)],
        filter: all ? .everyElement(property, comparison) : .comparison(property, comparison)))
    let instant = Timestamp(milliseconds: noon + 86_400_000)
    let execution = QueryExecution(snapshot: world.snapshot(), calendar: calendar, instant: instant)
    // By way of JSON, as it comes over the API.
    let report = try execution.report(try Query(json: try JSONValue(parsing: Array(query.canonicalJSON.utf8))))
    #expect(try Reference(world, calendar: calendar, instant: instant.milliseconds).report(query).content == report.content)
    guard case .insights(let content) = report.content else { return nil }
    return content.lines.first?.overall ?? 0
  }

  @Test("a tag equals the sealed values that have it, whoever's they are, and the text that it is") func equality() throws {
    #expect(try unique(.equals([.string(Self.text(Self.ann))])) == 3)
    #expect(try unique(.equals([.string(Self.text(Self.bob))])) == 1, "an element of a list")
    #expect(try unique(.equals([.string("nobody"), .string(Self.text(Self.ann)), .string(Self.text(Self.bob))])) == 4)
    #expect(try unique(.notEquals([.string(Self.text(Self.ann))])) == 3, "also without a profile")
    #expect(try unique(.equals([.string(Self.text(Self.bob))]), all: true) == 0, "not all elements are")
    #expect(try unique(.equals([.string("x"), .string(Self.text(Self.ann))]), all: true) == 3)
  }

  @Test("what is no tag equals no sealed value") func noTag() throws {
    let digits = Self.ann.description
    for text in [
      digits, "s_\(digits)", "T_\(digits)", "t_\(digits.uppercased())", "t_s_\(digits)", "t_\(digits)0", "t_\(digits.dropLast())", "t_", "",
    ] {
      #expect(try unique(.equals([.string(text)])) == (text == "s_\(digits)" ? 1 : 0), "\(text)")
    }
    #expect(try unique(.equals([.string(Self.text(Pseudonym(high: 1, low: 1)))])) == 0)
  }

  @Test("a sealed value has no parts and no order") func nothingElse() throws {
    let part = String(Self.text(Self.ann).prefix(6))
    #expect(try unique(.contains(part)) == 1 && unique(.startsWith(part)) == 1, "the text alone")
    #expect(try unique(.notContains(part)) == 5)
    #expect(try unique(.greater(0)) == 0)
    #expect(try unique(.isSet) == 5)
  }
}
