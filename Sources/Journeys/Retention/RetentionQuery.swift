/// Who comes back (A.7).
package struct RetentionQuery: Sendable, Hashable {
  package enum Unit: String, Sendable, Hashable, Codable, CaseIterable { case day, week, month }
  /// `calendar`: the k-th calendar period after the start's. `rolling`: k times 24 hours, 7 or 30 days after the start.
  package enum Mode: String, Sendable, Hashable, Codable, CaseIterable { case calendar, rolling }
  package enum Criterion: String, Sendable, Hashable, Codable, CaseIterable {
    /// In that very period (bounded, N-day).
    case on
    /// In that period or a later one that the report looks at (unbounded).
    case onOrAfter = "on_or_after"
  }
  package enum Cohorts: String, Sendable, Hashable, Codable, CaseIterable {
    /// A subject is in every cohort in which it did the start event.
    case recurring
    /// Only in the cohort of its first start event ever.
    case firstTime = "first_time"
  }
  package var range: DateRange
  package var level = Level.subject
  package var start: EventSelector
  package var `return`: EventSelector
  package var unit: Unit
  /// Periods after period 0: the matrix has `periods + 1` columns. 1...60.
  package var periods: Int
  package var mode: Mode
  package var criterion: Criterion
  package var cohorts: Cohorts
  package var filter: Filter?
  package init(
    range: DateRange, start: EventSelector, return: EventSelector, unit: Unit = .day, periods: Int = 14, mode: Mode = .calendar,
    criterion: Criterion = .on, cohorts: Cohorts = .recurring, filter: Filter? = nil
  ) {
    self.range = range
    self.start = start
    self.return = `return`
    self.unit = unit
    self.periods = periods
    self.mode = mode
    self.criterion = criterion
    self.cohorts = cohorts
    self.filter = filter
  }
}
