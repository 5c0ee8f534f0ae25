/// Counts over time (Mixpanel: Insights).
package struct InsightsQuery: Sendable, Hashable {
  package enum Measure: Sendable, Hashable {
    case total
    /// Distinct subjects.
    case unique
    /// Distinct subjects of the `days` days that end with each point: DAU, WAU, MAU (semantics A.3). Points overlap; the overall figure is
    /// the latest complete point.
    case active(days: Int)
    /// Mean number of matching events per subject that has any.
    case averagePerSubject
    case sum(PropertyReference)
    case average(PropertyReference)
    case minimum(PropertyReference)
    case maximum(PropertyReference)
    /// Linear interpolation between closest ranks; the fraction is in 0...1 (0.5 is the median).
    case percentile(PropertyReference, Double)
    /// Different values of a property; of a list each element.
    case distinct(PropertyReference)
    /// First within each subject that has anything to count, then over the subjects (semantics A.2).
    case perSubject(WithinSubject, OverSubjects)
  }
  package enum WithinSubject: Sendable, Hashable {
    /// Number of events.
    case total
    case sum(PropertyReference)
    case average(PropertyReference)
    case minimum(PropertyReference)
    case maximum(PropertyReference)
  }
  package enum OverSubjects: Sendable, Hashable {
    case sum, average, minimum, maximum
    case percentile(Double)
  }
  /// Only a subject's first event counts (semantics A.2).
  package enum FirstTime: String, Sendable, Hashable, CaseIterable {
    /// The first of that name in all history, if it passes the filters.
    case ever
    /// The first that passes the filters.
    case matching
  }
  /// Another period of as many days, beside the range.
  package enum Compare: Sendable, Hashable {
    /// The days right before.
    case previous
    case from(CalendarDate)
  }
  package struct Series: Sendable, Hashable {
    package var selector: EventSelector
    package var measure: Measure
    package var first: FirstTime?
    package init(selector: EventSelector, measure: Measure, first: FirstTime? = nil) {
      self.selector = selector
      self.measure = measure
      self.first = first
    }
  }
  package var range: DateRange
  package var level = Level.subject
  package var unit: BucketUnit
  package var series: [Series]
  /// Applies to every series.
  package var filter: Filter?
  package var breakdown: Breakdown?
  /// Over the figures of the series.
  package var formulas: [Formula]
  package var compare: Compare?
  package init(
    range: DateRange, unit: BucketUnit = .day, series: [Series], filter: Filter? = nil, breakdown: Breakdown? = nil,
    formulas: [Formula] = [], compare: Compare? = nil
  ) {
    self.range = range
    self.unit = unit
    self.series = series
    self.filter = filter
    self.breakdown = breakdown
    self.formulas = formulas
    self.compare = compare
  }
}

extension InsightsQuery {
  /// The days that the range is compared with: as many of them.
  package var comparedRange: DateRange? {
    let length = range.to.dayNumber - range.from.dayNumber
    switch compare {
    case nil: return nil
    case .previous: return DateRange(from: range.from.advanced(byDays: -length - 1), to: range.from.advanced(byDays: -1))
    case .from(let date): return DateRange(from: date, to: date.advanced(byDays: length))
    }
  }
}

extension InsightsQuery.Measure {
  /// What numbers or values are taken from.
  package var property: PropertyReference? {
    switch self {
    case .total, .unique, .active, .averagePerSubject, .perSubject(.total, _): nil
    case .sum(let property), .average(let property), .minimum(let property), .maximum(let property), .percentile(let property, _),
      .distinct(let property), .perSubject(.sum(let property), _), .perSubject(.average(let property), _),
      .perSubject(.minimum(let property), _), .perSubject(.maximum(let property), _):
      property
    }
  }
}
