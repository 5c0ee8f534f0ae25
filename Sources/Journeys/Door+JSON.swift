package import Events

extension Door {
  /// `{"query": …, "cell": …}`, as in docs/QUERIES.md.
  package init(json value: JSONValue) throws(QueryError) {
    var reader = try ObjectReader(value, at: "")
    let query = try Query(json: try reader.required("query"), at: "query")
    let cell = try Cell(json: try reader.required("cell"), at: "cell")
    try reader.finish()
    self.init(query: query, cell: cell)
  }

  package var json: JSONValue { ["query": query.json, "cell": cell.json] }
}

extension Door.Cell {
  private enum Kind: String, CaseIterable { case insights, funnel, retention, flows, cohort, lifecycle, stickiness, sessions }
  private static let wide = 0...1_000_000

  package init(json value: JSONValue, at path: String = "cell") throws(QueryError) {
    var reader = try ObjectReader(value, at: path)
    guard let kind = Kind(rawValue: try reader.requiredString("report")) else {
      throw QueryError(
        .invalid, "`\(path).report` must be one of \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).", field: "\(path).report")
    }
    switch kind {
    case .insights:
      let bucket = reader.has("bucket") ? try reader.integer("bucket", default: -1, in: Self.wide) : -1
      self = .insights(
        series: try reader.integer("series", default: 0, in: Self.wide), group: try ReportGroup.optional(&reader),
        bucket: bucket < 0 ? nil : bucket)
    case .funnel:
      let group = try ReportGroup.optional(&reader)
      if try reader.boolean("excluded", default: false) {
        self = .funnelExcluded(group: group)
      } else {
        let step = try reader.integer("step", default: 0, in: Self.wide)
        let droppedAfter = try reader.boolean("dropped_after", default: false)
        let bucket = reader.has("bucket") ? try reader.integer("bucket", default: -1, in: Self.wide) : -1
        self =
          bucket < 0
          ? .funnel(group: group, step: step, droppedAfter: droppedAfter)
          : .funnelTrend(group: group, step: step, droppedAfter: droppedAfter, bucket: bucket)
      }
    case .retention:
      let period = reader.has("period") ? try reader.integer("period", default: -1, in: Self.wide) : -1
      self = .retention(
        group: try ReportGroup.optional(&reader), cohort: try reader.integer("cohort", default: 0, in: Self.wide),
        period: period < 0 ? nil : period)
    case .flows:
      self = .flows(
        position: try reader.integer("position", default: 0, in: -8...8),
        node: try FlowsReport.Node(json: try reader.required("node"), at: reader.place("node")))
    case .cohort: self = .cohort
    case .lifecycle:
      let bucket = try reader.integer("bucket", default: 0, in: Self.wide)
      self = .lifecycle(bucket: bucket, state: try reader.word("state", default: .new))
    case .stickiness:
      let buckets = try reader.integer("buckets", default: 1, in: Self.wide)
      self = .stickiness(buckets: buckets, atLeast: try reader.boolean("at_least", default: false))
    case .sessions:
      let bucket = reader.has("bucket") ? try reader.integer("bucket", default: -1, in: Self.wide) : -1
      self = .sessions(group: try ReportGroup.optional(&reader), bucket: bucket < 0 ? nil : bucket)
    }
    try reader.finish()
  }

  package var json: JSONValue {
    switch self {
    case .insights(let series, let group, let bucket):
      ["report": "insights", "series": .number(Double(series)), "group": group.json, "bucket": JSONValue(bucket.map(Double.init))]
    case .funnel(let group, let step, let droppedAfter):
      ["report": "funnel", "group": group.json, "step": .number(Double(step)), "dropped_after": .boolean(droppedAfter)]
    case .funnelTrend(let group, let step, let droppedAfter, let bucket):
      [
        "report": "funnel", "group": group.json, "step": .number(Double(step)), "dropped_after": .boolean(droppedAfter),
        "bucket": .number(Double(bucket)),
      ]
    case .funnelExcluded(let group): ["report": "funnel", "group": group.json, "excluded": true]
    case .retention(let group, let cohort, let period):
      [
        "report": "retention", "group": group.json, "cohort": .number(Double(cohort)), "period": JSONValue(period.map(Double.init)),
      ]
    case .flows(let position, let node): ["report": "flows", "position": .number(Double(position)), "node": node.json]
    case .cohort: ["report": "cohort"]
    case .lifecycle(let bucket, let state):
      ["report": "lifecycle", "bucket": .number(Double(bucket)), "state": .string(state.rawValue)]
    case .stickiness(let buckets, let atLeast):
      ["report": "stickiness", "buckets": .number(Double(buckets)), "at_least": .boolean(atLeast)]
    case .sessions(let group, let bucket): ["report": "sessions", "group": group.json, "bucket": JSONValue(bucket.map(Double.init))]
    }
  }
}

extension FlowsReport.Node {
  /// `{"event": name}`, for an expanded event `{"event": name, "group": …}`; `"other"`, `"more"` or `"end"`.
  package var json: JSONValue {
    switch self {
    case .event(let name): ["event": .string(name)]
    case .value(let name, let group): ["event": .string(name), "group": group.json]
    case .other: "other"
    case .more: "more"
    case .end: "end"
    }
  }

  package init(json value: JSONValue, at path: String) throws(QueryError) {
    switch value {
    case "other": self = .other
    case "more": self = .more
    case "end": self = .end
    case .object:
      var reader = try ObjectReader(value, at: path)
      let name = try reader.requiredString("event")
      self = reader.has("group") ? .value(event: name, try ReportGroup.optional(&reader)) : .event(name)
      try reader.finish()
    default: throw QueryError(.invalid, "`\(path)` must be {\"event\": …}, \"other\", \"more\" or \"end\".", field: path)
    }
  }
}

extension ReportGroup {
  /// `"everything"`, `"none"`, `"other"`, `{"value": …}` or `{"bin": [from, to]}`, null for no bound.
  package var json: JSONValue {
    switch self {
    case .everything: "everything"
    case .none: "none"
    case .other: "other"
    case .value(let value): ["value": value.json]
    case .bin(let from, let to): ["bin": .list([JSONValue(from), JSONValue(to)])]
    }
  }

  static func optional(_ reader: inout ObjectReader) throws(QueryError) -> ReportGroup {
    guard let value = reader.optional("group") else { return .everything }
    return try ReportGroup(json: value, at: reader.place("group"))
  }

  package init(json value: JSONValue, at path: String) throws(QueryError) {
    switch value {
    case "everything": self = .everything
    case "none": self = .none
    case "other": self = .other
    case .object(let members) where members.count == 1:
      if case .list(let bounds)? = members["bin"], bounds.count == 2, let from = Self.bound(bounds[0]), let to = Self.bound(bounds[1]) {
        self = .bin(from: from, to: to)
        return
      }
      guard let inner = members["value"] else { fallthrough }
      self = .value(try StoredValue(json: inner, at: "\(path).value"))
    default:
      throw QueryError(
        .invalid, "`\(path)` must be \"everything\", \"none\", \"other\", {\"value\": …} or {\"bin\": [from, to]}.", field: path)
    }
  }

  /// Nil for what is neither a number nor null.
  private static func bound(_ value: JSONValue) -> Double?? {
    switch value {
    case .null: .some(nil)
    case .number(let number): .some(number)
    default: nil
    }
  }
}

extension StoredValue {
  /// JSON for what JSON has; `{"pseudonym": hex}`, `{"sealed": tag}` (never the ciphertext) and `{"object": {…}}` for the rest.
  package var json: JSONValue {
    switch self {
    case .null: .null
    case .boolean(let truth): .boolean(truth)
    case .number(let number): .number(number)
    case .string(let text): .string(text)
    case .list(let elements): .list(elements.map(\.json))
    case .object(let properties):
      ["object": .object(Dictionary(properties.map { ($0.name, $0.value.json) }, uniquingKeysWith: { first, _ in first }))]
    case .pseudonym(let pseudonym): ["pseudonym": .string(pseudonym.description)]
    case .sealed(let value): ["sealed": .string(value.tag.description)]
    }
  }

  package init(json value: JSONValue, at path: String) throws(QueryError) {
    switch value {
    case .null: self = .null
    case .boolean(let truth): self = .boolean(truth)
    case .number(let number): self = .number(number)
    case .string(let text): self = .string(text)
    case .list(let elements):
      var values: [StoredValue] = []
      for element in elements { values.append(try StoredValue(json: element, at: path)) }
      self = .list(values)
    case .object(let members):
      if case .string(let text) = members["pseudonym"], members.count == 1, let pseudonym = Pseudonym(text) {
        self = .pseudonym(pseudonym)
      } else if case .string(let text) = members["sealed"], members.count == 1, let tag = Pseudonym(text) {
        self = .sealed(SealedValue(bytes: [], tag: tag))
      } else if case .object(let inner) = members["object"], members.count == 1 {
        var properties: [StoredProperty] = []
        for (name, member) in inner.sorted(by: { $0.key < $1.key }) {
          properties.append(StoredProperty(name, try StoredValue(json: member, at: path)))
        }
        self = .object(properties)
      } else {
        throw QueryError(
          .invalid, "`\(path)` must be a plain value or one of {\"pseudonym\": hex}, {\"sealed\": tag}, {\"object\": {…}}.", field: path)
      }
    }
  }
}
