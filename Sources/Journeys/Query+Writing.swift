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
    // Its level stands in the cohort.
    case .cohort(let query): return .object(query.members)
    case .lifecycle(let query): members = query.members
    case .stickiness(let query): members = query.members
    case .sessions(let query): members = query.members
    }
    if let range { members["range"] = range.json }
    members["level"] = level.json
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
  var members: [String: JSONValue] {
    switch scope {
    case .event: ["property": .string(name), "scope": "event"]
    case .subject: ["property": .string(name), "scope": "subject"]
    case .group(let key): ["property": .string(name), "scope": "group", "group_key": .string(key)]
    }
  }
}

extension DateRange {
  var json: JSONValue { ["from": .string(from.description), "to": .string(to.description)] }
}

extension Level {
  /// Null for subjects.
  var json: JSONValue {
    switch self {
    case .subject: .null
    case .group(let key): ["group": .string(key)]
    }
  }
}

extension Breakdown? {
  var json: JSONValue {
    guard let breakdown = self else { return .null }
    if !breakdown.cohorts.isEmpty {
      return ["cohorts": .list(breakdown.cohorts.map(\.json)), "limit": .number(Double(breakdown.limit))]
    }
    var members = breakdown.property.members
    members["limit"] = .number(Double(breakdown.limit))
    if let bins = breakdown.bins { members["bins"] = bins.json }
    return .object(members)
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
    case .everyElement(let property, let comparison):
      return .object(property.members.merging(comparison.members) { first, _ in first }.merging(["elements": "all"]) { first, _ in first })
    case .cohort(let cohort): return ["in_cohort": cohort.json]
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
    case .startsWith(let text): ["operator": "starts_with", "value": .string(text)]
    case .endsWith(let text): ["operator": "ends_with", "value": .string(text)]
    case .before(let time): ["operator": "before", "value": .string(time.text)]
    case .since(let time): ["operator": "since", "value": .string(time.text)]
    case .inLast(let seconds): ["operator": "in_last", "seconds": .number(Double(seconds))]
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
