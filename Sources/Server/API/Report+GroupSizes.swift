import Events
import Journeys

extension Report {
  /// How many subjects or events stand behind each figure that the report shows: what the ledger keeps of an aggregate.
  ///
  /// At most `limit` figures, the smallest first: small groups are what can single somebody out.
  func groupSizes(limit: Int = 1000) -> [Int] {
    var sizes: [Int] = []
    switch content {
    case .insights(let report):
      for line in report.lines + (report.compared?.lines ?? []) { sizes += line.values.compactMap { $0.map(Self.count) } }
    case .funnel(let report):
      for group in report.groups { sizes += group.steps.map(\.count) }
    case .retention(let report):
      for cohort in report.cohorts + report.segments.flatMap(\.cohorts) { sizes += [cohort.size] + cohort.counts.compactMap(\.self) }
    case .cohort(let report): sizes = [report.size]
    case .flows(let report):
      for column in report.columns { sizes += column.entries.map(\.count) }
      sizes += (report.paths + report.backwardPaths).map(\.count)
    case .lifecycle(let report):
      for case let point? in report.points { sizes += LifecycleReport.State.allCases.map { point[$0] } }
    case .stickiness(let report): sizes = report.exact + report.atLeast
    case .sessions(let report):
      for group in report.groups { sizes += (group.buckets + [group.overall]).map(\.subjects) }
    }
    sizes.sort()
    return Array(sizes.prefix(limit))
  }

  /// The values by which the report's groups are named.
  var groupValues: [StoredValue] {
    let groups: [ReportGroup] =
      switch content {
      case .insights(let report): report.lines.map(\.group)
      case .funnel(let report): report.groups.map(\.group)
      case .retention(let report): report.segments.map(\.group)
      case .flows(let report): report.columns.flatMap { $0.entries.compactMap(\.node.group) }
      case .sessions(let report): report.groups.map(\.group)
      case .cohort, .lifecycle, .stickiness: []
      }
    return groups.compactMap { if case .value(let value) = $0 { value } else { nil } }
  }

  private static func count(_ value: Double) -> Int { Int(exactly: value.rounded()) ?? 0 }

  /// Fields that the answer shows, for the ledger: events, and the breakdown's property where any value of it is there.
  func fields(of query: Query) -> [String] {
    guard !groupValues.isEmpty else { return ["events"] }
    if let breakdown = query.breakdown { return ["events", breakdown.cohorts.isEmpty ? breakdown.property.name : "cohorts"] }
    guard case .flows(let flows) = query else { return ["events"] }
    return ["events"] + flows.expand.map(\.property.name)
  }
}
