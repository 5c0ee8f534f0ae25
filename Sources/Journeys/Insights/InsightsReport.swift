package import Events

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

extension InsightsReport {
  var json: JSONValue {
    [
      "buckets": .list(buckets.map { .string($0.text) }), "first_incomplete": .number(Double(firstIncomplete)),
      "lines": .list(
        lines.map {
          [
            "series": .number(Double($0.series)), "group": $0.group.json, "values": .list($0.values.map(JSONValue.init)),
            "overall": JSONValue($0.overall),
          ]
        }),
    ]
  }
}
