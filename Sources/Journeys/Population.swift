internal import Events

/// A set of actors that a question's figures are about: whoever knows two of them knows how many are in one and not in the other.
package struct Population: Sendable, Hashable {
  /// Leads to them.
  package var door: Door
  /// The days of which they are; nil for a cohort, whose rules have periods of their own.
  package var range: DateRange?
  /// What chooses them beside what they did: filters, cohorts, a group. Sets that are chosen alike differ by what was done alone.
  package var chooser: String
  /// Whether whoever asks could choose them to differ from others by a few.
  package var isNarrowed: Bool

  package init(door: Door, range: DateRange?, chooser: String, isNarrowed: Bool) {
    self.door = door
    self.range = range
    self.chooser = chooser
    self.isNarrowed = isNarrowed
  }

  /// Of one figure, as its door leads to them.
  package init(behind door: Door) {
    let group: String? =
      switch door.cell {
      case .insights(_, let group, _), .funnel(let group, _, _), .funnelExcluded(let group), .funnelTrend(let group, _, _, _),
        .retention(let group, _, _), .sessions(let group, _):
        group == .everything ? nil : group.json.text
      case .flows(_, let node): node.json.text
      case .cohort, .lifecycle, .stickiness: nil
      }
    let chooser = door.query.chooser + (group ?? "")
    self.init(door: door, range: door.query.range, chooser: chooser, isNarrowed: !chooser.isEmpty)
  }

  /// Its door where only some of its days count.
  package func door(over range: DateRange?) -> Door {
    guard let range, var query = Optional(door.query) else { return door }
    query.range = range
    return Door(query: query, cell: door.cell)
  }
}

extension Query {
  /// Filters and cohorts, and what else of a question says whom it is about; empty where it is only what was done.
  fileprivate var chooser: String {
    var parts = filters.map(\.json.text)
    switch self {
    case .insights(let query):
      parts += query.series.compactMap { $0.first?.rawValue } + query.series.compactMap { $0.measure.property?.name }
    case .funnel(let query): parts += query.hold + query.exclusions.map { $0.selector.event ?? "*" }
    case .cohort(let query): parts.append(query.cohort.json.text)
    case .retention, .flows, .lifecycle, .stickiness, .sessions: break
    }
    return parts.joined(separator: "\n")
  }

  /// Whom the figures of a report are about: at most `limit` sets.
  ///
  /// - Parameter shown: the groups of the breakdown that the report shows.
  package func populations(_ calendar: ProjectCalendar, shown: [ReportGroup], limit: Int = 40) throws(QueryError) -> [Population] {
    var different: [Population] = []
    for population in try whole(calendar) + cells(shown) where !different.contains(population) { different.append(population) }
    return Array(different.prefix(limit))
  }

  private func whole(_ calendar: ProjectCalendar) throws(QueryError) -> [Population] {
    switch self {
    case .insights(let query):
      let ranges = [query.range] + (query.comparedRange.map { [$0] } ?? [])
      return ranges.flatMap { range in
        query.series.map { series in
          var days = range
          if case .active(let count) = series.measure { days.from = range.from.advanced(byDays: 1 - count) }
          return unique(series.ofActors, query.filter, days)
        }
      }
    case .retention(let query):
      let length = query.unit == .day ? 1 : query.unit == .week ? 7 : 31
      let later = DateRange(from: query.range.from, to: query.range.to.advanced(byDays: (query.periods + 1) * length))
      return [
        unique(query.start, query.filter, query.range), unique(query.return, query.filter, query.range),
        unique(query.return, query.filter, later),
      ]
    case .flows(let query):
      let days = Int(query.windowSeconds / 86_400) + 1
      let wider = DateRange(from: query.range.from.advanced(byDays: -days), to: query.range.to.advanced(byDays: days))
      let ends = query.to.map { [unique($0, query.filter, query.range), unique($0, query.filter, wider)] } ?? []
      return [unique(query.anchor, query.filter, query.range)] + ends
    case .lifecycle(let query):
      let buckets = try calendar.lifecycleBuckets(query)
      let first = try calendar.date(of: Timestamp(milliseconds: buckets.edges[0]))
      let last = try calendar.date(of: Timestamp(milliseconds: buckets.edges[buckets.count] - 1))
      return [unique(query.activity, nil, query.range), unique(query.activity, nil, DateRange(from: first, to: last))]
    case .stickiness(let query):
      let buckets = try calendar.buckets(query.range, by: query.unit.bucketUnit)
      let first = try calendar.date(of: Timestamp(milliseconds: buckets.edges[0]))
      let last = try calendar.date(of: Timestamp(milliseconds: buckets.edges[buckets.count] - 1))
      return [unique(query.activity, nil, query.range), unique(query.activity, nil, DateRange(from: first, to: last))]
    case .sessions(let query): return [unique(query.activity, nil, query.range)]
    case .cohort(let query):
      // The report also says how many there are at all.
      let everybody = CohortQuery(Cohort(level: query.cohort.level, rule: .not(.members([]))))
      return [
        Population(door: Door(query: self, cell: .cohort), range: nil, chooser: chooser, isNarrowed: true),
        Population(door: Door(query: .cohort(everybody), cell: .cohort), range: nil, chooser: "", isNarrowed: false),
      ]
    case .funnel(var query):
      query.breakdown = nil
      query.trend = nil
      query.timeToConvert = nil
      let last = query.steps.count - 1
      // A filter on everything can choose anew in every step: who gets to the end is another set than who began.
      var steps = query.steps.indices.filter { $0 == 0 || query.steps[$0].filter != nil }
      if !chooser.isEmpty, steps.last != last { steps.append(last) }
      return steps.map {
        Population(
          door: Door(query: .funnel(query), cell: .funnel(group: .everything, step: $0, droppedAfter: false)), range: query.range,
          chooser: chooser, isNarrowed: !chooser.isEmpty)
      }
    }
  }

  /// Who is behind each group that is shown, as a filter of its own.
  private func cells(_ shown: [ReportGroup]) -> [Population] {
    guard let breakdown else { return [] }
    let values = shown.compactMap { group -> FilterValue? in if case .value(let value) = group { FilterValue(value) } else { nil } }
    return shown.compactMap { group -> Population? in
      guard let cell = breakdown.filter(group, beside: values), let (selector, filter, range) = counted else { return nil }
      var population = unique(selector, filter.map { .all([$0, cell]) } ?? cell, range)
      // Values that the data has, nobody chooses; cohorts and the edges of bins, whoever asks.
      population.isNarrowed = !chooser.isEmpty || !breakdown.cohorts.isEmpty || breakdown.bins != nil
      return population
    }
  }

  /// Whose values a breakdown takes.
  private var counted: (EventSelector, Filter?, DateRange)? {
    switch self {
    case .insights(let query): (query.series[0].ofActors.selector, query.filter, query.range)
    case .funnel(let query): (query.steps[0], query.filter, query.range)
    case .retention(let query): (query.start, query.filter, query.range)
    case .sessions(let query): (query.activity, nil, query.range)
    case .flows, .cohort, .lifecycle, .stickiness: nil
    }
  }

  private func unique(_ selector: EventSelector, _ filter: Filter?, _ range: DateRange) -> Population {
    unique(InsightsQuery.Series(selector: selector, measure: .unique), filter, range)
  }

  private func unique(_ series: InsightsQuery.Series, _ filter: Filter?, _ range: DateRange) -> Population {
    // One bucket, or few: only the whole counts.
    var query = InsightsQuery(range: range, unit: .month, series: [series], filter: filter)
    query.level = level
    let question = Query.insights(query)
    return Population(
      door: Door(query: question, cell: .insights(series: 0, group: .everything, bucket: nil)), range: range, chooser: question.chooser,
      isNarrowed: !question.chooser.isEmpty)
  }
}

extension Breakdown {
  /// What leaves a group alone; nil where no filter says it.
  fileprivate func filter(_ group: ReportGroup, beside others: [FilterValue]) -> Filter? {
    if !cohorts.isEmpty {
      guard case .value(.string(let name)) = group else { return nil }
      return cohorts.first { $0.name == name }.map { .cohort($0.cohort) }
    }
    switch group {
    case .everything: return nil
    case .none: return .comparison(property, .isNotSet)
    case .value(let value): return FilterValue(value).map { .comparison(property, .equals([$0])) }
    case .bin(let from, let to):
      let bounds = [from.map { Comparison.greaterOrEqual($0) }, to.map { .less($0) }].compactMap(\.self)
      return .all(bounds.map { .comparison(property, $0) })
    case .other: return .all([.comparison(property, .isSet), .comparison(property, .notEquals(others))])
    }
  }
}

extension FilterValue {
  /// As a filter names a stored value; nil for what none does.
  fileprivate init?(_ value: StoredValue) {
    switch value {
    case .string(let text): self = .string(text)
    case .number(let number): self = .number(number)
    case .boolean(let truth): self = .boolean(truth)
    case .pseudonym(let pseudonym): self = .string("s_\(pseudonym)")
    case .sealed(let sealed): self = .string("t_\(sealed.tag)")
    case .null, .list, .object: return nil
    }
  }
}
