import Events

/// How many messages people reported with an incident, and what was found in them.
package struct IncidentInbox: Sendable, Hashable {
  /// Different messages that are told from those that come again; what comes beyond is counted as `uncounted` and nothing else.
  package static let mostReports = 100_000
  /// Different traces that are kept; messages with others are counted by their verdict and belong to no campaign.
  package static let mostShapes = 2_000
  /// Different traces that are kept of messages that belong together by their domains and hosts; others like them are added to one of these.
  package static let mostAlike = 16

  package var reports = 0
  package var genuine = 0
  package var altered = 0
  package var notOurs = 0
  package var shapes = 0
  package var ungrouped = 0
  package var uncounted = 0

  package init() {}
}

/// What reported messages have in common, with their number.
package struct IncidentLure: Sendable, Hashable {
  /// `altered` or `not_ours`.
  package let verdict: String
  /// JSON, as `Response` writes it.
  package let traces: String
  /// What makes it belong to others, a line each; empty where nothing but its text does.
  package let kin: String
  /// 256 bytes, or none.
  package let sketch: [UInt8]
  package let reports: Int
  package let firstAt: Timestamp
  package let lastAt: Timestamp

  package init(verdict: String, traces: String, kin: String, sketch: [UInt8], reports: Int, firstAt: Timestamp, lastAt: Timestamp) {
    self.verdict = verdict
    self.traces = traces
    self.kin = kin
    self.sketch = sketch
    self.reports = reports
    self.firstAt = firstAt
    self.lastAt = lastAt
  }
}

/// What became of a report.
package enum ReportOutcome: String, Sendable, Hashable, CaseIterable {
  case counted
  /// The same message came before.
  case known
  /// There are `IncidentInbox.mostReports` already.
  case uncounted
}
