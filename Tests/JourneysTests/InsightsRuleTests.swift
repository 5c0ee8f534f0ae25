import Events
import Journeys
import SegmentStore
import Testing

/// The rules of insights with figures counted by hand (semantics A.2, A.3, A.13, A.21).
struct InsightsRuleTests {
  static let names = ["a", "b"]

  static func ask(_ json: String, _ events: [PlainEvent], at instant: String = "2030-01-01") throws -> InsightsReport {
    let query = try Query(json: Array(json.utf8))
    let report = try QueryExecution(
      snapshot: PlainWorld(events: events).snapshot(), calendar: ProjectCalendar(),
      instant: Timestamp(milliseconds: try RetentionRuleTests.at(instant, 12, 0))
    ).report(query)
    guard case .insights(let insights) = report.content else { throw QueryError(.invalid, "not an insights report") }
    return insights
  }

  static func query(_ series: String, from: String = "2026-01-10", to: String = "2026-01-12", _ rest: String = "") -> String {
    #"{"report":"insights","range":{"from":"\#(from)","to":"\#(to)"},"series":[\#(series)]\#(rest)}"#
  }

  static func event(_ name: String, _ day: String, _ subject: UInt32?, _ properties: [String: StoredValue] = [:], hour: Int = 9) throws
    -> PlainEvent
  {
    PlainEvent(name, try RetentionRuleTests.at(day, hour, 0), subject, properties)
  }

  @Test("weekly active subjects are those of seven days, the day itself included") func trailingWeek() throws {
    let events = [try Self.event("a", "2026-01-04", 1), try Self.event("a", "2026-01-11", 2), try Self.event("a", "2026-01-12", 2)]
    let weekly = try Self.ask(Self.query(#"{"measure":"active","days":7}"#), events)
    #expect(weekly.lines[0].values == [1, 1, 1], "the first is there on 10 January for the last time, the second from the 11th on")
    #expect(weekly.lines[0].overall == 1)
    let daily = try Self.ask(Self.query(#"{"measure":"active","days":1}"#), events)
    #expect(daily.lines[0].values == [0, 1, 1])
    let monthly = try Self.ask(Self.query(#"{"measure":"active","days":30}"#), events)
    #expect(monthly.lines[0].values == [1, 2, 2])
  }

  @Test("over the range a trailing window says its latest complete point") func latestCompletePoint() throws {
    let events = [try Self.event("a", "2026-01-10", 1), try Self.event("a", "2026-01-11", 2), try Self.event("a", "2026-01-12", 3)]
    let query = Self.query(#"{"measure":"active","days":30}"#)
    #expect(try Self.ask(query, events, at: "2026-01-12").lines[0].overall == 2)
    #expect(try Self.ask(query, events, at: "2026-01-10").lines[0].overall == nil, "no day is over")
  }

  @Test("trailing windows go with days only", arguments: ["hour", "week", "month"]) func otherUnitsAreRefused(unit: String) {
    let error = QueryJSONTests.error(Self.query(#"{"measure":"active","days":7}"#, #","unit":"\#(unit)""#))
    #expect(error?.field == "unit" && error?.message.contains("unit` must be day") == true)
  }

  @Test("frequency is counted within each subject first") func frequency() throws {
    var events: [PlainEvent] = []
    for (subject, count) in [(1, 1), (2, 2), (3, 6)] {
      for _ in 0..<count { events.append(try Self.event("a", "2026-01-10", UInt32(subject))) }
    }
    events.append(try Self.event("a", "2026-01-10", nil))
    func figure(_ over: String) throws -> Double? {
      try Self.ask(Self.query(#"{"measure":"total",\#(over)}"#), events).lines[0].values[0]
    }
    #expect(try figure(#""per_subject":"average""#) == 3)
    #expect(try figure(#""per_subject":"percentile","per_subject_fraction":0.5"#) == 2)
    #expect(try figure(#""per_subject":"percentile","per_subject_fraction":1"#) == 6)
    #expect(try figure(#""per_subject":"minimum""#) == 1)
    #expect(try figure(#""per_subject":"maximum""#) == 6)
    #expect(try Self.ask(Self.query(#"{"measure":"total","per_subject":"maximum"}"#), events).lines[0].values[1] == nil, "nobody has none")
  }

  @Test("a property is put together within each subject first") func propertyPerSubject() throws {
    let events = [
      try Self.event("a", "2026-01-10", 1, ["n": .number(10)]), try Self.event("a", "2026-01-11", 1, ["n": .number(20)]),
      try Self.event("a", "2026-01-10", 2, ["n": .number(1)]),
    ]
    let report = try Self.ask(
      Self.query(
        #"{"measure":"sum","property":"n","per_subject":"average"},{"measure":"maximum","property":"n","per_subject":"minimum"}"#), events)
    #expect(report.lines[0].values == [5.5, 20, nil] && report.lines[0].overall == 15.5)
    #expect(report.lines[1].overall == 1)
  }

  @Test("different values are counted once, of a list each element") func distinctValues() throws {
    let events = [
      try Self.event("a", "2026-01-10", 1, ["m": .string("x")]), try Self.event("a", "2026-01-11", 2, ["m": .string("x")]),
      try Self.event("a", "2026-01-11", nil, ["m": .list([.string("y"), .string("x"), .null])]), try Self.event("a", "2026-01-12", 1),
    ]
    let line = try Self.ask(Self.query(#"{"measure":"distinct","property":"m"}"#), events).lines[0]
    #expect(line.values == [1, 2, 0] && line.overall == 2)
  }

  @Test("first ever looks at all events of the name, first matching at those that pass") func firstTimes() throws {
    let events = [
      try Self.event("a", "2026-01-05", 1, ["plan": .string("free")]), try Self.event("a", "2026-01-11", 1, ["plan": .string("pro")]),
      try Self.event("a", "2026-01-10", 2, ["plan": .string("pro")]), try Self.event("a", "2026-01-11", 2, ["plan": .string("pro")]),
    ]
    let filter = #""filter":{"property":"plan","operator":"equals","value":"pro"}"#
    let report = try Self.ask(Self.query(#"{"event":"a","first":"ever",\#(filter)},{"event":"a","first":"matching",\#(filter)}"#), events)
    #expect(report.lines[0].values == [1, 0, 0], "the first of subject 1 was on another plan")
    #expect(report.lines[1].values == [1, 1, 0])
  }

  @Test("formulas are evaluated after aggregation; what divides by zero is nothing") func formulas() throws {
    let events = [
      try Self.event("a", "2026-01-10", 1), try Self.event("a", "2026-01-10", 2), try Self.event("b", "2026-01-10", 1),
      try Self.event("b", "2026-01-12", 1),
    ]
    let report = try Self.ask(
      Self.query(#"{"event":"b"},{"event":"a"}"#, #","formulas":[{"name":"rate","expression":"100 * A / B"}]"#), events)
    #expect(report.formulas[0].values == [50, nil, nil])
    #expect(report.formulas[0].overall == 100, "from the figures of the whole range, not from the points")
  }

  @Test("daily by monthly active is a formula") func activeRatio() throws {
    let events = [try Self.event("a", "2026-01-10", 1), try Self.event("a", "2026-01-11", 2)]
    let report = try Self.ask(
      Self.query(#"{"measure":"active","days":1},{"measure":"active","days":30}"#, #","formulas":[{"name":"DAU/MAU","expression":"A/B"}]"#),
      events)
    #expect(report.formulas[0].values == [1, 0.5, 0] && report.formulas[0].overall == 0)
  }

  @Test("the time before stands beside the range, bucket by bucket") func comparison() throws {
    let events = [
      try Self.event("a", "2026-01-07", 1), try Self.event("a", "2026-01-09", 1), try Self.event("a", "2026-01-09", 2),
      try Self.event("a", "2026-01-12", 1),
    ]
    let report = try Self.ask(Self.query(#"{}"#, #","compare":{"previous":true}"#), events)
    #expect(report.lines[0].values == [0, 0, 1])
    #expect(report.compared?.range.from.description == "2026-01-07" && report.compared?.lines[0].values == [1, 0, 2])
    let other = try Self.ask(Self.query(#"{}"#, #","compare":{"from":"2026-01-09"}"#), events)
    #expect(other.compared?.lines[0].values == [2, 0, 0])
    // As it stood at the same moment: at noon of the 10th, the 7th is taken up to noon.
    let late = events + [try Self.event("a", "2026-01-07", 3, hour: 15)]
    #expect(
      try Self.ask(Self.query(#"{}"#, #","compare":{"previous":true}"#), late, at: "2026-01-10").compared?.lines[0].values == [1, 0, 0])
  }

  @Test("numbers go into bins, what is no number into none") func bins() throws {
    let numbers: [StoredValue] = [.number(1), .number(5), .number(9.5), .number(10), .number(30), .string("5")]
    let events = try numbers.map { try Self.event("a", "2026-01-10", 1, ["n": $0]) }
    let explicit = try Self.ask(Self.query(#"{}"#, #","breakdown":{"property":"n","bins":[5,10,20]}"#), events)
    #expect(
      explicit.lines.map(\.group) == [
        .bin(from: nil, to: 5), .bin(from: 5, to: 10), .bin(from: 10, to: 20), .bin(from: 20, to: nil), .none,
      ])
    #expect(explicit.lines.map(\.overall) == [1, 2, 1, 1, 1])
    let equal = try Self.ask(Self.query(#"{}"#, #","breakdown":{"property":"n","bins":2}"#), events)
    #expect(equal.lines.map(\.group) == [.bin(from: nil, to: 9.5), .bin(from: 9.5, to: nil), .none])
    #expect(equal.lines.map(\.overall) == [2, 3, 1])
  }

  @Test("every door leads to whom the figure is about, whatever it measures") func doors() throws {
    for seed in 0..<UInt64(1_000) {
      let example = try RandomCase(.insights, seed: seed)
      guard case .insights(let query) = example.query else { continue }
      let reference = Reference(
        example.world, level: query.level, calendar: example.calendar, instant: example.instant, smallest: example.smallest)
      let execution = QueryExecution(
        snapshot: example.world.snapshot(assignment: example.assignment, versions: example.versions, runs: example.runs),
        rules: example.rules, instant: Timestamp(milliseconds: example.instant))
      guard case .insights(let report) = try execution.report(example.query).content else { continue }
      for line in report.lines.prefix(8) {
        for bucket in [nil] + (0..<min(report.buckets.count, 3)).map({ Optional($0) }) {
          let expected = try reference.insightsSubjects(query, series: line.series, group: line.group, bucket: bucket)
          let found = try execution.subjects(
            Door(query: example.query, cell: .insights(series: line.series, group: line.group, bucket: bucket)))
          guard expected == found else {
            Issue.record(
              "seed \(seed), series \(line.series), \(line.group), bucket \(String(describing: bucket)): \(expected), found \(found)\n\(example.query.canonicalJSON)"
            )
            return
          }
        }
      }
    }
  }
}
