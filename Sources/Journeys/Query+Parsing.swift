extension Query {
  /// Reads a query in the form of docs/QUERIES.md: every member has its type, unknown members are refused, limits are checked.
  package init(json text: some Collection<UInt8>) throws(QueryError) {
    try self.init(json: try JSONValue(parsing: text))
  }

  package init(json value: JSONValue) throws(QueryError) {
    try self.init(json: value, at: "")
  }

  init(json value: JSONValue, at path: String) throws(QueryError) {
    enum Kind: String, CaseIterable { case insights, funnel, retention, flows, cohort, lifecycle, stickiness, sessions }
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
    case .cohort: self = .cohort(try CohortQuery(&reader))
    case .lifecycle: self = .lifecycle(try LifecycleQuery(&reader))
    case .stickiness: self = .stickiness(try StickinessQuery(&reader))
    case .sessions: self = .sessions(try SessionsQuery(&reader))
    }
    if kind != .cohort { level = try Level.optional(&reader) }
    try reader.finish()
    try validate()
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

  init(_ reader: inout ObjectReader, depth: Int = 1) throws(QueryError) {
    self.init(event: try reader.optionalString("event"), filter: try Filter.optional("filter", &reader, depth: depth))
  }
}

extension PropertyReference {
  private enum Word: String, CaseIterable { case event, subject, group }

  init(_ reader: inout ObjectReader) throws(QueryError) {
    let name = try reader.requiredString("property")
    let scope: Scope
    switch try reader.word("scope", default: Word.event) {
    case .event: scope = .event
    case .subject: scope = .subject
    case .group: scope = .group(key: try reader.requiredString("group_key"))
    }
    self.init(name, scope: scope)
  }
}

extension Level {
  static func optional(_ reader: inout ObjectReader) throws(QueryError) -> Level {
    guard let value = reader.optional("level") else { return .subject }
    var inner = try ObjectReader(value, at: reader.place("level"))
    let level = Level.group(key: try inner.requiredString("group"))
    try inner.finish()
    return level
  }
}

extension Breakdown {
  /// - Parameter takesBins: whether the report can put numbers into bins.
  static func optional(_ reader: inout ObjectReader, takesBins: Bool = false) throws(QueryError) -> Breakdown? {
    guard let value = reader.optional("breakdown") else { return nil }
    return try Breakdown(json: value, at: reader.place("breakdown"), takesBins: takesBins)
  }

  package init(json value: JSONValue, at path: String = "breakdown", takesBins: Bool = false) throws(QueryError) {
    var inner = try ObjectReader(value, at: path)
    if inner.has("cohorts") {
      try self.init(cohortsOf: &inner)
      try inner.finish()
      return
    }
    self.init(
      property: try PropertyReference(&inner), limit: try inner.integer("limit", default: 10, in: QueryLimits.breakdown))
    if takesBins { bins = try Bins.optional(&inner) }
    try inner.finish()
  }

  private init(cohortsOf reader: inout ObjectReader) throws(QueryError) {
    let path = reader.place("cohorts")
    var cohorts: [NamedCohort] = []
    for (index, element) in (try reader.list("cohorts") ?? []).enumerated() {
      cohorts.append(try NamedCohort(json: element, at: "\(path)[\(index)]"))
    }
    guard !cohorts.isEmpty else { throw QueryError(.invalid, "`\(path)` must have at least one cohort.", field: path) }
    self.init(cohorts: cohorts, limit: try reader.integer("limit", default: cohorts.count, in: QueryLimits.breakdown))
  }
}

extension Breakdown.Bins {
  /// A number of bins, or a list of edges.
  static func optional(_ reader: inout ObjectReader) throws(QueryError) -> Breakdown.Bins? {
    guard let value = reader.optional("bins") else { return nil }
    guard case .list(let elements) = value else {
      return .equalCount(try reader.integer("bins", default: 2, in: 2...QueryLimits.bins))
    }
    var edges: [Double] = []
    for element in elements {
      guard case .number(let edge) = element else {
        throw QueryError(.invalid, "`\(reader.place("bins"))` must be a number of bins or a list of numbers.", field: reader.place("bins"))
      }
      edges.append(edge)
    }
    return .edges(edges)
  }

  var json: JSONValue {
    switch self {
    case .edges(let edges): .list(edges.map { .number($0) })
    case .equalCount(let count): .number(Double(count))
    }
  }
}
