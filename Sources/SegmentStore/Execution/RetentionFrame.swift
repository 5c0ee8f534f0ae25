internal import Journeys

/// Cohorts and columns of a retention report on the clock.
struct RetentionFrame {
  let query: RetentionQuery
  /// The cohorts' buckets and, in calendar mode, as many more as there are periods.
  let buckets: Buckets
  let cohortCount: Int
  /// The periods of each column; the first is period 0.
  let columns: [ClosedRange<Int>]
  /// Length of a rolling period in milliseconds.
  let period: Int64

  var from: Int64 { buckets.from }
  var to: Int64 { buckets.to }
  /// Cells a cohort.
  var width: Int { columns.count }

  init(_ query: RetentionQuery, calendar: ProjectCalendar) throws(QueryError) {
    self.query = query
    let unit: BucketUnit
    switch query.unit {
    case .day: (unit, period) = (.day, 86_400_000)
    case .week: (unit, period) = (.week, 7 * 86_400_000)
    case .month: (unit, period) = (.month, 30 * 86_400_000)
    }
    columns = query.columns
    cohortCount = try calendar.buckets(query.range, by: unit).count
    buckets = try calendar.buckets(query.range, by: unit, further: query.periods)
  }

  /// Nothing from here on matters.
  var horizon: Int64 {
    switch query.mode {
    case .calendar: buckets.edges[cohortCount + query.periods]
    case .rolling: to + Int64(query.periods + 1) * period
    }
  }

  /// By period: its column, or `noColumn` between two brackets.
  var columnOfPeriod: [UInt8] {
    var table = [UInt8](repeating: Self.noColumn, count: query.periods + 1)
    for (column, periods) in columns.enumerated() { for period in periods { table[period] = UInt8(column) } }
    return table
  }

  static let noColumn = UInt8.max

  /// The first instant of a column, for the earliest possible start of the cohort.
  func begin(cohort: Int, column: Int) -> Int64 {
    let first = columns[column].lowerBound
    switch query.mode {
    case .calendar: return buckets.edges[cohort + first]
    case .rolling: return max(buckets.edges[cohort], from) + Int64(first) * period
    }
  }

  /// When nothing can change a cell any more. What asks for later columns too looks to the end of the last (semantics A.7).
  func completeAt(cohort: Int, column: Int) -> Int64 {
    let looksOn = query.criterion == .onOrAfter || query.criterion == .frequency
    let last = looksOn && column > 0 ? query.periods : columns[column].upperBound
    switch query.mode {
    case .calendar: return buckets.edges[cohort + last + 1]
    case .rolling: return min(buckets.edges[cohort + 1], to) + Int64(last + 1) * period
    }
  }
}
