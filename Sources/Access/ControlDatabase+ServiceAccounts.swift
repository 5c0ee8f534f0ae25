import Events
import Foundation
import GRDB
import Ledger
import Synchronization

extension ControlDatabase {
  /// The last use is written down at most so often.
  static let lastUsedGranularity: Duration = .seconds(60)

  /// The secret is in the answer and nowhere else afterwards.
  package func createServiceAccount(_ draft: ServiceAccountDraft, project: ProjectID) async throws(AccessError) -> NewServiceAccount {
    try Name.validate(draft.name, what: "A service account's name")
    guard !draft.scopes.isEmpty else {
      throw AccessError(.invalid, "A service account needs at least one scope: intake, query, export or admin.")
    }
    guard draft.lifetime > .zero, draft.lifetime <= ServiceAccount.longestLifetime else {
      throw AccessError(.invalid, "A service account ends after 1 to 366 days; make another one, or rotate its secret, before that.")
    }
    guard draft.networks.count <= ServiceAccount.maximumNetworks else {
      throw AccessError(.invalid, "A service account has at most \(ServiceAccount.maximumNetworks) networks.")
    }
    guard Quota.Measure.allCases.allSatisfy({ draft.quota[$0] >= 0 }) else {
      throw AccessError(.invalid, "A quota is a whole number from 0 on.")
    }
    guard self.project(project) != nil else { throw AccessError(.notFound, "There is no project \(project).") }
    let secret = Secret.random(.serviceAccount)
    let digest = secret.digest
    let now = clock()
    let account = ServiceAccount(
      username: "sa_" + PublicIdentifier.random(bytes: 8), project: project, name: draft.name, scopes: draft.scopes, createdAt: now,
      expiresAt: now + draft.lifetime, networks: draft.networks, quota: draft.quota, isCanary: draft.isCanary)
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO service_account
            (username, project_id, name, scopes, secret_sha256, created_at, expires_at, networks, quota_rows, quota_subjects, quota_bytes, canary)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          account.username, project.rawValue, account.name, account.scopes.map(\.rawValue).sorted().joined(separator: " "),
          Data(digest.bytes), now.milliseconds, account.expiresAt.milliseconds,
          account.networks.map(\.description).joined(separator: " "), account.quota.rows, account.quota.subjects, account.quota.bytes,
          account.isCanary,
        ])
    }
    cache.withLock { $0.accounts[account.username] = ControlCache.Account(account: account, digest: digest, previous: nil) }
    return NewServiceAccount(account: account, secret: secret)
  }

  package func createServiceAccount(name: String, project: ProjectID, scopes: Set<ServiceAccount.Scope>) async throws(AccessError)
    -> NewServiceAccount
  {
    try await createServiceAccount(ServiceAccountDraft(name: name, scopes: scopes), project: project)
  }

  /// By age, revoked ones too; of all projects if nil.
  package func serviceAccounts(of project: ProjectID?) -> [ServiceAccount] {
    cache.withLock { $0.accounts.values.map(\.account) }
      .filter { project == nil || $0.project == project }
      .sorted { ($0.createdAt, $0.username) < ($1.createdAt, $1.username) }
  }

  package func serviceAccount(_ username: String) -> ServiceAccount? { cache.withLock { $0.accounts[username]?.account } }

  /// What becomes of a user name and secret that come from an address. From memory.
  ///
  /// - Parameter address: nil where it is not known: then an account that is bound to networks is refused.
  package func present(username: String, secret text: String, from address: String?) -> Presented {
    let known = cache.withLock { $0.accounts[username] }
    // An unknown name costs the same comparisons as a known one.
    let nothing = SecretDigest(bytes: [UInt8](repeating: 0, count: 32))
    guard let secret = Secret(text, kind: .serviceAccount) else { return .unknown }
    let isNewest = (known?.digest ?? nothing).matches(secret)
    let isPrevious = (known?.previous ?? nothing).matches(secret)
    guard let known, isNewest || isPrevious else { return .unknown }
    let (account, now) = (known.account, clock())
    if account.isCanary { return .refused(account, .canary) }
    if account.isRevoked { return .refused(account, .revoked) }
    if account.isExpired(at: now) { return .refused(account, .expired) }
    if !isNewest, account.overlapUntil.map({ $0 <= now }) ?? true { return .refused(account, .replaced) }
    if !account.networks.isEmpty {
      guard let address, account.networks.contains(where: { $0.contains(address) }) else { return .refused(account, .network) }
    }
    noteUse(of: account)
    return .accepted(
      Authenticated(
        principal: .init(kind: .serviceAccount, id: account.username, credential: account.username),
        rights: .serviceAccount(account.project, account.scopes)))
  }

  /// A secret that came without a user name, as older clients of Mixpanel send a project's secret: a secret is nobody else's.
  package func present(secretAlone text: String, from address: String?) -> Presented {
    guard let secret = Secret(text, kind: .serviceAccount) else { return .unknown }
    let name = cache.withLock { cache in
      cache.accounts.first { $0.value.digest.matches(secret) || $0.value.previous?.matches(secret) ?? false }?.key
    }
    return name.map { present(username: $0, secret: text, from: address) } ?? .unknown
  }

  /// Whether what was accepted a moment ago would be still: for answers that take their time. Networks are not asked again.
  package func isStillGood(_ who: Authenticated, for action: Access.Action, in project: ProjectID) async throws(AccessError) -> Bool {
    switch who.rights {
    case .serviceAccount:
      let now = clock()
      return cache.withLock { cache in
        cache.accounts[who.principal.id].map { !$0.account.isRevoked && !$0.account.isExpired(at: now) } ?? false
      }
    case .staff:
      guard let session = try await session(id: who.principal.credential) else { return false }
      return (try? Access.authorize(session.who, action, in: project)) != nil
    case .operatingSystemUser, .custodian, .projectToken: return true
    }
  }

  /// Gives an account its next secret; the one before is good until the overlap ends.
  package func rotateServiceAccount(_ username: String, overlap: Duration, lifetime: Duration = ServiceAccount.usualLifetime)
    async throws(AccessError) -> NewServiceAccount
  {
    guard overlap >= .zero, overlap <= ServiceAccount.longestOverlap else {
      throw AccessError(.invalid, "The overlap of a rotation is 0 to 168 hours.")
    }
    guard lifetime > .zero, lifetime <= ServiceAccount.longestLifetime else {
      throw AccessError(.invalid, "A service account ends after 1 to 366 days.")
    }
    let (secret, now) = (Secret.random(.serviceAccount), clock())
    let digest = secret.digest
    let overlapUntil = now + overlap
    let expiresAt = now + lifetime
    guard let known = cache.withLock({ $0.accounts[username] }), !known.account.isRevoked, !known.account.isCanary else {
      throw AccessError(.notFound, "There is no service account of this name that is in use.")
    }
    let stored = try await write { database in
      try database.execute(
        sql: """
          UPDATE service_account SET previous_sha256 = secret_sha256, secret_sha256 = ?, rotated_at = ?, overlap_until = ?, expires_at = ?
          WHERE username = ? AND revoked_at IS NULL
          """,
        arguments: [Data(digest.bytes), now.milliseconds, overlapUntil.milliseconds, expiresAt.milliseconds, username])
      guard database.changesCount == 1, let stored = try ControlCache.Account.all(database, username: username).first else {
        throw AccessError(.notFound, "There is no service account of this name that is in use.")
      }
      return stored
    }
    // What was revoked, or rotated again, while this was written stays so.
    let account = cache.withLock { cache -> ServiceAccount in
      guard let current = cache.accounts[username] else { return stored.account }
      guard current.account.rotatedAt.map({ $0 <= now }) ?? true else { return current.account }
      var changed = stored
      changed.account.revokedAt = current.account.revokedAt ?? stored.account.revokedAt
      changed.account.lastUsedAt = current.account.lastUsedAt
      cache.accounts[username] = changed
      return changed.account
    }
    guard !account.isRevoked else { throw AccessError(.notFound, "The service account was revoked meanwhile.") }
    return NewServiceAccount(account: account, secret: secret)
  }

  /// Takes effect at once: the next request with it is refused. Revoking it again changes nothing.
  package func revokeServiceAccount(_ username: String) async throws(AccessError) -> ServiceAccount {
    let now = clock()
    guard cache.withLock({ $0.accounts[username] }) != nil else {
      throw AccessError(.notFound, "There is no service account of this name.")
    }
    try await write { database in
      try database.execute(
        sql: "UPDATE service_account SET revoked_at = ? WHERE username = ? AND revoked_at IS NULL", arguments: [now.milliseconds, username])
    }
    let account = cache.withLock { cache in
      if cache.accounts[username]?.account.revokedAt == nil { cache.accounts[username]?.account.revokedAt = now }
      return cache.accounts[username]?.account
    }
    guard let account else { throw AccessError(.notFound, "There is no service account of this name.") }
    return account
  }

  private func noteUse(of account: ServiceAccount) {
    let now = clock()
    if let last = account.lastUsedAt, now < last + Self.lastUsedGranularity { return }
    let isFirst = cache.withLock { cache in
      if let last = cache.accounts[account.username]?.account.lastUsedAt, now < last + Self.lastUsedGranularity { return false }
      cache.accounts[account.username]?.account.lastUsedAt = now
      return true
    }
    guard isFirst else { return }
    // Nobody waits for it, and a lost one only makes the page a minute older.
    pool.asyncWrite { database in
      try database.execute(
        sql: "UPDATE service_account SET last_used_at = ? WHERE username = ?", arguments: [now.milliseconds, account.username])
    } completion: { _, _ in
    }
  }
}

extension ControlCache.Account {
  /// - Parameter username: nil: all.
  static func all(_ database: Database, username: String? = nil) throws -> [ControlCache.Account] {
    try Row.fetchAll(
      database, sql: "SELECT * FROM service_account WHERE username = coalesce(?, username)", arguments: [username]
    ).map { row in
      let scopes: String = row["scopes"]
      let networks: String = row["networks"]
      let digest: Data = row["secret_sha256"]
      func time(_ column: String) -> Timestamp? { (row[column] as Int64?).map { Timestamp(milliseconds: $0) } }
      var account = ServiceAccount(
        username: row["username"], project: ProjectID(row["project_id"]), name: row["name"],
        scopes: Set(scopes.split(separator: " ").compactMap { ServiceAccount.Scope(rawValue: String($0)) }),
        createdAt: Timestamp(milliseconds: row["created_at"]), expiresAt: Timestamp(milliseconds: row["expires_at"]),
        networks: networks.split(separator: " ").compactMap { NetworkPrefix(String($0)) },
        quota: Quota(rows: row["quota_rows"], subjects: row["quota_subjects"], bytes: row["quota_bytes"]), isCanary: row["canary"])
      account.lastUsedAt = time("last_used_at")
      account.rotatedAt = time("rotated_at")
      account.overlapUntil = time("overlap_until")
      account.revokedAt = time("revoked_at")
      return ControlCache.Account(
        account: account, digest: SecretDigest(bytes: [UInt8](digest)),
        previous: (row["previous_sha256"] as Data?).map { SecretDigest(bytes: [UInt8]($0)) })
    }
  }
}
