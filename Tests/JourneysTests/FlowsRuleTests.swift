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

  @Test("a session transition counts each session: the first event of each, and what follows in it") func sessionTransitions() throws {
    // 13:00, 13:10, then 13:50, 14:10, 14:25: two sessions of 10 and 35 minutes (A.10).
    let world = FunnelRuleTests.world([("A", 780), ("B", 790), ("C", 830), ("A", 850), ("B", 865)])
    let report = try Self.report(world) {
      $0.anchor = EventSelector(event: nil)
      $0.anchors = .session
      $0.sessionGapSeconds = 1_800
      $0.forward = 4
    }
    #expect(report.entrants == 2)
    #expect(report.paths == [.init(events: ["A", "B"], count: 1), .init(events: ["C", "A", "B"], count: 1)])
    #expect(report.edges.contains(.init(position: 0, from: .event("A"), to: .event("B"), count: 1)))
  }

  @Test("a gap of exactly the limit stays inside the session; events that are hidden or filtered away keep it alive") func sessionGap()
    throws
  {
    let journey = [("A", 0), ("X", 20), ("B", 40), ("C", 70), ("D", 101)]
    func paths(_ change: (inout FlowsQuery) -> Void = { _ in }) throws -> [FlowsReport.Path] {
      try Self.report(FunnelRuleTests.world(journey)) {
        $0.sessionGapSeconds = 1_800
        $0.windowSeconds = 86_400
        $0.forward = 4
        change(&$0)
      }.paths
    }
    #expect(try paths() == [.init(events: ["A", "X", "B", "C"], count: 1)])
    #expect(try paths { $0.hidden = ["X"] } == [.init(events: ["A", "B", "C"], count: 1)])
    var world = FunnelRuleTests.world(journey)
    for index in world.events.indices where world.events[index].name != "X" { world.events[index].properties = ["p": .number(1)] }
    let filtered = try Self.report(world) {
      $0.filter = .comparison(PropertyReference("p"), .isSet)
      $0.sessionGapSeconds = 1_800
      $0.windowSeconds = 86_400
      $0.forward = 4
    }
    #expect(filtered.paths == [.init(events: ["A", "B", "C"], count: 1)])
  }

  @Test("no session is longer than 24 hours, counted from its first event ever") func longestSession() throws {
    let journey = stride(from: -600, through: 900, by: 20).map { ("A", $0) } + [("B", 841), ("C", 842)]
    let report = try Self.report(FunnelRuleTests.world(journey)) {
      $0.anchors = .session
      $0.sessionGapSeconds = 1_800
      $0.collapsesRepeats = false
      $0.forward = 1
    }
    // The session that began at minute -600 ends at 840; its first anchor in the range is at 0, the next session begins at 841.
    #expect(report.entrants == 2)
    #expect(report.edges.contains(.init(position: 0, from: .event("A"), to: .event("A"), count: 2)))
  }

  @Test("between two anchors: the middle takes the columns there are, the rest is one node; who does not arrive is counted apart")
  func betweenAnchors() throws {
    var world = FunnelRuleTests.world([("A", 0), ("B", 1), ("C", 2), ("B", 3), ("C", 4), ("Z", 5), ("B", 6)])
    world.events += FunnelRuleTests.world([("A", 0), ("Z", 1)], subject: 2).events
    world.events += FunnelRuleTests.world([("A", 0), ("B", 1), ("B", 2), ("Z", 60)], subject: 3).events
    world.events += FunnelRuleTests.world([("A", 0), ("B", 1), ("Z", 61)], subject: 4).events
    world.events += FunnelRuleTests.world([("Z", 0), ("A", 1)], subject: 5).events
    let query = FlowsQuery(
      range: DateRange(from: Self.day, to: Self.day), anchor: EventSelector(event: "A"), to: EventSelector(event: "Z"), forward: 4,
      windowSeconds: 3_600)
    let report = try QueryExecution(
      snapshot: world.snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: FunnelRuleTests.midnight * 2)
    ).report(.flows(query))
    guard case .flows(let flows) = report.content else { throw QueryError(.invalid, "not a flows report") }
    #expect(flows.entrants == 3)
    #expect(report.notes.excluded == [.init(reason: "end_not_reached", count: 2)])
    #expect(
      flows.paths == [
        .init(nodes: [.event("A"), .event("B"), .event("C"), .more, .event("Z")], count: 1),
        .init(events: ["A", "B", "Z"], count: 1), .init(events: ["A", "Z"], count: 1),
      ])
    #expect(flows.columns[4].entries == [.init(node: .event("Z"), count: 1), .init(node: .end, count: 2)])
    #expect(flows.columns.allSatisfy { $0.entries.reduce(0) { $0 + $1.count } == 3 })
  }

  @Test("expanded by a property: the values met most, none apart, the rest as the event's other; repeats collapse by value")
  func expanded() throws {
    var world = PlainWorld()
    let values: [StoredValue?] = [.string("a"), .string("a"), .string("b"), nil, .string("c"), .list([.string("a"), .string("c")])]
    for (index, value) in values.enumerated() {
      let start = FunnelRuleTests.midnight
      world.events.append(PlainEvent("A", start, UInt32(index)))
      world.events.append(PlainEvent("B", start + 1, UInt32(index), value.map { ["p": $0] } ?? [:]))
      world.events.append(PlainEvent("B", start + 2, UInt32(index), value.map { ["p": $0] } ?? [:]))
    }
    let report = try Self.report(world) {
      $0.expand = [.init(event: "B", property: PropertyReference("p"), limit: 1)]
      $0.forward = 1
    }
    #expect(
      report.columns[1].entries == [
        .init(node: .value(event: "B", .value(.string("a"))), count: 3), .init(node: .value(event: "B", .other), count: 2),
        .init(node: .value(event: "B", .none), count: 1),
      ])
    #expect(report.columns[0].entries == [.init(node: .event("A"), count: 6)])
  }

  @Test("paths backward are listed too, in the order of time") func backwardPaths() throws {
    let world = FunnelRuleTests.world([("D", -20), ("C", -10), ("B", -5), ("A", 0), ("B", 1)])
    let report = try Self.report(world) { $0.backward = 2 }
    #expect(report.backwardPaths == [.init(events: ["C", "B", "A"], count: 1)])
    #expect(report.paths == [.init(events: ["A", "B"], count: 1)])
    #expect(try Self.report(world).backwardPaths.isEmpty)
  }

  /// q7 of the benchmark: exactly the next three events within an hour of each anchor, repeats kept, shorter paths dropped.
  @Test("every anchor, repeats kept, incomplete paths dropped") func totals() throws {
    let world = FunnelRuleTests.world([("A", 0), ("A", 10), ("B", 20), ("B", 60), ("C", 61), ("A", 200), ("B", 201), ("C", 202)])
    let report = try Self.report(world) {
      $0.anchors = .every
      $0.collapsesRepeats = false
      $0.incomplete = .dropped
      $0.forward = 3
    }
    #expect(
      report.paths == [.init(events: ["A", "A", "B", "B"], count: 1), .init(events: ["A", "B", "B", "C"], count: 1)])
    #expect(report.entrants == 2)
  }

  @Test("a filter takes events off the paths, one on the subject takes its paths away") func filtered() throws {
    var world = FunnelRuleTests.world([("A", 0), ("X", 1), ("B", 2)])
    world.events[1].properties = ["internal": .boolean(true)]
    world.events += FunnelRuleTests.world([("A", 0), ("C", 1)], subject: 2).events
    world.profiles = [2: ["plan": .string("pro")]]
    let visible = Filter.comparison(PropertyReference("internal"), .isNotSet)
    #expect(
      try Self.report(world) { $0.filter = visible }.paths == [.init(events: ["A", "B"], count: 1), .init(events: ["A", "C"], count: 1)])
    let pro = Filter.comparison(PropertyReference("plan", scope: .subject), .equals([.string("pro")]))
    #expect(try Self.report(world) { $0.filter = pro }.paths == [.init(events: ["A", "C"], count: 1)])
  }

  @Test("a funnel between two anchors has the numbers of the flow between them, equal times, hidden names, repeats and filters included")
  func betweenAndFunnelAgree() throws {
    for seed in 0..<UInt64(400) {
      var random = Randomness(seed: seed)
      var world = PlainWorld()
      for _ in 0..<60 {
        world.events.append(
          PlainEvent(
            random.pick(["A", "B", "C", "X"]), FunnelRuleTests.midnight + Int64(random.below(80)) * 300_000, UInt32(random.below(6)),
            ["p": .number(Double(random.below(3)))]))
      }
      let ends = [random.pick(["A", "B", "C", nil]), random.pick(["A", "B", "C", nil])].map { EventSelector(event: $0) }
      let filter = random.chance(40) ? Filter.comparison(PropertyReference("p"), .greater(0)) : nil
      let flow = try Self.report(world) {
        ($0.anchor, $0.to) = (ends[0], ends[1])
        $0.hidden = random.chance(50) && ends.allSatisfy { $0.event != nil } ? ["X"] : []
        $0.collapsesRepeats = random.chance(50)
        $0.filter = filter
      }
      let funnel = try QueryExecution(
        snapshot: world.snapshot(), calendar: ProjectCalendar(), instant: Timestamp(milliseconds: FunnelRuleTests.midnight * 2)
      ).report(
        .funnel(
          FunnelQuery(range: DateRange(from: Self.day, to: Self.day), steps: ends, windowSeconds: 3_600, entry: .first, filter: filter)))
      guard case .funnel(let answer) = funnel.content else { throw QueryError(.invalid, "not a funnel") }
      #expect(answer.groups[0].steps[1].count == flow.entrants, "seed \(seed)")
    }
  }
}
