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
  package var level = Level.subject
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
