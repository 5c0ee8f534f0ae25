import Journeys
import Web

struct InsightsForm: ReportForm {
  struct Series: Sendable, Hashable {
    enum Measure: String, Sendable, CaseIterable {
      case total, unique
      case averagePerSubject = "per_subject"
      case sum, average
      case minimum = "min"
      case maximum = "max"
      case percentile

      var words: String {
        switch self {
        case .total: "Events"
        case .unique: "Subjects"
        case .averagePerSubject: "Events per subject"
        case .sum: "Sum of"
        case .average: "Average of"
        case .minimum: "Minimum of"
        case .maximum: "Maximum of"
        case .percentile: "Percentile of"
        }
      }
      var takesProperty: Bool { self != .total && self != .unique && self != .averagePerSubject }
    }
    var selector = SelectorForm()
    var measure = Measure.total
    var property = ""
    /// 0...1
    var fraction = 0.5
  }

  static let path = "/insights"
  static let name = "Insights"
  var range: RangeForm
  var unit: BucketUnit
  var series: [Series]
  var filter: FilterForm
  var breakdown: BreakdownForm
  /// Whether the same length of time before is drawn behind the lines.
  var isCompared: Bool

  init(fields: FormFields, today: CalendarDate) {
    range = RangeForm(fields: fields, today: today)
    unit = fields["unit"].flatMap(BucketUnit.init) ?? .day
    filter = FilterForm(fields: fields, prefix: "f")
    breakdown = BreakdownForm(fields: fields)
    isCompared = fields["compare"] == "before"
    series = (0..<NumberedParts.count(fields, "s", limit: QueryLimits.series)).map { index in
      let prefix = "s\(index)"
      var series = Series(selector: SelectorForm(fields: fields, prefix: prefix, standard: .any))
      series.measure = fields["\(prefix).m"].flatMap(Series.Measure.init) ?? .total
      if series.measure.takesProperty { series.property = fields["\(prefix).p"] ?? "" }
      if series.measure == .percentile { series.fraction = PercentText.fraction(fields.text("\(prefix).q")) ?? 0.5 }
      return series
    }
    if series.isEmpty { series = [Series(selector: SelectorForm(.any)), Series(selector: SelectorForm(.any), measure: .unique)] }
  }

  init?(query: Query) {
    guard case .insights(let query) = query else { return nil }
    range = RangeForm(query.range)
    unit = query.unit
    filter = FilterForm(query.filter)
    breakdown = BreakdownForm(query.breakdown)
    isCompared = false
    series = query.series.map { series in
      var form = Series(selector: SelectorForm(series.selector))
      let property: PropertyReference?
      switch series.measure {
      case .total: (form.measure, property) = (.total, nil)
      case .unique: (form.measure, property) = (.unique, nil)
      case .averagePerSubject: (form.measure, property) = (.averagePerSubject, nil)
      case .sum(let reference): (form.measure, property) = (.sum, reference)
      case .average(let reference): (form.measure, property) = (.average, reference)
      case .minimum(let reference): (form.measure, property) = (.minimum, reference)
      case .maximum(let reference): (form.measure, property) = (.maximum, reference)
      case .percentile(let reference, let fraction):
        (form.measure, property) = (.percentile, reference)
        form.fraction = fraction
      }
      form.property = property.map(PropertyText.text) ?? ""
      return form
    }
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    for (index, series) in series.enumerated() {
      let prefix = "s\(index)"
      series.selector.add(to: &list, prefix: prefix)
      list.add("\(prefix).m", series.measure.rawValue, unless: "total")
      if series.measure.takesProperty { list.add("\(prefix).p", series.property) }
      if series.measure == .percentile { list.add("\(prefix).q", PercentText.text(series.fraction), unless: "50") }
    }
    filter.add(to: &list, prefix: "f")
    breakdown.add(to: &list)
    range.add(to: &list)
    list.add("unit", unit.rawValue, unless: "day")
    if isCompared { list.add("compare", "before") }
    return list.parameters
  }

  func query() throws(QueryError) -> Query {
    var all: [InsightsQuery.Series] = []
    for (index, series) in series.enumerated() {
      let measure: InsightsQuery.Measure
      let property = PropertyText.property(series.property)
      if series.measure.takesProperty, property == nil {
        throw QueryError(.invalid, "Choose the property of line \(Self.letter(index)).", field: "unchosen")
      }
      switch (series.measure, property) {
      case (.total, _): measure = .total
      case (.unique, _): measure = .unique
      case (.averagePerSubject, _): measure = .averagePerSubject
      case (.sum, let property?): measure = .sum(property)
      case (.average, let property?): measure = .average(property)
      case (.minimum, let property?): measure = .minimum(property)
      case (.maximum, let property?): measure = .maximum(property)
      case (.percentile, let property?): measure = .percentile(property, series.fraction)
      case (_, nil): measure = .total
      }
      all.append(InsightsQuery.Series(selector: try series.selector.selector("the event of line \(Self.letter(index))"), measure: measure))
    }
    return .insights(
      InsightsQuery(range: try range.checked(), unit: unit, series: all, filter: try filter.filter(), breakdown: breakdown.breakdown))
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

  mutating func grow() { if series.count < QueryLimits.series { series.append(Series(selector: SelectorForm(.any))) } }
  mutating func drop(_ index: Int) { if series.count > 1, series.indices.contains(index) { series.remove(at: index) } }
  mutating func raise(_ index: Int) { if index > 0, series.indices.contains(index) { series.swapAt(index, index - 1) } }

  /// A day in hours, up to a quarter in days, more in weeks: lines that can be read.
  func spanning(_ range: RangeForm) -> InsightsForm {
    var other = self
    other.range = range
    if range.days != self.range.days { other.unit = range.days <= 2 ? .hour : range.days <= 93 ? .day : .week }
    return other
  }

  /// Groups have no counterpart in the time before: its largest may be others.
  var canCompare: Bool { breakdown.property.isEmpty && series.count <= 4 }

  static func letter(_ index: Int) -> String { String(UnicodeScalar(UInt8(65 + index % 26))) }
}
