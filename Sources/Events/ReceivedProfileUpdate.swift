/// One profile operation as it came over the wire (Mixpanel `/engage` and `/groups`), not yet past the gate.
package struct ReceivedProfileUpdate: Sendable {
  package enum Target: Sendable, Hashable {
    /// A person, by the id as sent.
    case subject(String)
    /// An organization: the group key (a property name) and its id as sent.
    case group(key: String, id: String)
  }

  package var target: Target
  package var operation: ProfileOperation<PropertyValue>
  package var time: Timestamp
  /// Whether `$last_seen` is left alone (`$ignore_time`).
  package var ignoresTime: Bool
  package var address: String?
  /// Whether a secret credential sent it: it writes the verified layer, which the public token can neither change nor delete.
  package var isVerified: Bool

  package init(
    target: Target, operation: ProfileOperation<PropertyValue>, time: Timestamp, ignoresTime: Bool, address: String?, isVerified: Bool
  ) {
    self.target = target
    self.operation = operation
    self.time = time
    self.ignoresTime = ignoresTime
    self.address = address
    self.isVerified = isVerified
  }
}

/// What happens to a profile (Mixpanel's terms): the names are the wire's without `$`.
package enum ProfileOperation<Value: Sendable & Hashable>: Sendable, Hashable {
  package struct Assignment: Sendable, Hashable {
    package var name: String
    package var value: Value
    package init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }

  case set([Assignment])
  case setOnce([Assignment])
  /// Every value is a number.
  case add([Assignment])
  case append([Assignment])
  /// Every value is a list.
  case union([Assignment])
  case remove([Assignment])
  case unset([String])
  case delete
}

extension ReceivedProfileUpdate: Silent {
  package var description: String { "<received profile update>" }
}

extension ReceivedProfileUpdate.Target: Silent {
  package var description: String {
    switch self {
    case .subject: "<subject>"
    case .group: "<group>"
    }
  }
}

extension ProfileOperation: Silent {
  package var description: String {
    switch self {
    case .set: "<set>"
    case .setOnce: "<set once>"
    case .add: "<add>"
    case .append: "<append>"
    case .union: "<union>"
    case .remove: "<remove>"
    case .unset: "<unset>"
    case .delete: "<delete>"
    }
  }
}

extension ProfileOperation.Assignment: Silent {
  package var description: String { "<assignment>" }
}
