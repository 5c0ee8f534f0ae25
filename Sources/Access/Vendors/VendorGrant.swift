import Events

/// A way into the company's data that somebody once gave a vendor: known from a list, or written down by hand. Never its secret.
package struct VendorGrant: Sendable, Hashable, Identifiable {
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    case oauthGrant = "oauth_grant"
    case apiKey = "api_key"
    case serviceAccount = "service_account"
    case webhook
    /// A seat of the vendor's people in one of the company's tools, or the other way round.
    case user
  }

  package enum Source: String, Sendable, Hashable, CaseIterable {
    case byHand = "by_hand"
    case list = "import"
  }

  package let id: Int64
  package let project: ProjectID
  package var draft: VendorGrantDraft
  package let source: Source
  package let recordedAt: Timestamp
  package let updatedAt: Timestamp

  package init(
    id: Int64, project: ProjectID, draft: VendorGrantDraft, source: Source, recordedAt: Timestamp, updatedAt: Timestamp
  ) {
    self.id = id
    self.project = project
    self.draft = draft
    self.source = source
    self.recordedAt = recordedAt
    self.updatedAt = updatedAt
  }

  /// Whether it opens anything still, as far as is known.
  package func isLive(at now: Timestamp) -> Bool {
    if let revoked = draft.revokedAt { return draft.lastUsedAt.map { $0 > revoked } ?? false }
    return draft.expiresAt.map { $0 > now } ?? true
  }

  /// The company does not use it any more, and it works all the same.
  package func isRetiredAndLive(at now: Timestamp) -> Bool { draft.retiredAt != nil && isLive(at: now) }
}

/// What is said of a grant, by whoever writes it down or by the list that it stands in.
package struct VendorGrantDraft: Sendable, Hashable {
  package static let longestText = 200
  package static let longestNote = 500
  package static let mostScopes = 200
  package static let longestScope = 300

  /// Perhaps of none that is declared.
  package var vendor: Vendor.ID?
  /// As the list knows it for ever; nil: by its name.
  package var client: String?
  package var name: String
  package var kind: VendorGrant.Kind
  /// Without doubles, sorted.
  package var scopes: [String]
  package var grantedBy: String?
  package var createdAt: Timestamp?
  package var lastUsedAt: Timestamp?
  package var expiresAt: Timestamp?
  /// Since when the company says that it does not use it.
  package var retiredAt: Timestamp?
  /// Since when it opens nothing.
  package var revokedAt: Timestamp?
  package var note: String

  package init(
    vendor: Vendor.ID?, client: String? = nil, name: String, kind: VendorGrant.Kind, scopes: [String] = [], grantedBy: String? = nil,
    createdAt: Timestamp? = nil, lastUsedAt: Timestamp? = nil, expiresAt: Timestamp? = nil, retiredAt: Timestamp? = nil,
    revokedAt: Timestamp? = nil, note: String = ""
  ) {
    self.vendor = vendor
    self.client = client
    self.name = name
    self.kind = kind
    self.scopes = Set(scopes).sorted()
    self.grantedBy = grantedBy
    self.createdAt = createdAt
    self.lastUsedAt = lastUsedAt
    self.expiresAt = expiresAt
    self.retiredAt = retiredAt
    self.revokedAt = revokedAt
    self.note = note
  }

  /// Two with the same are one grant.
  package struct Key: Sendable, Hashable {
    let vendor: String
    let name: String
  }

  package var key: Key { Key(vendor: vendor?.rawValue ?? "", name: client ?? name) }

  /// The same grant said a second time in one list, as where a line stands for each person who gave it.
  package mutating func join(_ other: VendorGrantDraft) {
    scopes = Set(scopes).union(other.scopes).sorted()
    createdAt = [createdAt, other.createdAt].compactMap(\.self).min()
    lastUsedAt = [lastUsedAt, other.lastUsedAt].compactMap(\.self).max()
    // It opens something as long as any of them does.
    expiresAt = expiresAt.flatMap { mine in other.expiresAt.map { max(mine, $0) } }
    revokedAt = revokedAt.flatMap { mine in other.revokedAt.map { max(mine, $0) } }
    retiredAt = retiredAt ?? other.retiredAt
    grantedBy = grantedBy ?? other.grantedBy
    if note.isEmpty { note = other.note }
  }

  /// What a newer list says of a grant that is known: what people did here stays, and what is newer counts.
  func updated(by newer: VendorGrantDraft) -> VendorGrantDraft {
    var next = newer
    next.createdAt = newer.createdAt ?? createdAt
    next.lastUsedAt = [lastUsedAt, newer.lastUsedAt].compactMap(\.self).max()
    next.expiresAt = newer.expiresAt ?? expiresAt
    next.retiredAt = retiredAt ?? newer.retiredAt
    next.revokedAt = revokedAt ?? newer.revokedAt
    next.grantedBy = newer.grantedBy ?? grantedBy
    if newer.scopes.isEmpty { next.scopes = scopes }
    if newer.note.isEmpty { next.note = note }
    return next
  }
}

extension VendorGrant {
  /// What is wrong with a grant, the worst first.
  package enum Finding: String, Sendable, Hashable, CaseIterable {
    case retiredButLive = "retired_but_live"
    case vendorKilledButLive = "vendor_killed_but_live"
    case usedAfterRetirement = "used_after_retirement"
    case usedAfterRevocation = "used_after_revocation"
    case undeclaredVendor = "undeclared_vendor"
    case wideScope = "wide_scope"
    case unused = "unused_90_days"
    case neverExpires = "never_expires"

    /// Shown in red.
    package var isRed: Bool { self == .retiredButLive || self == .vendorKilledButLive || self == .usedAfterRevocation }
  }

  /// After so long without use nobody would miss it.
  package static let unusedAfter: Duration = .seconds(90 * 86_400)

  /// - Parameters:
  ///   - declared: the vendors that somebody declared.
  ///   - killed: those whose kill switch was pulled.
  package static func findings(
    of grants: [VendorGrant], declared: Set<Vendor.ID>, killed: Set<Vendor.ID> = [], at now: Timestamp
  ) -> [Int64: [Finding]] {
    let live = grants.filter { $0.isLive(at: now) }
    // By vendor: how many of its live grants have each scope.
    var holders: [Vendor.ID?: [String: Int]] = [:]
    var sizes: [Vendor.ID?: Int] = [:]
    for grant in live where !grant.draft.scopes.isEmpty {
      sizes[grant.draft.vendor, default: 0] += 1
      for scope in grant.draft.scopes { holders[grant.draft.vendor, default: [:]][scope, default: 0] += 1 }
    }
    var found: [Int64: [Finding]] = [:]
    for grant in grants {
      let draft = grant.draft
      var of: [Finding] = []
      if grant.isRetiredAndLive(at: now) { of.append(.retiredButLive) }
      if let vendor = draft.vendor, killed.contains(vendor), grant.isLive(at: now) { of.append(.vendorKilledButLive) }
      if let retired = draft.retiredAt, let used = draft.lastUsedAt, used > retired { of.append(.usedAfterRetirement) }
      if let revoked = draft.revokedAt, let used = draft.lastUsedAt, used > revoked { of.append(.usedAfterRevocation) }
      if grant.isLive(at: now) {
        if draft.vendor.map({ !declared.contains($0) }) ?? true { of.append(.undeclaredVendor) }
        let isAlone = (sizes[draft.vendor] ?? 0) > 1 && draft.scopes.contains { holders[draft.vendor]?[$0] == 1 }
        if isAlone || draft.scopes.contains(where: isEverything) { of.append(.wideScope) }
        let last = draft.lastUsedAt ?? draft.createdAt ?? grant.recordedAt
        if last + unusedAfter < now { of.append(.unused) }
        if draft.expiresAt == nil { of.append(.neverExpires) }
      }
      if !of.isEmpty { found[grant.id] = of }
    }
    return found
  }

  /// A scope that leaves nothing out, by the words that are usual for it.
  private static func isEverything(_ scope: String) -> Bool {
    let word = scope.lowercased()
    let last = word.split { "/:.".contains($0) }.last.map(String.init) ?? word
    return ["*", "all", "admin", "full", "full_access", "fullaccess", "owner", "root"].contains(last)
  }
}
