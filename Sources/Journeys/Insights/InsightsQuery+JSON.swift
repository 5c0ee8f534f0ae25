extension InsightsQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    let range = try DateRange(&reader)
    let unit = try reader.word("unit", default: BucketUnit.day)
    var series: [Series] = []
    let path = reader.place("series")
    for (index, element) in (try reader.list("series") ?? []).enumerated() {
      series.append(try Series(element, at: "\(path)[\(index)]"))
    }
    self.init(
      range: range, unit: unit, series: series, filter: try Filter.optional("filter", &reader), breakdown: try Breakdown.optional(&reader))
  }
}

extension InsightsQuery.Series {
  private enum Word: String, CaseIterable {
    case total, unique
    case averagePerSubject = "average_per_subject"
    case sum, average, minimum, maximum, percentile
  }

  init(_ value: JSONValue, at path: String) throws(QueryError) {
    var reader = try ObjectReader(value, at: path)
    let selector = try EventSelector(&reader)
    let word = try reader.word("measure", default: Word.total)
    let measure: InsightsQuery.Measure
    switch word {
    case .total: measure = .total
    case .unique: measure = .unique
    case .averagePerSubject: measure = .averagePerSubject
    case .sum: measure = .sum(try PropertyReference(&reader))
    case .average: measure = .average(try PropertyReference(&reader))
    case .minimum: measure = .minimum(try PropertyReference(&reader))
    case .maximum: measure = .maximum(try PropertyReference(&reader))
    case .percentile: measure = .percentile(try PropertyReference(&reader), try reader.number("fraction"))
    }
    try reader.finish()
    self.init(selector: selector, measure: measure)
  }
}

extension InsightsQuery {
  /// Of the JSON form, `range` aside.
  var members: [String: JSONValue] {
    [
      "report": "insights", "unit": .string(unit.rawValue), "series": .list(series.map(\.json)), "filter": filter.json,
      "breakdown": breakdown.json,
    ]
  }
}

extension InsightsQuery.Series {
  var json: JSONValue {
    var members = selector.members
    func with(_ word: String, _ property: PropertyReference) {
      members["measure"] = .string(word)
      members.merge(property.members) { first, _ in first }
    }
    switch measure {
    case .total: members["measure"] = "total"
    case .unique: members["measure"] = "unique"
    case .averagePerSubject: members["measure"] = "average_per_subject"
    case .sum(let property): with("sum", property)
    case .average(let property): with("average", property)
    case .minimum(let property): with("minimum", property)
    case .maximum(let property): with("maximum", property)
    case .percentile(let property, let fraction):
      with("percentile", property)
      members["fraction"] = .number(fraction)
    }
    return .object(members)
  }
}

extension InsightsQuery {
  func validate() throws(QueryError) {
    guard (1...QueryLimits.series).contains(series.count) else {
      throw QueryError(.invalid, "`series` must have 1 to \(QueryLimits.series) entries.", field: "series")
    }
    for (index, series) in series.enumerated() {
      if case .percentile(_, let fraction) = series.measure, !(0...1).contains(fraction) {
        throw QueryError(
          .invalid, "`series[\(index)].fraction` must be from 0 to 1; 0.5 is the median.", field: "series[\(index)].fraction")
      }
    }
    if let breakdown { try Query.check(breakdown.limit, "breakdown.limit", in: QueryLimits.breakdown) }
  }
}
