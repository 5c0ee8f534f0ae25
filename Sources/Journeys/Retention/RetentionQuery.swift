/// Who comes back (A.7).
package struct RetentionQuery: Sendable, Hashable {
  package enum Unit: String, Sendable, Hashable, Codable, CaseIterable { case day, week, month }
  /// `calendar`: the k-th calendar period after the start's. `rolling`: k times 24 hours, 7 or 30 days after the start.
  package enum Mode: String, Sendable, Hashable, Codable, CaseIterable { case calendar, rolling }
  /// What it takes to be retained in column k, given the columns 1... in which a subject came back.
  package enum Criterion: String, Sendable, Hashable, Codable, CaseIterable {
    /// In that very one (bounded, N-day).
    case on
    /// In that one or a later one that the report looks at (unbounded).
    case onOrAfter = "on_or_after"
    /// In that one or an earlier one.
    case onOrBefore = "on_or_before"
    /// In that one and in each before it (streak).
    case consecutive
    /// In at least k different ones, whichever they are.
    case frequency
  }
  package enum Cohorts: String, Sendable, Hashable, Codable, CaseIterable {
    /// A subject is in every cohort in which it did the start event.
    case recurring
    /// Only in the cohort of its first start event ever.
    case firstTime = "first_time"
  }
  /// What the shares of the curve are shares of.
  package enum Base: String, Sendable, Hashable, Codable, CaseIterable {
    case cohort
    /// Those retained in the column before.
    case previous
  }
  /// Several periods as one column, both ends included.
  package struct Bracket: Sendable, Hashable {
    package var first: Int
    package var last: Int
    package init(_ first: Int, _ last: Int) {
      self.first = first
      self.last = last
    }
  }
  package var range: DateRange
  package var level = Level.subject
  package var start: EventSelector
  package var `return`: EventSelector
  package var unit: Unit
  /// How many periods after period 0 the report looks at. With brackets: the end of the last one.
  package var periods: Int
  /// Columns of more than one period, ascending; empty: a column for each period.
  package var brackets: [Bracket]
  package var mode: Mode
  package var criterion: Criterion
  package var cohorts: Cohorts
  package var base: Base
  package var filter: Filter?
  /// By the value at the start event that opens the cohort's row.
  package var breakdown: Breakdown?
  package init(
    range: DateRange, start: EventSelector, return: EventSelector, unit: Unit = .day, periods: Int = 14, brackets: [Bracket] = [],
    mode: Mode = .calendar, criterion: Criterion = .on, cohorts: Cohorts = .recurring, base: Base = .cohort, filter: Filter? = nil,
    breakdown: Breakdown? = nil
  ) {
    self.range = range
    self.start = start
    self.return = `return`
    self.unit = unit
    self.periods = brackets.last?.last ?? periods
    self.brackets = brackets
    self.mode = mode
    self.criterion = criterion
    self.cohorts = cohorts
    self.base = base
    self.filter = filter
    self.breakdown = breakdown
  }

  /// The periods of each column; the first is period 0.
  package var columns: [ClosedRange<Int>] {
    [0...0] + (brackets.isEmpty ? (1...max(periods, 1)).map { $0...$0 } : brackets.map { $0.first...max($0.first, $0.last) })
  }
}
