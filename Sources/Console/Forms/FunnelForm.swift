import Journeys
import Web

struct FunnelForm: ReportForm {
  static let path = "/funnels"
  static let name = "Funnels"
  /// What a bar is a share of. A matter of looking: no part of the query.
  enum Rates: String, Sendable, CaseIterable { case overall, previous }
  var range: RangeForm
  var steps: [SelectorForm]
  var window: WindowForm
  var order: FunnelQuery.Order
  var counting: FunnelQuery.Counting
  var entry: FunnelQuery.Entry
  var filter: FilterForm
  var breakdown: BreakdownForm
  var rates: Rates

  init(fields: FormFields, today: CalendarDate) {
    range = RangeForm(fields: fields, today: today)
    window = WindowForm(fields: fields)
    order = fields["order"].flatMap(FunnelQuery.Order.init) ?? .sequential
    counting = fields["count"].flatMap(FunnelQuery.Counting.init) ?? .unique
    entry = fields["entry"].flatMap(FunnelQuery.Entry.init) ?? .longest
    filter = FilterForm(fields: fields, prefix: "f")
    breakdown = BreakdownForm(fields: fields)
    rates = fields["rates"].flatMap(Rates.init) ?? .overall
    steps = (0..<NumberedParts.count(fields, "s", limit: QueryLimits.steps.upperBound)).map {
      SelectorForm(fields: fields, prefix: "s\($0)", standard: .unchosen)
    }
    while steps.count < 2 { steps.append(SelectorForm()) }
  }

  init?(query: Query) {
    guard case .funnel(let query) = query else { return nil }
    // The page has no place for these yet: a question must not be shown without them.
    guard query.exclusions.isEmpty, query.attribution == .entry, !query.withinRange, query.trend == nil, query.timeToConvert == nil,
      query.hold.isEmpty, query.sessionGapSeconds ?? 1_800 == 1_800
    else { return nil }
    range = RangeForm(query.range)
    steps = query.steps.map { SelectorForm($0) }
    window = WindowForm(seconds: query.windowSeconds)
    order = query.order
    counting = query.counting
    entry = query.entry
    filter = FilterForm(query.filter)
    breakdown = BreakdownForm(query.breakdown)
    rates = .overall
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    for (index, step) in steps.enumerated() { step.add(to: &list, prefix: "s\(index)") }
    window.add(to: &list)
    list.add("order", order.rawValue, unless: "sequential")
    list.add("count", counting.rawValue, unless: "unique")
    list.add("entry", entry.rawValue, unless: "longest")
    filter.add(to: &list, prefix: "f")
    breakdown.add(to: &list)
    range.add(to: &list)
    list.add("rates", rates.rawValue, unless: "overall")
    return list.parameters
  }

  func query() throws(QueryError) -> Query {
    var selectors: [EventSelector] = []
    for (index, step) in steps.enumerated() { selectors.append(try step.selector("the event of step \(index + 1)")) }
    return .funnel(
      FunnelQuery(
        range: try range.checked(), steps: selectors, windowSeconds: window.seconds, order: order, counting: counting, entry: entry,
        filter: try filter.filter(), breakdown: breakdown.breakdown))
  }

  subscript(filter prefix: String) -> FilterForm? {
    get {
      if prefix == "f" { return filter }
      guard let index = NumberedParts.index(prefix, "s"), steps.indices.contains(index) else { return nil }
      return steps[index].filter
    }
    set {
      if prefix == "f" { filter = newValue ?? FilterForm() }
      guard let index = NumberedParts.index(prefix, "s"), steps.indices.contains(index) else { return }
      steps[index].filter = newValue ?? FilterForm()
    }
  }

  mutating func grow() { if steps.count < QueryLimits.steps.upperBound { steps.append(SelectorForm()) } }
  mutating func drop(_ index: Int) { if steps.count > 2, steps.indices.contains(index) { steps.remove(at: index) } }
  mutating func raise(_ index: Int) { if index > 0, steps.indices.contains(index) { steps.swapAt(index, index - 1) } }
}
