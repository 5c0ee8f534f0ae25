/// Counts over time (Mixpanel: Insights).
package struct InsightsQuery: Sendable, Hashable {
  package enum Measure: Sendable, Hashable {
    case total
    /// Distinct subjects.
    case unique
    /// Mean number of matching events per subject that has any.
    case averagePerSubject
    case sum(PropertyReference)
    case average(PropertyReference)
    case minimum(PropertyReference)
    case maximum(PropertyReference)
    /// Linear interpolation between closest ranks; the fraction is in 0...1 (0.5 is the median).
    case percentile(PropertyReference, Double)
  }
  package struct Series: Sendable, Hashable {
    package var selector: EventSelector
    package var measure: Measure
    package init(selector: EventSelector, measure: Measure) {
      self.selector = selector
      self.measure = measure
    }
  }
  package var range: DateRange
  package var level = Level.subject
  package var unit: BucketUnit
  package var series: [Series]
  /// Applies to every series.
  package var filter: Filter?
  package var breakdown: Breakdown?
  package init(range: DateRange, unit: BucketUnit = .day, series: [Series], filter: Filter? = nil, breakdown: Breakdown? = nil) {
    self.range = range
    self.unit = unit
    self.series = series
    self.filter = filter
    self.breakdown = breakdown
  }
}
