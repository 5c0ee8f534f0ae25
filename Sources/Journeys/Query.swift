/// A question about journeys, as a value. A report is a pure function of (data as of an instant, query, that instant).
///
/// JSON form: an object whose `report` names the kind (such as `funnel`), the rest beside it; see
/// docs/QUERIES.md. Equal queries have equal canonical JSON, which the ledger's query digest is taken over.
package enum Query: Sendable, Hashable {
  case insights(InsightsQuery)
  case funnel(FunnelQuery)
  case retention(RetentionQuery)
  case flows(FlowsQuery)
  case cohort(CohortQuery)
  case lifecycle(LifecycleQuery)
  case stickiness(StickinessQuery)
  case sessions(SessionsQuery)
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

/// Whose journeys a query follows: what is counted as one.
package enum Level: Sendable, Hashable {
  case subject
  /// Organizations (Mixpanel: groups) by the property that names them: an event belongs to the journey of each that it names, whoever of
  /// their people did it (semantics A.12).
  case group(key: String)
}

/// Splits a report by a property's value: the `limit` largest are kept, the rest is "other", a missing value is "none" (A.13).
package struct Breakdown: Sendable, Hashable {
  /// Numbers by where they lie instead of each for itself. Bins stand in their order, all of them; the limit is of no importance.
  package enum Bins: Sendable, Hashable {
    /// Ascending: below the first, from each to the next, from the last.
    case edges([Double])
    /// So many, each with about as many of the first series' events in the range (semantics A.13).
    case equalCount(Int)
  }
  package var property: PropertyReference
  package var limit: Int
  package var bins: Bins?
  /// Where there are some, the groups are these instead of a property's values: an actor of several counts in each (semantics A.11).
  package internal(set) var cohorts: [NamedCohort] = []
  package init(property: PropertyReference, limit: Int = 10, bins: Bins? = nil) {
    self.property = property
    self.limit = limit
    self.bins = bins
  }
}
