import Journeys
import Web

/// The state of the page that builds a cohort; all of it stands in the address. A rule of another shape (made through the API) is carried
/// along whole as JSON and can only be removed.
struct CohortForm: Sendable, Hashable {
  static let path = "/cohorts/build"
  static let maximumRules = QueryLimits.cohortBehaviours

  static func address(ofSaved id: Int64) -> Address { Address("/cohorts/\(id)") }

  /// The number of the saved cohort whose page it is; nil for any other address.
  static func saved(at address: Address) -> Int64? {
    address.path.hasPrefix("/cohorts/") ? FilterForm.Condition.cohort(String(address.path.dropFirst("/cohorts/".count))) : nil
  }

  /// Where it is counted.
  static func address(of cohort: Cohort) -> Address {
    if cohort.level == .subject, let id = cohort.savedID { return address(ofSaved: id) }
    return CohortForm(cohort).address
  }

  /// The property that names the organizations that can belong; empty: people can.
  var groupKey = ""
  var rules: [CohortRuleForm] = []
  var holdsAny = false
  var whole: CohortRule?
  /// The saved cohort that is being changed.
  var id: Int64?
  var name = ""

  init() {}

  init(_ cohort: Cohort, id: Int64? = nil, name: String = "") {
    (self.id, self.name) = (id, name)
    if case .group(let key) = cohort.level { groupKey = key }
    if let rule = CohortRuleForm(cohort.rule) {
      rules = [rule]
      return
    }
    let parts: [CohortRule]
    switch cohort.rule {
    case .all(let all): parts = all
    case .any(let any): (parts, holdsAny) = (any, true)
    default: parts = []
    }
    rules = parts.compactMap { CohortRuleForm($0) }
    if rules.count != parts.count || !(2...Self.maximumRules).contains(parts.count) {
      (rules, holdsAny, whole) = ([], false, cohort.rule)
    }
  }

  init(fields: FormFields, today: CalendarDate) {
    id = FilterForm.Condition.cohort(fields["id"] ?? "")
    name = fields["name"] ?? ""
    groupKey = fields["level"] ?? ""
    if let json = fields["rule"], let value = try? JSONValue(parsing: Array(json.utf8)), let cohort = try? Cohort(json: value),
      cohort.level == .subject
    {
      whole = cohort.rule
      return
    }
    rules = (0..<NumberedParts.count(fields, "r", limit: Self.maximumRules)).compactMap {
      CohortRuleForm(fields: fields, prefix: "r\($0)")
    }
    holdsAny = fields["join"] == "any" && rules.count > 1
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    if let id { list.add("id", String(id)) }
    list.add("name", name, unless: "")
    if let whole {
      list.add("rule", Cohort(rule: whole).json.text)
    } else {
      for (index, rule) in rules.enumerated() { rule.add(to: &list, prefix: "r\(index)") }
      if holdsAny { list.add("join", "any") }
    }
    list.add("level", groupKey, unless: "")
    return list.parameters
  }

  var address: Address { Address(Self.path, parameters) }

  /// - Throws: what is missing or wrong, as a sentence.
  func cohort() throws(QueryError) -> Cohort {
    let level: Level = groupKey.isEmpty ? .subject : .group(key: groupKey)
    if let whole { return Cohort(level: level, rule: whole) }
    var parts: [CohortRule] = []
    for (index, rule) in rules.enumerated() { parts.append(try rule.rule("rule \(index + 1)")) }
    guard let first = parts.first else { throw QueryError(.invalid, "Add a rule that says who belongs.", field: "unchosen") }
    return Cohort(level: level, rule: parts.count == 1 ? first : holdsAny ? .any(parts) : .all(parts))
  }

  /// `add:did`, `drop:2`, `condition:r0`, `incohort:r0`, `uncondition:r0.1`, `unfilter:r0`, `unrule:`.
  mutating func edit(_ command: String) {
    let parts = command.split(separator: ":", maxSplits: 1).map(String.init)
    let argument = parts.count > 1 ? parts[1] : ""
    switch parts.first {
    case "add":
      if let kind = CohortRuleForm.Kind(rawValue: argument), rules.count < Self.maximumRules { rules.append(CohortRuleForm(kind)) }
    case "drop":
      if let index = Int(argument), rules.indices.contains(index) { rules.remove(at: index) }
      if rules.count < 2 { holdsAny = false }
    case "unrule": whole = nil
    case "condition": change(argument) { $0.conditions.append(FilterForm.Condition()) }
    case "incohort": change(argument) { $0.conditions.append(FilterForm.Condition(cohort: "")) }
    case "unfilter": change(argument) { $0 = FilterForm() }
    case "uncondition":
      guard let dot = argument.lastIndex(of: "."), let row = Int(argument[argument.index(after: dot)...]) else { return }
      change(String(argument[..<dot])) { filter in
        guard filter.conditions.indices.contains(row) else { return }
        filter.conditions.remove(at: row)
        if filter.conditions.count < 2 { filter.holdsAny = false }
      }
    default: break
    }
  }

  /// - Parameter prefix: of the filter's fields: `r0.e`.
  private mutating func change(_ prefix: String, _ body: (inout FilterForm) -> Void) {
    guard prefix.hasSuffix(".e"), let index = NumberedParts.index(String(prefix.dropLast(2)), "r"), rules.indices.contains(index) else {
      return
    }
    body(&rules[index].selector.filter)
    rules[index].selector.filter.conditions = Array(rules[index].selector.filter.conditions.prefix(FilterForm.maximumConditions))
  }
}
