import Events
import Journeys
import SegmentStore
import Testing

/// The vectors and invariants of the retention rules (semantics A.7).
struct RetentionRuleTests {
  static func report(
    _ events: [PlainEvent], from: String, to: String, zone: String = "UTC", mode: RetentionQuery.Mode = .calendar, periods: Int = 5,
    criterion: RetentionQuery.Criterion = .on, cohorts: RetentionQuery.Cohorts = .recurring
  ) throws -> RetentionReport {
    let query = RetentionQuery(
      range: DateRange(from: try #require(CalendarDate(from)), to: try #require(CalendarDate(to))), start: EventSelector(event: "S"),
      return: EventSelector(event: "T"), periods: periods, mode: mode, criterion: criterion, cohorts: cohorts)
    let report = try QueryExecution(
      snapshot: PlainWorld(events: events).snapshot(), calendar: ProjectCalendar(zone: zone),
      instant: Timestamp(milliseconds: 4_000_000_000_000)
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
