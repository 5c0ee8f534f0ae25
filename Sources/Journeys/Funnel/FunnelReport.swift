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
    /// Attempts that would have got further but for an exclusion; nil where the question has none (A.21, 7).
    package var excluded: Int?
    package init(group: ReportGroup, steps: [Step], open: Int, excluded: Int? = nil) {
      self.group = group
      self.steps = steps
      self.open = open
      self.excluded = excluded
    }
  }
  /// First `everything`, then the breakdown's groups, largest first, then none and other where they occur.
  package var groups: [Group]
  package init(groups: [Group]) { self.groups = groups }
}

extension FunnelReport {
  var json: JSONValue {
    ["groups": .list(groups.map(\.json))]
  }
}

extension FunnelReport.Group {
  var json: JSONValue {
    var members: [String: JSONValue] = [
      "group": group.json, "open": .number(Double(open)), "steps": .list(steps.map(\.json)),
    ]
    if let excluded { members["excluded"] = .number(Double(excluded)) }
    return .object(members)
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
