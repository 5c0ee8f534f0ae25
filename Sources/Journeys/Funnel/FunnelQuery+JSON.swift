extension FunnelQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    let range = try DateRange(&reader)
    var steps: [EventSelector] = []
    let path = reader.place("steps")
    for (index, element) in (try reader.list("steps") ?? []).enumerated() {
      steps.append(try EventSelector(json: element, at: "\(path)[\(index)]"))
    }
    var exclusions: [Exclusion] = []
    let excluded = reader.place("exclusions")
    for (index, element) in (try reader.list("exclusions") ?? []).enumerated() {
      exclusions.append(try Exclusion(json: element, at: "\(excluded)[\(index)]", stepCount: steps.count))
    }
    let holdPath = reader.place("hold")
    var hold: [String] = []
    for (index, element) in (try reader.list("hold") ?? []).enumerated() {
      guard case .string(let name) = element else {
        throw QueryError(.invalid, "`\(holdPath)[\(index)]` must be the name of a property.", field: "\(holdPath)[\(index)]")
      }
      hold.append(name)
    }
    self.init(
      range: range, steps: steps,
      windowSeconds: Int64(try reader.integer("window_seconds", default: 604_800, in: QueryLimits.windowSeconds)),
      order: try reader.word("order", default: .sequential), counting: try reader.word("counting", default: .unique),
      entry: try reader.word("entry", default: .longest), filter: try Filter.optional("filter", &reader),
      breakdown: try Breakdown.optional(&reader), attribution: try Attribution(&reader), exclusions: exclusions,
      exclusionMode: try reader.word("exclusion_mode", default: .attempt), withinRange: try reader.boolean("within_range", default: false),
      trend: try reader.optionalWord("trend"),
      timeToConvert: try TimeToConvert.optional(&reader, stepCount: steps.count), hold: hold,
      sessionGapSeconds: reader.optional("session_gap_seconds") == nil
        ? nil : try reader.integer("session_gap_seconds", default: 1_800, in: QueryLimits.sessionGapSeconds),
      hopWindowSeconds: reader.optional("hop_window_seconds") == nil
        ? nil : Int64(try reader.integer("hop_window_seconds", default: 1, in: QueryLimits.windowSeconds)),
      graceMilliseconds: try reader.integer("grace_ms", default: 0, in: QueryLimits.graceMilliseconds))
  }

  /// Of the JSON form, `range` aside. Options that are not used are left out: the digests of older questions stay as they are.
  var members: [String: JSONValue] {
    [
      "report": "funnel", "steps": .list(steps.map { .object($0.members) }), "window_seconds": .number(Double(windowSeconds)),
      "order": .string(order.rawValue), "counting": .string(counting.rawValue), "entry": .string(entry.rawValue),
      "filter": filter.json, "breakdown": breakdown.json, "attribution": attribution.json,
      "exclusions": exclusions.isEmpty ? .null : .list(exclusions.map(\.json)),
      "exclusion_mode": exclusionMode == .attempt ? .null : .string(exclusionMode.rawValue),
      "within_range": withinRange ? .boolean(true) : .null, "trend": trend.map { .string($0.rawValue) } ?? .null,
      "time_to_convert": timeToConvert.map(\.json) ?? .null, "hold": hold.isEmpty ? .null : .list(hold.map { .string($0) }),
      "session_gap_seconds": JSONValue(sessionGapSeconds.map(Double.init)),
      "hop_window_seconds": JSONValue(hopWindowSeconds.map(Double.init)),
      "grace_ms": graceMilliseconds == 0 ? .null : .number(Double(graceMilliseconds)),
    ]
  }

  func validate() throws(QueryError) {
    guard QueryLimits.steps.contains(steps.count) else {
      throw QueryError(
        .invalid, "`steps` must have \(QueryLimits.steps.lowerBound) to \(QueryLimits.steps.upperBound) entries.", field: "steps")
    }
    try Query.check(Int(clamping: windowSeconds), "window_seconds", in: QueryLimits.windowSeconds)
    if let breakdown { try Query.check(breakdown.limit, "breakdown.limit", in: QueryLimits.breakdown) }
    try validateEntry()
    try validateAttribution()
    try validateExclusions()
    try validateTimeToConvert()
    try validateHold()
    try validateSessions()
    try validateHopWindow()
    try validateGrace()
  }

  private func validateTimeToConvert() throws(QueryError) {
    guard let time = timeToConvert else { return }
    guard 0 <= time.fromStep, time.fromStep < time.toStep, time.toStep < steps.count else {
      throw QueryError(
        .invalid,
        "`time_to_convert` goes from a step to a later one, counted from 0: `from_step` before `to_step`, at most \(steps.count - 1).",
        field: "time_to_convert")
    }
    try Query.check(time.bins, "time_to_convert.bins", in: QueryLimits.timeBins)
  }

  private func validateHold() throws(QueryError) {
    guard hold.count <= QueryLimits.heldProperties else {
      throw QueryError(.tooLarge, "`hold` may name \(QueryLimits.heldProperties) properties at most.", field: "hold")
    }
    guard Set(hold).count == hold.count, !hold.contains("") else {
      throw QueryError(.invalid, "`hold` must name different properties.", field: "hold")
    }
  }

  private func validateSessions() throws(QueryError) {
    guard let gap = sessionGapSeconds else { return }
    guard counting == .sessions else {
      throw QueryError(.invalid, "`session_gap_seconds` needs `counting` sessions.", field: "session_gap_seconds")
    }
    try Query.check(gap, "session_gap_seconds", in: QueryLimits.sessionGapSeconds)
  }

  private func validateAttribution() throws(QueryError) {
    if case .step(let step) = attribution { try Query.check(step, "attribution.step", in: 1...(steps.count - 1)) }
    guard attribution == .entry || breakdown != nil else {
      throw QueryError(.invalid, "`attribution` says where a breakdown takes its value; there is no `breakdown`.", field: "attribution")
    }
  }

  private func validateExclusions() throws(QueryError) {
    for (index, exclusion) in exclusions.enumerated() {
      guard 0 <= exclusion.fromStep, exclusion.fromStep < exclusion.toStep, exclusion.toStep < steps.count else {
        throw QueryError(
          .invalid,
          "`exclusions[\(index)]` must lie between two steps, counted from 0: `from_step` before `to_step`, at most \(steps.count - 1).",
          field: "exclusions[\(index)]")
      }
    }
    guard steps.count + exclusions.count <= Self.selectorLimit else {
      throw QueryError(
        .tooLarge, "Steps and exclusions together may be \(Self.selectorLimit) at most; there are \(steps.count + exclusions.count).",
        field: "exclusions")
    }
    guard exclusions.isEmpty || order == .sequential else {
      throw QueryError(
        .invalid, "`exclusions` need `order` sequential: only there may anything lie between steps in order.", field: "exclusions")
    }
    guard exclusionMode == .attempt || counting == .unique else {
      throw QueryError(.invalid, "`exclusion_mode` remove_subject needs `counting` unique.", field: "exclusion_mode")
    }
    guard exclusionMode == .attempt || !exclusions.isEmpty else {
      throw QueryError(.invalid, "`exclusion_mode` says what exclusions do; there are no `exclusions`.", field: "exclusion_mode")
    }
  }

  /// A row's mask has a bit for each.
  private static let selectorLimit = 31
}

extension FunnelQuery.Exclusion {
  init(json value: JSONValue, at path: String, stepCount: Int) throws(QueryError) {
    var reader = try ObjectReader(value, at: path)
    let last = max(stepCount - 1, 1)
    self.init(
      selector: try EventSelector(&reader), fromStep: try reader.integer("from_step", default: 0, in: 0...last),
      toStep: try reader.integer("to_step", default: last, in: 0...last))
    try reader.finish()
  }

  var json: JSONValue {
    .object(
      selector.members.merging(["from_step": .number(Double(fromStep)), "to_step": .number(Double(toStep))]) { _, new in new })
  }
}

extension FunnelQuery.TimeToConvert {
  /// By default from the entry to the last step.
  static func optional(_ reader: inout ObjectReader, stepCount: Int) throws(QueryError) -> Self? {
    guard let value = reader.optional("time_to_convert") else { return nil }
    let last = max(stepCount - 1, 1)
    var inner = try ObjectReader(value, at: reader.place("time_to_convert"))
    let time = Self(
      fromStep: try inner.integer("from_step", default: 0, in: 0...last), toStep: try inner.integer("to_step", default: last, in: 0...last),
      bins: try inner.integer("bins", default: 20, in: QueryLimits.timeBins))
    try inner.finish()
    return time
  }

  var json: JSONValue {
    ["from_step": .number(Double(fromStep)), "to_step": .number(Double(toStep)), "bins": .number(Double(bins))]
  }
}

extension FunnelQuery.Attribution {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    guard let value = reader.optional("attribution") else {
      self = .entry
      return
    }
    let path = reader.place("attribution")
    switch value {
    case "entry": self = .entry
    case "first_entry": self = .firstEntry
    case "last": self = .last
    case .object:
      var inner = try ObjectReader(value, at: path)
      _ = try inner.required("step")
      self = .step(try inner.integer("step", default: 1, in: 1...(QueryLimits.steps.upperBound - 1)))
      try inner.finish()
    default: throw QueryError(.invalid, "`\(path)` must be entry, first_entry, last or {\"step\": number}.", field: path)
    }
  }

  /// The default is left out.
  var json: JSONValue {
    switch self {
    case .entry: .null
    case .firstEntry: "first_entry"
    case .last: "last"
    case .step(let step): ["step": .number(Double(step))]
    }
  }
}
