import Events
import Journeys

/// An engine over named sets of subjects: a filter `set equals NAME` leaves one of them. For questions by the thousand.
struct SetEngine: Engine {
  static let now = Timestamp(milliseconds: 1_700_000_000_000)
  static let day = CalendarDate(year: 2023, month: 11, day: 1)
  let everybody: Set<UInt32>
  let sets: [String: Set<UInt32>]
  var version: UInt64 = 1

  static func question(_ name: String?) -> Query {
    let filter = name.map { Filter.comparison(PropertyReference("set"), .equals([.string($0)])) }
    return .insights(
      InsightsQuery(
        range: DateRange(from: day, to: day), series: [.init(selector: EventSelector(event: "open"), measure: .total)], filter: filter))
  }

  func members(_ query: Query) -> Set<UInt32> {
    guard case .insights(let query) = query, case .comparison(_, .equals(let values))? = query.filter,
      case .string(let name)? = values.first
    else { return everybody }
    return sets[name] ?? []
  }

  func dataVersion() async -> UInt64 { version }
  func firstEvent() async throws -> Timestamp? { Timestamp(milliseconds: 1_690_000_000_000) }
  func memory() async -> [MemoryUse] { [] }

  func report(_ query: Query, _ rules: ReportRules, at instant: Timestamp) async throws -> Report {
    let figure = Double(members(query).count)
    return Report(
      content: .insights(
        InsightsReport(
          buckets: [instant], firstIncomplete: 1, lines: [.init(series: 0, group: .everything, values: [figure], overall: figure)])),
      notes: ReportNotes(evaluatedAt: instant, zone: "UTC", dataVersion: version, eventsRead: 0, excluded: []))
  }

  func numbers(_ door: Door, _ rules: ReportRules, at instant: Timestamp) async throws -> [SubjectNumber] {
    members(door.query).sorted().map { SubjectNumber($0) }
  }

  func subjects(_ door: Door, _ rules: ReportRules, at instant: Timestamp) async throws -> [SubjectReference] { [] }

  func catalog() async throws -> Catalog {
    Catalog(events: [], eventCount: everybody.count, subjectCount: everybody.count, firstEvent: nil, lastEvent: nil)
  }

  func timeline(of subject: Pseudonym, before cursor: EventCursor?, limit: Int, includingHeld: Bool) async throws -> [JourneyEvent] { [] }
  func profile(of subject: Pseudonym) async throws -> Profile? { nil }
  func findSubjects(prefix: String, limit: Int) async throws -> [SubjectSummary] { [] }
  func export(
    _ range: DateRange, events: [String]?, calendar: ProjectCalendar, after cursor: EventCursor?, limit: Int
  ) async throws -> [JourneyEvent] { [] }
  func values(of property: String, event: String?, limit: Int) async throws -> [StoredValue] { [] }
  func statistics(of event: String, since time: Timestamp) async throws -> EventStatistics { throw QueryError(.invalid, "not asked") }
  func profileStatistics(ofGroups: Bool) async throws -> EventStatistics { throw QueryError(.invalid, "not asked") }
  func heldEvents() async throws -> [HeldEvents] { [] }
}
