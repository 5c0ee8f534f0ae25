internal import Events
internal import Journeys

/// Flows: what happens before and after an anchor, or between two (semantics A.8). One pass; equal paths are counted together as they
/// are met.
struct FlowsExecution {
  let query: FlowsQuery
  let context: ExecutionContext

  func report() throws(QueryError) -> Report {
    var properties = ShownProperties()
    let labels = try FlowLabels(query, &properties, snapshot: context.snapshot)
    let pass = try scan(labels, properties, door: nil)
    let nodes = try nodes(pass, labels, properties)
    let tally = FlowTally(pass.paths, nodes: nodes, query: query, smallest: context.smallestGroup)
    return Report(
      content: .flows(tally.report()),
      notes: context.notes([
        ("no_actor", pass.withoutActor), ("end_not_reached", pass.notReached), ("incomplete", pass.incomplete),
        ("after_evaluation", try late()), (ReportNotes.smallGroup, nodes.merged),
      ]))
  }

  /// The subjects with a path through a node of a column.
  func subjects(position: Int, node: FlowsReport.Node) throws(QueryError) -> [UInt32] {
    guard (-query.backward...query.forward).contains(position) else {
      throw QueryError(
        .invalid, "The report has the columns \(-query.backward) to \(query.forward); there is no column \(position).",
        field: "cell.position")
    }
    var properties = ShownProperties()
    let labels = try FlowLabels(query, &properties, snapshot: context.snapshot)
    let pass = try scan(labels, properties, door: nil)
    let nodes = try nodes(pass, labels, properties)
    let column = position + query.backward
    let wanted = FlowTally(pass.paths, nodes: nodes, query: query, smallest: context.smallestGroup).labels(of: node, column: column)
    guard !wanted.isEmpty else { return [] }
    return try scan(labels, properties, door: FlowsPass.Door(column: column, labels: wanted)).found
  }

  private func nodes(_ pass: FlowsPass, _ labels: FlowLabels, _ properties: ShownProperties) throws(QueryError) -> FlowNodes {
    let view = SmallGroups.View(sizes: pass.subjects) { wanted throws(QueryError) in
      try scan(labels, properties, door: FlowsPass.Door(column: nil, labels: Set(wanted.map { UInt16($0) }))).found.count
    }
    return try FlowNodes(pass.paths, labels, query, sizes: view, smallest: context.smallestGroup)
  }

  private func scan(_ labels: FlowLabels, _ properties: ShownProperties, door: FlowsPass.Door?) throws(QueryError) -> FlowsPass {
    let times = try times()
    let selectors = try Selectors(
      selectors + (cutsFilteredSessions ? [EventSelector(event: nil)] : []), everything: cutsFilteredSessions ? nil : query.filter,
      primary: 1, properties: properties.names, snapshot: context.snapshot, instant: context.instant)
    let interval = try context.calendar.interval(query.range)
    var pass = FlowsPass(
      query: query, from: interval.lowerBound.milliseconds, to: interval.upperBound.milliseconds, labels: labels, door: door)
    defer { pass.free() }
    // Where a session began is known only to who has seen all that was before it.
    let from = query.sessionGapSeconds == nil ? times.lowerBound : Int64.min
    try JourneyScan(
      snapshot: context.snapshot, selectors: selectors, columnCount: properties.names.count, times: from..<times.upperBound
    ).run(&pass)
    pass.pour()
    try labels.check()
    try pass.paths.check()
    return pass
  }

  /// Sessions are cut by all of a subject's events, so those that the filter takes off the paths must be seen too.
  private var cutsFilteredSessions: Bool { query.sessionGapSeconds != nil && query.filter != nil }

  /// The anchor, every event that may stand on a path, and the end if there is one.
  private var selectors: [EventSelector] {
    let plain = [query.anchor, EventSelector(event: nil)] + (query.to.map { [$0] } ?? [])
    guard cutsFilteredSessions, let filter = query.filter else { return plain }
    return plain.map { EventSelector(event: $0.event, filter: $0.filter.map { .all([$0, filter]) } ?? filter) }
  }

  /// Where events of paths may lie.
  private func times() throws(QueryError) -> Range<Int64> {
    let interval = try context.calendar.interval(query.range)
    let window = query.windowSeconds * 1000
    let from = interval.lowerBound.milliseconds - (query.backward > 0 ? window : 0)
    let to = interval.upperBound.milliseconds + (query.forward > 0 ? window : 0)
    return from..<to
  }

  private func late() throws(QueryError) -> Int {
    try context.late(selectors, everything: cutsFilteredSessions ? nil : query.filter, in: try times())
  }
}
