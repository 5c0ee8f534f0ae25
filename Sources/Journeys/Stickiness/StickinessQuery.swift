/// In how many buckets of the range each subject was active (semantics A.4).
package struct StickinessQuery: Sendable, Hashable {
  package typealias Unit = LifecycleQuery.Unit
  package var range: DateRange
  package var level = Level.subject
  package var unit: Unit
  /// What counts as being active.
  package var activity: EventSelector
  package init(range: DateRange, unit: Unit = .day, activity: EventSelector = EventSelector(event: nil)) {
    self.range = range
    self.unit = unit
    self.activity = activity
  }
}

extension StickinessQuery {
  init(_ reader: inout ObjectReader) throws(QueryError) {
    self.init(
      range: try DateRange(&reader), unit: try reader.word("unit", default: .day), activity: try EventSelector.activity(&reader))
  }

  /// Of the JSON form, `range` aside.
  var members: [String: JSONValue] {
    ["report": "stickiness", "unit": .string(unit.rawValue), "activity": .object(activity.members)]
  }
}
