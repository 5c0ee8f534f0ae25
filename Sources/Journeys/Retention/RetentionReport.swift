package import Events

package struct RetentionReport: Sendable, Hashable {
  package struct Cohort: Sendable, Hashable {
    /// Start of the cohort's bucket.
    package var start: Timestamp
    package var size: Int
    /// Subjects retained in each column; nil where the column has not begun at the evaluation instant.
    package var counts: [Int?]
    /// Number of leading complete columns.
    package var complete: Int
    /// When each column is complete, so that the page can say so.
    package var completeAt: [Timestamp]
    package init(start: Timestamp, size: Int, counts: [Int?], complete: Int, completeAt: [Timestamp]) {
      self.start = start
      self.size = size
      self.counts = counts
      self.complete = complete
      self.completeAt = completeAt
    }
  }
  /// One group of a breakdown, with cohorts and a curve of its own.
  package struct Segment: Sendable, Hashable {
    package var group: ReportGroup
    package var cohorts: [Cohort]
    package var average: [Double?]
    package init(group: ReportGroup, cohorts: [Cohort], average: [Double?]) {
      self.group = group
      self.cohorts = cohorts
      self.average = average
    }
  }
  package var cohorts: [Cohort]
  /// The curve: per column, retained over the base (cohort size, or retained in the column before), both summed over cohorts whose cell
  /// is complete; nil if there is nothing to divide by (A.7).
  package var average: [Double?]
  /// The breakdown's groups by cohort size, then none and other where they occur; empty without a breakdown.
  package var segments: [Segment]
  /// Events before this instant were looked at: the end of the last column, or the evaluation instant if that was earlier.
  package var lookedUntil: Timestamp
  package init(cohorts: [Cohort], average: [Double?], segments: [Segment] = [], lookedUntil: Timestamp) {
    self.cohorts = cohorts
    self.average = average
    self.segments = segments
    self.lookedUntil = lookedUntil
  }

  /// The curve over some cohorts. Column 0 is everybody, so it is 1 wherever there is a complete cell.
  package static func average(_ cohorts: [Cohort], base: RetentionQuery.Base, columns: Int, at instant: Timestamp) -> [Double?] {
    (0..<columns).map { column -> Double? in
      var retained = 0
      var whole = 0
      for cohort in cohorts {
        guard let count = cohort.counts[column], cohort.completeAt[column] <= instant else { continue }
        retained += count
        whole += base == .previous && column > 0 ? cohort.counts[column - 1] ?? 0 : cohort.size
      }
      return whole == 0 ? nil : Double(retained) / Double(whole)
    }
  }
}

extension RetentionReport {
  var json: JSONValue {
    [
      "cohorts": .list(cohorts.map(\.json)), "average": .list(average.map(JSONValue.init)),
      "segments": .list(
        segments.map {
          [
            "group": $0.group.json, "cohorts": .list($0.cohorts.map(\.json)), "average": .list($0.average.map(JSONValue.init)),
          ]
        }),
      "looked_until": .string(lookedUntil.text),
    ]
  }
}

extension RetentionReport.Cohort {
  var json: JSONValue {
    [
      "start": .string(start.text), "size": .number(Double(size)), "counts": .list(counts.map { JSONValue($0.map(Double.init)) }),
      "complete": .number(Double(complete)), "complete_at": .list(completeAt.map { .string($0.text) }),
    ]
  }
}
