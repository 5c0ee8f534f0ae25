extension Query {
  /// The days that the report is about.
  package var range: DateRange {
    switch self {
    case .insights(let query): query.range
    case .funnel(let query): query.range
    case .retention(let query): query.range
    case .flows(let query): query.range
    }
  }

  /// Checks what types cannot: every engine calls it first, since queries are also built in code and read from saved reports.
  package func validate() throws(QueryError) {
    guard range.from <= range.to else {
      throw QueryError(.invalid, "`range.from` is after `range.to`; both days are included, so one day has them equal.", field: "range")
    }
    let days = range.to.dayNumber - range.from.dayNumber + 1
    guard days <= QueryLimits.rangeDays else {
      throw QueryError(.tooLarge, "`range` has \(days) days; at most \(QueryLimits.rangeDays) (five years) are allowed.", field: "range")
    }
    switch self {
    case .insights(let query): try query.validate()
    case .funnel(let query): try query.validate()
    case .retention(let query): try query.validate()
    case .flows(let query): try query.validate()
    }
    let comparisons = filters.reduce(0) { $0 + $1.comparisonCount }
    guard comparisons <= QueryLimits.comparisons else {
      throw QueryError(
        .tooLarge,
        "The filters make \(comparisons) comparisons; at most \(QueryLimits.comparisons) are allowed. Put alternatives in one `values` list."
      )
    }
    for filter in filters { try filter.validate(depth: 1) }
  }

  private var filters: [Filter] {
    switch self {
    case .insights(let query): ([query.filter] + query.series.map(\.selector.filter)).compactMap(\.self)
    case .funnel(let query): ([query.filter] + query.steps.map(\.filter)).compactMap(\.self)
    case .retention(let query): [query.filter, query.start.filter, query.return.filter].compactMap(\.self)
    case .flows(let query): [query.anchor.filter].compactMap(\.self)
    }
  }

  static func check(_ value: Int, _ name: String, in range: ClosedRange<Int>) throws(QueryError) {
    guard range.contains(value) else {
      throw QueryError(.invalid, "`\(name)` must be from \(range.lowerBound) to \(range.upperBound).", field: name)
    }
  }
}

extension Filter {
  var comparisonCount: Int {
    switch self {
    case .all(let parts), .any(let parts): parts.reduce(0) { $0 + $1.comparisonCount }
    case .not(let part): part.comparisonCount
    case .comparison: 1
    }
  }

  func validate(depth: Int) throws(QueryError) {
    guard depth <= QueryLimits.filterDepth else {
      throw QueryError(.tooLarge, "A filter is nested more than \(QueryLimits.filterDepth) deep; write it flatter.", field: "filter")
    }
    switch self {
    case .all(let parts), .any(let parts):
      guard !parts.isEmpty else {
        throw QueryError(.invalid, "A filter's `all` or `any` is empty; leave it out to let every event through.", field: "filter")
      }
      for part in parts { try part.validate(depth: depth + 1) }
    case .not(let part): try part.validate(depth: depth + 1)
    case .comparison(_, .equals(let values)), .comparison(_, .notEquals(let values)):
      guard (1...QueryLimits.valuesPerComparison).contains(values.count) else {
        throw QueryError(.invalid, "A comparison must have 1 to \(QueryLimits.valuesPerComparison) values.", field: "filter")
      }
    case .comparison: break
    }
  }
}
