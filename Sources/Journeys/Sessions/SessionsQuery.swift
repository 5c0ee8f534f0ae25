/// What subjects do in one sitting (semantics A.10). Sessions are cut when the question is asked: they are nowhere stored.
package struct SessionsQuery: Sendable, Hashable {
  /// No session is longer.
  package static let longestMilliseconds: Int64 = 86_400_000

  /// Whose property value a session is split by.
  package enum End: String, Sendable, Hashable, CaseIterable {
    /// The first value in the session.
    case entry
    /// The last one.
    case exit
  }
  package var range: DateRange
  package var level = Level.subject
  package var unit: BucketUnit
  /// Which events make sessions.
  package var activity: EventSelector
  /// Strictly more without an event begins a new session.
  package var gapSeconds: Int
  /// Whether sessions end at midnight of the project's zone.
  package var cutsAtMidnight: Bool
  /// Of the duration percentile, 0...1.
  package var fraction: Double
  package var breakdown: Breakdown?
  package var breakdownAt: End
  /// How many events that sessions begin and end with are listed.
  package var eventLimit: Int
  package init(
    range: DateRange, unit: BucketUnit = .day, activity: EventSelector = EventSelector(event: nil), gapSeconds: Int = 1_800,
    cutsAtMidnight: Bool = false, fraction: Double = 0.9, breakdown: Breakdown? = nil, breakdownAt: End = .entry, eventLimit: Int = 10
  ) {
    self.range = range
    self.unit = unit
    self.activity = activity
    self.gapSeconds = gapSeconds
    self.cutsAtMidnight = cutsAtMidnight
    self.fraction = fraction
    self.breakdown = breakdown
    self.breakdownAt = breakdownAt
    self.eventLimit = eventLimit
  }
}
