extension Query {
  /// The days that the report is about; nil for a cohort, whose rules have periods of their own.
  package var range: DateRange? {
    get {
      switch self {
      case .insights(let query): query.range
      case .funnel(let query): query.range
      case .retention(let query): query.range
      case .flows(let query): query.range
      case .lifecycle(let query): query.range
      case .stickiness(let query): query.range
      case .sessions(let query): query.range
      case .cohort: nil
      }
    }
    set {
      guard let newValue else { return }
      switch self {
      case .insights(var query):
        query.range = newValue
        self = .insights(query)
      case .funnel(var query):
        query.range = newValue
        self = .funnel(query)
      case .retention(var query):
        query.range = newValue
        self = .retention(query)
      case .flows(var query):
        query.range = newValue
        self = .flows(query)
      case .lifecycle(var query):
        query.range = newValue
        self = .lifecycle(query)
      case .stickiness(var query):
        query.range = newValue
        self = .stickiness(query)
      case .sessions(var query):
        query.range = newValue
        self = .sessions(query)
      case .cohort: break
      }
    }
  }

  /// Whose journeys it follows.
  package var level: Level {
    get {
      switch self {
      case .insights(let query): query.level
      case .funnel(let query): query.level
      case .retention(let query): query.level
      case .flows(let query): query.level
      case .cohort(let query): query.cohort.level
      case .lifecycle(let query): query.level
      case .stickiness(let query): query.level
      case .sessions(let query): query.level
      }
    }
    set {
      switch self {
      case .insights(var query):
        query.level = newValue
        self = .insights(query)
      case .funnel(var query):
        query.level = newValue
        self = .funnel(query)
      case .retention(var query):
        query.level = newValue
        self = .retention(query)
      case .flows(var query):
        query.level = newValue
        self = .flows(query)
      case .cohort(var query):
        query.cohort.level = newValue
        self = .cohort(query)
      case .lifecycle(var query):
        query.level = newValue
        self = .lifecycle(query)
      case .stickiness(var query):
        query.level = newValue
        self = .stickiness(query)
      case .sessions(var query):
        query.level = newValue
        self = .sessions(query)
      }
    }
  }

  /// Checks what types cannot: every engine calls it first, since queries are also built in code and read from saved reports.
  package func validate() throws(QueryError) {
    try range?.validate()
    switch self {
    case .insights(let query): try query.validate()
    case .funnel(let query): try query.validate()
    case .retention(let query): try query.validate()
    case .flows(let query): try query.validate()
    case .cohort(let query): try query.cohort.validate(depth: 1)
    case .lifecycle, .stickiness: break
    case .sessions(let query): try query.validate()
    }
    var comparisons = filters.reduce(0) { $0 + $1.comparisonCount }
    if case .cohort(let query) = self { comparisons += query.cohort.comparisonCount }
    try breakdown?.validateCohorts()
    for named in breakdown?.cohorts ?? [] { comparisons += named.cohort.comparisonCount }
    guard comparisons <= QueryLimits.comparisons else {
      throw QueryError(
        .tooLarge,
        "The filters make \(comparisons) comparisons; at most \(QueryLimits.comparisons) are allowed. Put alternatives in one `values` list."
      )
    }
    for filter in filters { try filter.validate(depth: 1) }
  }

  /// What splits it into groups; nil where nothing does.
  package var breakdown: Breakdown? {
    switch self {
    case .insights(let query): query.breakdown
    case .funnel(let query): query.breakdown
    case .retention(let query): query.breakdown
    case .sessions(let query): query.breakdown
    case .flows, .cohort, .lifecycle, .stickiness: nil
    }
  }

  /// All filters that stand in it, those inside of cohorts left there.
  package var filters: [Filter] {
    switch self {
    case .insights(let query): ([query.filter] + query.series.map(\.selector.filter)).compactMap(\.self)
    case .funnel(let query): ([query.filter] + query.steps.map(\.filter) + query.exclusions.map(\.selector.filter)).compactMap(\.self)
    case .retention(let query): [query.filter, query.start.filter, query.return.filter].compactMap(\.self)
    case .flows(let query): [query.filter, query.anchor.filter, query.to?.filter].compactMap(\.self)
    case .cohort: []
    case .lifecycle(let query): [query.activity.filter].compactMap(\.self)
    case .stickiness(let query): [query.activity.filter].compactMap(\.self)
    case .sessions(let query): [query.activity.filter].compactMap(\.self)
    }
  }

  static func check(_ value: Int, _ name: String, in range: ClosedRange<Int>) throws(QueryError) {
    guard range.contains(value) else {
      throw QueryError(.invalid, "`\(name)` must be from \(range.lowerBound) to \(range.upperBound).", field: name)
    }
  }
}

extension DateRange {
  func validate() throws(QueryError) {
    guard from <= to else {
      throw QueryError(.invalid, "`range.from` is after `range.to`; both days are included, so one day has them equal.", field: "range")
    }
    let days = to.dayNumber - from.dayNumber + 1
    guard days <= QueryLimits.rangeDays else {
      throw QueryError(.tooLarge, "`range` has \(days) days; at most \(QueryLimits.rangeDays) (five years) are allowed.", field: "range")
    }
  }
}

extension Filter {
  var comparisonCount: Int {
    switch self {
    case .all(let parts), .any(let parts): parts.reduce(0) { $0 + $1.comparisonCount }
    case .not(let part): part.comparisonCount
    case .comparison, .everyElement: 1
    case .cohort(let cohort): cohort.comparisonCount
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
    case .comparison(_, let comparison), .everyElement(_, let comparison): try comparison.validate()
    case .cohort(let cohort): try cohort.validate(depth: depth + 1)
    }
  }
}

extension Comparison {
  func validate() throws(QueryError) {
    switch self {
    case .equals(let values), .notEquals(let values):
      guard (1...QueryLimits.valuesPerComparison).contains(values.count) else {
        throw QueryError(.invalid, "A comparison must have 1 to \(QueryLimits.valuesPerComparison) values.", field: "filter")
      }
    default: break
    }
  }
}

extension Breakdown {
  func validate() throws(QueryError) {
    try Query.check(limit, "breakdown.limit", in: QueryLimits.breakdown)
    switch bins {
    case nil: break
    case .equalCount(let count): try Query.check(count, "breakdown.bins", in: 2...QueryLimits.bins)
    case .edges(let edges):
      guard (1..<QueryLimits.bins).contains(edges.count), edges.allSatisfy(\.isFinite),
        zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 })
      else {
        throw QueryError(
          .invalid, "`breakdown.bins` must be 1 to \(QueryLimits.bins - 1) numbers, each larger than the one before.",
          field: "breakdown.bins")
      }
    }
  }
}
