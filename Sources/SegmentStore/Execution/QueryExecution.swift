package import Events
package import Journeys

/// Answers queries over a snapshot. Pure: the same snapshot, query, calendar and instant give the same answer.
package struct QueryExecution: Sendable {
  package let snapshot: StoreSnapshot
  package let calendar: ProjectCalendar
  /// Events later than this are not seen.
  package let instant: Timestamp

  package init(snapshot: StoreSnapshot, calendar: ProjectCalendar, instant: Timestamp) {
    self.snapshot = snapshot
    self.calendar = calendar
    self.instant = instant
  }

  private var context: ExecutionContext { ExecutionContext(snapshot: snapshot, calendar: calendar, instant: instant) }

  /// - Throws: `QueryError`: `invalid` or `too_large` for the query, `unreadable` for the data, `cancelled` with the task.
  package func report(_ query: Query) throws(QueryError) -> Report {
    try query.validate()
    let report =
      switch query {
      case .insights(let query): try InsightsExecution(query: query, context: context).report()
      case .funnel(let query): try FunnelExecution(query: query, context: context).report()
      case .retention(let query): try RetentionExecution(query: query, context: context).report()
      case .flows(let query): try FlowsExecution(query: query, context: context).report()
      }
    try checkProfiles()
    return report
  }

  private func checkProfiles() throws(QueryError) {
    if let reason = snapshot.profileFailure() { throw QueryError(.unreadable, reason) }
  }

  /// The canonical subjects behind a figure, ascending: as many as the figure says where it counts subjects, otherwise the different
  /// subjects of what it counts. Nobody for a cell that the report does not have.
  package func subjects(_ door: Door) throws(QueryError) -> [UInt32] {
    try door.query.validate()
    switch (door.query, door.cell) {
    case (.insights(let query), .insights(let series, let group, let bucket)):
      return try InsightsExecution(query: query, context: context).subjects(series: series, group: group, bucket: bucket)
    case (.funnel(let query), .funnel(let group, let step, let droppedAfter)):
      return try FunnelExecution(query: query, context: context).subjects(group: group, step: step, droppedAfter: droppedAfter)
    case (.retention(let query), .retention(let cohort, let period)):
      return try RetentionExecution(query: query, context: context).subjects(cohort: cohort, period: period)
    case (.flows(let query), .flows(let position, let node)):
      return try FlowsExecution(query: query, context: context).subjects(position: position, node: node)
    default:
      throw QueryError(
        .invalid, "The cell belongs to another kind of report than the query; take both from the same report.", field: "cell")
    }
  }
}
