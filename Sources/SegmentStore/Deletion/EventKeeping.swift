/// What is said of a single event name: how long its events are kept, and whether anybody sees them.
package struct EventKeeping: Sendable, Hashable {
  /// By the times of the events, or of those that are held the days for which they wait; nil: as long as all the others.
  package var days: Int?
  /// Stored and in no answer, until somebody decides.
  package var isHeld: Bool

  package init(days: Int? = nil, isHeld: Bool = false) {
    self.days = days
    self.isHeld = isHeld
  }
}
