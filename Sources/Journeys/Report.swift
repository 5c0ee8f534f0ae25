package import Events

/// The answer to a `Query`, with what explains the number. Contains counts only, no subject.
package struct Report: Sendable, Hashable {
  package enum Content: Sendable, Hashable {
    case insights(InsightsReport)
    case funnel(FunnelReport)
    case retention(RetentionReport)
    case flows(FlowsReport)
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
    /// A word from a closed set, such as `no_actor`, `not_numeric`, `window_open`.
    package var reason: String
    package var count: Int
    package init(reason: String, count: Int) {
      self.reason = reason
      self.count = count
    }
  }
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
  /// The property is missing or null.
  case none
  /// What the limit folded.
  case other
}

package struct InsightsReport: Sendable, Hashable {
  package struct Line: Sendable, Hashable {
    /// Index into the query's `series`.
    package var series: Int
    package var group: ReportGroup
    /// One for each bucket; nil where nothing can be said (mean of no values).
    package var values: [Double?]
    /// Over the whole range, computed for itself (distinct subjects do not add up).
    package var overall: Double?
    package init(series: Int, group: ReportGroup, values: [Double?], overall: Double?) {
      self.series = series
      self.group = group
      self.values = values
      self.overall = overall
    }
  }
  /// Start of each bucket.
  package var buckets: [Timestamp]
  /// Index of the first bucket that is not complete at the evaluation instant; `buckets.count` if all are.
  package var firstIncomplete: Int
  package var lines: [Line]
  package init(buckets: [Timestamp], firstIncomplete: Int, lines: [Line]) {
    self.buckets = buckets
    self.firstIncomplete = firstIncomplete
    self.lines = lines
  }
}

package struct FunnelReport: Sendable, Hashable {
  package struct Step: Sendable, Hashable {
    /// Attempts (unique: subjects) of at least this depth.
    package var count: Int
    /// Seconds from the previous step and from the entry, over those who reached this step; nil at step 0 or if nobody did.
    package var medianSecondsFromPrevious: Double?
    package var averageSecondsFromPrevious: Double?
    package var medianSecondsFromEntry: Double?
    package var averageSecondsFromEntry: Double?
    package init(
      count: Int, medianSecondsFromPrevious: Double?, averageSecondsFromPrevious: Double?, medianSecondsFromEntry: Double?,
      averageSecondsFromEntry: Double?
    ) {
      self.count = count
      self.medianSecondsFromPrevious = medianSecondsFromPrevious
      self.averageSecondsFromPrevious = averageSecondsFromPrevious
      self.medianSecondsFromEntry = medianSecondsFromEntry
      self.averageSecondsFromEntry = averageSecondsFromEntry
    }
  }
  package struct Group: Sendable, Hashable {
    package var group: ReportGroup
    package var steps: [Step]
    /// Attempts that have not converted and whose window still runs (A.21, 8).
    package var open: Int
    package init(group: ReportGroup, steps: [Step], open: Int) {
      self.group = group
      self.steps = steps
      self.open = open
    }
  }
  /// First `everything`, then the breakdown's groups, largest first, then none and other where they occur.
  package var groups: [Group]
  package init(groups: [Group]) { self.groups = groups }
}

package struct RetentionReport: Sendable, Hashable {
  package struct Cohort: Sendable, Hashable {
    /// Start of the cohort's bucket.
    package var start: Timestamp
    package var size: Int
    /// Subjects retained in period 0...periods; nil where the period has not begun at the evaluation instant.
    package var counts: [Int?]
    /// Number of leading complete periods.
    package var complete: Int
    /// When each period is complete, so that the page can say so.
    package var completeAt: [Timestamp]
    package init(start: Timestamp, size: Int, counts: [Int?], complete: Int, completeAt: [Timestamp]) {
      self.start = start
      self.size = size
      self.counts = counts
      self.complete = complete
      self.completeAt = completeAt
    }
  }
  package var cohorts: [Cohort]
  /// Per period: retained over size, both summed over cohorts whose cell is complete; nil if there is none (A.7).
  package var average: [Double?]
  package init(cohorts: [Cohort], average: [Double?]) {
    self.cohorts = cohorts
    self.average = average
  }
}

package struct FlowsReport: Sendable, Hashable {
  package enum Node: Sendable, Hashable {
    case event(String)
    /// Folded by `nodesPerColumn`.
    case other
    /// Nothing further (forward) or nothing before (backward) inside the window.
    case end
  }
  package struct Column: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
      package var node: Node
      package var count: Int
      package init(node: Node, count: Int) {
        self.node = node
        self.count = count
      }
    }
    /// ..., -1, 0 (the anchor), 1, ...
    package var position: Int
    /// Largest first, then other, then end. They add up to the entrants.
    package var entries: [Entry]
    package init(position: Int, entries: [Entry]) {
      self.position = position
      self.entries = entries
    }
  }
  /// How many go from a node in column `position` to one in `position + 1`.
  package struct Edge: Sendable, Hashable {
    package var position: Int
    package var from: Node
    package var to: Node
    package var count: Int
    package init(position: Int, from: Node, to: Node, count: Int) {
      self.position = position
      self.from = from
      self.to = to
      self.count = count
    }
  }
  /// A whole path of event names from the anchor on, forward only, at most `forward` names after the anchor.
  package struct Path: Sendable, Hashable {
    package var events: [String]
    package var count: Int
    package init(events: [String], count: Int) {
      self.events = events
      self.count = count
    }
  }
  package var entrants: Int
  package var columns: [Column]
  package var edges: [Edge]
  package var paths: [Path]
  package init(entrants: Int, columns: [Column], edges: [Edge], paths: [Path]) {
    self.entrants = entrants
    self.columns = columns
    self.edges = edges
    self.paths = paths
  }
}
