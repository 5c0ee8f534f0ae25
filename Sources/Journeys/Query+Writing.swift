extension Query {
  /// The canonical text: sorted members, no blanks, defaults written out. Equal queries have equal text.
  package var canonicalJSON: String { json.text }

  package var json: JSONValue {
    var members: [String: JSONValue]
    switch self {
    case .insights(let query): members = query.members
    case .funnel(let query): members = query.members
    case .retention(let query): members = query.members
    case .flows(let query): members = query.members
    }
    members["range"] = ["from": .string(range.from.description), "to": .string(range.to.description)]
    return .object(members.filter { $0.value != .null })
  }
}

extension EventSelector {
  /// An absent `event` means any.
  var members: [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    if let event { members["event"] = .string(event) }
    if let filter { members["filter"] = filter.json }
    return members
  }
}

extension PropertyReference {
  var members: [String: JSONValue] { ["property": .string(name), "scope": .string(scope.rawValue)] }
}

extension Breakdown? {
  var json: JSONValue {
    guard let breakdown = self else { return .null }
    return .object(breakdown.property.members.merging(["limit": .number(Double(breakdown.limit))]) { first, _ in first })
  }
}

extension Filter? {
  var json: JSONValue { self?.json ?? .null }
}

extension Filter {
  package var json: JSONValue {
    switch self {
    case .all(let parts): return ["all": .list(parts.map(\.json))]
    case .any(let parts): return ["any": .list(parts.map(\.json))]
    case .not(let part): return ["not": part.json]
    case .comparison(let property, let comparison):
      return .object(property.members.merging(comparison.members) { first, _ in first })
    }
  }
}

extension Comparison {
  var members: [String: JSONValue] {
    switch self {
    case .equals(let values): ["operator": "equals", "values": .list(values.map(\.json))]
    case .notEquals(let values): ["operator": "not_equals", "values": .list(values.map(\.json))]
    case .contains(let text): ["operator": "contains", "value": .string(text)]
    case .notContains(let text): ["operator": "not_contains", "value": .string(text)]
    case .isSet: ["operator": "is_set"]
    case .isNotSet: ["operator": "is_not_set"]
    case .greater(let number): ["operator": "greater", "value": .number(number)]
    case .greaterOrEqual(let number): ["operator": "greater_or_equal", "value": .number(number)]
    case .less(let number): ["operator": "less", "value": .number(number)]
    case .lessOrEqual(let number): ["operator": "less_or_equal", "value": .number(number)]
    case .between(let from, let to): ["operator": "between", "from": .number(from), "to": .number(to)]
    }
  }
}

extension FilterValue {
  var json: JSONValue {
    switch self {
    case .string(let text): .string(text)
    case .number(let number): .number(number)
    case .boolean(let truth): .boolean(truth)
    }
  }
}
