import Journeys
import Web

struct LifecycleForm: ActivityForm {
  static let path = "/lifecycle"
  static let name = "Lifecycle"
  var range: RangeForm
  var activity: SelectorForm
  var unit: LifecycleQuery.Unit
  var firstSeen: LifecycleQuery.FirstSeen

  init(fields: FormFields, today: CalendarDate) {
    range = RangeForm(fields: fields, today: today)
    activity = SelectorForm(fields: fields, prefix: "a", standard: .any)
    unit = fields["unit"].flatMap(LifecycleQuery.Unit.init) ?? .day
    firstSeen = fields["seen"].flatMap(LifecycleQuery.FirstSeen.init) ?? .any
  }

  init?(query: Query) {
    guard case .lifecycle(let query) = query else { return nil }
    range = RangeForm(query.range)
    activity = SelectorForm(query.activity)
    unit = query.unit
    firstSeen = query.firstSeen
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    activity.add(to: &list, prefix: "a")
    list.add("unit", unit.rawValue, unless: "day")
    list.add("seen", firstSeen.rawValue, unless: "any")
    range.add(to: &list)
    return list.parameters
  }

  func query() throws(QueryError) -> Query {
    .lifecycle(
      LifecycleQuery(
        range: try range.checked(), unit: unit, activity: try activity.selector("the event that makes a subject active"),
        firstSeen: firstSeen))
  }

  func spanning(_ range: RangeForm) -> LifecycleForm {
    var other = self
    other.range = range
    if range.days != self.range.days { other.unit = range.days <= 93 ? .day : .week }
    return other
  }
}
