internal import Events
internal import Journeys

extension Comparison {
  /// Whether a value passes; nil is a missing one. Negations pass where the value is missing (semantics A.17).
  func matches(_ value: StoredValue?) -> Bool {
    switch self {
    case .notEquals(let values): !Comparison.equals(values).matches(value)
    case .notContains(let text): !Comparison.contains(text).matches(value)
    case .isNotSet: !Comparison.isSet.matches(value)
    case .isSet:
      switch value {
      case nil, .null: false
      default: true
      }
    default:
      switch value {
      case nil, .null: false
      case .list(let elements): elements.contains { matchesElement($0) }
      case let value?: matchesElement(value)
      }
    }
  }

  private func matchesElement(_ value: StoredValue) -> Bool {
    switch (self, value) {
    case (.equals(let values), _): return values.contains { $0.equals(value) }
    case (.contains(let text), .string(let string)): return text.isEmpty || string.lowercased().contains(text.lowercased())
    case (.greater(let bound), .number(let number)): return number > bound
    case (.greaterOrEqual(let bound), .number(let number)): return number >= bound
    case (.less(let bound), .number(let number)): return number < bound
    case (.lessOrEqual(let bound), .number(let number)): return number <= bound
    case (.between(let low, let high), .number(let number)): return low <= number && number <= high
    default: return false
    }
  }
}

extension FilterValue {
  func equals(_ value: StoredValue) -> Bool {
    switch (self, value) {
    case (.string(let text), .string(let string)): text == string
    case (.string(let text), .pseudonym(let pseudonym)):
      (text.hasPrefix("g_") || text.hasPrefix("s_")) && Pseudonym(text) == pseudonym
    case (.number(let expected), .number(let number)): expected == number
    case (.boolean(let expected), .boolean(let truth)): expected == truth
    default: false
    }
  }
}
