/// Who is new, stays, comes back or falls silent (semantics A.5).
package struct LifecycleQuery: Sendable, Hashable {
  package enum Unit: String, Sendable, Hashable, CaseIterable { case day, week, month }
  package enum FirstSeen: String, Sendable, Hashable, CaseIterable {
    /// The subject's first event of any kind.
    case any
    /// Its first event that matches `activity`.
    case activity
  }
  package var range: DateRange
  package var level = Level.subject
  package var unit: Unit
  /// What counts as being active.
  package var activity: EventSelector
  package var firstSeen: FirstSeen
  package init(range: DateRange, unit: Unit = .day, activity: EventSelector = EventSelector(event: nil), firstSeen: FirstSeen = .any) {
    self.range = range
    self.unit = unit
    self.activity = activity
    self.firstSeen = firstSeen
  }
}

extension LifecycleQuery.Unit {
  package var bucketUnit: BucketUnit {
    switch self {
    case .day: .day
    case .week: .week
    case .month: .month
    }
  }
}

extension ProjectCalendar {
  /// The buckets of a range with the one before it in front. Weeks and months are whole ones, also where they reach beyond the range: with a
  /// part of a week cut off, who was active in it would seem to come back in the next.
  package func lifecycleBuckets(_ query: LifecycleQuery) throws(QueryError) -> Buckets {
    let from: CalendarDate
    switch query.unit {
    case .day: from = query.range.from.advanced(byDays: -1)
    case .week: from = query.range.from.advanced(byDays: -7)
    case .month: from = CalendarDate(year: query.range.from.year, month: query.range.from.month, day: 1).advanced(byDays: -1)
    }
    return try buckets(DateRange(from: from, to: query.range.to), by: query.unit.bucketUnit)
  }
}
