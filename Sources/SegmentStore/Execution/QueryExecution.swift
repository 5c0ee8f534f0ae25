package import Events
package import Journeys

/// Answers queries over a snapshot. Pure: the same snapshot, query, calendar and instant give the same answer.
package struct QueryExecution: Sendable {
  package let snapshot: StoreSnapshot
  package let rules: ReportRules
  /// Events later than this are not seen.
  package let instant: Timestamp

  package init(snapshot: StoreSnapshot, rules: ReportRules, instant: Timestamp) {
    self.snapshot = snapshot
    self.rules = rules
    self.instant = instant
  }

  /// - Throws: `QueryError`: `invalid` or `too_large` for the query, `unreadable` for the data, `cancelled` with the task.
  package func report(_ query: Query) throws(QueryError) -> Report {
    try query.validate()
    let context = try context(for: query)
    var report =
      switch query {
      case .insights(let query): try composition(query, context).report()
      case .funnel(let query): try FunnelExecution(query: query, context: context).report()
      case .retention(let query): try RetentionExecution(query: query, context: context).report()
      case .flows(let query): try FlowsExecution(query: query, context: context).report()
      case .cohort(let query): try CohortExecution(cohort: query.cohort, context: context).report()
      case .lifecycle(let query): try LifecycleExecution(query: query, context: context).report()
      case .stickiness(let query): try StickinessExecution(query: query, context: context).report()
      case .sessions(let query): try SessionsExecution(query: query, context: context).report()
      }
    try checkProfiles()
    if query.level != .subject {
      for index in report.notes.excluded.indices where report.notes.excluded[index].reason == "no_actor" {
        report.notes.excluded[index].reason = "no_group"
      }
    }
    return report
  }

  private func checkProfiles() throws(QueryError) {
    if let reason = snapshot.profileFailure() { throw QueryError(.unreadable, reason) }
  }

  /// The canonical subjects behind a figure, ascending: as many as the figure says where it counts subjects, otherwise the different
  /// subjects of what it counts. Nobody for a cell that the report does not have. At the level of organizations: the organizations.
  package func subjects(_ door: Door) throws(QueryError) -> [UInt32] {
    try door.query.validate()
    let context = try context(for: door.query)
    let found = try subjects(door, context)
    try checkProfiles()
    return found
  }

  private func subjects(_ door: Door, _ context: ExecutionContext) throws(QueryError) -> [UInt32] {
    switch (door.query, door.cell) {
    case (.insights(let query), .insights(let series, let group, let bucket)):
      return try composition(query, context).subjects(series: series, group: group, bucket: bucket)
    case (.funnel(let query), .funnel(let group, let step, let droppedAfter)):
      return try FunnelExecution(query: query, context: context).subjects(group: group, step: step, droppedAfter: droppedAfter)
    case (.funnel(let query), .funnelTrend(let group, let step, let droppedAfter, let bucket)):
      return try FunnelExecution(query: query, context: context)
        .subjects(group: group, step: step, droppedAfter: droppedAfter, bucket: bucket)
    case (.funnel(let query), .funnelExcluded(let group)):
      return try FunnelExecution(query: query, context: context).excludedSubjects(group: group)
    case (.retention(let query), .retention(let group, let cohort, let period)):
      return try RetentionExecution(query: query, context: context).subjects(group: group, cohort: cohort, column: period)
    case (.flows(let query), .flows(let position, let node)):
      return try FlowsExecution(query: query, context: context).subjects(position: position, node: node)
    case (.cohort(let query), .cohort):
      return try CohortExecution(cohort: query.cohort, context: context).members().numbers
    case (.lifecycle(let query), .lifecycle(let bucket, let state)):
      return try LifecycleExecution(query: query, context: context).subjects(bucket: bucket, state: state)
    case (.stickiness(let query), .stickiness(let buckets, let atLeast)):
      return try StickinessExecution(query: query, context: context).subjects(buckets: buckets, atLeast: atLeast)
    case (.sessions(let query), .sessions(let group, let bucket)):
      return try SessionsExecution(query: query, context: context).subjects(group: group, bucket: bucket)
    default:
      throw QueryError(
        .invalid, "The cell belongs to another kind of report than the query; take both from the same report.", field: "cell")
    }
  }

  private func composition(_ query: InsightsQuery, _ context: ExecutionContext) -> InsightsComposition {
    InsightsComposition(query: query, context: context) { (instant) throws(QueryError) in
      try QueryExecution(snapshot: snapshot, rules: rules, instant: instant).context(for: .insights(query))
    }
  }

  /// The data as the query sees it: its journeys, and who belongs to its cohorts.
  private func context(for query: Query) throws(QueryError) -> ExecutionContext {
    var cohorts: [Cohort: ActorSet] = [:]
    for filter in query.filters { try evaluate(filter, &cohorts) }
    for named in query.breakdown?.cohorts ?? [] { try evaluate(named.cohort, &cohorts) }
    if case .cohort(let query) = query { try evaluate(filtersOf: query.cohort, &cohorts) }
    return try context(level: query.level, events: query.eventNames, cohorts)
  }

  private func context(level: Level, events: Set<String>?, _ cohorts: [Cohort: ActorSet]) throws(QueryError) -> ExecutionContext {
    var seen = snapshot
    if case .group(let key) = level { seen = try snapshot.groupSnapshots.snapshot(.init(key: key, events: events), of: snapshot) }
    seen.cohorts = cohorts
    return ExecutionContext(snapshot: seen, rules: rules, instant: instant)
  }

  /// Inner cohorts come first; each different one is evaluated once.
  private func evaluate(_ filter: Filter, _ cohorts: inout [Cohort: ActorSet]) throws(QueryError) {
    for cohort in filter.cohorts { try evaluate(cohort, &cohorts) }
  }

  private func evaluate(_ cohort: Cohort, _ cohorts: inout [Cohort: ActorSet]) throws(QueryError) {
    guard cohorts[cohort] == nil else { return }
    try evaluate(filtersOf: cohort, &cohorts)
    let context = try context(level: cohort.level, events: Query.cohort(CohortQuery(cohort)).eventNames, cohorts)
    cohorts[cohort] = try CohortExecution(cohort: cohort, context: context).members()
  }

  private func evaluate(filtersOf cohort: Cohort, _ cohorts: inout [Cohort: ActorSet]) throws(QueryError) {
    for selector in cohort.selectors {
      if let filter = selector.filter { try evaluate(filter, &cohorts) }
    }
  }
}

extension Query {
  /// The names of all events that can matter to the answer; nil where any can.
  fileprivate var eventNames: Set<String>? {
    let names: [String?]
    switch self {
    case .insights(let query): names = query.series.map(\.selector.event)
    case .retention(let query): names = [query.start.event, query.return.event]
    case .lifecycle(let query): names = query.firstSeen == .any ? [nil] : [query.activity.event]
    case .stickiness(let query): names = [query.activity.event]
    case .sessions(let query): names = [query.activity.event]
    // What happens between the steps and around the anchor matters too; a cohort may be of those who did nothing.
    case .funnel, .flows, .cohort: return nil
    }
    return names.contains(nil) ? nil : Set(names.compactMap(\.self))
  }
}
