import Journeys
import Web

struct InsightsForm: ReportForm {
  struct FormulaRow: Sendable, Hashable {
    var name = ""
    /// Empty: nothing is computed yet.
    var expression = ""
  }
  /// What the lines are compared with.
  enum Comparison: Sendable, Hashable {
    /// The time before, moved by whole weeks where there is one: a Sunday is compared with a Sunday.
    case before
    /// The days right before.
    case previous
    case from(CalendarDate)
  }

  static let path = "/insights"
  static let name = "Insights"
  var range: RangeForm
  var unit: BucketUnit
  var series: [InsightsSeriesForm]
  var formulas: [FormulaRow]
  var filter: FilterForm
  var breakdown: BreakdownForm
  var comparison: Comparison?

  init(fields: FormFields, today: CalendarDate) {
    range = RangeForm(fields: fields, today: today)
    unit = fields["unit"].flatMap(BucketUnit.init) ?? .day
    filter = FilterForm(fields: fields, prefix: "f")
    breakdown = BreakdownForm(fields: fields, takesBins: true)
    series = (0..<NumberedParts.count(fields, "s", limit: QueryLimits.series)).map { InsightsSeriesForm(fields: fields, prefix: "s\($0)") }
    if series.isEmpty {
      series = [InsightsSeriesForm(selector: SelectorForm(.any)), InsightsSeriesForm(selector: SelectorForm(.any), measure: .unique)]
    }
    formulas = (0..<NumberedParts.count(fields, "x", limit: QueryLimits.formulas)).map {
      FormulaRow(name: fields["x\($0).n"] ?? "", expression: fields["x\($0)"] ?? "")
    }
    switch fields["compare"] {
    case "before": comparison = .before
    case "previous": comparison = .previous
    case let text: comparison = text.flatMap { CalendarDate($0) }.map { .from($0) }
    }
  }

  init?(query: Query) {
    guard case .insights(let query) = query else { return nil }
    range = RangeForm(query.range)
    unit = query.unit
    filter = FilterForm(query.filter)
    breakdown = BreakdownForm(query.breakdown)
    series = query.series.map { InsightsSeriesForm($0) }
    formulas = query.formulas.map { FormulaRow(name: $0.name, expression: $0.expression.text) }
    switch query.compare {
    case nil: break
    case .previous: comparison = .previous
    case .from(let date): comparison = date == Self.before(range, unit).from ? .before : .from(date)
    }
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    for (index, series) in series.enumerated() { series.add(to: &list, prefix: "s\(index)") }
    for (index, formula) in formulas.enumerated() {
      list.add("x\(index)", formula.expression)
      list.add("x\(index).n", formula.name, unless: "")
    }
    filter.add(to: &list, prefix: "f")
    breakdown.add(to: &list)
    range.add(to: &list)
    list.add("unit", unit.rawValue, unless: "day")
    switch comparison {
    case nil: break
    case .before: list.add("compare", "before")
    case .previous: list.add("compare", "previous")
    case .from(let date): list.add("compare", date.description)
    }
    return list.parameters
  }

  func query() throws(QueryError) -> Query {
    var all: [InsightsQuery.Series] = []
    for (index, series) in series.enumerated() { all.append(try series.series("line \(Self.letter(index))")) }
    var computed: [Formula] = []
    for row in formulas where !row.expression.isEmpty {
      computed.append(Formula(name: row.name, expression: try FormulaExpression(row.expression)))
    }
    return .insights(
      InsightsQuery(
        range: try range.checked(), unit: unit, series: all, filter: try filter.filter(), breakdown: breakdown.breakdown,
        formulas: computed, compare: compare))
  }

  private var compare: InsightsQuery.Compare? {
    switch comparison {
    case nil: nil
    case .before: .from(Self.before(range, unit).from)
    case .previous: .previous
    case .from(let date): .from(date)
    }
  }

  /// As many days before, by whole weeks where there is one.
  private static func before(_ range: RangeForm, _ unit: BucketUnit) -> RangeForm {
    let days = max(1, range.days)
    return range.moved(byDays: days < 7 || unit == .month ? -days : -(days + 6) / 7 * 7)
  }

  subscript(filter prefix: String) -> FilterForm? {
    get {
      if prefix == "f" { return filter }
      guard let index = NumberedParts.index(prefix, "s"), series.indices.contains(index) else { return nil }
      return series[index].selector.filter
    }
    set {
      if prefix == "f" { filter = newValue ?? FilterForm() }
      guard let index = NumberedParts.index(prefix, "s"), series.indices.contains(index) else { return }
      series[index].selector.filter = newValue ?? FilterForm()
    }
  }

  mutating func grow() { if series.count < QueryLimits.series { series.append(InsightsSeriesForm(selector: SelectorForm(.any))) } }
  mutating func drop(_ index: Int) { if series.count > 1, series.indices.contains(index) { series.remove(at: index) } }
  mutating func raise(_ index: Int) { if index > 0, series.indices.contains(index) { series.swapAt(index, index - 1) } }

  mutating func change(_ command: String, _ argument: String) {
    switch command {
    case "formula": if formulas.count < QueryLimits.formulas { formulas.append(FormulaRow()) }
    case "unformula": if let index = Int(argument), formulas.indices.contains(index) { formulas.remove(at: index) }
    default: break
    }
  }

  /// A day in hours, up to a quarter in days, more in weeks: lines that can be read. Trailing windows know days only.
  func spanning(_ range: RangeForm) -> InsightsForm {
    var other = self
    other.range = range
    if range.days != self.range.days { other.unit = range.days <= 2 ? .hour : range.days <= 93 ? .day : .week }
    if series.contains(where: { $0.measure == .active }) { other.unit = .day }
    return other
  }

  static func letter(_ index: Int) -> String { FormulaExpression.letter(index) }
}
