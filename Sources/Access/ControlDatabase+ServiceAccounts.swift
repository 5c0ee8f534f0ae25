import Events
import Foundation
import GRDB
import Ledger
import Synchronization

extension ControlDatabase {
  /// The last use is written down at most so often.
  static let lastUsedGranularity: Duration = .seconds(60)

  func validate(_ draft: ServiceAccountDraft, in project: ProjectID) throws(AccessError) {
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
  }

  /// The secret is in the answer and nowhere else afterwards.
  ///
  /// - Parameter maker: whoever of the staff makes it is kept beside it.
  package func createServiceAccount(_ draft: ServiceAccountDraft, project: ProjectID, by maker: Principal? = nil) async throws(AccessError)
    -> NewServiceAccount
  {
    try validate(draft, in: project)
    let secret = Secret.random(.serviceAccount)
    let digest = secret.digest
    let now = clock()
    let account = ServiceAccount(
      username: "sa_" + PublicIdentifier.random(bytes: 8), project: project, name: draft.name, scopes: draft.scopes, createdAt: now,
      madeBy: maker.flatMap { $0.kind == .staff ? StaffMember.ID(rawValue: $0.id) : nil }, expiresAt: now + draft.lifetime,
      networks: draft.networks, quota: draft.quota, isCanary: draft.isCanary)
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO service_account
            (username, project_id, name, scopes, secret_sha256, created_at, expires_at, networks, quota_rows, quota_subjects, quota_bytes, canary,
             made_by)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          account.username, project.rawValue, account.name, Self.text(account.scopes),
          Data(digest.bytes), now.milliseconds, account.expiresAt.milliseconds,
          Self.text(account.networks), account.quota.rows, account.quota.subjects, account.quota.bytes,
          account.isCanary, account.madeBy?.rawValue,
        ])
    }
    cache.withLock { $0.accounts[account.username] = ControlCache.Account(account: account, digest: digest, replaced: []) }
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
    guard let sent = Secret(text, kind: .serviceAccount)?.digest else { return .unknown }
    let isNewest = (known?.digest ?? nothing).matches(sent)
    let replaced = known?.replaced.lastIndex { $0.matches(sent) }
    guard let known, let number = isNewest ? known.replaced.count : replaced else { return .unknown }
    let (account, now) = (known.account, clock())
    if account.isCanary { return .refused(account, .canary) }
    if account.isRevoked { return .refused(account, .revoked) }
    if account.isExpired(at: now) { return .refused(account, .expired) }
    guard known.accepts(secret: number, at: now) else { return .refused(account, .replaced) }
    if !account.networks.isEmpty {
      guard let address, account.networks.contains(where: { $0.contains(address) }) else { return .refused(account, .network) }
    }
    noteUse(of: account)
    return .accepted(
      Authenticated(
        principal: .init(kind: .serviceAccount, id: account.username, credential: account.username),
        rights: .serviceAccount(account.project, account.scopes), secretNumber: number))
  }

  /// A secret that came without a user name, as older clients of Mixpanel send a project's secret: a secret is nobody else's.
  package func present(secretAlone text: String, from address: String?) -> Presented {
    guard let sent = Secret(text, kind: .serviceAccount)?.digest else { return .unknown }
    // Compared outside of the lock, which every request takes.
    let accounts = cache.withLock { $0.accounts }
    let name = accounts.first { $0.value.digest.matches(sent) || $0.value.replaced.contains { $0.matches(sent) } }?.key
    return name.map { present(username: $0, secret: text, from: address) } ?? .unknown
  }

  /// Whether a secret that came where none is accepted, or under another's name, is one that nobody should have any more. It opens nothing.
  package func stray(_ text: String) -> (ServiceAccount, Presented.Refusal)? {
    guard let sent = Secret(text, kind: .serviceAccount)?.digest else { return nil }
    let accounts = cache.withLock { $0.accounts }
    let found = accounts.values.lazy.compactMap { known -> (ControlCache.Account, Int)? in
      known.digest.matches(sent) ? (known, known.replaced.count) : known.replaced.lastIndex { $0.matches(sent) }.map { (known, $0) }
    }.first
    guard let (known, number) = found else { return nil }
    if known.account.isCanary { return (known.account, .canary) }
    if known.account.isRevoked { return (known.account, .revoked) }
    return known.accepts(secret: number, at: clock()) ? nil : (known.account, .replaced)
  }

  /// Whether a program's secret that was accepted a moment ago would be still. From memory; networks are not asked again.
  package func isStillGood(_ who: Authenticated) -> Bool {
    guard case .serviceAccount = who.rights else { return true }
    let now = clock()
    guard let known = cache.withLock({ $0.accounts[who.principal.id] }), !known.account.isRevoked, !known.account.isExpired(at: now) else {
      return false
    }
    return who.secretNumber.map { known.accepts(secret: $0, at: now) } ?? true
  }

  /// The same of people too: for answers that take their time.
  package func isStillGood(_ who: Authenticated, for action: Access.Action, in project: ProjectID) async throws(AccessError) -> Bool {
    switch who.rights {
    case .serviceAccount: return isStillGood(who)
    case .staff:
      guard let session = try await session(id: who.principal.credential) else { return false }
      return (try? Access.authorize(session.who, action, in: project)) != nil
    case .operatingSystemUser, .custodian, .projectToken: return true
    }
  }

  /// Whether whoever asked may still be answered: an answer may have taken its time. For the ledger's brake, before anything is entered.
  ///
  /// - Throws: `LedgerError`, revoked; or unwritable where the control database does not answer.
  package func expectGood(_ principal: Principal) async throws(LedgerError) {
    let isGood: Bool
    switch principal.kind {
    case .serviceAccount:
      let now = clock()
      isGood = cache.withLock { $0.accounts[principal.id].map { !$0.account.isRevoked && !$0.account.isExpired(at: now) } ?? false }
    case .staff:
      do { isGood = try await session(id: principal.credential) != nil } catch {
        throw LedgerError(.unwritable, "The control database does not answer: \(error.message)")
      }
    case .owner, .operatingSystemUser, .custodian, .vendor, .system: isGood = true
    }
    if !isGood { throw LedgerError(.revoked, "This credential was revoked or has ended since the question was asked: nothing leaves.") }
  }

  static func validateRotation(overlap: Duration, lifetime: Duration) throws(AccessError) {
    guard overlap >= .zero, overlap <= ServiceAccount.longestOverlap else {
      throw AccessError(.invalid, "The overlap of a rotation is 0 to 168 hours.")
    }
    guard lifetime > .zero, lifetime <= ServiceAccount.longestLifetime else {
      throw AccessError(.invalid, "A service account ends after 1 to 366 days.")
    }
  }

  /// Gives an account its next secret; the one before is good until the overlap ends.
  package func rotateServiceAccount(_ username: String, overlap: Duration, lifetime: Duration = ServiceAccount.usualLifetime)
    async throws(AccessError) -> NewServiceAccount
  {
    try Self.validateRotation(overlap: overlap, lifetime: lifetime)
    let (secret, now) = (Secret.random(.serviceAccount), clock())
    let digest = secret.digest
    let overlapUntil = now + overlap
    let expiresAt = now + lifetime
    guard let known = cache.withLock({ $0.accounts[username] }), !known.account.isRevoked, !known.account.isCanary else {
      throw AccessError(.notFound, "There is no service account of this name that is in use.")
    }
    let stored = try await write { database in
      // Kept, so that whoever presents it later is known for what they are.
      try database.execute(
        sql: """
          INSERT INTO replaced_secret (sha256, username, number)
          SELECT secret_sha256, username, (SELECT count(*) FROM replaced_secret WHERE username = ?1) FROM service_account
          WHERE username = ?1 AND revoked_at IS NULL
          """, arguments: [username])
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
      guard current.replaced.count <= stored.replaced.count else { return current.account }
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
    let replaced = try Row.fetchAll(
      database, sql: "SELECT sha256, username FROM replaced_secret WHERE username = coalesce(?, username) ORDER BY username, number",
      arguments: [username]
    ).reduce(into: [String: [SecretDigest]]()) { digests, row in
      digests[row["username"], default: []].append(SecretDigest(bytes: [UInt8](row["sha256"] as Data)))
    }
    return try Row.fetchAll(
      database, sql: "SELECT * FROM service_account WHERE username = coalesce(?, username)", arguments: [username]
    ).map { row in
      let scopes: String = row["scopes"]
      let networks: String = row["networks"]
      let digest: Data = row["secret_sha256"]
      func time(_ column: String) -> Timestamp? { (row[column] as Int64?).map { Timestamp(milliseconds: $0) } }
      var account = ServiceAccount(
        username: row["username"], project: ProjectID(row["project_id"]), name: row["name"],
        scopes: ControlDatabase.scopes(scopes), createdAt: Timestamp(milliseconds: row["created_at"]),
        madeBy: (row["made_by"] as String?).map { StaffMember.ID(rawValue: $0) }, expiresAt: Timestamp(milliseconds: row["expires_at"]),
        networks: networks.split(separator: " ").compactMap { NetworkPrefix(String($0)) },
        quota: Quota(rows: row["quota_rows"], subjects: row["quota_subjects"], bytes: row["quota_bytes"]), isCanary: row["canary"])
      account.lastUsedAt = time("last_used_at")
      account.rotatedAt = time("rotated_at")
      account.overlapUntil = time("overlap_until")
      account.revokedAt = time("revoked_at")
      return ControlCache.Account(
        account: account, digest: SecretDigest(bytes: [UInt8](digest)), replaced: replaced[account.username] ?? [])
    }
  }

  /// - Parameter number: of the secret.
  func accepts(secret number: Int, at now: Timestamp) -> Bool {
    if number == replaced.count { return true }
    return number == replaced.count - 1 && (account.overlapUntil.map { now < $0 } ?? false)
  }
}
