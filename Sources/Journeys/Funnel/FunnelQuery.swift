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
  /// Sessions: each session with an entry once, by the best attempt inside it.
  package enum Counting: String, Sendable, Hashable, Codable, CaseIterable { case unique, totals, sessions }
  /// Which attempt a subject is judged by when counting unique: the longest chain, or the one opened by the first entry in the range.
  /// The longest can also be taken from the last occurrence of its first step before the second (Mixpanel's optimised re-entry, A.6.1).
  package enum Entry: String, Sendable, Hashable, Codable, CaseIterable {
    case longest, first
    case lastBeforeNext = "last_before_next"
  }
  /// An event that must not lie between two steps (A.6.4). Steps are counted from 0.
  package struct Exclusion: Sendable, Hashable {
    package var selector: EventSelector
    package var fromStep: Int
    package var toStep: Int
    package init(selector: EventSelector, fromStep: Int, toStep: Int) {
      self.selector = selector
      self.fromStep = fromStep
      self.toStep = toStep
    }
  }
  /// What an exclusion does: it ends the chain, or takes the subject out of the funnel (A.21, 7).
  package enum ExclusionMode: String, Sendable, Hashable, Codable, CaseIterable {
    case attempt
    case removeSubject = "remove_subject"
  }
  /// Where a breakdown takes its value: at the entry of the attempt that is counted, at the subject's first entry in the range, at the
  /// last step reached, or at a step (none for those who did not reach it).
  package enum Attribution: Sendable, Hashable {
    case entry, firstEntry, last
    case step(Int)
  }

  /// Which time is reported as that of a conversion: from one step to another. Steps are counted from 0.
  package struct TimeToConvert: Sendable, Hashable {
    package var fromStep: Int
    package var toStep: Int
    /// Of the histogram, all of one width.
    package var bins: Int
    package init(fromStep: Int, toStep: Int, bins: Int = 20) {
      self.fromStep = fromStep
      self.toStep = toStep
      self.bins = bins
    }
  }

  package var range: DateRange
  package var level = Level.subject
  package var steps: [EventSelector]
  /// Elapsed seconds from the entry, the end included. Default 7 days.
  package var windowSeconds: Int64
  package var order: Order
  package var counting: Counting
  package var entry: Entry
  package var filter: Filter?
  /// A missing value is a group of its own.
  package var breakdown: Breakdown?
  package var attribution: Attribution
  package var exclusions: [Exclusion]
  package var exclusionMode: ExclusionMode
  /// Whether later steps must lie in the range too.
  package var withinRange: Bool
  /// The funnel for the entries of each bucket by themselves.
  package var trend: BucketUnit?
  package var timeToConvert: TimeToConvert?
  /// Event properties that are the same in all steps; an event without one of them takes no part (A.6.6).
  package var hold: [String]
  /// Counting sessions: strictly more without an event begins a new one.
  package var sessionGapSeconds: Int?
  /// From each step to the next at most so much, the end included, beside the window.
  package var hopWindowSeconds: Int64?
  /// Steps so close to each other may come in either order (A.6.5).
  package var graceMilliseconds: Int
  package init(
    range: DateRange, steps: [EventSelector], windowSeconds: Int64 = 604_800, order: Order = .sequential, counting: Counting = .unique,
    entry: Entry = .longest, filter: Filter? = nil, breakdown: Breakdown? = nil, attribution: Attribution = .entry,
    exclusions: [Exclusion] = [], exclusionMode: ExclusionMode = .attempt, withinRange: Bool = false, trend: BucketUnit? = nil,
    timeToConvert: TimeToConvert? = nil, hold: [String] = [], sessionGapSeconds: Int? = nil, hopWindowSeconds: Int64? = nil,
    graceMilliseconds: Int = 0
  ) {
    self.range = range
    self.steps = steps
    self.windowSeconds = windowSeconds
    self.order = order
    self.counting = counting
    self.entry = entry
    self.filter = filter
    self.breakdown = breakdown
    self.attribution = attribution
    self.exclusions = exclusions
    self.exclusionMode = exclusionMode
    self.withinRange = withinRange
    self.trend = trend
    self.timeToConvert = timeToConvert
    self.hold = hold
    self.sessionGapSeconds = sessionGapSeconds ?? (counting == .sessions ? 1_800 : nil)
    self.hopWindowSeconds = hopWindowSeconds
    self.graceMilliseconds = graceMilliseconds
  }
}
