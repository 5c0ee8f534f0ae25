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

  /// Of the JSON form, `range` aside.
  var members: [String: JSONValue] {
    [
      "report": "flows", "anchor": .object(anchor.members), "forward": .number(Double(forward)),
      "backward": .number(Double(backward)), "window_seconds": .number(Double(windowSeconds)),
      "nodes_per_column": .number(Double(nodesPerColumn)), "collapse_repeats": .boolean(collapsesRepeats),
      "hidden": .list(hidden.map { .string($0) }), "anchors": .string(anchors.rawValue),
      "path_limit": .number(Double(pathLimit)),
    ]
  }

  func validate() throws(QueryError) {
    try Query.check(forward, "forward", in: QueryLimits.flowColumns)
    try Query.check(backward, "backward", in: QueryLimits.flowColumns)
    guard forward + backward > 0 else {
      throw QueryError(.invalid, "`forward` and `backward` are both 0; ask for at least one column beside the anchor.", field: "forward")
    }
    try Query.check(Int(clamping: windowSeconds), "window_seconds", in: QueryLimits.windowSeconds)
    try Query.check(nodesPerColumn, "nodes_per_column", in: QueryLimits.flowNodes)
    try Query.check(pathLimit, "path_limit", in: QueryLimits.flowPaths)
    try Query.check(hidden.count, "hidden", in: 0...QueryLimits.hiddenEvents)
    if let event = anchor.event, hidden.contains(event) {
      throw QueryError(.invalid, "`hidden` contains the anchor's own event; take one of the two away.", field: "hidden")
    }
  }
}
