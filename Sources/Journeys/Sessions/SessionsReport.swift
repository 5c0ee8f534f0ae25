package import Events

package struct SessionsReport: Sendable, Hashable {
  /// Figures of the sessions that began in one bucket. What is a mean or a rank is nil where there is no session.
  package struct Figures: Sendable, Hashable {
    package var sessions = 0
    package var subjects = 0
    package var events = 0
    /// Sessions of a single event.
    package var bounces = 0
    /// Seconds from the first event to the last.
    package var averageDuration: Double?
    package var medianDuration: Double?
    package var percentileDuration: Double?
    package init() {}
    package var eventsPerSession: Double? { sessions == 0 ? nil : Double(events) / Double(sessions) }
    package var bounceRate: Double? { sessions == 0 ? nil : Double(bounces) / Double(sessions) }
  }
  package struct Group: Sendable, Hashable {
    package var group: ReportGroup
    package var buckets: [Figures]
    /// Over the whole range, computed for itself.
    package var overall: Figures
    package init(group: ReportGroup, buckets: [Figures], overall: Figures) {
      self.group = group
      self.buckets = buckets
      self.overall = overall
    }
  }
  package struct EventCount: Sendable, Hashable {
    /// Nil for all that the limit folded.
    package var event: String?
    package var sessions: Int
    package init(event: String?, sessions: Int) {
      self.event = event
      self.sessions = sessions
    }
  }
  /// Start of each bucket.
  package var buckets: [Timestamp]
  package var firstIncomplete: Int
  /// The whole first, then the groups of the breakdown.
  package var groups: [Group]
  /// The events that sessions begin and end with, most frequent first.
  package var entries: [EventCount]
  package var exits: [EventCount]
  package init(buckets: [Timestamp], firstIncomplete: Int, groups: [Group], entries: [EventCount], exits: [EventCount]) {
    self.buckets = buckets
    self.firstIncomplete = firstIncomplete
    self.groups = groups
    self.entries = entries
    self.exits = exits
  }
}

extension SessionsReport {
  var json: JSONValue {
    [
      "buckets": .list(buckets.map { .string($0.text) }), "first_incomplete": .number(Double(firstIncomplete)),
      "groups": .list(
        groups.map {
          ["group": $0.group.json, "buckets": .list($0.buckets.map(\.json)), "overall": $0.overall.json]
        }), "entries": .list(entries.map(\.json)), "exits": .list(exits.map(\.json)),
    ]
  }
}

extension SessionsReport.Figures {
  fileprivate var json: JSONValue {
    [
      "sessions": .number(Double(sessions)), "subjects": .number(Double(subjects)), "events": .number(Double(events)),
      "events_per_session": JSONValue(eventsPerSession), "bounces": .number(Double(bounces)), "bounce_rate": JSONValue(bounceRate),
      "average_duration_seconds": JSONValue(averageDuration), "median_duration_seconds": JSONValue(medianDuration),
      "percentile_duration_seconds": JSONValue(percentileDuration),
    ]
  }
}

extension SessionsReport.EventCount {
  /// Without `event`: all others.
  fileprivate var json: JSONValue {
    event.map { ["event": .string($0), "sessions": .number(Double(sessions))] } ?? ["other": true, "sessions": .number(Double(sessions))]
  }
}
