extension SessionsQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    self.init(
      range: try DateRange(&reader), unit: try reader.word("unit", default: .day), activity: try EventSelector.activity(&reader),
      gapSeconds: try reader.integer("gap_seconds", default: 1_800, in: QueryLimits.sessionGapSeconds),
      cutsAtMidnight: try reader.boolean("cut_at_midnight", default: false),
      fraction: reader.has("fraction") ? try reader.number("fraction") : 0.9, breakdown: try Breakdown.optional(&reader),
      breakdownAt: try reader.word("breakdown_at", default: .entry),
      eventLimit: try reader.integer("event_limit", default: 10, in: QueryLimits.sessionEvents))
  }

  /// Of the JSON form, `range` aside.
  var members: [String: JSONValue] {
    [
      "report": "sessions", "unit": .string(unit.rawValue), "activity": .object(activity.members),
      "gap_seconds": .number(Double(gapSeconds)), "cut_at_midnight": .boolean(cutsAtMidnight), "fraction": .number(fraction),
      "breakdown": breakdown.json, "breakdown_at": .string(breakdownAt.rawValue), "event_limit": .number(Double(eventLimit)),
    ]
  }

  func validate() throws(QueryError) {
    try Query.check(gapSeconds, "gap_seconds", in: QueryLimits.sessionGapSeconds)
    try Query.check(eventLimit, "event_limit", in: QueryLimits.sessionEvents)
    guard (0...1).contains(fraction) else {
      throw QueryError(.invalid, "`fraction` must be from 0 to 1; 0.5 is the median.", field: "fraction")
    }
    try breakdown?.validate()
  }
}
