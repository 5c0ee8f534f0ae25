internal import Events
internal import Journeys

/// A comparison made ready for an evaluation instant.
struct ValueTest: Sendable {
  let comparison: Comparison
  let isForEveryElement: Bool
  private let instant: Int64
  /// Of the values to be equal to: read once, not for each sealed value.
  private let tags: Set<Pseudonym>

  init(_ comparison: Comparison, isForEveryElement: Bool = false, at instant: Timestamp) {
    self.comparison = comparison
    self.isForEveryElement = isForEveryElement
    self.instant = instant.milliseconds
    switch comparison {
    case .equals(let values), .notEquals(let values): tags = Set(values.compactMap(\.tag))
    default: tags = []
    }
  }

  /// Nil is a missing value.
  func passes(_ value: StoredValue?) -> Bool {
    guard isForEveryElement else { return matches(comparison, value) }
    switch value {
    case nil, .null: return false
    case .list(let elements): return !elements.isEmpty && elements.allSatisfy { matches(comparison, $0) }
    case let value?: return matches(comparison, value)
    }
  }

  /// Negations pass where the value is missing (semantics A.17).
  private func matches(_ comparison: Comparison, _ value: StoredValue?) -> Bool {
    switch comparison {
    case .notEquals(let values): return !matches(.equals(values), value)
    case .notContains(let text): return !matches(.contains(text), value)
    case .isNotSet: return !matches(.isSet, value)
    case .isSet:
      switch value {
      case nil, .null: return false
      default: return true
      }
    default:
      switch value {
      case nil, .null: return false
      case .list(let elements): return elements.contains { matchesElement(comparison, $0) }
      case let value?: return matchesElement(comparison, value)
      }
    }
  }

  private func matchesElement(_ comparison: Comparison, _ value: StoredValue) -> Bool {
    switch (comparison, value) {
    case (.equals, .sealed(let sealed)): return tags.contains(sealed.tag)
    case (.equals(let values), _): return values.contains { $0.equals(value) }
    case (.contains(let text), .string(let string)): return text.isEmpty || string.lowercased().contains(text.lowercased())
    case (.startsWith(let text), .string(let string)): return string.lowercased().hasPrefix(text.lowercased())
    case (.endsWith(let text), .string(let string)): return string.lowercased().hasSuffix(text.lowercased())
    case (.greater(let bound), .number(let number)): return number > bound
    case (.greaterOrEqual(let bound), .number(let number)): return number >= bound
    case (.less(let bound), .number(let number)): return number < bound
    case (.lessOrEqual(let bound), .number(let number)): return number <= bound
    case (.between(let low, let high), .number(let number)): return low <= number && number <= high
    case (.before(let bound), _): return PropertyTime.time(of: value).map { $0 < bound } ?? false
    case (.since(let bound), _): return PropertyTime.time(of: value).map { $0 >= bound } ?? false
    case (.inLast(let seconds), _):
      guard let time = PropertyTime.time(of: value)?.milliseconds else { return false }
      return time <= instant && time >= instant - seconds * 1000
    default: return false
    }
  }
}

extension FilterValue {
  /// The tag that sealed values are compared with.
  fileprivate var tag: Pseudonym? {
    if case .string(let text) = self { SealedValue.tag(ofText: text) } else { nil }
  }

  /// Of values that are not sealed.
  fileprivate func equals(_ value: StoredValue) -> Bool {
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
