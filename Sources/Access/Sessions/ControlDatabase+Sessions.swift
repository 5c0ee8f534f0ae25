import Events
import Foundation
import GRDB
import Synchronization

extension ControlDatabase {
  /// A session's last use is written down at most so often.
  static let lastSeenGranularity: Duration = .seconds(60)

  /// A name for a session that is about to begin, so that it can stand in the ledger before.
  package static func newSessionID() -> String { "ses_" + PublicIdentifier.random(bytes: 8) }

  /// Begins a session of somebody who has just proven who they are.
  ///
  /// - Throws: `notFound` where the person is unknown or suspended by now.
  package func beginSession(_ id: String, of staff: StaffMember.ID, key: SessionKey, client: String) async throws(AccessError) -> NewSession
  {
    let now = clock()
    let cookie = Secret.random(.session)
    let digest = Data(cookie.digest.bytes)
    let formToken = PublicIdentifier.random(bytes: 20)
    let client = String(client.prefix(80))
    let session = Session(id: id, staff: staff, client: client, createdAt: now, lastSeenAt: now)
    let member = try await write { database in
      guard let member = try Self.member(staff, in: database), member.isActive else {
        throw AccessError(.notFound, "Nobody of the staff may sign in under this id.")
      }
      try database.execute(
        sql: "DELETE FROM session WHERE created_at < ?",
        arguments: [now.milliseconds - Session.absoluteLimit.components.seconds * 1000])
      // The same browser signing in again; a key that is another person's is none for a session.
      try database.execute(
        sql: "DELETE FROM session WHERE thumbprint = ? AND staff_id = ?", arguments: [Data(key.thumbprint), staff.rawValue])
      guard
        try
          !(Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM session WHERE thumbprint = ?)", arguments: [Data(key.thumbprint)]) ?? false)
      else { throw AccessError(.invalid, "This browser's key belongs to another session. Reload the page and try again.") }
      try database.execute(
        sql: """
          INSERT INTO session (id, staff_id, key, thumbprint, cookie_sha256, cookie_at, form_token, client, created_at, last_seen_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          id, staff.rawValue, Data(key.point), Data(key.thumbprint), digest, now.milliseconds, formToken, client, now.milliseconds,
          now.milliseconds,
        ])
      return member
    }
    // What is over by its idleness needs no memory.
    cache.withLock { cache in
      cache.sessionsSeen = cache.sessionsSeen.filter { now < $0.value + Session.idleLimit }
    }
    return NewSession(
      session: ActiveSession(session: session, name: member.name, roles: member.roles, formToken: formToken, key: key), cookie: cookie)
  }

  /// The session of a cookie; nil if it is unknown, ended, expired, or older than a cookie may be.
  ///
  /// - Parameter isUse: whether the request counts as its owner's doing; what a page asks by itself does not keep a session alive.
  package func session(cookie: String, isUse: Bool = true) async throws(AccessError) -> ActiveSession? {
    guard let cookie = Secret(cookie, kind: .session) else { return nil }
    let digest = cookie.digest
    let now = clock()
    // The index finds by hash, which nobody who lacks the cookie can steer; the comparison after it is in constant time.
    let found = try await read { database -> (StoredSession, StaffMember)? in
      guard
        let row = try Row.fetchOne(
          database, sql: "SELECT * FROM session WHERE cookie_sha256 = ?1 OR previous_sha256 = ?1", arguments: [Data(digest.bytes)])
      else { return nil }
      let stored = try StoredSession(row)
      return try Self.member(stored.session.staff, in: database).map { (stored, $0) }
    }
    guard let (stored, member) = found, stored.accepts(cookie, at: now) else { return nil }
    return try await active(stored, member, at: now, isUse: isUse)
  }

  func hasSession(key: SessionKey) async throws(AccessError) -> Bool {
    let thumbprint = Data(key.thumbprint)
    return try await read { database in
      try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM session WHERE thumbprint = ?)", arguments: [thumbprint]) ?? false
    }
  }

  /// Gives the session of a key its next cookie. Nil if there is none, or it is over.
  package func renewSession(key: SessionKey) async throws(AccessError) -> NewSession? {
    let now = clock()
    let cookie = Secret.random(.session)
    let digest = Data(cookie.digest.bytes)
    let found = try await read { database -> (StoredSession, StaffMember)? in
      guard
        let row = try Row.fetchOne(database, sql: "SELECT * FROM session WHERE thumbprint = ?", arguments: [Data(key.thumbprint)])
      else { return nil }
      let stored = try StoredSession(row)
      return try Self.member(stored.session.staff, in: database).map { (stored, $0) }
    }
    // A renewal is what a page does by itself: it does not keep the session alive.
    guard let (stored, member) = found, let session = try await active(stored, member, at: now, isUse: false) else { return nil }
    let isThere = try await write { database in
      try database.execute(
        sql: """
          UPDATE session SET previous_sha256 = cookie_sha256, previous_until = min(?, cookie_at + ?), cookie_sha256 = ?, cookie_at = ?
          WHERE id = ?
          """,
        arguments: [
          (now + Session.overlap).milliseconds, Session.cookieLifetime.components.seconds * 1000, digest, now.milliseconds,
          stored.session.id,
        ])
      return database.changesCount == 1
    }
    return isThere ? NewSession(session: session, cookie: cookie) : nil
  }

  /// The session of a public id as it is now; nil if it is over, or its owner suspended.
  func session(id: String) async throws(AccessError) -> ActiveSession? {
    let now = clock()
    let found = try await read { database -> (StoredSession, StaffMember)? in
      guard let row = try Row.fetchOne(database, sql: "SELECT * FROM session WHERE id = ?", arguments: [id]) else { return nil }
      let stored = try StoredSession(row)
      return try Self.member(stored.session.staff, in: database).map { (stored, $0) }
    }
    guard let (stored, member) = found else { return nil }
    return try await active(stored, member, at: now, isUse: false)
  }

  /// Those that are not over, newest first; of one person if given.
  package func sessions(of staff: StaffMember.ID? = nil) async throws(AccessError) -> [Session] {
    let now = clock()
    let stored = try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM session WHERE staff_id = coalesce(?, staff_id) ORDER BY created_at DESC, id",
        arguments: [staff?.rawValue]
      ).map { try StoredSession($0).session }
    }
    let seen = cache.withLock { $0.sessionsSeen }
    return stored.map { $0.seen(max(seen[$0.id] ?? $0.lastSeenAt, $0.lastSeenAt)) }.filter { now < $0.expiresAt }
  }

  /// Of how many sessions the last use is remembered.
  package var sessionsInMemory: Int { cache.withLock { $0.sessionsSeen.count } }

  /// Ends a session, one's own or another's; false if there was none of that id.
  package func endSession(_ id: String) async throws(AccessError) -> Bool {
    let wasThere = try await write { database in
      try database.execute(sql: "DELETE FROM session WHERE id = ?", arguments: [id])
      return database.changesCount == 1
    }
    _ = cache.withLock { $0.sessionsSeen.removeValue(forKey: id) }
    return wasThere
  }

  private func active(_ stored: StoredSession, _ member: StaffMember, at now: Timestamp, isUse: Bool) async throws(AccessError)
    -> ActiveSession?
  {
    let seen = cache.withLock { max($0.sessionsSeen[stored.session.id] ?? stored.session.lastSeenAt, stored.session.lastSeenAt) }
    var session = stored.session.seen(seen)
    guard now < session.expiresAt, member.suspension == nil else { return nil }
    if isUse {
      session = session.seen(now)
      cache.withLock { $0.sessionsSeen[session.id] = now }
      if now >= stored.session.lastSeenAt + Self.lastSeenGranularity {
        let id = session.id
        try await write { database in
          try database.execute(sql: "UPDATE session SET last_seen_at = ? WHERE id = ?", arguments: [now.milliseconds, id])
        }
      }
    }
    return ActiveSession(session: session, name: member.name, roles: member.roles, formToken: stored.formToken, key: stored.key)
  }
}

/// A row of the table.
private struct StoredSession: Sendable {
  let session: Session
  let key: SessionKey
  let formToken: String
  private let cookie: SecretDigest
  private let cookieAt: Timestamp
  private let previous: SecretDigest?
  private let previousUntil: Timestamp?

  init(_ row: Row) throws {
    guard let key = SessionKey(point: [UInt8](row["key"] as Data)) else {
      throw AccessError(.unavailable, "The control database is damaged: a session's key cannot be read.")
    }
    self.key = key
    session = Session(
      id: row["id"], staff: StaffMember.ID(rawValue: row["staff_id"]), client: row["client"],
      createdAt: Timestamp(milliseconds: row["created_at"]), lastSeenAt: Timestamp(milliseconds: row["last_seen_at"]))
    formToken = row["form_token"]
    cookie = SecretDigest(bytes: [UInt8](row["cookie_sha256"] as Data))
    cookieAt = Timestamp(milliseconds: row["cookie_at"])
    previous = (row["previous_sha256"] as Data?).map { SecretDigest(bytes: [UInt8]($0)) }
    previousUntil = (row["previous_until"] as Int64?).map { Timestamp(milliseconds: $0) }
  }

  func accepts(_ sent: Secret, at now: Timestamp) -> Bool {
    if cookie.matches(sent) { return now < cookieAt + Session.cookieLifetime }
    guard let previous, let previousUntil else { return false }
    return previous.matches(sent) && now < previousUntil
  }
}

extension Session {
  fileprivate func seen(_ time: Timestamp) -> Session {
    Session(id: id, staff: staff, client: client, createdAt: createdAt, lastSeenAt: time)
  }
}
