extension FlowsQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    let range = try DateRange(&reader)
    let anchor = try EventSelector(json: try reader.required("anchor"), at: reader.place("anchor"))
    var to: EventSelector?
    if let value = reader.optional("to") { to = try EventSelector(json: value, at: reader.place("to")) }
    var hidden: [String] = []
    for (index, element) in (try reader.list("hidden") ?? []).enumerated() {
      hidden.append(try ObjectReader.string(element, at: "\(reader.place("hidden"))[\(index)]"))
    }
    var expand: [Expansion] = []
    for (index, element) in (try reader.list("expand") ?? []).enumerated() {
      expand.append(try Expansion(element, at: "\(reader.place("expand"))[\(index)]"))
    }
    // 0 is nobody's gap: absence has no number.
    let gap = try reader.integer("session_gap_seconds", default: 0, in: QueryLimits.sessionGapSeconds)
    self.init(
      range: range, anchor: anchor, to: to, forward: try reader.integer("forward", default: 3, in: QueryLimits.flowColumns),
      backward: try reader.integer("backward", default: 0, in: QueryLimits.flowColumns),
      windowSeconds: Int64(try reader.integer("window_seconds", default: 604_800, in: QueryLimits.windowSeconds)),
      sessionGapSeconds: gap == 0 ? nil : Int64(gap),
      nodesPerColumn: try reader.integer("nodes_per_column", default: 5, in: QueryLimits.flowNodes),
      collapsesRepeats: try reader.boolean("collapse_repeats", default: true), hidden: hidden, expand: expand,
      anchors: try reader.word("anchors", default: .first), incomplete: try reader.word("incomplete", default: .kept),
      filter: try Filter.optional("filter", &reader), pathLimit: try reader.integer("path_limit", default: 50, in: QueryLimits.flowPaths))
  }

  /// Of the JSON form, `range` aside.
  var members: [String: JSONValue] {
    [
      "report": "flows", "anchor": .object(anchor.members), "to": to.map { .object($0.members) } ?? .null,
      "forward": .number(Double(forward)), "backward": .number(Double(backward)), "window_seconds": .number(Double(windowSeconds)),
      "session_gap_seconds": JSONValue(sessionGapSeconds.map(Double.init)), "nodes_per_column": .number(Double(nodesPerColumn)),
      "collapse_repeats": .boolean(collapsesRepeats), "hidden": .list(hidden.map { .string($0) }),
      "expand": expand.isEmpty ? .null : .list(expand.map(\.json)), "anchors": .string(anchors.rawValue),
      "incomplete": .string(incomplete.rawValue), "filter": filter.json, "path_limit": .number(Double(pathLimit)),
    ]
  }
}

extension FlowsQuery.Expansion {
  init(_ value: JSONValue, at path: String) throws(QueryError) {
    var reader = try ObjectReader(value, at: path)
    self.init(
      event: try reader.optionalString("event"), property: try PropertyReference(&reader),
      limit: try reader.integer("limit", default: 5, in: QueryLimits.flowNodes))
    try reader.finish()
  }

  var json: JSONValue {
    var members = property.members
    if let event { members["event"] = .string(event) }
    members["limit"] = .number(Double(limit))
    return .object(members)
  }
}
