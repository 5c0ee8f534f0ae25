/// A question about journeys, as a value. A report is a pure function of (data as of an instant, query, that instant).
///
/// JSON form: an object whose `report` names the kind (`insights`, `funnel`, `retention`, `flows`), the rest beside it; see
/// docs/QUERIES.md. Equal queries have equal canonical JSON, which the ledger's query digest is taken over.
package enum Query: Sendable, Hashable {
  case insights(InsightsQuery)
  case funnel(FunnelQuery)
  case retention(RetentionQuery)
  case flows(FlowsQuery)
}

/// Whole days of the project's time zone, both included: the half-open interval from the start of `from` to the end of `to`.
package struct DateRange: Sendable, Hashable {
  package var from: CalendarDate
  package var to: CalendarDate
  package init(from: CalendarDate, to: CalendarDate) {
    self.from = from
    self.to = to
  }
}

/// A day of the proleptic Gregorian calendar. Text form `yyyy-mm-dd`.
package struct CalendarDate: Sendable, Hashable {
  package var year: Int
  package var month: Int
  package var day: Int
  /// Unchecked: use the failable text initialiser (Query+JSON) for outside input.
  package init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }
}

/// The width of a bucket, cut in the project's time zone. Weeks start on the project's first weekday.
package enum BucketUnit: String, Sendable, Hashable, Codable, CaseIterable { case hour, day, week, month }

/// Which events take part: by name (nil: any event) and by a filter on their properties.
package struct EventSelector: Sendable, Hashable {
  package var event: String?
  package var filter: Filter?
  package init(event: String?, filter: Filter? = nil) {
    self.event = event
    self.filter = filter
  }
}

/// Where a property is looked up.
package struct PropertyReference: Sendable, Hashable {
  package enum Scope: String, Sendable, Hashable, Codable, CaseIterable {
    /// On the event itself.
    case event
    /// On the profile of the event's subject, as it is now (verified layer first).
    case subject
  }
  package var scope: Scope
  package var name: String
  package init(_ name: String, scope: Scope = .event) {
    self.name = name
    self.scope = scope
  }
}

/// Operators as in the semantics rules (A.17). Negations match where the property is missing.
package indirect enum Filter: Sendable, Hashable {
  case all([Filter])
  case any([Filter])
  case not(Filter)
  case comparison(PropertyReference, Comparison)
}

package enum Comparison: Sendable, Hashable {
  /// String, number or boolean equality with any of the values; strings case-sensitively; a list matches if any element does.
  case equals([FilterValue])
  case notEquals([FilterValue])
  /// Substring, case-insensitively.
  case contains(String)
  case notContains(String)
  case isSet
  case isNotSet
  case greater(Double)
  case greaterOrEqual(Double)
  case less(Double)
  case lessOrEqual(Double)
  /// Both ends included.
  case between(Double, Double)
}

/// A value to compare with. A string of the form `g_` or `s_` + 32 hexadecimal digits also equals that pseudonym.
package enum FilterValue: Sendable, Hashable {
  case string(String)
  case number(Double)
  case boolean(Bool)
}

/// Splits a report by a property's value: the `limit` largest are kept, the rest is "other", a missing value is "none" (A.13).
package struct Breakdown: Sendable, Hashable {
  package var property: PropertyReference
  package var limit: Int
  package init(property: PropertyReference, limit: Int = 10) {
    self.property = property
    self.limit = limit
  }
}

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

/// How many get from step to step (A.6).
package struct FunnelQuery: Sendable, Hashable {
  package enum Order: String, Sendable, Hashable, Codable, CaseIterable {
    /// In order; anything may lie between.
    case sequential
    /// The very next event of the subject must be the next step.
    case strict
    /// All steps within the window of the first one seen, in any order.
    case any
  }
  /// What is counted: each subject once (the longest attempt, then the earliest), or every attempt (one open at a time).
  package enum Counting: String, Sendable, Hashable, Codable, CaseIterable { case unique, totals }
  /// Which attempt a subject is judged by when counting unique: the longest chain, or the one opened by the first entry in the range.
  package enum Entry: String, Sendable, Hashable, Codable, CaseIterable { case longest, first }

  package var range: DateRange
  package var steps: [EventSelector]
  /// Elapsed seconds from the entry, the end included. Default 7 days.
  package var windowSeconds: Int64
  package var order: Order
  package var counting: Counting
  package var entry: Entry
  package var filter: Filter?
  /// By the value at the entry; a missing value is a group of its own.
  package var breakdown: Breakdown?
  package init(
    range: DateRange, steps: [EventSelector], windowSeconds: Int64 = 604_800, order: Order = .sequential, counting: Counting = .unique,
    entry: Entry = .longest, filter: Filter? = nil, breakdown: Breakdown? = nil
  ) {
    self.range = range
    self.steps = steps
    self.windowSeconds = windowSeconds
    self.order = order
    self.counting = counting
    self.entry = entry
    self.filter = filter
    self.breakdown = breakdown
  }
}

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

/// What happens before and after an anchor event (A.8, the Sankey around an anchor).
package struct FlowsQuery: Sendable, Hashable {
  /// Each subject's first anchor in the range, or every one.
  package enum Anchors: String, Sendable, Hashable, Codable, CaseIterable { case first, every }
  package var range: DateRange
  package var anchor: EventSelector
  /// Columns after and before the anchor, 0...8 each.
  package var forward: Int
  package var backward: Int
  /// Elapsed seconds from the anchor in either direction. Default 7 days.
  package var windowSeconds: Int64
  /// Named nodes a column; the rest is "other".
  package var nodesPerColumn: Int
  package var collapsesRepeats: Bool
  /// Event names that are taken out before paths are built.
  package var hidden: [String]
  package var anchors: Anchors
  /// How many whole paths are listed.
  package var pathLimit: Int
  package init(
    range: DateRange, anchor: EventSelector, forward: Int = 3, backward: Int = 0, windowSeconds: Int64 = 604_800, nodesPerColumn: Int = 5,
    collapsesRepeats: Bool = true, hidden: [String] = [], anchors: Anchors = .first, pathLimit: Int = 50
  ) {
    self.range = range
    self.anchor = anchor
    self.forward = forward
    self.backward = backward
    self.windowSeconds = windowSeconds
    self.nodesPerColumn = nodesPerColumn
    self.collapsesRepeats = collapsesRepeats
    self.hidden = hidden
    self.anchors = anchors
    self.pathLimit = pathLimit
  }
}
