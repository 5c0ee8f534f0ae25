import Events
import Journeys
import Web

/// One row of a cohort's form.
struct CohortRuleForm: Sendable, Hashable {
  enum Kind: String, Sendable, CaseIterable {
    case did, first, stopped
    case property = "profile"
    case cohort
  }
  enum Count: String, Sendable, CaseIterable {
    case atLeast = "least"
    case atMost = "most"
    case exactly
  }
  enum Period: String, Sendable, CaseIterable { case ever, last, between }

  var kind: Kind
  /// Did not do it, is not in it.
  var isNegated = false
  var selector = SelectorForm()
  var count = Count.atLeast
  var number = 1
  var period = Period.ever
  var days = 30
  var from: CalendarDate?
  var to: CalendarDate?
  /// Of a property on the profile.
  var condition = FilterForm.Condition()
  /// Number of a saved cohort, or nothing yet.
  var cohort = ""

  init(_ kind: Kind) {
    self.kind = kind
    if kind == .first { (period, days) = (.last, 30) }
  }

  // MARK: Address

  /// Nil where there is no such row.
  init?(fields: FormFields, prefix: String) {
    guard let kind = fields[prefix].flatMap(Kind.init) else { return nil }
    self.init(kind)
    switch kind {
    case .did, .first, .stopped:
      selector = SelectorForm(fields: fields, prefix: "\(prefix).e", standard: .unchosen)
      days = Self.number(fields, "\(prefix).d", 30, in: QueryLimits.cohortDays)
      if kind == .stopped { return }
      isNegated = kind == .did && fields["\(prefix).not"] == "yes"
      period = fields["\(prefix).t"].flatMap(Period.init) ?? period
      if period != .last { days = 30 }
      if period == .between {
        from = fields["\(prefix).from"].flatMap { CalendarDate($0) }
        to = fields["\(prefix).to"].flatMap { CalendarDate($0) }
      }
      guard kind == .did, !isNegated else { return }
      count = fields["\(prefix).q"].flatMap(Count.init) ?? .atLeast
      number = Self.number(fields, "\(prefix).n", 1, in: (count == .atLeast ? 1 : 0)...1_000_000_000)
    case .property:
      let relation = fields["\(prefix).o"].flatMap(FilterForm.Condition.Operator.init) ?? .equals
      condition = FilterForm.Condition(
        property: fields["\(prefix).p"] ?? "",
        relation: FilterForm.Condition.Operator.ofProperties.contains(relation) ? relation : .equals)
      if condition.relation.takesValue { condition.value = fields["\(prefix).v"] ?? "" }
    case .cohort:
      isNegated = fields["\(prefix).not"] == "yes"
      cohort = FilterForm.Condition.cohort(fields["\(prefix).k"] ?? "").map(String.init) ?? ""
    }
  }

  private static func number(_ fields: FormFields, _ name: String, _ standard: Int, in range: ClosedRange<Int>) -> Int {
    min(max(Int(fields.text(name)) ?? standard, range.lowerBound), range.upperBound)
  }

  func add(to list: inout ParameterList, prefix: String) {
    list.add(prefix, kind.rawValue)
    if isNegated { list.add("\(prefix).not", "yes") }
    switch kind {
    case .did, .first, .stopped:
      selector.add(to: &list, prefix: "\(prefix).e")
      if kind == .stopped {
        list.add("\(prefix).d", String(days), unless: "30")
        return
      }
      if kind == .did, !isNegated {
        list.add("\(prefix).q", count.rawValue, unless: "least")
        list.add("\(prefix).n", String(number), unless: "1")
      }
      list.add("\(prefix).t", period.rawValue, unless: kind == .first ? "last" : "ever")
      switch period {
      case .ever: break
      case .last: list.add("\(prefix).d", String(days), unless: "30")
      case .between:
        if let from { list.add("\(prefix).from", from.description) }
        if let to { list.add("\(prefix).to", to.description) }
      }
    case .property:
      list.add("\(prefix).p", condition.property)
      list.add("\(prefix).o", condition.relation.rawValue, unless: "is")
      list.add("\(prefix).v", condition.value, unless: "")
    case .cohort: list.add("\(prefix).k", cohort)
    }
  }

  // MARK: Rule

  /// Nil where no row can say it.
  init?(_ rule: CohortRule) {
    switch rule {
    case .did(let behaviour): self.init(behaviour)
    case .not(.did(let behaviour)):
      guard behaviour.count == .atLeast(1), !behaviour.isFirst else { return nil }
      self.init(behaviour)
      isNegated = true
    case .all(let parts):
      guard parts.count == 2, case .did(let once) = parts[0], case .not(.did(let lately)) = parts[1],
        case .last(let days) = lately.period, once == Behaviour(selector: once.selector),
        lately == Behaviour(selector: once.selector, period: .last(days: days)), QueryLimits.cohortDays.contains(days)
      else { return nil }
      self.init(.stopped)
      selector = SelectorForm(once.selector)
      self.days = days
    case .property(let name, let comparison):
      guard let condition = FilterForm.Condition(PropertyReference(name), comparison) else { return nil }
      self.init(.property)
      self.condition = condition
    case .saved(let id), .not(.saved(let id)):
      self.init(.cohort)
      cohort = String(id)
      if case .not = rule { isNegated = true }
    case .any, .not, .members: return nil
    }
  }

  private init(_ behaviour: Behaviour) {
    self.init(behaviour.isFirst ? .first : .did)
    selector = SelectorForm(behaviour.selector)
    switch behaviour.count {
    case .atLeast(let number): (count, self.number) = (.atLeast, number)
    case .atMost(let number): (count, self.number) = (.atMost, number)
    case .exactly(let number): (count, self.number) = (.exactly, number)
    }
    switch behaviour.period {
    case .ever: period = .ever
    case .last(let days): (period, self.days) = (.last, days)
    case .during(let range): (period, from, to) = (.between, range.from, range.to)
    }
  }

  /// - Parameter place: how an error names the row: `rule 2`.
  func rule(_ place: String) throws(QueryError) -> CohortRule {
    switch kind {
    case .did, .first:
      let behaviour = Behaviour(
        selector: try selector.selector("the event of \(place)"), count: kind == .first || isNegated ? .atLeast(1) : counted,
        period: try span(place), isFirst: kind == .first)
      return isNegated ? .not(.did(behaviour)) : .did(behaviour)
    case .stopped:
      let selector = try selector.selector("the event of \(place)")
      return .all([.did(Behaviour(selector: selector)), .not(.did(Behaviour(selector: selector, period: .last(days: days))))])
    case .property:
      guard case .comparison(let property, let comparison)? = try condition.filter() else {
        throw QueryError(.invalid, "Choose the property of \(place), and what it is compared with.", field: "unchosen")
      }
      return .property(property.name, comparison)
    case .cohort:
      guard let id = FilterForm.Condition.cohort(cohort) else {
        throw QueryError(.invalid, "Choose the cohort of \(place).", field: "unchosen")
      }
      return isNegated ? .not(.saved(id)) : .saved(id)
    }
  }

  private var counted: Behaviour.Count {
    switch count {
    case .atLeast: .atLeast(number)
    case .atMost: .atMost(number)
    case .exactly: .exactly(number)
    }
  }

  private func span(_ place: String) throws(QueryError) -> Behaviour.Period {
    switch period {
    case .ever: return .ever
    case .last: return .last(days: days)
    case .between:
      guard let from, let to else { throw QueryError(.invalid, "Choose the days of \(place).", field: "unchosen") }
      return .during(try RangeForm(DateRange(from: from, to: to)).checked())
    }
  }
}
