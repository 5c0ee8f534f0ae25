import Events

/// A program that may send, query, export or administer in one project, until a day that is set when it is made.
package struct ServiceAccount: Sendable, Hashable {
  package enum Scope: String, Sendable, Hashable, CaseIterable {
    /// Events, and profiles' verified layer.
    case intake
    /// Figures.
    case query
    /// Rows about subjects.
    case export
    /// Settings, the tracking plan, and erasure on somebody's request; neither people nor keys.
    case admin
  }

  /// What one person alone gives to no program.
  static let powerfulScopes: Set<Scope> = [.export, .admin]
  var hasPower: Bool { !isCanary && !scopes.isDisjoint(with: Self.powerfulScopes) }

  package static let usualLifetime: Duration = .seconds(90 * 86_400)
  package static let longestLifetime: Duration = .seconds(366 * 86_400)
  /// For so long the secret before stays good after a rotation, at most.
  package static let longestOverlap: Duration = .seconds(7 * 86_400)
  package static let maximumNetworks = 50

  /// `sa_` and 16 hexadecimal digits.
  package let username: String
  package let project: ProjectID
  /// What its maker calls it.
  package let name: String
  package let scopes: Set<Scope>
  package let createdAt: Timestamp
  /// Who of the staff made it; nil where nobody did, or it is older than that is kept.
  package internal(set) var madeBy: StaffMember.ID?
  package internal(set) var expiresAt: Timestamp
  /// From where it may be used; none: from anywhere.
  package let networks: [NetworkPrefix]
  package let quota: Quota
  /// Whether it is a trap: nobody has a reason to use it, so that any use is a theft.
  package let isCanary: Bool
  /// Exact to a minute; nil if it was never used.
  package internal(set) var lastUsedAt: Timestamp?
  package internal(set) var rotatedAt: Timestamp?
  /// Until when the secret before the newest one is good.
  package internal(set) var overlapUntil: Timestamp?
  package internal(set) var revokedAt: Timestamp?

  package var isRevoked: Bool { revokedAt != nil }
  /// Whether it gets rows about subjects.
  package var reachesRows: Bool { scopes.contains(.export) }
  package func isExpired(at time: Timestamp) -> Bool { expiresAt <= time }
}

/// What is to be made.
package struct ServiceAccountDraft: Sendable {
  package var name: String
  package var scopes: Set<ServiceAccount.Scope>
  package var lifetime: Duration
  package var networks: [NetworkPrefix]
  package var quota: Quota
  package var isCanary: Bool

  package init(
    name: String, scopes: Set<ServiceAccount.Scope>, lifetime: Duration = ServiceAccount.usualLifetime, networks: [NetworkPrefix] = [],
    quota: Quota = .serviceAccount, isCanary: Bool = false
  ) {
    self.name = name
    self.scopes = scopes
    self.lifetime = lifetime
    self.networks = networks
    self.quota = quota
    self.isCanary = isCanary
  }
}

/// A service account at a moment when its secret is known.
package struct NewServiceAccount: Sendable {
  package let account: ServiceAccount
  /// Shown once and not kept.
  package let secret: Secret
}

/// What became of a credential that was presented.
package enum Presented: Sendable {
  case accepted(Authenticated)
  /// No account of that name has this secret.
  case unknown
  /// The secret is one of this account, and of no use, for this reason.
  case refused(ServiceAccount, Refusal)

  package enum Refusal: String, Sendable, Hashable {
    case revoked, expired, canary
    /// A secret that was replaced, after its overlap.
    case replaced
    case network
  }
}
