extension Query {
  /// The canonical text: sorted members, no blanks, defaults written out. Equal queries have equal text.
  package var canonicalJSON: String { json.text }

  package var json: JSONValue {
    var members: [String: JSONValue]
    switch self {
    case .insights(let query):
      members = [
        "report": "insights", "unit": .string(query.unit.rawValue), "series": .list(query.series.map(\.json)), "filter": query.filter.json,
        "breakdown": query.breakdown.json,
      ]
    case .funnel(let query):
      members = [
        "report": "funnel", "steps": .list(query.steps.map { .object($0.members) }), "window_seconds": .number(Double(query.windowSeconds)),
        "order": .string(query.order.rawValue), "counting": .string(query.counting.rawValue), "entry": .string(query.entry.rawValue),
        "filter": query.filter.json, "breakdown": query.breakdown.json,
      ]
    case .retention(let query):
      members = [
        "report": "retention", "start": .object(query.start.members), "return": .object(query.return.members),
        "unit": .string(query.unit.rawValue), "periods": .number(Double(query.periods)), "mode": .string(query.mode.rawValue),
        "criterion": .string(query.criterion.rawValue), "cohorts": .string(query.cohorts.rawValue), "filter": query.filter.json,
      ]
    case .flows(let query):
      members = [
        "report": "flows", "anchor": .object(query.anchor.members), "forward": .number(Double(query.forward)),
        "backward": .number(Double(query.backward)), "window_seconds": .number(Double(query.windowSeconds)),
        "nodes_per_column": .number(Double(query.nodesPerColumn)), "collapse_repeats": .boolean(query.collapsesRepeats),
        "hidden": .list(query.hidden.map { .string($0) }), "anchors": .string(query.anchors.rawValue),
        "path_limit": .number(Double(query.pathLimit)),
      ]
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
