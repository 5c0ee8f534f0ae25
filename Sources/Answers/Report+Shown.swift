import Events
import Journeys

/// What a report shows, for the ledger.
extension Report {
  /// How many subjects stand behind each figure that counts subjects: at most `limit` of them, the smallest first, since small groups are what
  /// can single somebody out.
  func groupSizes(of query: Query, limit: Int = 1_000) -> [Int] {
    var sizes: [Int] = []
    switch (content, query) {
    case (.insights(let report), .insights(let query)):
      for line in report.lines + (report.compared?.lines ?? []) {
        guard query.series.indices.contains(line.series), query.series[line.series].countsSubjects else { continue }
        sizes += (line.values + [line.overall]).compactMap { $0.flatMap { Int(exactly: $0.rounded()) } }
      }
    case (.insights, _): break
    case (.funnel(let report), _): for group in report.groups { sizes += group.steps.map(\.count) }
    case (.retention(let report), _):
      for cohort in report.cohorts + report.segments.flatMap(\.cohorts) { sizes += [cohort.size] + cohort.counts.compactMap(\.self) }
    case (.cohort(let report), _): sizes = [report.size]
    case (.flows(let report), _):
      for column in report.columns { sizes += column.entries.map(\.count) }
      sizes += (report.paths + report.backwardPaths).map(\.count)
    case (.lifecycle(let report), _):
      for case let point? in report.points { sizes += LifecycleReport.State.allCases.map { point[$0] } }
    case (.stickiness(let report), _): sizes = report.exact + report.atLeast
    case (.sessions(let report), _): for group in report.groups { sizes += (group.buckets + [group.overall]).map(\.subjects) }
    }
    sizes.sort()
    return Array(sizes.prefix(limit))
  }

  /// Of its breakdown, each once.
  var shownGroups: [ReportGroup] {
    let groups: [ReportGroup] =
      switch content {
      case .insights(let report): report.lines.map(\.group)
      case .funnel(let report): report.groups.map(\.group)
      case .retention(let report): report.segments.map(\.group)
      case .sessions(let report): report.groups.map(\.group)
      case .flows, .cohort, .lifecycle, .stickiness: []
      }
    var seen: Set<ReportGroup> = [.everything]
    return groups.filter { seen.insert($0).inserted }
  }

  /// The values by which the report's groups are named.
  var groupValues: [StoredValue] {
    var groups = shownGroups
    if case .flows(let report) = content { groups = report.columns.flatMap { $0.entries.compactMap(\.node.group) } }
    return groups.compactMap { if case .value(let value) = $0 { value } else { nil } }
  }

  /// Fields that the answer shows: events, and the breakdown's property where any value of it is there.
  func fields(of query: Query) -> [String] {
    guard !groupValues.isEmpty else { return ["events"] }
    if let breakdown = query.breakdown { return ["events", breakdown.cohorts.isEmpty ? breakdown.property.name : "cohorts"] }
    guard case .flows(let flows) = query else { return ["events"] }
    return ["events"] + flows.expand.map(\.property.name)
  }
}
