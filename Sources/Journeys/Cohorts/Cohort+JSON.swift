internal import Events

extension Cohort {
  /// The members of one rule, with `level` beside them where it is about organizations.
  package init(json value: JSONValue, at path: String = "", depth: Int = 1) throws(QueryError) {
    var reader = try ObjectReader(value, at: path)
    let level = try Level.optional(&reader)
    let rule = try CohortRule(&reader, depth: depth)
    try reader.finish()
    self.init(level: level, rule: rule)
  }

  package var json: JSONValue {
    var members = rule.members
    if level != .subject { members["level"] = level.json }
    return .object(members)
  }
}

extension CohortRule {
  private init(json value: JSONValue, at path: String, depth: Int) throws(QueryError) {
    var reader = try ObjectReader(value, at: path)
    try self.init(&reader, depth: depth)
    try reader.finish()
  }

  init(_ reader: inout ObjectReader, depth: Int) throws(QueryError) {
    guard depth <= QueryLimits.filterDepth else {
      throw QueryError(
        .tooLarge, "`\(reader.path)` is nested more than \(QueryLimits.filterDepth) deep; write the cohort flatter.", field: reader.path)
    }
    if reader.has("all") {
      self = .all(try Self.parts("all", &reader, depth))
    } else if reader.has("any") {
      self = .any(try Self.parts("any", &reader, depth))
    } else if reader.has("not") {
      self = .not(try CohortRule(json: try reader.required("not"), at: reader.place("not"), depth: depth + 1))
    } else if reader.has("did") {
      self = .did(try Behaviour(json: try reader.required("did"), at: reader.place("did"), depth: depth + 1))
    } else if reader.has("stopped") {
      self = try Self.stopped(&reader, depth: depth + 1)
    } else if reader.has("members") {
      self = .members(try Self.pseudonyms(&reader))
    } else if reader.has("saved") {
      self = .saved(Int64(try reader.requiredInteger("saved", in: QueryLimits.savedCohort)))
    } else if reader.has("property") {
      let name = try reader.requiredString("property")
      self = .property(name, try Filter.comparison(&reader))
    } else {
      throw QueryError(
        .invalid,
        "`\(reader.path.isEmpty ? "cohort" : reader.path)` must have `all`, `any`, `not`, `did`, `stopped`, `members`, `saved`, or `property` with `operator`.",
        field: reader.path)
    }
  }

  private static func parts(_ name: String, _ reader: inout ObjectReader, _ depth: Int) throws(QueryError) -> [CohortRule] {
    let path = reader.place(name)
    var parts: [CohortRule] = []
    for (index, element) in (try reader.list(name) ?? []).enumerated() {
      parts.append(try CohortRule(json: element, at: "\(path)[\(index)]", depth: depth + 1))
    }
    guard !parts.isEmpty else {
      throw QueryError(.invalid, "`\(path)` must have at least one rule.", field: path)
    }
    return parts
  }

  /// Did it once, and not for so many days: short for two rules.
  private static func stopped(_ reader: inout ObjectReader, depth: Int) throws(QueryError) -> CohortRule {
    var inner = try ObjectReader(try reader.required("stopped"), at: reader.place("stopped"))
    let selector = try EventSelector(&inner, depth: depth)
    let days = try inner.requiredInteger("days", in: QueryLimits.cohortDays)
    try inner.finish()
    return .all([.did(Behaviour(selector: selector)), .not(.did(Behaviour(selector: selector, period: .last(days: days))))])
  }

  private static func pseudonyms(_ reader: inout ObjectReader) throws(QueryError) -> [Pseudonym] {
    let path = reader.place("members")
    let elements = try reader.list("members") ?? []
    guard elements.count <= QueryLimits.cohortMembers else {
      throw QueryError(.tooLarge, "`\(path)` has \(elements.count) members; at most \(QueryLimits.cohortMembers) are allowed.", field: path)
    }
    var members: Set<Pseudonym> = []
    for (index, element) in elements.enumerated() {
      guard let pseudonym = Pseudonym(try ObjectReader.string(element, at: "\(path)[\(index)]")) else {
        throw QueryError(
          .invalid, "`\(path)[\(index)]` must be a pseudonym: `s_` (an organization's: `g_`) and 32 hexadecimal digits.",
          field: "\(path)[\(index)]")
      }
      members.insert(pseudonym)
    }
    return members.sorted()
  }

  var members: [String: JSONValue] {
    switch self {
    case .all(let parts): ["all": .list(parts.map { .object($0.members) })]
    case .any(let parts): ["any": .list(parts.map { .object($0.members) })]
    case .not(let part): ["not": .object(part.members)]
    case .did(let behaviour): ["did": behaviour.json]
    case .property(let name, let comparison): comparison.members.merging(["property": .string(name)]) { first, _ in first }
    case .members(let list): ["members": .list(list.map { .string("s_\($0)") })]
    case .saved(let id): ["saved": .number(Double(id))]
    }
  }
}

extension Behaviour {
  init(json value: JSONValue, at path: String, depth: Int) throws(QueryError) {
    var reader = try ObjectReader(value, at: path)
    let selector = try EventSelector(&reader, depth: depth)
    let counts = ["at_least", "at_most", "exactly"].filter { reader.has($0) }
    guard counts.count <= 1 else {
      throw QueryError(.invalid, "`\(path)` may have one of at_least, at_most and exactly, not several.", field: path)
    }
    var count = Count.atLeast(1)
    if let word = counts.first {
      let number = try reader.requiredInteger(word, in: word == "at_least" ? 1...1_000_000_000 : 0...1_000_000_000)
      count = word == "at_least" ? .atLeast(number) : word == "at_most" ? .atMost(number) : .exactly(number)
    }
    guard !(reader.has("last_days") && reader.has("range")) else {
      throw QueryError(.invalid, "`\(path)` may have `last_days` or `range`, not both.", field: path)
    }
    var period = Period.ever
    if reader.has("last_days") {
      period = .last(days: try reader.requiredInteger("last_days", in: QueryLimits.cohortDays))
    } else if reader.has("range") {
      period = .during(try DateRange(&reader))
    }
    let isFirst = try reader.boolean("first", default: false)
    guard !isFirst || count == .atLeast(1) else {
      throw QueryError(.invalid, "`\(path).first` asks whether there was a first time; it goes with no count.", field: "\(path).first")
    }
    try reader.finish()
    self.init(selector: selector, count: count, period: period, isFirst: isFirst)
  }

  var json: JSONValue {
    var members = selector.members
    switch count {
    case .atLeast(let number): members["at_least"] = .number(Double(number))
    case .atMost(let number): members["at_most"] = .number(Double(number))
    case .exactly(let number): members["exactly"] = .number(Double(number))
    }
    switch period {
    case .ever: break
    case .last(let days): members["last_days"] = .number(Double(days))
    case .during(let range): members["range"] = range.json
    }
    if isFirst {
      members["first"] = true
      members["at_least"] = nil
    }
    return .object(members)
  }
}

extension CohortQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    self.init(try Cohort(json: try reader.required("cohort"), at: reader.place("cohort"), depth: 1))
  }

  /// Of the JSON form.
  var members: [String: JSONValue] { ["report": "cohort", "cohort": cohort.json] }
}

extension CohortReport {
  var json: JSONValue { ["size": .number(Double(size)), "known": .number(Double(known))] }
}
