import Events
import Foundation
import GRDB
import Ledger
import Synchronization

extension ControlDatabase {
  /// The last use is written down at most so often.
  static let lastUsedGranularity: Duration = .seconds(60)

  /// The secret is in the answer and nowhere else afterwards.
  package func createServiceAccount(name: String, project: ProjectID, scopes: Set<ServiceAccount.Scope>) async throws(AccessError)
    -> NewServiceAccount
  {
    try Name.validate(name, what: "A service account's name")
    guard !scopes.isEmpty else { throw AccessError(.invalid, "A service account needs at least one scope: send, query or export.") }
    guard self.project(project) != nil else { throw AccessError(.notFound, "There is no project \(project).") }
    let secret = Secret.random(.serviceAccount)
    let digest = secret.digest
    let account = ServiceAccount(
      username: "sa_" + PublicIdentifier.random(bytes: 8), project: project, name: name, scopes: scopes, createdAt: clock())
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO service_account (username, project_id, name, scopes, secret_sha256, created_at) VALUES (?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          account.username, project.rawValue, name, scopes.map(\.rawValue).sorted().joined(separator: " "), Data(digest.bytes),
          account.createdAt.milliseconds,
        ])
    }
    cache.withLock { $0.accounts[account.username] = ControlCache.Account(account: account, digest: digest) }
    return NewServiceAccount(account: account, secret: secret)
  }

  /// By age, revoked ones too; of all projects if nil.
  package func serviceAccounts(of project: ProjectID?) -> [ServiceAccount] {
    cache.withLock { $0.accounts.values.map(\.account) }
      .filter { project == nil || $0.project == project }
      .sorted { ($0.createdAt, $0.username) < ($1.createdAt, $1.username) }
  }

  /// Nil for an unknown or revoked account and for a wrong secret; the caller does not learn which. From memory.
  package func authenticate(username: String, secret: String) -> Authenticated? {
    let known = cache.withLock { $0.accounts[username] }
    // An unknown name costs the same comparison as a known one.
    let digest = known?.digest ?? SecretDigest(bytes: [UInt8](repeating: 0, count: 32))
    guard let secret = Secret(secret, kind: .serviceAccount), digest.matches(secret), let known, !known.account.isRevoked else {
      return nil
    }
    noteUse(of: known.account)
    return Authenticated(
      principal: .init(kind: .serviceAccount, id: known.account.username, credential: known.account.username),
      rights: .serviceAccount(known.account.project, known.account.scopes))
  }

  /// The account of a secret that came without a user name, as older clients of Mixpanel send a project's secret: a secret is nobody
  /// else's. Nil for an unknown or revoked one.
  package func authenticate(secretAlone text: String) -> Authenticated? {
    guard let secret = Secret(text, kind: .serviceAccount) else { return nil }
    let names = cache.withLock { $0.accounts.filter { $0.value.digest.matches(secret) }.keys }
    return names.first.flatMap { authenticate(username: $0, secret: text) }
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
  static func all(_ database: Database) throws -> [ControlCache.Account] {
    try Row.fetchAll(
      database,
      sql: "SELECT username, project_id, name, scopes, secret_sha256, created_at, last_used_at, revoked_at FROM service_account"
    ).map { row in
      let scopes: String = row["scopes"]
      let digest: Data = row["secret_sha256"]
      let account = ServiceAccount(
        username: row["username"], project: ProjectID(row["project_id"]), name: row["name"],
        scopes: Set(scopes.split(separator: " ").compactMap { ServiceAccount.Scope(rawValue: String($0)) }),
        createdAt: Timestamp(milliseconds: row["created_at"]),
        lastUsedAt: (row["last_used_at"] as Int64?).map { Timestamp(milliseconds: $0) },
        revokedAt: (row["revoked_at"] as Int64?).map { Timestamp(milliseconds: $0) })
      return ControlCache.Account(account: account, digest: SecretDigest(bytes: [UInt8](digest)))
    }
  }
}
