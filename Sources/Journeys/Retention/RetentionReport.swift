package import Events

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

extension RetentionReport {
  var json: JSONValue {
    [
      "cohorts": .list(
        cohorts.map {
          [
            "start": .string($0.start.text), "size": .number(Double($0.size)),
            "counts": .list($0.counts.map { JSONValue($0.map(Double.init)) }),
            "complete": .number(Double($0.complete)), "complete_at": .list($0.completeAt.map { .string($0.text) }),
          ]
        }),
      "average": .list(average.map(JSONValue.init)),
    ]
  }
}
