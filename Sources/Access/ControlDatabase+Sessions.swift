import Events
import Foundation
import GRDB
import Synchronization

extension ControlDatabase {
  /// A session's last use is written down at most so often.
  static let lastSeenGranularity: Duration = .seconds(60)

  /// Earlier links stay valid until their hour is over.
  package func createSetupLink() async throws(AccessError) -> SetupLink {
    let token = Secret.random(.setupLink)
    let digest = Data(token.digest.bytes)
    let now = clock()
    let link = SetupLink(token: token, expiresAt: now + SetupLink.lifetime)
    try await write { database in
      try database.execute(
        sql: "INSERT INTO setup_link (token_sha256, created_at, expires_at) VALUES (?, ?, ?)",
        arguments: [digest, now.milliseconds, link.expiresAt.milliseconds])
      try database.execute(sql: "DELETE FROM setup_link WHERE expires_at < ?", arguments: [now.milliseconds - 86_400_000])
    }
    return link
  }

  /// Uses the link up and begins a session of the owner, both or neither. Of many at once, one succeeds.
  ///
  /// - Throws: `linkNotValid` for one that is unknown, used or expired.
  package func useSetupLink(_ token: String) async throws(AccessError) -> NewSession {
    let refusal = AccessError(
      .linkNotValid, "This setup link is not valid: it works once and for an hour. Run `sealane setup-link` on the server for a new one.")
    guard let token = Secret(token, kind: .setupLink) else { throw refusal }
    let digest = Data(token.digest.bytes)
    let now = clock()
    let cookie = Secret.random(.session)
    let cookieDigest = Data(cookie.digest.bytes)
    let session = Session(id: "ses_" + PublicIdentifier.random(bytes: 8), createdAt: now, lastSeenAt: now)
    try await write { database in
      // One statement finds and uses it up, so that two requests cannot both find it unused.
      try database.execute(
        sql: "UPDATE setup_link SET used_at = ? WHERE token_sha256 = ? AND used_at IS NULL AND expires_at > ?",
        arguments: [now.milliseconds, digest, now.milliseconds])
      guard database.changesCount == 1 else { throw refusal }
      try database.execute(
        sql: "INSERT INTO session (id, cookie_sha256, created_at, last_seen_at) VALUES (?, ?, ?, ?)",
        arguments: [session.id, cookieDigest, now.milliseconds, now.milliseconds])
      try Self.removeExpired(database, now: now)
    }
    return NewSession(session: ActiveSession(session: session, cookie: cookie), cookie: cookie)
  }

  /// The session of a cookie, which counts as used by asking; nil if it is unknown, ended or expired.
  package func session(cookie: String) async throws(AccessError) -> ActiveSession? {
    guard let cookie = Secret(cookie, kind: .session) else { return nil }
    let digest = cookie.digest
    let now = clock()
    let found = try await read { database in
      // The index finds by hash, which nobody who lacks the cookie can steer; the comparison after it is in constant time.
      try Row.fetchOne(
        database, sql: "SELECT id, cookie_sha256, created_at, last_seen_at FROM session WHERE cookie_sha256 = ?",
        arguments: [Data(digest.bytes)]
      ).map { row in (Session(row), SecretDigest(bytes: [UInt8](row["cookie_sha256"] as Data))) }
    }
    guard let (stored, storedDigest) = found, storedDigest.matches(cookie) else { return nil }
    let seen = cache.withLock { max($0.sessionsSeen[stored.id] ?? stored.lastSeenAt, stored.lastSeenAt) }
    guard now < Session(id: stored.id, createdAt: stored.createdAt, lastSeenAt: seen).expiresAt else { return nil }
    cache.withLock { $0.sessionsSeen[stored.id] = now }
    if now >= stored.lastSeenAt + Self.lastSeenGranularity {
      try await write { database in
        try database.execute(sql: "UPDATE session SET last_seen_at = ? WHERE id = ?", arguments: [now.milliseconds, stored.id])
      }
    }
    return ActiveSession(session: Session(id: stored.id, createdAt: stored.createdAt, lastSeenAt: now), cookie: cookie)
  }

  /// Those that are not over, newest first.
  package func sessions() async throws(AccessError) -> [Session] {
    let now = clock()
    let stored = try await read { database in
      try Row.fetchAll(database, sql: "SELECT id, created_at, last_seen_at FROM session ORDER BY created_at DESC, id").map { Session($0) }
    }
    let seen = cache.withLock { $0.sessionsSeen }
    return stored.map { Session(id: $0.id, createdAt: $0.createdAt, lastSeenAt: max(seen[$0.id] ?? $0.lastSeenAt, $0.lastSeenAt)) }
      .filter { now < $0.expiresAt }
  }

  /// Ends a session, one's own or another's; false if there was none of that id.
  package func endSession(_ id: String) async throws(AccessError) -> Bool {
    let wasThere = try await write { database in
      try database.execute(sql: "DELETE FROM session WHERE id = ?", arguments: [id])
      return database.changesCount == 1
    }
    _ = cache.withLock { $0.sessionsSeen.removeValue(forKey: id) }
    return wasThere
  }

  private static func removeExpired(_ database: Database, now: Timestamp) throws {
    let oldest = now.milliseconds - Session.absoluteLimit.components.seconds * 1000
    try database.execute(sql: "DELETE FROM session WHERE created_at < ?", arguments: [oldest])
  }
}

extension Session {
  init(_ row: Row) {
    self.init(
      id: row["id"], createdAt: Timestamp(milliseconds: row["created_at"]), lastSeenAt: Timestamp(milliseconds: row["last_seen_at"]))
  }
}
