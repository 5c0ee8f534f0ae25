internal import Events

extension Filter {
  private enum Operator: String, CaseIterable {
    case equals
    case notEquals = "not_equals"
    case contains
    case notContains = "not_contains"
    case startsWith = "starts_with"
    case endsWith = "ends_with"
    case isSet = "is_set"
    case isNotSet = "is_not_set"
    case greater
    case greaterOrEqual = "greater_or_equal"
    case less
    case lessOrEqual = "less_or_equal"
    case between
    case before, since
    case inLast = "in_last"
  }

  private enum Elements: String, CaseIterable { case any, all }

  static func optional(_ name: String, _ reader: inout ObjectReader, depth: Int = 1) throws(QueryError) -> Filter? {
    guard let value = reader.optional(name) else { return nil }
    return try Filter(json: value, at: reader.place(name), depth: depth)
  }

  package init(json value: JSONValue, at path: String, depth: Int) throws(QueryError) {
    guard depth <= QueryLimits.filterDepth else {
      throw QueryError(.tooLarge, "`\(path)` is nested more than \(QueryLimits.filterDepth) deep; write the filter flatter.", field: path)
    }
    var reader = try ObjectReader(value, at: path)
    if reader.has("all") {
      self = .all(try Self.parts("all", &reader, depth))
    } else if reader.has("any") {
      self = .any(try Self.parts("any", &reader, depth))
    } else if reader.has("not") {
      self = .not(try Filter(json: try reader.required("not"), at: reader.place("not"), depth: depth + 1))
    } else if reader.has("property") {
      let property = try PropertyReference(&reader)
      let elements = try reader.word("elements", default: Elements.any)
      let comparison = try Self.comparison(&reader)
      self = elements == .any ? .comparison(property, comparison) : .everyElement(property, comparison)
    } else if reader.has("in_cohort") {
      self = .cohort(try Cohort(json: try reader.required("in_cohort"), at: reader.place("in_cohort"), depth: depth + 1))
    } else {
      throw QueryError(
        .invalid, "`\(path)` must have `all`, `any`, `not`, `in_cohort`, or `property` with `operator`.", field: path)
    }
    try reader.finish()
  }

  private static func parts(_ name: String, _ reader: inout ObjectReader, _ depth: Int) throws(QueryError) -> [Filter] {
    let path = reader.place(name)
    var parts: [Filter] = []
    for (index, element) in (try reader.list(name) ?? []).enumerated() {
      parts.append(try Filter(json: element, at: "\(path)[\(index)]", depth: depth + 1))
    }
    guard !parts.isEmpty else {
      throw QueryError(.invalid, "`\(path)` must have at least one filter; leave it out to let every event through.", field: path)
    }
    return parts
  }

  static func comparison(_ reader: inout ObjectReader) throws(QueryError) -> Comparison {
    let name = try reader.requiredString("operator")
    guard let word = Operator(rawValue: name) else {
      throw QueryError(
        .invalid, "`\(reader.place("operator"))` must be one of \(Operator.allCases.map(\.rawValue).joined(separator: ", ")).",
        field: reader.place("operator"))
    }
    switch word {
    case .equals: return .equals(try values(&reader))
    case .notEquals: return .notEquals(try values(&reader))
    case .contains: return .contains(try reader.requiredString("value"))
    case .notContains: return .notContains(try reader.requiredString("value"))
    case .isSet: return .isSet
    case .isNotSet: return .isNotSet
    case .greater: return .greater(try reader.number("value"))
    case .greaterOrEqual: return .greaterOrEqual(try reader.number("value"))
    case .less: return .less(try reader.number("value"))
    case .lessOrEqual: return .lessOrEqual(try reader.number("value"))
    case .between: return .between(try reader.number("from"), try reader.number("to"))
    case .startsWith: return .startsWith(try reader.requiredString("value"))
    case .endsWith: return .endsWith(try reader.requiredString("value"))
    case .before: return .before(try time(&reader))
    case .since: return .since(try time(&reader))
    case .inLast:
      return .inLast(seconds: Int64(try reader.requiredInteger("seconds", in: QueryLimits.lastSeconds)))
    }
  }

  private static func time(_ reader: inout ObjectReader) throws(QueryError) -> Timestamp {
    if let time = PropertyTime.time(of: try reader.requiredString("value")) { return time }
    throw QueryError(
      .invalid, "`\(reader.place("value"))` must be a day or an instant, such as 2026-03-31 or 2026-03-31T12:00:00Z.",
      field: reader.place("value"))
  }

  /// `values`, or one `value`.
  private static func values(_ reader: inout ObjectReader) throws(QueryError) -> [FilterValue] {
    let elements: [JSONValue]
    let path: String
    if reader.has("value") {
      path = reader.place("value")
      elements = [try reader.required("value")]
    } else {
      path = reader.place("values")
      elements = try reader.list("values") ?? []
    }
    guard (1...QueryLimits.valuesPerComparison).contains(elements.count) else {
      throw QueryError(
        elements.isEmpty ? .invalid : .tooLarge, "`\(path)` must have 1 to \(QueryLimits.valuesPerComparison) values.", field: path)
    }
    var values: [FilterValue] = []
    for element in elements {
      switch element {
      case .string: values.append(.string(try ObjectReader.string(element, at: path)))
      case .number(let number): values.append(.number(number))
      case .boolean(let truth): values.append(.boolean(truth))
      case .null, .list, .object:
        throw QueryError(
          .invalid, "`\(path)` may have strings, numbers and booleans, not \(element.kind); for missing values use is_not_set.", field: path
        )
      }
    }
    return values
  }
}
