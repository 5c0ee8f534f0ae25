extension Query {
  /// Reads a query in the form of docs/QUERIES.md: every member has its type, unknown members are refused, limits are checked.
  package init(json text: some Collection<UInt8>) throws(QueryError) {
    try self.init(json: try JSONValue(parsing: text))
  }

  package init(json value: JSONValue) throws(QueryError) {
    try self.init(json: value, at: "")
  }

  init(json value: JSONValue, at path: String) throws(QueryError) {
    enum Kind: String, CaseIterable { case insights, funnel, retention, flows }
    var reader = try ObjectReader(value, at: path)
    let name = try reader.requiredString("report")
    guard let kind = Kind(rawValue: name) else {
      throw QueryError(
        .invalid, "`\(reader.place("report"))` must be one of \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).",
        field: reader.place("report"))
    }
    switch kind {
    case .insights: self = .insights(try InsightsQuery(&reader))
    case .funnel: self = .funnel(try FunnelQuery(&reader))
    case .retention: self = .retention(try RetentionQuery(&reader))
    case .flows: self = .flows(try FlowsQuery(&reader))
    }
    try reader.finish()
    try validate()
  }
}

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

extension FunnelQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    let range = try DateRange(&reader)
    var steps: [EventSelector] = []
    let path = reader.place("steps")
    for (index, element) in (try reader.list("steps") ?? []).enumerated() {
      steps.append(try EventSelector(json: element, at: "\(path)[\(index)]"))
    }
    self.init(
      range: range, steps: steps,
      windowSeconds: Int64(try reader.integer("window_seconds", default: 604_800, in: QueryLimits.windowSeconds)),
      order: try reader.word("order", default: .sequential), counting: try reader.word("counting", default: .unique),
      entry: try reader.word("entry", default: .longest), filter: try Filter.optional("filter", &reader),
      breakdown: try Breakdown.optional(&reader))
  }
}

extension RetentionQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    self.init(
      range: try DateRange(&reader), start: try EventSelector(json: try reader.required("start"), at: reader.place("start")),
      return: try EventSelector(json: try reader.required("return"), at: reader.place("return")),
      unit: try reader.word("unit", default: .day), periods: try reader.integer("periods", default: 14, in: QueryLimits.periods),
      mode: try reader.word("mode", default: .calendar), criterion: try reader.word("criterion", default: .on),
      cohorts: try reader.word("cohorts", default: .recurring), filter: try Filter.optional("filter", &reader))
  }
}

extension FlowsQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    let range = try DateRange(&reader)
    let anchor = try EventSelector(json: try reader.required("anchor"), at: reader.place("anchor"))
    var hidden: [String] = []
    for (index, element) in (try reader.list("hidden") ?? []).enumerated() {
      hidden.append(try ObjectReader.string(element, at: "\(reader.place("hidden"))[\(index)]"))
    }
    self.init(
      range: range, anchor: anchor, forward: try reader.integer("forward", default: 3, in: QueryLimits.flowColumns),
      backward: try reader.integer("backward", default: 0, in: QueryLimits.flowColumns),
      windowSeconds: Int64(try reader.integer("window_seconds", default: 604_800, in: QueryLimits.windowSeconds)),
      nodesPerColumn: try reader.integer("nodes_per_column", default: 5, in: QueryLimits.flowNodes),
      collapsesRepeats: try reader.boolean("collapse_repeats", default: true), hidden: hidden,
      anchors: try reader.word("anchors", default: .first),
      pathLimit: try reader.integer("path_limit", default: 50, in: QueryLimits.flowPaths))
  }
}

extension DateRange {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    let path = reader.place("range")
    var range = try ObjectReader(try reader.required("range"), at: path)
    func date(_ name: String) throws(QueryError) -> CalendarDate {
      guard let date = CalendarDate(try range.requiredString(name)) else {
        throw QueryError(.invalid, "`\(path).\(name)` must be a day in the form yyyy-mm-dd, such as 2026-03-31.", field: "\(path).\(name)")
      }
      return date
    }
    self.init(from: try date("from"), to: try date("to"))
    try range.finish()
  }
}

extension EventSelector {
  init(json value: JSONValue, at path: String) throws(QueryError) {
    var reader = try ObjectReader(value, at: path)
    try self.init(&reader)
    try reader.finish()
  }

  init(_ reader: inout ObjectReader) throws(QueryError) {
    self.init(event: try reader.optionalString("event"), filter: try Filter.optional("filter", &reader))
  }
}

extension PropertyReference {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    let name = try reader.requiredString("property")
    self.init(name, scope: try reader.word("scope", default: .event))
  }
}

extension Breakdown {
  static func optional(_ reader: inout ObjectReader) throws(QueryError) -> Breakdown? {
    guard let value = reader.optional("breakdown") else { return nil }
    var inner = try ObjectReader(value, at: reader.place("breakdown"))
    let breakdown = Breakdown(
      property: try PropertyReference(&inner), limit: try inner.integer("limit", default: 10, in: QueryLimits.breakdown))
    try inner.finish()
    return breakdown
  }
}
