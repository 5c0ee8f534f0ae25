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
  /// Of sessions, seconds.
  var gap: Int
  var entry: FunnelQuery.Entry
  var exclusions: [ExclusionForm]
  var exclusionMode: FunnelQuery.ExclusionMode
  var hold: [String]
  var withinRange: Bool
  /// From step to step; nil: the window alone bounds them.
  var hop: WindowForm?
  /// Milliseconds within which steps may come in either order.
  var grace: Int
  var filter: FilterForm
  var breakdown: BreakdownForm
  var attribution: FunnelQuery.Attribution
  var look: FunnelLookForm
  var rates: Rates

  private static let standardGap = 1_800

  init(fields: FormFields, today: CalendarDate) {
    range = RangeForm(fields: fields, today: today)
    window = WindowForm(fields: fields)
    order = fields["order"].flatMap(FunnelQuery.Order.init) ?? .sequential
    counting = fields["count"].flatMap(FunnelQuery.Counting.init) ?? .unique
    gap = counting == .sessions ? Int(fields.text("gap")) ?? Self.standardGap : Self.standardGap
    entry = fields["entry"].flatMap(FunnelQuery.Entry.init) ?? .longest
    filter = FilterForm(fields: fields, prefix: "f")
    breakdown = BreakdownForm(fields: fields)
    rates = fields["rates"].flatMap(Rates.init) ?? .overall
    steps = (0..<NumberedParts.count(fields, "s", limit: QueryLimits.steps.upperBound)).map {
      SelectorForm(fields: fields, prefix: "s\($0)", standard: .unchosen)
    }
    while steps.count < 2 { steps.append(SelectorForm()) }
    let stepCount = steps.count
    exclusions = (0..<NumberedParts.count(fields, "x", limit: Self.mostExclusions)).map {
      ExclusionForm(fields: fields, prefix: "x\($0)", stepCount: stepCount)
    }
    exclusionMode = !exclusions.isEmpty && fields["excluded"] == "removed" ? .removeSubject : .attempt
    hold = fields.all("hold").filter { !$0.isEmpty }
    withinRange = fields["within"] == "range"
    hop = WindowForm(fields: fields, prefix: "hop")
    grace = max(0, Int(fields.text("grace")) ?? 0)
    attribution = breakdown.isEmpty ? .entry : Self.attribution(fields["at"], stepCount)
    look = FunnelLookForm(fields: fields, stepCount: stepCount)
  }

  init?(query: Query) {
    guard case .funnel(let query) = query else { return nil }
    range = RangeForm(query.range)
    steps = query.steps.map { SelectorForm($0) }
    window = WindowForm(seconds: query.windowSeconds)
    order = query.order
    counting = query.counting
    gap = query.sessionGapSeconds ?? Self.standardGap
    entry = query.entry
    exclusions = query.exclusions.map { ExclusionForm($0, stepCount: query.steps.count) }
    exclusionMode = query.exclusionMode
    hold = query.hold
    withinRange = query.withinRange
    hop = query.hopWindowSeconds.map { WindowForm(seconds: $0) }
    grace = query.graceMilliseconds
    filter = FilterForm(query.filter)
    breakdown = BreakdownForm(query.breakdown)
    attribution = query.attribution
    look = FunnelLookForm(query)
    rates = .overall
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    for (index, step) in steps.enumerated() { step.add(to: &list, prefix: "s\(index)") }
    window.add(to: &list)
    list.add("order", order.rawValue, unless: "sequential")
    list.add("count", counting.rawValue, unless: "unique")
    if counting == .sessions { list.add("gap", String(gap), unless: String(Self.standardGap)) }
    list.add("entry", entry.rawValue, unless: "longest")
    for (index, exclusion) in exclusions.enumerated() { exclusion.add(to: &list, prefix: "x\(index)") }
    if !exclusions.isEmpty, exclusionMode == .removeSubject { list.add("excluded", "removed") }
    for name in hold { list.add("hold", name) }
    if withinRange { list.add("within", "range") }
    hop?.add(to: &list, prefix: "hop")
    list.add("grace", String(grace), unless: "0")
    filter.add(to: &list, prefix: "f")
    breakdown.add(to: &list)
    if !breakdown.isEmpty { list.add("at", Self.text(attribution), unless: "entry") }
    look.add(to: &list)
    range.add(to: &list)
    list.add("rates", rates.rawValue, unless: "overall")
    return list.parameters
  }

  func query() throws(QueryError) -> Query {
    var selectors: [EventSelector] = []
    for (index, step) in steps.enumerated() { selectors.append(try step.selector("the event of step \(index + 1)")) }
    var excluded: [FunnelQuery.Exclusion] = []
    for (index, exclusion) in exclusions.enumerated() { excluded.append(try exclusion.exclusion(index + 1, stepCount: steps.count)) }
    return .funnel(
      FunnelQuery(
        range: try range.checked(), steps: selectors, windowSeconds: window.seconds, order: order, counting: counting,
        // Every attempt is judged by itself: the choice for single ones, which is kept, says nothing then.
        entry: counting == .totals && entry == .lastBeforeNext ? .longest : entry,
        filter: try filter.filter(), breakdown: breakdown.breakdown, attribution: breakdown.breakdown == nil ? .entry : attribution,
        exclusions: excluded, exclusionMode: exclusionMode, withinRange: withinRange, trend: look.trend,
        timeToConvert: try look.timeToConvert(stepCount: steps.count), hold: hold, sessionGapSeconds: counting == .sessions ? gap : nil,
        hopWindowSeconds: hop?.seconds, graceMilliseconds: grace))
  }

  func spanning(_ range: RangeForm) -> FunnelForm {
    var other = self
    other.range = range
    if look.trend != nil, range.days != self.range.days { other.look.trend = FunnelLookForm.unit(range.days) }
    return other
  }

  subscript(filter prefix: String) -> FilterForm? {
    get {
      if prefix == "f" { return filter }
      if let index = NumberedParts.index(prefix, "x") {
        return exclusions.indices.contains(index) ? exclusions[index].selector.filter : nil
      }
      guard let index = NumberedParts.index(prefix, "s"), steps.indices.contains(index) else { return nil }
      return steps[index].filter
    }
    set {
      if prefix == "f" { filter = newValue ?? FilterForm() }
      if let index = NumberedParts.index(prefix, "x"), exclusions.indices.contains(index) {
        exclusions[index].selector.filter = newValue ?? FilterForm()
      }
      guard let index = NumberedParts.index(prefix, "s"), steps.indices.contains(index) else { return }
      steps[index].filter = newValue ?? FilterForm()
    }
  }
}

// MARK: - What the buttons do

extension FunnelForm {
  /// A row's mask has a bit for each step and exclusion.
  static let mostExclusions = 29

  mutating func grow() { if steps.count < QueryLimits.steps.upperBound { steps.append(SelectorForm()) } }

  mutating func drop(_ index: Int) {
    guard steps.count > 2, steps.indices.contains(index) else { return }
    for exclusion in exclusions.indices { exclusions[exclusion].drop(index, of: steps.count) }
    look.drop(index, of: steps.count)
    if case .step(let step) = attribution {
      let moved = StepText.place(of: step, dropping: index, of: steps.count, most: steps.count - 2)
      attribution = moved == 0 ? .entry : .step(moved)
    }
    steps.remove(at: index)
  }

  mutating func raise(_ index: Int) { if index > 0, steps.indices.contains(index) { steps.swapAt(index, index - 1) } }

  mutating func change(_ command: String, _ argument: String) {
    switch command {
    case "exclude": if steps.count + exclusions.count < 31, exclusions.count < Self.mostExclusions { exclusions.append(ExclusionForm()) }
    case "unexclude":
      guard let index = Int(argument), exclusions.indices.contains(index) else { return }
      exclusions.remove(at: index)
      if exclusions.isEmpty { exclusionMode = .attempt }
    default: break
    }
  }

  // MARK: - Where a breakdown takes its value

  static func text(_ attribution: FunnelQuery.Attribution) -> String {
    switch attribution {
    case .entry: "entry"
    case .firstEntry: "first_entry"
    case .last: "last"
    case .step(let step): StepText.text(step)
    }
  }

  private static func attribution(_ text: String?, _ stepCount: Int) -> FunnelQuery.Attribution {
    switch text {
    case "first_entry": .firstEntry
    case "last": .last
    default: text.flatMap { StepText.step($0, in: 1..<stepCount) }.map { .step($0) } ?? .entry
    }
  }
}
