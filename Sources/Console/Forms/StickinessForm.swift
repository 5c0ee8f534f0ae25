import Journeys
import Web

struct StickinessForm: ActivityForm {
  static let path = "/stickiness"
  static let name = "Stickiness"
  var range: RangeForm
  var activity: SelectorForm
  var unit: StickinessQuery.Unit
  /// Whether columns count "at least" instead of "exactly". A matter of looking: no part of the query.
  var showsAtLeast: Bool

  init(fields: FormFields, today: CalendarDate) {
    range = RangeForm(fields: fields, today: today)
    activity = SelectorForm(fields: fields, prefix: "a", standard: .any)
    unit = fields["unit"].flatMap(StickinessQuery.Unit.init) ?? .day
    showsAtLeast = fields["show"] == "at_least"
  }

  init?(query: Query) {
    guard case .stickiness(let query) = query else { return nil }
    range = RangeForm(query.range)
    activity = SelectorForm(query.activity)
    unit = query.unit
    showsAtLeast = false
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    activity.add(to: &list, prefix: "a")
    list.add("unit", unit.rawValue, unless: "day")
    range.add(to: &list)
    if showsAtLeast { list.add("show", "at_least") }
    return list.parameters
  }

  func query() throws(QueryError) -> Query {
    .stickiness(
      StickinessQuery(
        range: try range.checked(), unit: unit, activity: try activity.selector("the event that makes a subject active")))
  }

  func spanning(_ range: RangeForm) -> StickinessForm {
    var other = self
    other.range = range
    if range.days != self.range.days { other.unit = range.days <= 62 ? .day : range.days <= 366 ? .week : .month }
    return other
  }
}
