package import Events

/// Where a property is looked up.
package struct PropertyReference: Sendable, Hashable {
  package enum Scope: Sendable, Hashable {
    /// On the event itself.
    case event
    /// On the profile of the event's subject, as it is now (verified layer first).
    case subject
    /// On the profile of the organization that the event names in the property `key`, as it is now.
    case group(key: String)
  }
  package var scope: Scope
  package var name: String
  package init(_ name: String, scope: Scope = .event) {
    self.scope = scope
    self.name = name
  }
}

/// Operators as in the semantics rules (A.17). Negations match where the property is missing.
package indirect enum Filter: Sendable, Hashable {
  case all([Filter])
  case any([Filter])
  case not(Filter)
  case comparison(PropertyReference, Comparison)
  /// Of a list every element passes, and there is one; a value that is no list counts as a list of itself.
  case everyElement(PropertyReference, Comparison)
  /// Whose event it is (of a cohort of organizations: one that the event names) belongs to the cohort.
  case cohort(Cohort)
}

package enum Comparison: Sendable, Hashable {
  /// String, number or boolean equality with any of the values; strings case-sensitively; a list matches if any element does.
  case equals([FilterValue])
  case notEquals([FilterValue])
  /// Substring, case-insensitively.
  case contains(String)
  case notContains(String)
  /// Case-insensitively.
  case startsWith(String)
  case endsWith(String)
  case isSet
  case isNotSet
  case greater(Double)
  case greaterOrEqual(Double)
  case less(Double)
  case lessOrEqual(Double)
  /// Both ends included.
  case between(Double, Double)
  /// A time (`PropertyTime`) earlier than this one.
  case before(Timestamp)
  /// A time that is not earlier.
  case since(Timestamp)
  /// A time at most so many seconds before the evaluation instant, and not after it.
  case inLast(seconds: Int64)
}

/// A value to compare with. A string of the form `g_` or `s_` + 32 hexadecimal digits also equals that pseudonym; one of the form `t_` + 32
/// digits also equals the sealed values that have this tag, so that no plaintext has to stand in a query.
package enum FilterValue: Sendable, Hashable {
  case string(String)
  case number(Double)
  case boolean(Bool)
}
