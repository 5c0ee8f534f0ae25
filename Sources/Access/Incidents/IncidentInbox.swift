import Events

/// How many messages people reported with an incident, and what was found in them.
package struct IncidentInbox: Sendable, Hashable {
  /// Different messages that are told from those that come again; what comes beyond is counted as `uncounted` and nothing else.
  package static let mostReports = 100_000
  /// Different traces that are kept; messages with others are counted by their verdict and belong to no campaign.
  package static let mostShapes = 2_000

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
  /// 256 bytes, or none.
  package let sketch: [UInt8]
  package let reports: Int
  package let firstAt: Timestamp
  package let lastAt: Timestamp

  package init(verdict: String, traces: String, sketch: [UInt8], reports: Int, firstAt: Timestamp, lastAt: Timestamp) {
    self.verdict = verdict
    self.traces = traces
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
