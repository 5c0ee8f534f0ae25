package import Events

/// The answer to a `Query`, with what explains the number. Contains counts only, no subject.
package struct Report: Sendable, Hashable {
  package enum Content: Sendable, Hashable {
    case insights(InsightsReport)
    case funnel(FunnelReport)
    case retention(RetentionReport)
    case flows(FlowsReport)
    case cohort(CohortReport)
    case lifecycle(LifecycleReport)
    case stickiness(StickinessReport)
    case sessions(SessionsReport)
  }
  package var content: Content
  package var notes: ReportNotes
  package init(content: Content, notes: ReportNotes) {
    self.content = content
    self.notes = notes
  }
}

/// What stands in the line below a chart.
package struct ReportNotes: Sendable, Hashable {
  package struct Exclusion: Sendable, Hashable {
    /// A word from a closed set, such as `no_actor`, `not_numeric`, `window_open`, `small_group`.
    package var reason: String
    package var count: Int
    package init(reason: String, count: Int) {
      self.reason = reason
      self.count = count
    }
  }
  /// The reason whose count is that of the groups which stand in "other" because they are small, or hide one that is.
  package static let smallGroup = "small_group"

  package var evaluatedAt: Timestamp
  /// IANA name of the project's time zone.
  package var zone: String
  /// The store's version that was read: it changes with every durable write.
  package var dataVersion: UInt64
  package var eventsRead: Int
  package var excluded: [Exclusion]
  package init(evaluatedAt: Timestamp, zone: String, dataVersion: UInt64, eventsRead: Int, excluded: [Exclusion]) {
    self.evaluatedAt = evaluatedAt
    self.zone = zone
    self.dataVersion = dataVersion
    self.eventsRead = eventsRead
    self.excluded = excluded
  }
}

/// A group of a breakdown. Without a breakdown there is the one group `everything`.
package enum ReportGroup: Sendable, Hashable {
  case everything
  case value(StoredValue)
  /// Numbers from `from` to below `to`; nil: no bound.
  case bin(from: Double?, to: Double?)
  /// The property is missing or null.
  case none
  /// What the limit folded.
  case other
}
