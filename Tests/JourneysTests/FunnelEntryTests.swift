import Events
import Journeys
import SegmentStore
import Testing

/// Optimised re-entry: of several first steps before the second, the last one counts (semantics A.6.1). Minutes of 2026-01-01 UTC.
struct FunnelEntryTests {
  private static func query(
    _ steps: String, trend: BucketUnit? = nil, breakdown: Breakdown? = nil, counting: FunnelQuery.Counting = .unique
  ) -> FunnelQuery {
    FunnelQuery(
      range: DateRange(from: FunnelRuleTests.day, to: FunnelRuleTests.day), steps: steps.map { EventSelector(event: String($0)) },
      windowSeconds: 3_600, counting: counting, entry: .lastBeforeNext, breakdown: breakdown, trend: trend,
      timeToConvert: .init(fromStep: 0, toStep: steps.count - 1))
  }

  private static func report(_ world: PlainWorld, _ query: FunnelQuery) throws -> FunnelReport {
    let report = try QueryExecution(
      snapshot: world.snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: FunnelRuleTests.midnight + 6_000_000_000)
    ).report(.funnel(query))
    guard case .funnel(let funnel) = report.content else { throw QueryError(.invalid, "not a funnel") }
    return funnel
  }

  @Test("the time to convert is that of the last entry before the second step") func timeToConvert() throws {
    let journey = FunnelRuleTests.world([("A", 0), ("A", 10), ("A", 20), ("B", 30), ("A", 40)])
    let group = try Self.report(journey, Self.query("AB")).groups[0]
    #expect(group.steps.map(\.count) == [1, 1])
    #expect(group.steps[1].medianSecondsFromEntry == 600 && group.conversion?.medianSeconds == 600)
    #expect(try FunnelRuleTests.group(journey, "AB", entry: .longest).steps[1].medianSecondsFromEntry == 1_800)
    #expect(try FunnelRuleTests.group(journey, "AB", entry: .first).steps[1].medianSecondsFromEntry == 1_800)
  }

  @Test("the attempt is the longest one: A 1:00, A 1:30, B 1:45, C 2:15, window one hour") func longest() throws {
    let group = try Self.report(FunnelRuleTests.world([("A", 60), ("A", 90), ("B", 105), ("C", 135)]), Self.query("ABC")).groups[0]
    #expect(group.steps.map(\.count) == [1, 1, 1] && group.steps[2].medianSecondsFromEntry == 2_700)
  }

  @Test("a later pair of both steps is another attempt, and not the earliest") func laterPair() throws {
    let group = try Self.report(FunnelRuleTests.world([("A", 0), ("B", 5), ("A", 10), ("B", 11)]), Self.query("AB")).groups[0]
    #expect(group.steps[1].medianSecondsFromEntry == 300)
  }

  @Test("an entry in the millisecond of the second step counts, if it is another event") func sameMillisecond() throws {
    let group = try Self.report(FunnelRuleTests.world([("A", 0), ("B", 5), ("A", 5)]), Self.query("AB")).groups[0]
    #expect(group.steps[1].medianSecondsFromEntry == 0)
    let same = try Self.report(FunnelRuleTests.world([("A", 0), ("A", 5)]), Self.query("AA")).groups[0]
    #expect(same.steps.map(\.count) == [1, 1] && same.steps[1].medianSecondsFromEntry == 300)
  }

  @Test("an exclusion before the last entry does not matter, not even where it removes subjects") func exclusions() throws {
    let journey = [("A", 0), ("X", 1), ("A", 2), ("B", 3)]
    #expect(
      try FunnelRuleTests.excluding(journey, "AB", [("X", 0, 1)], mode: .removeSubject, entry: .lastBeforeNext) == [1, 1, 0])
    #expect(try FunnelRuleTests.excluding(journey, "AB", [("X", 0, 1)], mode: .removeSubject, entry: .longest) == [0, 0, 1])
    let after = [("A", 0), ("A", 2), ("X", 3), ("B", 4)]
    #expect(try FunnelRuleTests.excluding(after, "AB", [("X", 0, 1)], mode: .removeSubject, entry: .lastBeforeNext) == [0, 0, 1])
  }

  @Test("who is judged without the exclusions has the times of that attempt too, where they do not cut it short") func timesRegardless()
    throws
  {
    let query = { (mode: FunnelQuery.ExclusionMode) in
      FunnelQuery(
        range: DateRange(from: FunnelRuleTests.day, to: FunnelRuleTests.day),
        steps: ["A", "B", "C"].map { EventSelector(event: $0) }, windowSeconds: 3_600,
        exclusions: [.init(selector: EventSelector(event: "X"), fromStep: 1, toStep: 2)], exclusionMode: mode)
    }
    let world = FunnelRuleTests.world([("A", 0), ("B", 1), ("X", 2), ("B", 3), ("C", 4)])
    #expect(try Self.report(world, query(.removeSubject)).groups[0].steps[1].medianSecondsFromEntry == 60)
    #expect(try Self.report(world, query(.attempt)).groups[0].steps[1].medianSecondsFromEntry == 180)
  }

  @Test("the breakdown's value and the bucket are those of the last entry") func breakdownAndBucket() throws {
    var world = FunnelRuleTests.world([("A", 50), ("A", 65), ("B", 70)])
    for (index, plan) in ["free", "pro"].enumerated() { world.events[index].properties["plan"] = .string(plan) }
    let split = try Self.report(world, Self.query("AB", breakdown: Breakdown(property: PropertyReference("plan"), limit: 5)))
    #expect(split.groups.dropFirst().map(\.group) == [.value(.string("pro"))])
    let trend = try Self.report(world, Self.query("AB", trend: .hour, counting: .sessions))
    #expect(trend.groups[0].trend.prefix(3).map(\.counts) == [[0, 0], [1, 1], [0, 0]])
  }

  @Test(
    "re-entry goes with steps in order, each subject or session once",
    arguments: [#""order": "strict""#, #""order": "any""#, #""counting": "totals""#])
  func refused(option: String) throws {
    let text = #"{"report": "funnel", "range": {"from": "2026-01-01", "to": "2026-01-02"}, "steps": [{"event": "A"}, {"event": "B"}], "#
    let entry = #""entry": "last_before_next""#
    let error = #expect(throws: QueryError.self) { try Query(json: Array((text + entry + ", " + option + "}").utf8)) }
    #expect(error?.field == "entry")
    let query = try Query(json: Array((text + entry + "}").utf8))
    #expect(try Query(json: Array(query.canonicalJSON.utf8)) == query)
  }

  @Test("the random cases are such that the rule changes something") func randomCasesBite() throws {
    var different = 0
    for seed in 0..<UInt64(2_500) {
      let example = try RandomCase(.funnel, seed: seed)
      guard case .funnel(let query) = example.query, query.level == .subject, query.entry == .lastBeforeNext else { continue }
      let reference = Reference(example.world, calendar: example.calendar, instant: example.instant, smallest: example.smallest)
      var longest = query
      longest.entry = .longest
      if try reference.attempts(query).map(\.times) != reference.attempts(longest).map(\.times) { different += 1 }
    }
    #expect(different > 30, "\(different)")
  }
}
