extension LifecycleQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    self.init(
      range: try DateRange(&reader), unit: try reader.word("unit", default: .day), activity: try EventSelector.activity(&reader),
      firstSeen: try reader.word("first_seen", default: .any))
  }

  /// Of the JSON form, `range` aside.
  var members: [String: JSONValue] {
    [
      "report": "lifecycle", "unit": .string(unit.rawValue), "activity": .object(activity.members),
      "first_seen": .string(firstSeen.rawValue),
    ]
  }
}

extension EventSelector {
  /// What counts as being active: any event where nothing is said.
  static func activity(_ reader: inout ObjectReader) throws(QueryError) -> EventSelector {
    guard let value = reader.optional("activity") else { return EventSelector(event: nil) }
    return try EventSelector(json: value, at: reader.place("activity"))
  }
}
