import Events
import Journeys
import Web

/// A filter as rows of "property, operator, value", all or any of which must hold. Rows without a property yet are drafts.
///
/// A filter of another shape (made through the API) is carried along whole as JSON and can only be removed.
struct FilterForm: Sendable, Hashable {
  struct Condition: Sendable, Hashable {
    enum Operator: String, Sendable, CaseIterable {
      case equals = "is"
      case notEquals = "not"
      case contains
      case notContains = "lacks"
      case isSet = "set"
      case isNotSet = "unset"
      case greater = "gt"
      case greaterOrEqual = "ge"
      case less = "lt"
      case lessOrEqual = "le"
      case between
      case startsWith = "starts"
      case endsWith = "ends"
      case before
      case since
      case inLast = "last"
      case inCohort = "in"
      case notInCohort = "notin"

      /// Of a property; the others are about the one whose event it is.
      static let ofProperties = allCases.filter { $0 != .inCohort && $0 != .notInCohort }
      static let ofCohorts = [inCohort, notInCohort]

      var words: String {
        switch self {
        case .equals: "is"
        case .notEquals: "is not"
        case .contains: "contains"
        case .notContains: "does not contain"
        case .isSet: "is set"
        case .isNotSet: "is not set"
        case .greater: ">"
        case .greaterOrEqual: "≥"
        case .less: "<"
        case .lessOrEqual: "≤"
        case .between: "is between"
        case .startsWith: "starts with"
        case .endsWith: "ends with"
        case .before: "is before (time)"
        case .since: "is since (time)"
        case .inLast: "is in the last days"
        case .inCohort: "is in the cohort"
        case .notInCohort: "is not in the cohort"
        }
      }
      var takesValue: Bool { self != .isSet && self != .isNotSet }
    }
    var property = ""
    var relation = Operator.equals
    /// Of a cohort: its number, or nothing yet.
    var value = ""

    var isOfCohort: Bool { relation == .inCohort || relation == .notInCohort }

    init(property: String = "", relation: Operator = .equals, value: String = "") {
      self.property = property
      self.relation = relation
      self.value = value
    }

    init(cohort: String, isIn: Bool = true) {
      relation = isIn ? .inCohort : .notInCohort
      value = cohort
    }
  }

  var conditions: [Condition] = []
  var holdsAny = false
  var whole: Filter?

  static let maximumConditions = 30

  var isEmpty: Bool { conditions.isEmpty && whole == nil }

  init() {}

  init(_ filter: Filter?) {
    switch filter {
    case nil: break
    case .comparison?, .cohort?, .not(.cohort)?:
      if let condition = filter.flatMap({ Condition($0) }) { conditions = [condition] } else { whole = filter }
    case .all(let parts)?, .any(let parts)?:
      let rows = parts.compactMap { Condition($0) }
      if rows.count == parts.count, (2...Self.maximumConditions).contains(parts.count) {
        conditions = rows
        if case .any? = filter { holdsAny = true }
      } else {
        whole = filter
      }
    case .not?, .everyElement?: whole = filter
    }
  }

  /// Of fields named `<prefix>.c<row>.p`, `.o`, `.v` (of a cohort `.k` and `.o`), `<prefix>.join` and `<prefix>.filter`.
  init(fields: FormFields, prefix: String) {
    for row in 0..<Self.maximumConditions {
      if let cohort = fields["\(prefix).c\(row).k"] {
        conditions.append(
          Condition(
            cohort: Condition.cohort(cohort).map(String.init) ?? "",
            isIn: fields["\(prefix).c\(row).o"] != Condition.Operator.notInCohort.rawValue))
        continue
      }
      guard let property = fields["\(prefix).c\(row).p"] else { continue }
      var relation = fields["\(prefix).c\(row).o"].flatMap(Condition.Operator.init) ?? .equals
      if !Condition.Operator.ofProperties.contains(relation) { relation = .equals }
      conditions.append(
        Condition(property: property, relation: relation, value: relation.takesValue ? fields["\(prefix).c\(row).v"] ?? "" : ""))
    }
    holdsAny = fields["\(prefix).join"] == "any" && conditions.count > 1
    if let json = fields["\(prefix).filter"], let value = try? JSONValue(parsing: Array(json.utf8)) {
      whole = try? Filter(json: value, at: "filter", depth: 1)
      if whole != nil { (conditions, holdsAny) = ([], false) }
    }
  }

  func add(to list: inout ParameterList, prefix: String) {
    if let whole {
      list.add("\(prefix).filter", whole.json.text)
      return
    }
    for (row, condition) in conditions.enumerated() {
      if condition.isOfCohort {
        list.add("\(prefix).c\(row).k", condition.value)
        list.add("\(prefix).c\(row).o", condition.relation.rawValue, unless: "in")
        continue
      }
      list.add("\(prefix).c\(row).p", condition.property)
      list.add("\(prefix).c\(row).o", condition.relation.rawValue, unless: "is")
      list.add("\(prefix).c\(row).v", condition.value, unless: "")
    }
    if holdsAny { list.add("\(prefix).join", "any") }
  }

  /// Nil if no row is complete.
  func filter() throws(QueryError) -> Filter? {
    if let whole { return whole }
    var parts: [Filter] = []
    for condition in conditions {
      if let part = try condition.filter() { parts.append(part) }
    }
    return parts.count > 1 ? holdsAny ? .any(parts) : .all(parts) : parts.first
  }
}

extension FilterForm.Condition {
  /// Nil where no row can say it.
  init?(_ filter: Filter) {
    switch filter {
    case .comparison(let property, let comparison): self.init(property, comparison)
    case .cohort(let cohort):
      guard let id = cohort.savedID, cohort.level == .subject else { return nil }
      self.init(cohort: String(id))
    case .not(.cohort(let cohort)):
      guard let id = cohort.savedID, cohort.level == .subject else { return nil }
      self.init(cohort: String(id), isIn: false)
    case .all, .any, .not, .everyElement: return nil
    }
  }

  /// The number of a saved cohort.
  static func cohort(_ text: String) -> Int64? {
    guard let id = Int64(text), QueryLimits.savedCohort.contains(Int(id)) else { return nil }
    return id
  }

  init?(_ reference: PropertyReference, _ comparison: Comparison) {
    self.init(property: PropertyText.text(reference))
    switch comparison {
    case .equals(let values) where !values.isEmpty: (relation, value) = (.equals, ValueText.text(values))
    case .notEquals(let values) where !values.isEmpty: (relation, value) = (.notEquals, ValueText.text(values))
    case .contains(let text): (relation, value) = (.contains, ValueText.phraseText(text))
    case .notContains(let text): (relation, value) = (.notContains, ValueText.phraseText(text))
    case .isSet: relation = .isSet
    case .isNotSet: relation = .isNotSet
    case .greater(let number): (relation, value) = (.greater, ValueText.text(.number(number)))
    case .greaterOrEqual(let number): (relation, value) = (.greaterOrEqual, ValueText.text(.number(number)))
    case .less(let number): (relation, value) = (.less, ValueText.text(.number(number)))
    case .lessOrEqual(let number): (relation, value) = (.lessOrEqual, ValueText.text(.number(number)))
    case .between(let low, let high): (relation, value) = (.between, ValueText.text([.number(low), .number(high)]))
    case .startsWith(let text): (relation, value) = (.startsWith, ValueText.phraseText(text))
    case .endsWith(let text): (relation, value) = (.endsWith, ValueText.phraseText(text))
    case .before(let time): (relation, value) = (.before, time.text)
    case .since(let time): (relation, value) = (.since, time.text)
    case .inLast(let seconds) where seconds % 86_400 == 0:
      (relation, value) = (.inLast, ValueText.text(.number(Double(seconds / 86_400))))
    case .equals, .notEquals, .inLast: return nil
    }
  }

  func filter() throws(QueryError) -> Filter? {
    if isOfCohort {
      return Self.cohort(value).map { id in
        let filter = Filter.cohort(Cohort(rule: .saved(id)))
        return relation == .inCohort ? filter : .not(filter)
      }
    }
    guard let reference = PropertyText.property(property) else { return nil }
    if relation.takesValue, value.isEmpty { return nil }
    let values = ValueText.values(value)
    let comparison: Comparison
    switch relation {
    case .equals: comparison = .equals(values)
    case .notEquals: comparison = .notEquals(values)
    case .contains: comparison = .contains(ValueText.phrase(value))
    case .notContains: comparison = .notContains(ValueText.phrase(value))
    case .isSet: comparison = .isSet
    case .isNotSet: comparison = .isNotSet
    case .greater: comparison = .greater(try number(values))
    case .greaterOrEqual: comparison = .greaterOrEqual(try number(values))
    case .less: comparison = .less(try number(values))
    case .lessOrEqual: comparison = .lessOrEqual(try number(values))
    case .between:
      guard values.count == 2, case .number(let low) = values[0], case .number(let high) = values[1] else {
        throw QueryError(.invalid, "The condition on \(property) needs two numbers, such as 10, 20.")
      }
      comparison = .between(low, high)
    case .startsWith: comparison = .startsWith(ValueText.phrase(value))
    case .endsWith: comparison = .endsWith(ValueText.phrase(value))
    case .before: comparison = .before(try time())
    case .since: comparison = .since(try time())
    case .inLast:
      guard let days = Int(exactly: try number(values)), (1...3_650).contains(days) else {
        throw QueryError(.invalid, "The condition on \(property) needs a whole number of days, from 1 to 3650.")
      }
      comparison = .inLast(seconds: Int64(days) * 86_400)
    case .inCohort, .notInCohort: return nil
    }
    if case .equals(let values) = comparison, values.isEmpty { return nil }
    if case .notEquals(let values) = comparison, values.isEmpty { return nil }
    return .comparison(reference, comparison)
  }

  private func time() throws(QueryError) -> Timestamp {
    if let time = PropertyTime.time(of: ValueText.phrase(value)) { return time }
    throw QueryError(.invalid, "The condition on \(property) needs a day or an instant, such as 2026-03-31 or 2026-03-31T12:00:00Z.")
  }

  private func number(_ values: [FilterValue]) throws(QueryError) -> Double {
    guard values.count == 1, case .number(let number) = values[0] else {
      throw QueryError(.invalid, "The condition on \(property) compares with a number; write one, such as 10 or 2.5.")
    }
    return number
  }
}
