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
  /// `1, 2-7, 8-30`: periods taken together; empty: each for itself.
  var brackets: String
  var mode: RetentionQuery.Mode
  var criterion: RetentionQuery.Criterion
  var cohorts: RetentionQuery.Cohorts
  var base: RetentionQuery.Base
  var filter: FilterForm
  var breakdown: BreakdownForm

  init(fields: FormFields, today: CalendarDate) {
    range = RangeForm(fields: fields, today: today)
    start = SelectorForm(fields: fields, prefix: "a", standard: .any)
    `return` = SelectorForm(fields: fields, prefix: "b", standard: .any)
    unit = fields["unit"].flatMap(RetentionQuery.Unit.init) ?? .week
    periods = Int(fields.text("n")) ?? 8
    brackets = fields.text("br")
    mode = fields["mode"].flatMap(RetentionQuery.Mode.init) ?? .calendar
    criterion = fields["back"].flatMap(RetentionQuery.Criterion.init) ?? .on
    cohorts = fields["cohorts"].flatMap(RetentionQuery.Cohorts.init) ?? .recurring
    base = fields["base"].flatMap(RetentionQuery.Base.init) ?? .cohort
    filter = FilterForm(fields: fields, prefix: "f")
    breakdown = BreakdownForm(fields: fields)
  }

  init?(query: Query) {
    guard case .retention(let query) = query else { return nil }
    range = RangeForm(query.range)
    start = SelectorForm(query.start)
    `return` = SelectorForm(query.return)
    unit = query.unit
    periods = query.periods
    brackets = BracketText.text(query.brackets)
    mode = query.mode
    criterion = query.criterion
    cohorts = query.cohorts
    base = query.base
    filter = FilterForm(query.filter)
    breakdown = BreakdownForm(query.breakdown)
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    start.add(to: &list, prefix: "a")
    `return`.add(to: &list, prefix: "b")
    list.add("unit", unit.rawValue, unless: "week")
    // Brackets say for themselves how far they reach.
    if brackets.isEmpty { list.add("n", String(periods), unless: "8") } else { list.add("br", brackets) }
    list.add("mode", mode.rawValue, unless: "calendar")
    list.add("back", criterion.rawValue, unless: "on")
    list.add("cohorts", cohorts.rawValue, unless: "recurring")
    list.add("base", base.rawValue, unless: "cohort")
    filter.add(to: &list, prefix: "f")
    breakdown.add(to: &list)
    range.add(to: &list)
    return list.parameters
  }

  func query() throws(QueryError) -> Query {
    .retention(
      RetentionQuery(
        range: try range.checked(), start: try start.selector("the event that people start with"),
        return: try `return`.selector("the event that they come back to do"), unit: unit, periods: periods,
        brackets: try BracketText.brackets(brackets), mode: mode, criterion: criterion, cohorts: cohorts, base: base,
        filter: try filter.filter(), breakdown: breakdown.breakdown))
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
