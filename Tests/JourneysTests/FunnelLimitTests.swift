import Events
import Journeys
import SegmentStore
import Testing

/// The second limit, from step to step, and the grace within which steps may come in either order (semantics A.6.1 and A.6.5).
struct FunnelLimitTests {
  /// Milliseconds of 2026-01-01 UTC.
  private static func report(
    _ journey: [(String, Int64)], _ steps: String, hop: Int64? = nil, grace: Int = 0, counting: FunnelQuery.Counting = .unique,
    exclusions: [FunnelQuery.Exclusion] = [], trend: BucketUnit? = nil, at instant: Int64 = 6_000_000_000
  ) throws -> FunnelReport {
    let world = PlainWorld(events: journey.map { PlainEvent($0.0, FunnelRuleTests.midnight + $0.1, 1) })
    let query = Query.funnel(
      FunnelQuery(
        range: DateRange(from: FunnelRuleTests.day, to: FunnelRuleTests.day), steps: steps.map { EventSelector(event: String($0)) },
        windowSeconds: 3_600, counting: counting, exclusions: exclusions, trend: trend, hopWindowSeconds: hop, graceMilliseconds: grace))
    let report = try QueryExecution(
      snapshot: world.snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: FunnelRuleTests.midnight + instant)
    ).report(query)
    guard case .funnel(let funnel) = report.content else { throw QueryError(.invalid, "not a funnel") }
    return funnel
  }

  private static func minutes(_ journey: [(String, Int64)]) -> [(String, Int64)] { journey.map { ($0.0, $0.1 * 60_000) } }

  private static func counts(
    _ journey: [(String, Int64)], _ steps: String, hop: Int64? = nil, grace: Int = 0, counting: FunnelQuery.Counting = .unique,
    exclusions: [FunnelQuery.Exclusion] = []
  ) throws -> [Int] {
    try report(journey, steps, hop: hop, grace: grace, counting: counting, exclusions: exclusions).groups[0].steps.map(\.count)
  }

  // MARK: - From step to step

  @Test("a later event may be the right one, where the next step is too long after the earliest") func laterMatch() throws {
    let journey = Self.minutes([("A", 0), ("B", 1), ("B", 15), ("C", 30)])
    let steps = try Self.report(journey, "ABC", hop: 1_200).groups[0].steps
    #expect(steps.map(\.count) == [1, 1, 1] && steps[1].medianSecondsFromEntry == 900)
    #expect(try Self.counts(Self.minutes([("A", 0), ("B", 1), ("C", 30)]), "ABC", hop: 1_200) == [1, 1, 0])
    #expect(try Self.counts(Self.minutes([("A", 0), ("B", 1), ("C", 30)]), "ABC") == [1, 1, 1])
  }

  @Test("the end of the hop is inside, and the window holds all the same") func hopEnd() throws {
    #expect(try Self.counts([("A", 0), ("B", 1_000)], "AB", hop: 1) == [1, 1])
    #expect(try Self.counts([("A", 0), ("B", 1_001)], "AB", hop: 1) == [1, 0])
    #expect(try Self.counts(Self.minutes([("A", 0), ("B", 40), ("C", 61)]), "ABC", hop: 2_400) == [1, 1, 0])
  }

  @Test("of two entries the one that the second step follows soon enough counts") func laterEntry() throws {
    let steps = try Self.report(Self.minutes([("A", 0), ("A", 10), ("B", 15)]), "AB", hop: 480).groups[0].steps
    #expect(steps.map(\.count) == [1, 1] && steps[1].medianSecondsFromEntry == 300)
  }

  @Test("an attempt that nothing can take further any more is not open, and closes for the next") func closing() throws {
    let journey = Self.minutes([("A", 0), ("B", 5)])
    #expect(try Self.report(journey, "ABC", hop: 600, at: 15 * 60_000 - 1).groups[0].open == 1)
    #expect(try Self.report(journey, "ABC", hop: 600, at: 15 * 60_000).groups[0].open == 0)
    let again = Self.minutes([("A", 0), ("A", 5), ("A", 11), ("B", 12)])
    #expect(try Self.counts(again, "AB", hop: 600, counting: .totals) == [2, 1])
    #expect(try Self.counts(again, "AB", counting: .totals) == [1, 1])
    // The last bucket in which an attempt can go on is judged by the hops too.
    let trend = try Self.report(journey, "ABC", hop: 60, trend: .hour, at: 3_600_000 + 120_000)
    #expect(trend.firstIncomplete == 1)
  }

  @Test("exclusions and hops hold together") func exclusions() throws {
    let without = [FunnelQuery.Exclusion(selector: EventSelector(event: "X"), fromStep: 1, toStep: 2)]
    let clean = Self.minutes([("A", 0), ("B", 1), ("X", 2), ("B", 3), ("C", 4)])
    #expect(try Self.counts(clean, "ABC", hop: 180, exclusions: without) == [1, 1, 1])
    // The only clean second step is too late.
    #expect(try Self.counts(clean, "ABC", hop: 120, exclusions: without) == [1, 1, 0])
    #expect(try Self.report(clean, "ABC", hop: 120, exclusions: without).groups[0].excluded == 0)
  }

  // MARK: - Either order

  @Test("a step may lie up to the grace before the one that it follows") func eitherOrder() throws {
    let journey: [(String, Int64)] = [("B", 5_000), ("A", 6_000)]
    #expect(try Self.counts(journey, "AB", grace: 1_000) == [1, 1])
    #expect(try Self.counts(journey, "AB", grace: 999) == [1, 0])
    #expect(try Self.counts(journey, "AB") == [1, 0])
    // It is reached when both have happened: no time is negative.
    #expect(try Self.report(journey, "AB", grace: 1_000).groups[0].steps[1].medianSecondsFromEntry == 0)
  }

  @Test("any two steps, not only neighbours, have to be so close") func noDrift() throws {
    #expect(try Self.counts([("C", 5_000), ("B", 5_600), ("A", 6_200)], "ABC", grace: 1_000) == [1, 1, 0])
    #expect(try Self.counts([("C", 5_200), ("B", 5_600), ("A", 6_200)], "ABC", grace: 1_000) == [1, 1, 1])
  }

  @Test("an event still serves one step, and what lies before the range none") func oneEvent() throws {
    #expect(try Self.counts([("A", 5_000)], "AA", grace: 1_000) == [1, 0])
    #expect(try Self.counts([("A", 5_000), ("A", 5_500)], "AAA", grace: 1_000) == [1, 1, 0])
    #expect(try Self.counts([("B", -1), ("A", 0)], "AB", grace: 1_000) == [1, 0])
  }

  @Test("a bucket's own entries may have their later steps just before it") func buckets() throws {
    let hour: Int64 = 3_600_000
    let trend = try Self.report([("B", hour - 500), ("A", hour)], "AB", grace: 1_000, trend: .hour).groups[0].trend
    #expect(trend.prefix(2).map(\.counts) == [[0, 0], [1, 1]])
  }

  @Test("what is too tangled to be followed is an error that says so, soon") func tangled() throws {
    let crowd = (0..<200).map { ("A", Int64($0)) }
    let error = #expect(throws: QueryError.self) { try Self.counts(crowd, "AAAAAAAAAAAAZ", hop: 600, grace: 60_000) }
    #expect(error?.code == .tooLarge && error?.field == "grace_ms")
    #expect(try Self.counts(crowd, "AAAAAAAAAAAAZ", grace: 60_000).prefix(12).allSatisfy { $0 == 1 })
    let tie = (0..<100_000).map { (["A", "B", "C"][$0 % 3], Int64($0 / 50_000)) }
    #expect(try Self.counts(tie, "ABCA", hop: 1, grace: 1_000) == [1, 1, 1, 1])
  }

  // MARK: - Queries

  @Test(
    "limits that make no sense are refused by the name of their field",
    arguments: [
      (#""hop_window_seconds": 0"#, "hop_window_seconds"), (#""hop_window_seconds": 5, "order": "any""#, "hop_window_seconds"),
      (#""hop_window_seconds": 5, "order": "strict""#, "hop_window_seconds"), (#""grace_ms": 60001"#, "grace_ms"),
      (#""grace_ms": -1"#, "grace_ms"), (#""grace_ms": 1, "order": "strict""#, "grace_ms"), (#""grace_ms": 1, "order": "any""#, "grace_ms"),
      (#""grace_ms": 1, "exclusions": [{"event": "X"}]"#, "grace_ms"), (#""grace_ms": 2000, "window_seconds": 1"#, "grace_ms"),
      (#""grace_ms": 2000, "hop_window_seconds": 1"#, "grace_ms"),
      (#""grace_ms": 1, "breakdown": {"property": "plan"}, "attribution": "last""#, "grace_ms"),
    ])
  func refused(option: String, field: String) {
    let text = #"{"report": "funnel", "range": {"from": "2026-01-01", "to": "2026-01-02"}, "steps": [{"event": "A"}, {"event": "B"}], "#
    let error = #expect(throws: QueryError.self) { try Query(json: Array((text + option + "}").utf8)) }
    #expect(error?.field == field)
  }

  @Test("the limits stand in the canonical text only where they are used") func canonical() throws {
    let range = DateRange(from: FunnelRuleTests.day, to: FunnelRuleTests.day)
    let steps = [EventSelector(event: "A"), EventSelector(event: "B")]
    let query = Query.funnel(FunnelQuery(range: range, steps: steps, hopWindowSeconds: 60, graceMilliseconds: 2_000))
    #expect(query.canonicalJSON.contains(#""grace_ms":2000"#) && query.canonicalJSON.contains(#""hop_window_seconds":60"#))
    #expect(try Query(json: Array(query.canonicalJSON.utf8)) == query)
    let plain = Query.funnel(FunnelQuery(range: range, steps: steps)).canonicalJSON
    #expect(!plain.contains("grace") && !plain.contains("hop"))
  }

  @Test("the random cases are such that the limits change something") func randomCasesBite() throws {
    var (hops, graces) = (0, 0)
    for seed in 0..<UInt64(2_000) {
      let example = try RandomCase(.funnel, seed: seed)
      guard case .funnel(let query) = example.query, query.level == .subject else { continue }
      let reference = Reference(example.world, calendar: example.calendar, instant: example.instant, smallest: example.smallest)
      func differs(_ change: (inout FunnelQuery) -> Void) throws -> Bool {
        var other = query
        change(&other)
        return try reference.attempts(other).map(\.times) != reference.attempts(query).map(\.times)
      }
      if query.hopWindowSeconds != nil, try differs({ $0.hopWindowSeconds = nil }) { hops += 1 }
      if query.graceMilliseconds > 0, try differs({ $0.graceMilliseconds = 0 }) { graces += 1 }
    }
    #expect(min(hops, graces) > 15, "\(hops) \(graces)")
  }
}
