extension InsightsQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    let range = try DateRange(&reader)
    let unit = try reader.word("unit", default: BucketUnit.day)
    var series: [Series] = []
    let path = reader.place("series")
    for (index, element) in (try reader.list("series") ?? []).enumerated() {
      series.append(try Series(element, at: "\(path)[\(index)]"))
    }
    var formulas: [Formula] = []
    let formulaPath = reader.place("formulas")
    for (index, element) in (try reader.list("formulas") ?? []).enumerated() {
      formulas.append(try Formula(element, at: "\(formulaPath)[\(index)]"))
    }
    self.init(
      range: range, unit: unit, series: series, filter: try Filter.optional("filter", &reader),
      breakdown: try Breakdown.optional(&reader, takesBins: true), formulas: formulas, compare: try Compare.optional(&reader))
  }
}

extension InsightsQuery.Compare {
  static func optional(_ reader: inout ObjectReader) throws(QueryError) -> InsightsQuery.Compare? {
    guard let value = reader.optional("compare") else { return nil }
    let path = reader.place("compare")
    var inner = try ObjectReader(value, at: path)
    let isPrevious = try inner.boolean("previous", default: false)
    let text = try inner.optionalString("from")
    try inner.finish()
    guard isPrevious == (text == nil) else {
      throw QueryError(.invalid, "`\(path)` must be {\"previous\": true} or {\"from\": a day}.", field: path)
    }
    guard let text else { return .previous }
    guard let date = CalendarDate(text) else {
      throw QueryError(.invalid, "`\(path).from` must be a day in the form yyyy-mm-dd, such as 2026-03-31.", field: "\(path).from")
    }
    return .from(date)
  }

  var json: JSONValue {
    switch self {
    case .previous: ["previous": true]
    case .from(let date): ["from": .string(date.description)]
    }
  }
}

extension InsightsQuery.Series {
  private enum Word: String, CaseIterable {
    case total, unique, active
    case averagePerSubject = "average_per_subject"
    case sum, average, minimum, maximum, percentile, distinct
  }
  private enum OverWord: String, CaseIterable { case none, sum, average, minimum, maximum, percentile }

  init(_ value: JSONValue, at path: String) throws(QueryError) {
    var reader = try ObjectReader(value, at: path)
    let selector = try EventSelector(&reader)
    let word = try reader.word("measure", default: Word.total)
    var measure: InsightsQuery.Measure
    switch word {
    case .total: measure = .total
    case .unique: measure = .unique
    case .active: measure = .active(days: try reader.integer("days", default: 1, in: QueryLimits.activeDays))
    case .averagePerSubject: measure = .averagePerSubject
    case .sum: measure = .sum(try PropertyReference(&reader))
    case .average: measure = .average(try PropertyReference(&reader))
    case .minimum: measure = .minimum(try PropertyReference(&reader))
    case .maximum: measure = .maximum(try PropertyReference(&reader))
    case .percentile: measure = .percentile(try PropertyReference(&reader), try reader.number("fraction"))
    case .distinct: measure = .distinct(try PropertyReference(&reader))
    }
    if let over = try Self.overSubjects(&reader) {
      guard let within = InsightsQuery.WithinSubject(measure) else {
        throw QueryError(
          .invalid, "`\(reader.place("per_subject"))` goes with the measures total, sum, average, minimum and maximum.",
          field: reader.place("per_subject"))
      }
      // One way to say it.
      measure = within == .total && over == .average ? .averagePerSubject : .perSubject(within, over)
    }
    var first: InsightsQuery.FirstTime?
    if reader.has("first") { first = try reader.optionalWord("first") }
    try reader.finish()
    self.init(selector: selector, measure: measure, first: first)
  }

  private static func overSubjects(_ reader: inout ObjectReader) throws(QueryError) -> InsightsQuery.OverSubjects? {
    switch try reader.word("per_subject", default: OverWord.none) {
    case .none: nil
    case .sum: .sum
    case .average: .average
    case .minimum: .minimum
    case .maximum: .maximum
    case .percentile: .percentile(try reader.number("per_subject_fraction"))
    }
  }
}

extension InsightsQuery.WithinSubject {
  /// Nil for what has no figure within one subject.
  init?(_ measure: InsightsQuery.Measure) {
    switch measure {
    case .total: self = .total
    case .sum(let property): self = .sum(property)
    case .average(let property): self = .average(property)
    case .minimum(let property): self = .minimum(property)
    case .maximum(let property): self = .maximum(property)
    case .unique, .active, .averagePerSubject, .percentile, .distinct, .perSubject: return nil
    }
  }

  package var measure: InsightsQuery.Measure {
    switch self {
    case .total: .total
    case .sum(let property): .sum(property)
    case .average(let property): .average(property)
    case .minimum(let property): .minimum(property)
    case .maximum(let property): .maximum(property)
    }
  }
}

extension InsightsQuery {
  /// Of the JSON form, `range` aside.
  var members: [String: JSONValue] {
    [
      "report": "insights", "unit": .string(unit.rawValue), "series": .list(series.map(\.json)), "filter": filter.json,
      "breakdown": breakdown.json, "formulas": formulas.isEmpty ? .null : .list(formulas.map(\.json)), "compare": compare?.json ?? .null,
    ]
  }
}

extension InsightsQuery.Series {
  var json: JSONValue {
    var members = selector.members.merging(measure.members) { first, _ in first }
    if let first { members["first"] = .string(first.rawValue) }
    return .object(members)
  }
}

extension InsightsQuery.Measure {
  fileprivate var members: [String: JSONValue] {
    func with(_ word: String, _ property: PropertyReference) -> [String: JSONValue] {
      property.members.merging(["measure": .string(word)]) { first, _ in first }
    }
    switch self {
    case .total: return ["measure": "total"]
    case .unique: return ["measure": "unique"]
    case .active(let days): return ["measure": "active", "days": .number(Double(days))]
    case .averagePerSubject: return ["measure": "average_per_subject"]
    case .sum(let property): return with("sum", property)
    case .average(let property): return with("average", property)
    case .minimum(let property): return with("minimum", property)
    case .maximum(let property): return with("maximum", property)
    case .percentile(let property, let fraction):
      return with("percentile", property).merging(["fraction": .number(fraction)]) { first, _ in first }
    case .distinct(let property): return with("distinct", property)
    case .perSubject(let within, let over): return within.measure.members.merging(over.members) { first, _ in first }
    }
  }
}

extension InsightsQuery.OverSubjects {
  fileprivate var members: [String: JSONValue] {
    switch self {
    case .sum: ["per_subject": "sum"]
    case .average: ["per_subject": "average"]
    case .minimum: ["per_subject": "minimum"]
    case .maximum: ["per_subject": "maximum"]
    case .percentile(let fraction): ["per_subject": "percentile", "per_subject_fraction": .number(fraction)]
    }
  }
}

extension InsightsQuery {
  func validate() throws(QueryError) {
    guard (1...QueryLimits.series).contains(series.count) else {
      throw QueryError(.invalid, "`series` must have 1 to \(QueryLimits.series) entries.", field: "series")
    }
    for (index, series) in series.enumerated() { try validate(series.measure, at: "series[\(index)]") }
    try breakdown?.validate()
    guard formulas.count <= QueryLimits.formulas else {
      throw QueryError(.tooLarge, "`formulas` may have at most \(QueryLimits.formulas) entries.", field: "formulas")
    }
    for (index, formula) in formulas.enumerated() {
      guard let letter = formula.expression.letters.max(), letter >= series.count else { continue }
      throw QueryError(
        .invalid,
        "`formulas[\(index)].expression` uses \(FormulaExpression.letter(letter)), but the last series is \(FormulaExpression.letter(series.count - 1)).",
        field: "formulas[\(index)].expression")
    }
  }

  private func validate(_ measure: Measure, at path: String) throws(QueryError) {
    func check(_ fraction: Double, _ name: String) throws(QueryError) {
      guard (0...1).contains(fraction) else {
        throw QueryError(.invalid, "`\(path).\(name)` must be from 0 to 1; 0.5 is the median.", field: "\(path).\(name)")
      }
    }
    switch measure {
    case .percentile(_, let fraction): try check(fraction, "fraction")
    case .perSubject(_, .percentile(let fraction)): try check(fraction, "per_subject_fraction")
    case .active(let days):
      try Query.check(days, "\(path).days", in: QueryLimits.activeDays)
      guard unit == .day else {
        throw QueryError(
          .invalid,
          "`\(path)` counts who was active in the \(days == 1 ? "day" : "\(days) days") up to each day, so `unit` must be day; for the different subjects of a whole \(unit.rawValue) use the measure unique.",
          field: "unit")
      }
    default: break
    }
  }
}
