import Events
import Journeys
import Web

/// The conditions that hold for the whole report, each as a chip that takes it away; Escape takes all.
enum Chips {
  static func row<Form: ReportForm>(_ form: Form) -> HTML {
    guard let filter = form[filter: "f"], !filter.isEmpty else { return HTML() }
    var none = form
    none[filter: "f"] = FilterForm()
    let chips: [HTML] =
      filter.whole.map { [chip($0.json.text, without: none.address)] }
      ?? filter.conditions.enumerated().compactMap { row, condition in
        guard !condition.isDraft else { return nil }
        var other = form
        other[filter: "f"]?.conditions.remove(at: row)
        if other[filter: "f"]?.conditions.count ?? 0 < 2 { other[filter: "f"]?.holdsAny = false }
        return chip(condition.words, without: other.address)
      }
    guard !chips.isEmpty else { return HTML() }
    return """
      <p class="chips"><span class="soft">Only events where</span> \(chips.joined(filter.holdsAny ? " <span class=\"soft\">or</span> " : " <span class=\"soft\">and</span> "))\
       <a class="quiet" href="\(none.address)" data-key="escape" title="Show everything again (Esc)">clear</a></p>
      """
  }

  private static func chip(_ words: String, without address: Address) -> HTML {
    """
    <span class="chip"><bdi title="\(words)">\(VisibleText.shortened(words, to: 60))</bdi> <a href="\(address)" aria-label="Take away: \(VisibleText.shortened(words, to: 60))">×</a></span>
    """
  }
}

extension FilterForm.Condition {
  /// Makes no part of the question yet.
  var isDraft: Bool { (!isOfCohort && PropertyText.property(property) == nil) || (relation.takesValue && value.isEmpty) }

  /// `plan is team, free`
  var words: String {
    if isOfCohort { return "its subject \(relation == .inCohort ? "is in" : "is not in") \(CohortNames.shown.name(value))" }
    return relation.takesValue ? "\(property) \(relation.words) \(value)" : "\(property) \(relation.words)"
  }
}

extension FilterForm {
  /// With one more condition that must hold too: what a click on a group does. Nil where a row cannot say it.
  func narrowed(to property: String, _ group: ReportGroup) -> FilterForm? {
    guard whole == nil, !holdsAny, conditions.count < Self.maximumConditions else { return nil }
    var condition = Condition(property: property)
    switch group {
    case .value(let value):
      switch value {
      case .string(let text): condition.value = ValueText.text([.string(text)])
      case .number(let number): condition.value = ValueText.text([.number(number)])
      case .boolean(let truth): condition.value = ValueText.text([.boolean(truth)])
      case .pseudonym(let pseudonym): condition.value = "g_\(pseudonym)"
      case .null, .sealed, .list, .object: return nil
      }
    case .none: condition.relation = .isNotSet
    case .bin(let from, let to):
      let bounds = [from.map { (Condition.Operator.greaterOrEqual, $0) }, to.map { (Condition.Operator.less, $0) }].compactMap(\.self)
      return with(bounds.map { Condition(property: property, relation: $0.0, value: ValueText.text(.number($0.1))) })
    case .everything, .other: return nil
    }
    return with([condition])
  }

  private func with(_ further: [Condition]) -> FilterForm? {
    let further = further.filter { !conditions.contains($0) }
    guard !further.isEmpty, !further.contains(where: \.isDraft), conditions.count + further.count <= Self.maximumConditions else {
      return nil
    }
    var other = self
    other.conditions += further
    return other
  }
}

extension Query {
  /// The event names that it asks for.
  var eventNames: [String] {
    switch self {
    case .insights(let query): query.series.compactMap(\.selector.event)
    case .funnel(let query): query.steps.compactMap(\.event)
    case .retention(let query): [query.start.event, query.return.event].compactMap(\.self)
    case .flows(let query): [query.anchor.event, query.to?.event].compactMap(\.self)
    case .cohort(let query): query.cohort.selectors.compactMap(\.event)
    case .lifecycle(let query): [query.activity.event].compactMap(\.self)
    case .stickiness(let query): [query.activity.event].compactMap(\.self)
    case .sessions(let query): [query.activity.event].compactMap(\.self)
    }
  }
}
