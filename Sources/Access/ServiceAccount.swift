import Events

/// A program that may send, query or export for one project.
package struct ServiceAccount: Sendable, Hashable {
  package enum Scope: String, Sendable, Hashable, CaseIterable { case send, query, export }

  /// `sa_` and 16 hexadecimal digits.
  package let username: String
  package let project: ProjectID
  /// What its maker calls it.
  package let name: String
  package let scopes: Set<Scope>
  package let createdAt: Timestamp
  /// Exact to a minute; nil if it was never used.
  package internal(set) var lastUsedAt: Timestamp?
  package internal(set) var revokedAt: Timestamp?

  package var isRevoked: Bool { revokedAt != nil }
}

/// A service account at the one moment when its secret is known.
package struct NewServiceAccount: Sendable {
  package let account: ServiceAccount
  /// Shown once and not kept.
  package let secret: Secret
}
