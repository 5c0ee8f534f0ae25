import Events
import Journeys
import SegmentStore
import Testing

/// The rules of flows (semantics A.8).
struct FlowsRuleTests {
  static let day = CalendarDate(year: 2026, month: 1, day: 1)

  static func report(_ world: PlainWorld, _ change: (inout FlowsQuery) -> Void = { _ in }) throws -> FlowsReport {
    var query = FlowsQuery(range: DateRange(from: day, to: day), anchor: EventSelector(event: "A"), forward: 2, windowSeconds: 3_600)
    change(&query)
    let report = try QueryExecution(
      snapshot: world.snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: FunnelRuleTests.midnight * 2)
    ).report(.flows(query))
    guard case .flows(let flows) = report.content else { throw QueryError(.invalid, "not a flows report") }
    return flows
  }

  @Test("hidden names go first, then repeats collapse") func hiddenThenCollapsed() throws {
    let world = FunnelRuleTests.world([("A", 0), ("B", 1), ("X", 2), ("B", 3), ("C", 4)])
    #expect(try Self.report(world) { $0.hidden = ["X"] }.paths == [.init(events: ["A", "B", "C"], count: 1)])
    #expect(try Self.report(world).paths == [.init(events: ["A", "B", "X"], count: 1)])
    #expect(
      try Self.report(world) {
        $0.hidden = ["X"]
        $0.collapsesRepeats = false
      }.paths == [.init(events: ["A", "B", "B"], count: 1)])
  }

  @Test("every column adds up to the entrants, and what ends is shown") func columnsAddUp() throws {
    let report = try Self.report(FunnelRuleTests.world([("B", -5), ("A", 0), ("B", 1)])) { $0.backward = 2 }
    #expect(report.entrants == 1)
    #expect(report.columns.map { $0.entries.reduce(0) { $0 + $1.count } } == [1, 1, 1, 1, 1])
    #expect(report.columns[0].entries == [.init(node: .end, count: 1)])
    #expect(report.edges.contains(.init(position: -2, from: .end, to: .event("B"), count: 1)))
  }

  @Test("a funnel opened from a path gives the path's number: first entry, same window, same order") func pathAndFunnelAgree() throws {
    for seed in 0..<UInt64(100) {
      var random = Randomness(seed: seed)
      var world = PlainWorld()
      for index in 0..<60 {
        world.events.append(
          PlainEvent(
            random.pick(["A", "B", "C"]), FunnelRuleTests.midnight + Int64(index * 60_000 + random.below(50_000)), UInt32(random.below(6))))
      }
      let flows = try Self.report(world) {
        $0.collapsesRepeats = false
        $0.pathLimit = 100
      }
      for path in flows.paths where path.events.count == 3 {
        let funnel = try FunnelRuleTests.counts(world, path.events.joined(), order: .strict, entry: .first)
        #expect(funnel.last == path.count, "seed \(seed) \(path.events)")
      }
    }
  }
}
