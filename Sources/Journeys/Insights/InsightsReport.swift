package import Events

package struct InsightsReport: Sendable, Hashable {
  package struct Line: Sendable, Hashable {
    /// Index into the query's `series`.
    package var series: Int
    package var group: ReportGroup
    /// One for each bucket; nil where nothing can be said (mean of no values).
    package var values: [Double?]
    /// Over the whole range, computed for itself (distinct subjects do not add up). Of trailing windows it is the latest complete point.
    package var overall: Double?
    package init(series: Int, group: ReportGroup, values: [Double?], overall: Double?) {
      self.series = series
      self.group = group
      self.values = values
      self.overall = overall
    }
  }
  package struct FormulaLine: Sendable, Hashable {
    /// Index into the query's `formulas`.
    package var formula: Int
    package var group: ReportGroup
    package var values: [Double?]
    /// From the series' overall figures.
    package var overall: Double?
    package init(formula: Int, group: ReportGroup, values: [Double?], overall: Double?) {
      self.formula = formula
      self.group = group
      self.values = values
      self.overall = overall
    }
  }
  /// The same lines of another period, of the same groups. Bucket `i` stands beside bucket `i`; where weeks or months are cut differently
  /// there may be one more or one less.
  package struct Compared: Sendable, Hashable {
    package var range: DateRange
    package var buckets: [Timestamp]
    package var lines: [Line]
    package var formulas: [FormulaLine]
    package init(range: DateRange, buckets: [Timestamp], lines: [Line], formulas: [FormulaLine] = []) {
      self.range = range
      self.buckets = buckets
      self.lines = lines
      self.formulas = formulas
    }
  }
  /// Start of each bucket.
  package var buckets: [Timestamp]
  /// Index of the first bucket that is not complete at the evaluation instant; `buckets.count` if all are.
  package var firstIncomplete: Int
  package var lines: [Line]
  package var formulas: [FormulaLine]
  package var compared: Compared?
  package init(buckets: [Timestamp], firstIncomplete: Int, lines: [Line], formulas: [FormulaLine] = [], compared: Compared? = nil) {
    self.buckets = buckets
    self.firstIncomplete = firstIncomplete
    self.lines = lines
    self.formulas = formulas
    self.compared = compared
  }
}

extension InsightsReport {
  var json: JSONValue {
    var members: [String: JSONValue] = [
      "buckets": .list(buckets.map { .string($0.text) }), "first_incomplete": .number(Double(firstIncomplete)),
      "lines": .list(lines.map(\.json)),
    ]
    if !formulas.isEmpty { members["formulas"] = .list(formulas.map(\.json)) }
    if let compared { members["compared"] = compared.json }
    return .object(members)
  }
}

extension InsightsReport.Compared {
  fileprivate var json: JSONValue {
    var members: [String: JSONValue] = [
      "range": ["from": .string(range.from.description), "to": .string(range.to.description)],
      "buckets": .list(buckets.map { .string($0.text) }), "lines": .list(lines.map(\.json)),
    ]
    if !formulas.isEmpty { members["formulas"] = .list(formulas.map(\.json)) }
    return .object(members)
  }
}

extension InsightsReport.Line {
  fileprivate var json: JSONValue {
    [
      "series": .number(Double(series)), "group": group.json, "values": .list(values.map(JSONValue.init)), "overall": JSONValue(overall),
    ]
  }
}

extension InsightsReport.FormulaLine {
  fileprivate var json: JSONValue {
    [
      "formula": .number(Double(formula)), "group": group.json, "values": .list(values.map(JSONValue.init)), "overall": JSONValue(overall),
    ]
  }
}
