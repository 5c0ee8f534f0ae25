import Events
import Passkeys

/// A person of the staff. The ledger and the logs know the id only.
package struct StaffMember: Sendable, Hashable, Identifiable {
  /// `st_` and 16 hexadecimal digits.
  package struct ID: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }
    package static func random() -> ID { ID(rawValue: "st_" + PublicIdentifier.random(bytes: 8)) }
  }

  package enum Suspension: String, Sendable, Hashable {
    /// Somebody pressed “I was phished”: two admins let the person in again, an owner two other owners.
    case phished
    /// Left, or was removed.
    case removed
  }

  package static let longestName = 100

  package let id: ID
  /// As colleagues know the person; stands in the control database alone.
  package let name: String
  package let roles: StaffRoles
  package let createdAt: Timestamp
  /// When the first passkey was registered; nil: invited and not yet come.
  package let enrolledAt: Timestamp?
  package let suspension: Suspension?
  package let suspendedAt: Timestamp?
  package let passkeys: Int

  package init(
    id: ID, name: String, roles: StaffRoles, createdAt: Timestamp, enrolledAt: Timestamp?, suspension: Suspension?, suspendedAt: Timestamp?,
    passkeys: Int
  ) {
    self.id = id
    self.name = name
    self.roles = roles
    self.createdAt = createdAt
    self.enrolledAt = enrolledAt
    self.suspension = suspension
    self.suspendedAt = suspendedAt
    self.passkeys = passkeys
  }

  /// Whether the person can sign in.
  package var isActive: Bool { enrolledAt != nil && suspension == nil }
}

/// A link that lets its bearer register a passkey, once. The token goes behind `#`, which no server or log sees.
package struct StaffLink: Sendable {
  package enum Kind: String, Sendable, Hashable {
    /// Makes its bearer the first owner.
    case setup
    /// Of somebody who was invited, with the roles that the invitation gives.
    case invitation
    /// Of somebody whom two admins let in again, an owner two other owners: the passkeys before it are forgotten.
    case recovery

    package var lifetime: Duration {
      switch self {
      case .setup, .recovery: .seconds(3600)
      case .invitation: .seconds(7 * 86_400)
      }
    }
  }

  package let kind: Kind
  package let token: Secret
  package let expiresAt: Timestamp
}

/// One passkey, as its owner sees it listed.
package struct StaffPasskey: Sendable, Hashable {
  /// The beginning of the credential's id, base64url.
  package let label: String
  package let credential: [UInt8]
  package let isBackedUp: Bool
  package let madeAt: Timestamp
  package let usedAt: Timestamp?

  static func label(of credential: [UInt8]) -> String { Base64URL.encode(credential.prefix(6)) }
}

/// A request to let somebody in again who lost all passkeys or was phished: one admin asks, another agrees.
package struct StaffRecovery: Sendable, Hashable, Identifiable {
  package static let lifetime: Duration = .seconds(86_400)
  package let id: Int64
  package let staff: StaffMember.ID
  package let askedBy: StaffMember.ID
  package let askedAt: Timestamp
  package let expiresAt: Timestamp
}
