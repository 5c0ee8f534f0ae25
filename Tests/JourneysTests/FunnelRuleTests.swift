import Events
import Journeys
import SegmentStore
import Testing

/// The worked examples and invariants of the funnel rules (semantics A.6). Minutes of 2026-01-01 UTC; one subject unless said.
struct FunnelRuleTests {
  static let day = CalendarDate(year: 2026, month: 1, day: 1)
  static let midnight: Int64 = 1_767_225_600_000

  static func world(_ journey: [(String, Int)], subject: UInt32 = 1) -> PlainWorld {
    PlainWorld(events: journey.map { PlainEvent($0.0, midnight + Int64($0.1) * 60_000, subject) })
  }

  static func counts(
    _ world: PlainWorld, _ steps: String, window: Int64 = 3_600, order: FunnelQuery.Order = .sequential,
    counting: FunnelQuery.Counting = .unique, entry: FunnelQuery.Entry = .longest
  ) throws -> [Int] { try group(world, steps, window: window, order: order, counting: counting, entry: entry).steps.map(\.count) }

  static func group(
    _ world: PlainWorld, _ steps: String, window: Int64 = 3_600, order: FunnelQuery.Order = .sequential,
    counting: FunnelQuery.Counting = .unique, entry: FunnelQuery.Entry = .longest, at minute: Int = 100_000
  ) throws -> FunnelReport.Group {
    let query = FunnelQuery(
      range: DateRange(from: day, to: day), steps: steps.map { EventSelector(event: String($0)) }, windowSeconds: window, order: order,
      counting: counting, entry: entry)
    let report = try QueryExecution(
      snapshot: world.snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: midnight + Int64(minute) * 60_000)
    ).report(.funnel(query))
    guard case .funnel(let funnel) = report.content else { throw QueryError(.invalid, "not a funnel") }
    return funnel.groups[0]
  }

  @Test("first entry or longest chain: A 1:00, A 1:30, B 1:45, C 2:15, window one hour")
  func firstEntryAgainstLongestChain() throws {
    let world = Self.world([("A", 60), ("A", 90), ("B", 105), ("C", 135)])
    #expect(try Self.counts(world, "ABC", entry: .first) == [1, 1, 0])
    #expect(try Self.counts(world, "ABC", entry: .longest) == [1, 1, 1])
  }

  @Test("strict: what shares the entry's millisecond need not serve a step, though it could") func strictTieOfTheEntry() throws {
    let world = Self.world([("A", 0), ("B", 0), ("C", 10), ("X", 20)])
    let query = FunnelQuery(
      range: DateRange(from: Self.day, to: Self.day),
      steps: [EventSelector(event: "A"), EventSelector(event: nil), EventSelector(event: "X")],
      order: .strict)
    let report = try QueryExecution(
      snapshot: world.snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: Self.midnight + 86_400_000)
    ).report(.funnel(query))
    guard case .funnel(let funnel) = report.content else { throw QueryError(.invalid, "not a funnel") }
    #expect(funnel.groups[0].steps.map(\.count) == [1, 1, 1])
  }

  @Test("re-entry: the time to convert counts from the earliest entry of the longest chain")
  func reentry() throws {
    let group = try Self.group(Self.world([("A", 0), ("A", 10), ("A", 20), ("B", 30)]), "AB")
    #expect(group.steps[1].medianSecondsFromEntry == 1_800)
  }

  @Test("the window's end is inside") func windowEnd() throws {
    #expect(try Self.counts(Self.world([("A", 0), ("B", 60)]), "AB") == [1, 1])
    var late = Self.world([("A", 0), ("B", 60)])
    late.events[1].time += 1
    #expect(try Self.counts(late, "AB") == [1, 0])
  }

  @Test("the same event in two steps needs two occurrences") func twoOccurrences() throws {
    #expect(try Self.counts(Self.world([("A", 0)]), "AA") == [1, 0])
    #expect(try Self.counts(Self.world([("A", 0), ("A", 0)]), "AA") == [1, 1])
  }

  @Test("equal times are interchangeable: one event still serves one step") func ties() throws {
    #expect(try Self.counts(Self.world([("C", 5), ("B", 5), ("A", 5)]), "ABC") == [1, 1, 1])
    #expect(try Self.counts(Self.world([("B", 5), ("A", 5), ("X", 5)]), "ABC", order: .strict) == [1, 1, 0])
  }

  @Test("later steps may pass the end of the range, the entry may not") func rangeEnd() throws {
    #expect(try Self.counts(Self.world([("A", 1_439), ("B", 1_441)]), "AB") == [1, 1])
    #expect(try Self.counts(Self.world([("A", 1_440), ("B", 1_441)]), "AB") == [0, 0])
    #expect(try Self.counts(Self.world([("A", -1), ("B", 1)]), "AB") == [0, 0])
  }

  @Test("strict: the very next event, of any name") func strict() throws {
    #expect(try Self.counts(Self.world([("A", 0), ("X", 1), ("B", 2)]), "AB", order: .strict) == [1, 0])
    #expect(try Self.counts(Self.world([("A", 0), ("X", 1), ("A", 2), ("B", 3)]), "AB", order: .strict) == [1, 1])
  }

  @Test("any order: all steps within the window of the first one seen") func anyOrder() throws {
    #expect(try Self.counts(Self.world([("C", 0), ("A", 10), ("B", 60)]), "ABC", order: .any) == [1, 1, 1])
    #expect(try Self.counts(Self.world([("C", 0), ("A", 10), ("B", 61)]), "ABC", order: .any) == [1, 1, 0])
  }

  @Test("totals: one attempt open at a time, again after conversion or when the window ran out") func totals() throws {
    let journey = [("A", 0), ("A", 5), ("B", 10), ("A", 20), ("A", 81), ("B", 82)]
    #expect(try Self.counts(Self.world(journey), "AB", counting: .totals) == [3, 2])
  }

  @Test("open: not converted, and the window still runs") func open() throws {
    let world = Self.world([("A", 0), ("B", 59)])
    #expect(try Self.group(world, "ABC", at: 59).open == 1)
    #expect(try Self.group(world, "ABC", at: 60).open == 0)
    #expect(try Self.group(world, "AB", at: 59).open == 0)
    #expect(try Self.group(world, "AB", at: 58).steps.map(\.count) == [1, 0], "as of an instant before the second event")
  }

  @Test("medians of an even number are the mean of the middle two") func median() throws {
    var world = Self.world([("A", 0), ("B", 10)])
    world.events += Self.world([("A", 0), ("B", 20)], subject: 2).events
    let step = try Self.group(world, "AB").steps[1]
    #expect(step.medianSecondsFromPrevious == 900 && step.averageSecondsFromPrevious == 900)
  }

  @Test("a person of a million equal milliseconds is answered in bounded time") func crowdedTie() throws {
    var world = Self.world([])
    for index in 0..<100_000 { world.events.append(PlainEvent(["A", "B", "C"][index % 3], Self.midnight + Int64(index / 50_000), 1)) }
    for order in FunnelQuery.Order.allCases {
      for counting in FunnelQuery.Counting.allCases { #expect(try Self.counts(world, "ABCA", order: order, counting: counting)[0] >= 1) }
    }
  }

  @Test("invariants on random journeys: monotone steps, wider windows, strict ≤ sequential ≤ any, strangers and removals")
  func invariants() throws {
    for seed in 0..<UInt64(300) {
      var random = Randomness(seed: seed)
      var world = PlainWorld()
      for subject in UInt32(1)...4 {
        for _ in 0..<random.below(9) {
          world.events.append(PlainEvent(random.pick(["A", "B", "C"]), Self.midnight + Int64(random.below(40)) * 300_000, subject))
        }
      }
      let steps = random.pick(["AB", "ABC", "AAB", "BCA"])
      for order in FunnelQuery.Order.allCases {
        let counts = try Self.counts(world, steps, order: order)
        #expect(counts == counts.sorted(by: >), "seed \(seed)")
        let wider = try Self.counts(world, steps, window: 7_200, order: order)
        #expect(zip(counts, wider).allSatisfy { $0 <= $1 }, "seed \(seed)")
        var alone = [Int](repeating: 0, count: counts.count)
        for subject in UInt32(1)...4 {
          var one = world
          one.events.removeAll { $0.actor != subject }
          alone = zip(alone, try Self.counts(one, steps, order: order)).map { $0 + $1 }
        }
        #expect(alone == counts, "seed \(seed): subjects do not touch each other")
        if order != .strict {
          var crowded = world
          for subject in UInt32(1)...4 {
            crowded.events.append(PlainEvent("X", Self.midnight + Int64(random.below(40)) * 300_000, subject))
          }
          #expect(try Self.counts(crowded, steps, order: order) == counts, "seed \(seed)")
        }
      }
      for subject in UInt32(1)...4 {
        var one = world
        one.events.removeAll { $0.actor != subject }
        let depths = try FunnelQuery.Order.allCases.map { order in (order, try Self.counts(one, steps, order: order).reduce(0, +)) }
        let depth = Dictionary(uniqueKeysWithValues: depths)
        #expect(depth[.strict] ?? 0 <= depth[.sequential] ?? 0 && depth[.sequential] ?? 0 <= depth[.any] ?? 0, "seed \(seed)")
      }
    }
  }

  // MARK: - Exclusions

  static func excluding(
    _ journey: [(String, Int)], _ steps: String, _ exclusions: [(String, Int, Int)], mode: FunnelQuery.ExclusionMode = .attempt,
    counting: FunnelQuery.Counting = .unique, entry: FunnelQuery.Entry = .longest
  ) throws -> [Int] {
    let query = FunnelQuery(
      range: DateRange(from: day, to: day), steps: steps.map { EventSelector(event: String($0)) }, windowSeconds: 3_600,
      counting: counting, entry: entry,
      exclusions: exclusions.map { .init(selector: EventSelector(event: $0.0), fromStep: $0.1, toStep: $0.2) }, exclusionMode: mode)
    let report = try QueryExecution(
      snapshot: world(journey).snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: midnight + 100_000 * 60_000)
    ).report(.funnel(query))
    guard case .funnel(let funnel) = report.content else { throw QueryError(.invalid, "not a funnel") }
    return funnel.groups[0].steps.map(\.count) + [funnel.groups[0].excluded ?? -1]
  }

  @Test("an exclusion ends the chain; the attempt counts as excluded if it would have got further") func exclusion() throws {
    #expect(try Self.excluding([("A", 0), ("X", 1), ("B", 2)], "AB", [("X", 0, 1)]) == [1, 0, 1])
    #expect(try Self.excluding([("A", 0), ("X", 1)], "AB", [("X", 0, 1)]) == [1, 0, 0])
    #expect(try Self.excluding([("A", 0), ("B", 2), ("X", 3)], "AB", [("X", 0, 1)]) == [1, 1, 0])
    #expect(try Self.excluding([("A", 0), ("X", 61), ("B", 62)], "AB", [("X", 0, 1)]) == [1, 0, 0])
    #expect(try Self.excluding([("A", 0), ("X", 0), ("B", 2)], "AB", [("X", 0, 1)]) == [1, 1, 0])
  }

  @Test("a subject converts if any one clean chain exists") func anyCleanChain() throws {
    #expect(try Self.excluding([("A", 0), ("X", 1), ("A", 2), ("B", 3)], "AB", [("X", 0, 1)]) == [1, 1, 0])
    #expect(try Self.excluding([("A", 0), ("X", 1), ("A", 2), ("B", 3)], "AB", [("X", 0, 1)], entry: .first) == [1, 0, 1])
  }

  @Test("the earliest match of a step is not always right") func laterMatch() throws {
    #expect(try Self.excluding([("A", 0), ("B", 1), ("X", 2), ("B", 3), ("C", 4)], "ABC", [("X", 1, 2)]) == [1, 1, 1, 0])
  }

  @Test("removing subjects looks at the attempt that would be reported without exclusions") func removing() throws {
    let journey = [("A", 0), ("X", 1), ("A", 2), ("B", 3)]
    #expect(try Self.excluding(journey, "AB", [("X", 0, 1)], mode: .removeSubject) == [0, 0, 1])
    #expect(try Self.excluding([("A", 0), ("B", 1), ("X", 2)], "AB", [("X", 0, 1)], mode: .removeSubject) == [1, 1, 0])
  }

  @Test("counting totals, an exclusion ends the attempt and the next may begin") func totalsAfterExclusion() throws {
    let journey = [("A", 0), ("A", 1), ("X", 2), ("A", 3), ("B", 4)]
    #expect(try Self.excluding(journey, "AB", [("X", 0, 1)], counting: .totals) == [2, 1, 1])
  }

  private static func report(_ world: PlainWorld, _ query: FunnelQuery) throws -> FunnelReport {
    let report = try QueryExecution(
      snapshot: world.snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: midnight + 6_000_000_000)
    ).report(.funnel(query))
    guard case .funnel(let funnel) = report.content else { throw QueryError(.invalid, "not a funnel") }
    return funnel
  }

  private static func selectors(_ steps: String) -> [EventSelector] { steps.map { EventSelector(event: String($0)) } }

  @Test("over time a subject counts in each bucket by that bucket's own entries") func trend() throws {
    // Converts from the first hour's entry; the second hour's gets no further than its first step.
    let world = Self.world([("A", 0), ("B", 30), ("A", 61), ("A", 125), ("B", 126)])
    let query = FunnelQuery(
      range: DateRange(from: Self.day, to: Self.day), steps: Self.selectors("AB"), windowSeconds: 3_600, trend: .hour)
    let report = try Self.report(world, query)
    #expect(report.buckets.count == 24 && report.firstIncomplete == 24)
    #expect(report.groups[0].steps.map(\.count) == [1, 1])
    #expect(report.groups[0].trend.prefix(4).map(\.counts) == [[1, 1], [1, 0], [1, 1], [0, 0]])
  }

  @Test("the time to convert has bins between the shortest and the longest") func timeToConvert() throws {
    var world = PlainWorld()
    for (subject, minutes) in [1, 2, 3, 4, 11].enumerated() {
      world.events += Self.world([("A", 0), ("B", minutes)], subject: UInt32(subject + 1)).events
    }
    let query = FunnelQuery(
      range: DateRange(from: Self.day, to: Self.day), steps: Self.selectors("AB"), windowSeconds: 3_600,
      timeToConvert: .init(fromStep: 0, toStep: 1, bins: 5))
    let conversion = try #require(try Self.report(world, query).groups[0].conversion)
    #expect(conversion.count == 5 && conversion.medianSeconds == 180 && conversion.averageSeconds == 252)
    #expect(conversion.p90Seconds == 240 + 0.6 * 420)
    #expect(conversion.edges == [60, 180, 300, 420, 540, 660] && conversion.counts == [2, 2, 0, 0, 1])
  }

  @Test("of carts with shirt, jeans and shoes the one with the purchase counts") func holdConstant() throws {
    var world = Self.world([("A", 0), ("A", 1), ("A", 2), ("A", 3), ("B", 10), ("B", 11)])
    for (index, item) in ["shirt", "jeans", "shoes", nil, "jeans", nil].enumerated() {
      if let item { world.events[index].properties["item"] = .string(item) }
    }
    var query = FunnelQuery(
      range: DateRange(from: Self.day, to: Self.day), steps: Self.selectors("AB"), windowSeconds: 3_600,
      timeToConvert: .init(fromStep: 0, toStep: 1), hold: ["item"])
    let unique = try Self.report(world, query).groups[0]
    #expect(unique.steps.map(\.count) == [1, 1] && unique.conversion?.medianSeconds == 540)
    query.counting = .totals
    #expect(try Self.report(world, query).groups[0].steps.map(\.count) == [3, 1])
  }

  @Test("attempts stay inside a session, each session with an entry counts once") func sessions() throws {
    let world = Self.world([("A", 0), ("A", 5), ("B", 10), ("A", 41), ("B", 72), ("C", 100), ("B", 101)])
    let query = FunnelQuery(
      range: DateRange(from: Self.day, to: Self.day), steps: Self.selectors("AB"), windowSeconds: 86_400, counting: .sessions)
    #expect(try Self.report(world, query).groups[0].steps.map(\.count) == [2, 1])
  }

  @Test(
    "options that make no sense are refused by the name of their field",
    arguments: [
      (#""trend": "year""#, "trend"), (#""time_to_convert": {"from_step": 1, "to_step": 1}"#, "time_to_convert"),
      (#""time_to_convert": {"bins": 0}"#, "time_to_convert.bins"), (#""hold": ["a", "b", "c", "d"]"#, "hold"),
      (#""hold": ["a", "a"]"#, "hold"), (#""hold": [1]"#, "hold[0]"), (#""session_gap_seconds": 60"#, "session_gap_seconds"),
      (#""counting": "sessions", "session_gap_seconds": 0"#, "session_gap_seconds"),
    ])
  func refused(option: String, field: String) {
    let text = #"{"report": "funnel", "range": {"from": "2026-01-01", "to": "2026-01-02"}, "steps": [{"event": "A"}, {"event": "B"}], "#
    let error = #expect(throws: QueryError.self) { try Query(json: Array((text + option + "}").utf8)) }
    #expect(error?.field == field)
  }

  @Test("options survive writing and reading") func optionsInJSON() throws {
    let query = Query.funnel(
      FunnelQuery(
        range: DateRange(from: Self.day, to: Self.day), steps: Self.selectors("ABC"), counting: .sessions, trend: .week,
        timeToConvert: .init(fromStep: 1, toStep: 2, bins: 7), hold: ["cart"], sessionGapSeconds: 60))
    #expect(try Query(json: Array(query.canonicalJSON.utf8)) == query)
  }

  @Test("the random cases are such that the options change something") func randomCasesBite() throws {
    var (trends, holds, sessions, conversions) = (0, 0, 0, 0)
    for seed in 0..<UInt64(2_500) {
      let example = try RandomCase(.funnel, seed: seed)
      guard case .funnel(let query) = example.query, query.level == .subject else { continue }
      let reference = Reference(example.world, calendar: example.calendar, instant: example.instant, smallest: example.smallest)
      let attempts = try reference.attempts(query)
      guard attempts.contains(where: { $0.times.count > 1 }) else { continue }
      func differs(_ change: (inout FunnelQuery) -> Void) throws -> Bool {
        var other = query
        change(&other)
        return try reference.attempts(other).map(\.times) != attempts.map(\.times)
      }
      if query.trend != nil { trends += 1 }
      if !query.hold.isEmpty, try differs({ $0.hold = [] }) { holds += 1 }
      if query.counting == .sessions,
        try differs({
          $0.counting = .unique
          $0.sessionGapSeconds = nil
        })
      {
        sessions += 1
      }
      if let time = query.timeToConvert, attempts.contains(where: { $0.times.count > time.toStep }) { conversions += 1 }
    }
    #expect(min(trends, holds, sessions, conversions) > 30, "\(trends) \(holds) \(sessions) \(conversions)")
  }
}
