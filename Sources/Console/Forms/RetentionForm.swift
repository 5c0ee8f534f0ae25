import Journeys
import Web

struct RetentionForm: ReportForm {
  static let path = "/retention"
  static let name = "Retention"
  var range: RangeForm
  var start: SelectorForm
  var `return`: SelectorForm
  var unit: RetentionQuery.Unit
  var periods: Int
  var mode: RetentionQuery.Mode
  var criterion: RetentionQuery.Criterion
  var cohorts: RetentionQuery.Cohorts
  var filter: FilterForm

  init(fields: FormFields, today: CalendarDate) {
    range = RangeForm(fields: fields, today: today)
    start = SelectorForm(fields: fields, prefix: "a", standard: .any)
    `return` = SelectorForm(fields: fields, prefix: "b", standard: .any)
    unit = fields["unit"].flatMap(RetentionQuery.Unit.init) ?? .week
    periods = Int(fields.text("n")) ?? 8
    mode = fields["mode"].flatMap(RetentionQuery.Mode.init) ?? .calendar
    criterion = fields["back"].flatMap(RetentionQuery.Criterion.init) ?? .on
    cohorts = fields["cohorts"].flatMap(RetentionQuery.Cohorts.init) ?? .recurring
    filter = FilterForm(fields: fields, prefix: "f")
  }

  init?(query: Query) {
    guard case .retention(let query) = query else { return nil }
    range = RangeForm(query.range)
    start = SelectorForm(query.start)
    `return` = SelectorForm(query.return)
    unit = query.unit
    periods = query.periods
    mode = query.mode
    criterion = query.criterion
    cohorts = query.cohorts
    filter = FilterForm(query.filter)
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    start.add(to: &list, prefix: "a")
    `return`.add(to: &list, prefix: "b")
    list.add("unit", unit.rawValue, unless: "week")
    list.add("n", String(periods), unless: "8")
    list.add("mode", mode.rawValue, unless: "calendar")
    list.add("back", criterion.rawValue, unless: "on")
    list.add("cohorts", cohorts.rawValue, unless: "recurring")
    filter.add(to: &list, prefix: "f")
    range.add(to: &list)
    return list.parameters
  }

  func query() throws(QueryError) -> Query {
    .retention(
      RetentionQuery(
        range: try range.checked(), start: try start.selector("the event that people start with"),
        return: try `return`.selector("the event that they come back to do"), unit: unit, periods: periods, mode: mode,
        criterion: criterion, cohorts: cohorts, filter: try filter.filter()))
  }

  subscript(filter prefix: String) -> FilterForm? {
    get {
      switch prefix {
      case "f": filter
      case "a": start.filter
      case "b": `return`.filter
      default: nil
      }
    }
    set {
      switch prefix {
      case "f": filter = newValue ?? FilterForm()
      case "a": start.filter = newValue ?? FilterForm()
      case "b": `return`.filter = newValue ?? FilterForm()
      default: break
      }
    }
  }

  mutating func grow() {}
  mutating func drop(_ index: Int) {}
  mutating func raise(_ index: Int) {}
}
