import Events
import Journeys
import SegmentStore
import Testing

/// The vectors and invariants of the retention rules (semantics A.7).
struct RetentionRuleTests {
  static func report(
    _ events: [PlainEvent], from: String, to: String, zone: String = "UTC", mode: RetentionQuery.Mode = .calendar, periods: Int = 5,
    criterion: RetentionQuery.Criterion = .on, cohorts: RetentionQuery.Cohorts = .recurring, brackets: [RetentionQuery.Bracket] = [],
    base: RetentionQuery.Base = .cohort, breakdown: Breakdown? = nil, unit: RetentionQuery.Unit = .day,
    instant: Int64 = 4_000_000_000_000
  ) throws -> RetentionReport {
    let query = RetentionQuery(
      range: DateRange(from: try #require(CalendarDate(from)), to: try #require(CalendarDate(to))), start: EventSelector(event: "S"),
      return: EventSelector(event: "T"), unit: unit, periods: periods, brackets: brackets, mode: mode, criterion: criterion,
      cohorts: cohorts, base: base, breakdown: breakdown)
    let report = try QueryExecution(
      snapshot: PlainWorld(events: events).snapshot(), calendar: ProjectCalendar(zone: zone),
      instant: Timestamp(milliseconds: instant)
    ).report(.retention(query))
    guard case .retention(let retention) = report.content else { throw QueryError(.invalid, "not a retention report") }
    return retention
  }

  /// Milliseconds of a day and minute, UTC.
  static func at(_ day: String, _ hour: Int, _ minute: Int) throws -> Int64 {
    Int64(try #require(CalendarDate(day)).dayNumber) * 86_400_000 + Int64(hour * 60 + minute) * 60_000
  }

  @Test("1: start 23:59, return 00:01: calendar day 1, rolling day 0") func aroundMidnight() throws {
    let events = [PlainEvent("S", try Self.at("2026-01-05", 23, 59), 1), PlainEvent("T", try Self.at("2026-01-06", 0, 1), 1)]
    #expect(try Self.report(events, from: "2026-01-05", to: "2026-01-05").cohorts[0].counts.prefix(2) == [1, 1])
    #expect(try Self.report(events, from: "2026-01-05", to: "2026-01-05", mode: .rolling).cohorts[0].counts.prefix(2) == [1, 0])
  }

  @Test("2: start Dec 1 17:59, return Dec 2 17:00: rolling day 0") func exactRolling() throws {
    var events = [PlainEvent("S", try Self.at("2025-12-01", 17, 59), 1), PlainEvent("T", try Self.at("2025-12-02", 17, 0), 1)]
    #expect(try Self.report(events, from: "2025-12-01", to: "2025-12-01", mode: .rolling).cohorts[0].counts.prefix(2) == [1, 0])
    events[1].time = try Self.at("2025-12-02", 17, 59)
    #expect(try Self.report(events, from: "2025-12-01", to: "2025-12-01", mode: .rolling).cohorts[0].counts.prefix(2) == [1, 1])
  }

  @Test("3: start on days 0 and 3, return on day 4") func severalCohorts() throws {
    let events = [
      PlainEvent("S", try Self.at("2026-01-01", 12, 0), 1), PlainEvent("S", try Self.at("2026-01-04", 12, 0), 1),
      PlainEvent("T", try Self.at("2026-01-05", 12, 0), 1),
    ]
    let recurring = try Self.report(events, from: "2026-01-01", to: "2026-01-04").cohorts
    #expect(recurring[0].counts == [1, 0, 0, 0, 1, 0] && recurring[3].counts == [1, 1, 0, 0, 0, 0])
    let first = try Self.report(events, from: "2026-01-01", to: "2026-01-04", cohorts: .firstTime).cohorts
    #expect(first[0].counts == [1, 0, 0, 0, 1, 0] && first[3].size == 0)
  }

  @Test("4: days of 23 and 25 hours", arguments: [("2026-03-28", 23), ("2025-10-25", 25)]) func clockChange(day: String, hours: Int) throws
  {
    // The start is a minute before the changed day begins, the return a minute before it ends.
    let begin = try ProjectCalendar(zone: "Europe/Berlin").start(of: try #require(CalendarDate(day)).advanced(byDays: 1)).milliseconds
    let events = [PlainEvent("S", begin - 60_000, 1), PlainEvent("T", begin + Int64(hours) * 3_600_000 - 60_000, 1)]
    #expect(try Self.report(events, from: day, to: day, zone: "Europe/Berlin").cohorts[0].counts.prefix(3) == [1, 1, 0])
    let rolling = try Self.report(events, from: day, to: day, zone: "Europe/Berlin", mode: .rolling).cohorts[0].counts
    #expect(rolling.prefix(3) == (hours == 25 ? [1, 1, 0] : [1, 0, 0]), "a rolling day has 24 hours")
  }

  @Test("5: a return before the start on the same day counts in period 0 at most") func returnBeforeStart() throws {
    let events = [PlainEvent("T", try Self.at("2026-01-05", 8, 0), 1), PlainEvent("S", try Self.at("2026-01-05", 9, 0), 1)]
    #expect(try Self.report(events, from: "2026-01-05", to: "2026-01-05").cohorts[0].counts == [1, 0, 0, 0, 0, 0])
  }

  /// Back on days 1, 2, 4 and 9.
  private static func comings() throws -> [PlainEvent] {
    try [0, 1, 2, 4, 9].map { PlainEvent($0 == 0 ? "S" : "T", try at("2026-01-01", 24 * $0 + 12, 0), 1) }
  }

  @Test(
    "the five criteria over the same comings and goings",
    arguments: [
      (RetentionQuery.Criterion.on, [1, 1, 1, 0, 1, 0]), (.onOrAfter, [1, 1, 1, 1, 1, 0]), (.onOrBefore, [1, 1, 1, 1, 1, 1]),
      (.consecutive, [1, 1, 1, 0, 0, 0]), (.frequency, [1, 1, 1, 1, 0, 0]),
    ])
  func criteria(criterion: RetentionQuery.Criterion, counts: [Int]) throws {
    let report = try Self.report(try Self.comings(), from: "2026-01-01", to: "2026-01-01", criterion: criterion)
    #expect(report.cohorts[0].counts == counts)
  }

  @Test(
    "brackets 1, 2-3, 5-8, 9-30: a column is several periods, and day 4 is in none",
    arguments: [
      (RetentionQuery.Criterion.on, [1, 1, 1, 0, 1]), (.onOrAfter, [1, 1, 1, 1, 1]), (.onOrBefore, [1, 1, 1, 1, 1]),
      (.consecutive, [1, 1, 1, 0, 0]), (.frequency, [1, 1, 1, 1, 0]),
    ])
  func brackets(criterion: RetentionQuery.Criterion, counts: [Int]) throws {
    for mode in RetentionQuery.Mode.allCases {
      let report = try Self.report(
        try Self.comings(), from: "2026-01-01", to: "2026-01-01", mode: mode, criterion: criterion,
        brackets: [.init(1, 1), .init(2, 3), .init(5, 8), .init(9, 30)])
      #expect(report.cohorts[0].counts == counts)
      #expect(report.lookedUntil.milliseconds == (try Self.at(mode == .rolling ? "2026-02-02" : "2026-02-01", 0, 0)))
    }
  }

  @Test("a rolling cell is complete when the period is over for the last possible start of its bucket (A.21, 10)")
  func rollingCompleteness() throws {
    let report = try Self.report([], from: "2026-01-05", to: "2026-01-05", mode: .rolling, periods: 2)
    #expect(report.cohorts[0].completeAt.map(\.milliseconds) == (try (7...9).map { try Self.at("2026-01-0\($0)", 0, 0) }))
    let after = try Self.report([], from: "2026-01-05", to: "2026-01-05", mode: .rolling, periods: 2, criterion: .onOrAfter)
    #expect(after.cohorts[0].completeAt.map(\.milliseconds) == (try [7, 9, 9].map { try Self.at("2026-01-0\($0)", 0, 0) }))
  }

  @Test("a rolling week has 7 days and a rolling month 30, whatever the calendar says") func rollingLengths() throws {
    let events = [PlainEvent("S", try Self.at("2026-01-31", 12, 0), 1), PlainEvent("T", try Self.at("2026-03-01", 12, 0), 1)]
    // 29 days later: rolling week 4, calendar and rolling month differ.
    #expect(
      try Self.report(events, from: "2026-01-31", to: "2026-01-31", mode: .rolling, unit: .week).cohorts[0].counts == [1, 0, 0, 0, 1, 0])
    #expect(
      try Self.report(events, from: "2026-01-31", to: "2026-01-31", mode: .rolling, unit: .month).cohorts[0].counts == [1, 0, 0, 0, 0, 0])
    #expect(try Self.report(events, from: "2026-01-31", to: "2026-01-31", unit: .month).cohorts[0].counts == [1, 0, 1, 0, 0, 0])
  }

  @Test("the curve over complete cells, as a share of the cohort or of the column before") func curves() throws {
    // Cohort 1: two subjects, back on day 1 (both) and 2 (one). Cohort 2: one subject, back on day 1; its day 2 is not over yet.
    var events: [PlainEvent] = []
    for (subject, name, day) in [(1, "S", 1), (1, "T", 2), (1, "T", 3), (2, "S", 1), (2, "T", 2), (3, "S", 2), (3, "T", 3), (3, "T", 4)] {
      events.append(PlainEvent(name, try Self.at("2026-01-0\(day)", 9, 0), UInt32(subject)))
    }
    let now = try Self.at("2026-01-04", 12, 0)
    let cohort = try Self.report(events, from: "2026-01-01", to: "2026-01-02", periods: 2, instant: now)
    #expect(cohort.cohorts.map(\.counts) == [[2, 2, 1], [1, 1, 1]] && cohort.cohorts.map(\.complete) == [3, 2])
    #expect(cohort.average == [1, 1, 0.5])
    let previous = try Self.report(events, from: "2026-01-01", to: "2026-01-02", periods: 2, base: .previous, instant: now)
    #expect(previous.average == [1, 1, 0.5])
    let first = try Self.report(events, from: "2026-01-01", to: "2026-01-01", periods: 3, base: .previous)
    #expect(first.average == [1, 1, 0.5, 0])
  }

  @Test("by segment: the value at the start, ranked by cohort size; each with cohorts and a curve of its own") func segments() throws {
    var events: [PlainEvent] = []
    for (subject, plan) in [(1, "pro"), (2, "pro"), (3, "free"), (4, "team"), (5, nil)] as [(UInt32, String?)] {
      events.append(PlainEvent("S", try Self.at("2026-01-01", 9, 0), subject, plan.map { ["plan": .string($0)] } ?? [:]))
      // What the value is later does not matter.
      if subject != 2 { events.append(PlainEvent("T", try Self.at("2026-01-02", 9, 0), subject, ["plan": .string("free")])) }
    }
    let report = try Self.report(
      events, from: "2026-01-01", to: "2026-01-01", periods: 1, breakdown: Breakdown(property: PropertyReference("plan"), limit: 1))
    #expect(report.segments.map(\.group) == [.value(.string("pro")), .none, .other])
    #expect(report.segments.map { $0.cohorts[0].counts } == [[2, 1], [1, 1], [2, 2]])
    #expect(report.segments.map(\.average) == [[1, 0.5], [1, 1], [1, 1]])
    #expect(report.cohorts[0].counts == [5, 4])
  }

  @Test("of several starts in one cohort the first one's value counts") func firstStartsValue() throws {
    let events = [
      PlainEvent("S", try Self.at("2026-01-01", 9, 0), 1, ["plan": .string("b")]),
      PlainEvent("S", try Self.at("2026-01-01", 8, 0), 1, ["plan": .string("c")]),
      PlainEvent("S", try Self.at("2026-01-02", 8, 0), 1, ["plan": .string("a")]),
    ]
    let breakdown = Breakdown(property: PropertyReference("plan"), limit: 9)
    let recurring = try Self.report(events, from: "2026-01-01", to: "2026-01-02", breakdown: breakdown)
    #expect(recurring.segments.map(\.group) == [.value(.string("a")), .value(.string("c"))])
    let first = try Self.report(events, from: "2026-01-01", to: "2026-01-02", cohorts: .firstTime, breakdown: breakdown)
    #expect(first.segments.map(\.group) == [.value(.string("c"))])
  }

  @Test("on or before grows, a streak shrinks and is no more than on; segments add up where values are single") func moreInvariants() throws
  {
    for seed in 0..<UInt64(150) {
      var random = Randomness(seed: seed)
      let events = try (0..<40).map { _ in
        PlainEvent(
          random.pick(["S", "T", "T"]), try Self.at("2026-01-01", random.below(300), 0), UInt32(random.below(5)),
          ["plan": .string(random.pick(["a", "b", "c"]))])
      }
      for mode in RetentionQuery.Mode.allCases {
        func counts(_ criterion: RetentionQuery.Criterion) throws -> [[Int]] {
          try Self.report(events, from: "2026-01-01", to: "2026-01-08", mode: mode, criterion: criterion).cohorts.map {
            $0.counts.compactMap(\.self)
          }
        }
        let on = try counts(.on)
        for (index, row) in try counts(.onOrBefore).enumerated() {
          #expect(row.dropFirst().sorted() == Array(row.dropFirst()) && zip(row, on[index]).allSatisfy { $0 >= $1 }, "seed \(seed)")
        }
        for (index, row) in try counts(.consecutive).enumerated() {
          #expect(row == row.sorted(by: >) && zip(row, on[index]).allSatisfy { $0 <= $1 }, "seed \(seed)")
        }
        // Whoever came back in k different periods is counted k times by `on`.
        for (index, row) in try counts(.frequency).enumerated() {
          #expect(row.reduce(0, +) == on[index].reduce(0, +), "seed \(seed)")
        }
        let report = try Self.report(
          events, from: "2026-01-01", to: "2026-01-08", mode: mode, breakdown: Breakdown(property: PropertyReference("plan"), limit: 1))
        for (index, cohort) in report.cohorts.enumerated() {
          #expect(report.segments.reduce(0) { $0 + $1.cohorts[index].size } == cohort.size, "seed \(seed)")
        }
      }
    }
  }

  @Test("on or after is non-increasing and at least on; first-time cohorts are no larger") func invariants() throws {
    for seed in 0..<UInt64(200) {
      var random = Randomness(seed: seed)
      let events = try (0..<40).map { _ in
        PlainEvent(random.pick(["S", "T"]), try Self.at("2026-01-01", random.below(300), 0), UInt32(random.below(5)))
      }
      for mode in RetentionQuery.Mode.allCases {
        let on = try Self.report(events, from: "2026-01-01", to: "2026-01-08", mode: mode)
        let after = try Self.report(events, from: "2026-01-01", to: "2026-01-08", mode: mode, criterion: .onOrAfter)
        let first = try Self.report(events, from: "2026-01-01", to: "2026-01-08", mode: mode, cohorts: .firstTime)
        for (index, cohort) in after.cohorts.enumerated() {
          let counts = cohort.counts.compactMap(\.self)
          #expect(counts == counts.sorted(by: >), "seed \(seed)")
          #expect(zip(counts, on.cohorts[index].counts.compactMap(\.self)).allSatisfy { $0 >= $1 }, "seed \(seed)")
          #expect(first.cohorts[index].size <= cohort.size, "seed \(seed)")
        }
        let range = try Self.at("2026-01-01", 0, 0)..<(try Self.at("2026-01-09", 0, 0))
        let starts = Dictionary(grouping: events.filter { $0.name == "S" }, by: \.actor).compactMapValues { $0.map(\.time).min() }
        #expect(first.cohorts.reduce(0) { $0 + $1.size } == starts.values.filter { range.contains($0) }.count, "seed \(seed)")
      }
    }
  }
}
