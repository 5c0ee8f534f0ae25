/// A set of actors that a question's figures are about: whoever knows two of them knows how many are in one and not in the other.
package struct Population: Sendable, Hashable {
  /// Leads to them.
  package var door: Door
  /// The days of which they are; nil for a cohort, whose rules have periods of their own.
  package var range: DateRange?
  /// Whether a filter or a cohort chooses them, so that they can be chosen to differ from others by a few.
  package var isNarrowed: Bool
}

extension Query {
  /// - Parameters:
  ///   - cut: the days of a range that matter.
  ///   - withOthers: whether groups were merged into "other", so that this is a set of its own.
  package func populations(_ cut: (DateRange) -> DateRange, withOthers: Bool) -> [Population] {
    var all = byActivity(cut)
    if withOthers { all += others(cut) }
    var different: [Population] = []
    for population in all where !different.contains(population) { different.append(population) }
    return different
  }

  private func byActivity(_ cut: (DateRange) -> DateRange) -> [Population] {
    switch self {
    case .insights(let query):
      let ranges = [query.range] + (query.comparedRange.map { [$0] } ?? [])
      return ranges.flatMap { range in query.series.map { unique($0.ofActors, query.filter, cut(range), $0.selector.filter != nil) } }
    case .retention(let query): return [query.start, query.return].map { unique($0, query.filter, cut(query.range)) }
    case .flows(let query):
      return ([query.anchor] + (query.to.map { [$0] } ?? [])).map { unique($0, query.filter, cut(query.range)) }
    case .lifecycle(let query): return [unique(query.activity, nil, cut(query.range))]
    case .stickiness(let query): return [unique(query.activity, nil, cut(query.range))]
    case .sessions(let query): return [unique(query.activity, nil, cut(query.range))]
    case .cohort: return [Population(door: Door(query: self, cell: .cohort), range: nil, isNarrowed: true)]
    case .funnel(var query):
      query.breakdown = nil
      query.trend = nil
      query.timeToConvert = nil
      query.range = cut(query.range)
      // Whoever gets further is chosen from those who began; what chooses anew is a step's own filter, or an exclusion's.
      var steps = query.steps.indices.filter { $0 == 0 || query.steps[$0].filter != nil }
      if query.exclusions.contains(where: { $0.selector.filter != nil }), steps.last != query.steps.count - 1 {
        steps.append(query.steps.count - 1)
      }
      let isNarrowed = !Query.funnel(query).filters.isEmpty
      return steps.map {
        Population(
          door: Door(query: .funnel(query), cell: .funnel(group: .everything, step: $0, droppedAfter: false)), range: query.range,
          isNarrowed: isNarrowed)
      }
    }
  }

  private func unique(_ selector: EventSelector, _ filter: Filter?, _ range: DateRange) -> Population {
    unique(InsightsQuery.Series(selector: selector, measure: .unique), filter, range, selector.filter != nil)
  }

  private func unique(_ series: InsightsQuery.Series, _ filter: Filter?, _ range: DateRange, _ isFiltered: Bool) -> Population {
    // One bucket, or few: only the whole counts.
    var query = InsightsQuery(range: range, unit: .month, series: [series], filter: filter)
    query.level = level
    return Population(
      door: Door(query: .insights(query), cell: .insights(series: 0, group: .everything, bucket: nil)), range: range,
      isNarrowed: filter != nil || isFiltered)
  }

  /// Those who stand in "other".
  private func others(_ cut: (DateRange) -> DateRange) -> [Population] {
    switch self {
    case .insights(var query):
      query.range = cut(query.range)
      query.compare = nil
      return query.series.indices.map {
        Population(
          door: Door(query: .insights(query), cell: .insights(series: $0, group: .other, bucket: nil)), range: query.range,
          isNarrowed: !filters.isEmpty)
      }
    case .funnel(var query):
      query.range = cut(query.range)
      return [
        Population(
          door: Door(query: .funnel(query), cell: .funnel(group: .other, step: 0, droppedAfter: false)), range: query.range,
          isNarrowed: !filters.isEmpty)
      ]
    case .sessions(var query):
      query.range = cut(query.range)
      return [
        Population(
          door: Door(query: .sessions(query), cell: .sessions(group: .other, bucket: nil)), range: query.range, isNarrowed: !filters.isEmpty
        )
      ]
    case .retention, .flows, .cohort, .lifecycle, .stickiness: return []
    }
  }
}
