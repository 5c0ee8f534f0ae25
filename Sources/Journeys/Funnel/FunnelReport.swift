package import Events

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
  /// The funnel of the entries of one bucket.
  package struct Point: Sendable, Hashable {
    /// By step.
    package var counts: [Int]
    package var open: Int
    package var excluded: Int?
    package init(counts: [Int], open: Int, excluded: Int? = nil) {
      self.counts = counts
      self.open = open
      self.excluded = excluded
    }
  }
  /// Of the attempts that reached the later of the two steps.
  package struct Conversion: Sendable, Hashable {
    package var count: Int
    package var medianSeconds: Double?
    package var averageSeconds: Double?
    package var p90Seconds: Double?
    /// Seconds, from the shortest time to the longest, one more than there are bins; none if nobody got there.
    package var edges: [Double]
    package var counts: [Int]
    package init(count: Int, medianSeconds: Double?, averageSeconds: Double?, p90Seconds: Double?, edges: [Double], counts: [Int]) {
      self.count = count
      self.medianSeconds = medianSeconds
      self.averageSeconds = averageSeconds
      self.p90Seconds = p90Seconds
      self.edges = edges
      self.counts = counts
    }
  }
  package struct Group: Sendable, Hashable {
    package var group: ReportGroup
    package var steps: [Step]
    /// Attempts that have not converted and whose window still runs (A.21, 8).
    package var open: Int
    /// Attempts that would have got further but for an exclusion; nil where the question has none (A.21, 7).
    package var excluded: Int?
    /// By bucket of `FunnelReport.buckets`.
    package var trend: [Point]
    package var conversion: Conversion?
    package init(
      group: ReportGroup, steps: [Step], open: Int, excluded: Int? = nil, trend: [Point] = [], conversion: Conversion? = nil
    ) {
      self.group = group
      self.steps = steps
      self.open = open
      self.excluded = excluded
      self.trend = trend
      self.conversion = conversion
    }
  }
  /// First `everything`, then the breakdown's groups, largest first, then none and other where they occur.
  package var groups: [Group]
  /// Of a trend: when each bucket begins.
  package var buckets: [Timestamp]
  /// Index of the first bucket that has entries whose window may still run; `buckets.count` if none has.
  package var firstIncomplete: Int
  package init(groups: [Group], buckets: [Timestamp] = [], firstIncomplete: Int = 0) {
    self.groups = groups
    self.buckets = buckets
    self.firstIncomplete = firstIncomplete
  }
}

extension FunnelReport {
  var json: JSONValue {
    guard !buckets.isEmpty else { return ["groups": .list(groups.map(\.json))] }
    return [
      "groups": .list(groups.map(\.json)), "buckets": .list(buckets.map { .string($0.text) }),
      "first_incomplete": .number(Double(firstIncomplete)),
    ]
  }
}

extension FunnelReport.Group {
  var json: JSONValue {
    var members: [String: JSONValue] = [
      "group": group.json, "open": .number(Double(open)), "steps": .list(steps.map(\.json)),
    ]
    if let excluded { members["excluded"] = .number(Double(excluded)) }
    if !trend.isEmpty { members["trend"] = .list(trend.map(\.json)) }
    if let conversion { members["time_to_convert"] = conversion.json }
    return .object(members)
  }
}

extension FunnelReport.Point {
  var json: JSONValue {
    var members: [String: JSONValue] = ["counts": .list(counts.map { .number(Double($0)) }), "open": .number(Double(open))]
    if let excluded { members["excluded"] = .number(Double(excluded)) }
    return .object(members)
  }
}

extension FunnelReport.Conversion {
  var json: JSONValue {
    [
      "count": .number(Double(count)), "median_seconds": JSONValue(medianSeconds), "average_seconds": JSONValue(averageSeconds),
      "p90_seconds": JSONValue(p90Seconds), "edges": .list(edges.map { .number($0) }), "counts": .list(counts.map { .number(Double($0)) }),
    ]
  }
}

extension FunnelReport.Step {
  var json: JSONValue {
    [
      "count": .number(Double(count)), "median_seconds_from_previous": JSONValue(medianSecondsFromPrevious),
      "average_seconds_from_previous": JSONValue(averageSecondsFromPrevious),
      "median_seconds_from_entry": JSONValue(medianSecondsFromEntry),
      "average_seconds_from_entry": JSONValue(averageSecondsFromEntry),
    ]
  }
}
