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

  /// Of the JSON form, `range` aside.
  var members: [String: JSONValue] {
    [
      "report": "funnel", "steps": .list(steps.map { .object($0.members) }), "window_seconds": .number(Double(windowSeconds)),
      "order": .string(order.rawValue), "counting": .string(counting.rawValue), "entry": .string(entry.rawValue),
      "filter": filter.json, "breakdown": breakdown.json,
    ]
  }

  func validate() throws(QueryError) {
    guard QueryLimits.steps.contains(steps.count) else {
      throw QueryError(
        .invalid, "`steps` must have \(QueryLimits.steps.lowerBound) to \(QueryLimits.steps.upperBound) entries.", field: "steps")
    }
    try Query.check(Int(clamping: windowSeconds), "window_seconds", in: QueryLimits.windowSeconds)
    if let breakdown { try Query.check(breakdown.limit, "breakdown.limit", in: QueryLimits.breakdown) }
  }
}
