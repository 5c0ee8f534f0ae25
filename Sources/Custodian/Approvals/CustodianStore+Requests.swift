package import Events
internal import Foundation
internal import GRDB
package import Notices
package import Passkeys

/// Requests and their signatures. Every step is one transaction that looks again at what it depends on: two at once cannot both pass.
extension CustodianStore {
  package func enter(_ request: CustodianRequest, letters: [LetterTemplate] = []) throws {
    try database.write {
      // Drafts that nobody signed in time are nothing any more.
      try $0.execute(
        sql: "DELETE FROM request WHERE state = 'draft' AND made_at < ?",
        arguments: [request.created.milliseconds - CustodianRequest.lifetime])
      try $0.execute(
        sql: "INSERT INTO request (digest, canonical, kind, subjects, state, made_at) VALUES (?, ?, ?, ?, 'draft', ?)",
        arguments: [
          Data(request.digest), Data(request.canonical), request.kind, request.subjectCount, request.created.milliseconds,
        ])
      try Self.put(letters, of: request.digest, in: $0)
    }
  }

  /// - Throws: `ApprovalError.changedBytes` where the bytes that are stored are not those that the digest names.
  package func request(_ digest: [UInt8]) throws -> StoredRequest? {
    try database.read { try Self.request(digest, in: $0) }
  }

  /// The newest first; drafts that nobody signed are left out. Those whose bytes were changed are listed by their digests.
  package func requests(limit: Int = 100) throws -> (sound: [StoredRequest], changed: [[UInt8]]) {
    try database.read { database in
      let digests = try Data.fetchAll(
        database, sql: "SELECT digest FROM request WHERE state <> 'draft' ORDER BY made_at DESC, digest LIMIT ?", arguments: [limit])
      var (sound, changed): ([StoredRequest], [[UInt8]]) = ([], [])
      for digest in digests {
        do { if let request = try Self.request(Array(digest), in: database) { sound.append(request) } } catch ApprovalError.changedBytes {
          changed.append(Array(digest))
        }
      }
      return (sound, changed)
    }
  }

  static func request(_ digest: [UInt8], in database: Database) throws -> StoredRequest? {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM request WHERE digest = ?", arguments: [Data(digest)]) else { return nil }
    let canonical: Data = row["canonical"]
    guard let request = CustodianRequest(canonical: Array(canonical)), request.digest == digest else { throw ApprovalError.changedBytes }
    guard let state = StoredRequest.State(rawValue: row["state"]) else { throw CustodianError.damagedStore("a request has no state") }
    let signatures = try Row.fetchAll(
      database, sql: "SELECT * FROM signature WHERE request = ? ORDER BY made_at, approver", arguments: [Data(digest)]
    ).map { row -> RequestSignature in
      let (approver, passkey): (Data, Data) = (row["approver"], row["passkey"])
      let (client, data, signature): (Data, Data, Data) = (row["client_data"], row["authenticator_data"], row["signature"])
      guard let act = CustodianRequest.Act(rawValue: row["act"]) else { throw CustodianError.damagedStore("a signature has no act") }
      return RequestSignature(
        approver: Array(approver), act: act, madeAt: Timestamp(milliseconds: row["made_at"]),
        assertion: AssertionResponse(
          credentialID: Array(passkey), clientDataJSON: Array(client), authenticatorData: Array(data), signature: Array(signature)))
    }
    let (decided, done, entry): (Int64?, Int64?, Int64?) = (row["decided_at"], row["done_at"], row["ledger_entry"])
    return StoredRequest(
      request: request, state: state, signatures: signatures, decidedAt: decided.map(Timestamp.init(milliseconds:)),
      doneAt: done.map(Timestamp.init(milliseconds:)), ledgerEntry: entry.map { UInt64($0) })
  }

  /// Verifies and keeps a signature. The rule decides on the state of the same transaction.
  package func sign(
    _ digest: [UInt8], by approver: Approver, with assertion: AssertionResponse, relyingParty: RelyingParty, at time: Timestamp
  ) throws -> (request: StoredRequest, act: CustodianRequest.Act) {
    try database.write { database in
      // As it is now: it may have been removed since whoever calls looked.
      guard let stored = try Self.request(digest, in: database), let approver = try Self.approver(approver.id, in: database) else {
        throw ApprovalError.noSuchRequest
      }
      let act = try ApprovalRule.act(of: approver, on: stored, at: time)
      let allowed = try Data.fetchAll(database, sql: "SELECT id FROM passkey WHERE approver = ?", arguments: [Data(approver.id)])
      let ceremony = AuthenticationCeremony(
        relyingParty: relyingParty, challenge: stored.request.challenge(for: act), allowedCredentials: Set(allowed.map { Array($0) }),
        user: .identified(handle: approver.id))
      _ = try Self.use(assertion, in: ceremony, at: time, database: database)
      // A completion is no signature under the request: it is followed by the act itself.
      if act == .completion { return (stored, act) }
      try database.execute(
        sql: """
          INSERT INTO signature (request, approver, act, passkey, client_data, authenticator_data, signature, made_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          Data(digest), Data(approver.id), act.rawValue, Data(assertion.credentialID), Data(assertion.clientDataJSON),
          Data(assertion.authenticatorData), Data(assertion.signature), time.milliseconds,
        ])
      switch act {
      case .request: try Self.move(digest, to: .waiting, from: [.draft], in: database)
      case .approval where stored.approvals.count + 1 >= StoredRequest.approvalsNeeded:
        try Self.move(digest, to: .approved, from: [.waiting], decidedAt: time, in: database)
        switch stored.request.wish {
        case .dailyLimit(let subjects): try Self.set(subjects, by: digest, at: time, in: database)
        case .remove(let gone, _): try Self.remove(gone, by: digest, at: time, in: database)
        case .acceptLedger(let reset): try Self.accept(reset, by: digest, at: time, in: database)
        case .open, .admit, .passkey, .state, .notify: break
        }
      case .approval, .completion: break
      }
      guard let now = try Self.request(digest, in: database) else { throw ApprovalError.noSuchRequest }
      return (now, act)
    }
  }

  /// Ends a request that is not carried out yet: anybody may say no, also its writer.
  package func refuse(_ digest: [UInt8], at time: Timestamp) throws {
    try database.write { database in
      guard try Self.request(digest, in: database) != nil else { throw ApprovalError.noSuchRequest }
      try Self.move(digest, to: .refused, from: [.draft, .waiting, .approved], decidedAt: time, in: database)
    }
  }

  /// Notes that subjects were opened, before anything is shown: a request opens once, and within the day's limit.
  package func markOpened(_ digest: [UInt8], ledgerEntry: UInt64, at time: Timestamp) throws {
    try database.write { database in
      guard let stored = try Self.request(digest, in: database) else { throw ApprovalError.noSuchRequest }
      let left = try Self.leftToday(at: time, in: database)
      guard stored.request.subjectCount <= left else { throw ApprovalError.overDailyLimit(left: left) }
      try Self.move(digest, to: .done, from: [.approved], in: database)
      try database.execute(
        sql: "UPDATE request SET done_at = ?, ledger_entry = ? WHERE digest = ?",
        arguments: [time.milliseconds, Int64(clamping: ledgerEntry), Data(digest)])
    }
  }

  /// Invites whom an approved request admits, by a link that is shown once.
  package func invite(_ name: String, by digest: [UInt8], link: [UInt8], expires: Timestamp, at time: Timestamp) throws {
    try database.write { database in
      try Self.finish(digest, at: time, in: database)
      try Self.insertInvited(
        name: name, admittedBy: digest, link: link, expires: expires.milliseconds, at: time, in: database)
    }
  }

  /// Marks an approved request as carried out; the server is told of it later.
  static func finish(_ digest: [UInt8], at time: Timestamp, in database: Database) throws {
    try move(digest, to: .done, from: [.approved], in: database)
    try database.execute(sql: "UPDATE request SET done_at = ? WHERE digest = ?", arguments: [time.milliseconds, Data(digest)])
  }

  private static func move(
    _ digest: [UInt8], to state: StoredRequest.State, from: [StoredRequest.State], decidedAt: Timestamp? = nil, in database: Database
  ) throws {
    let list = from.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    try database.execute(
      sql: "UPDATE request SET state = ?, decided_at = coalesce(?, decided_at) WHERE digest = ? AND state IN (\(list))",
      arguments: [state.rawValue, decidedAt?.milliseconds, Data(digest)])
    guard database.changesCount == 1 else { throw ApprovalError.decided }
  }

  // MARK: Daily limit

  package static let firstDailyLimit = 20
  /// A higher limit waits this long, so that it cannot be raised and used in one sitting; a lower one holds at once.
  package static let limitDelay: Int64 = 72 * 3_600_000

  private static func set(_ subjects: Int, by digest: [UInt8], at time: Timestamp, in database: Database) throws {
    let rises = try subjects > dailyLimit(at: time, in: database)
    if !rises { try database.execute(sql: "DELETE FROM daily_limit WHERE starts_at >= ?", arguments: [time.milliseconds]) }
    try database.execute(
      sql: "INSERT INTO daily_limit (request, subjects, starts_at) VALUES (?, ?, ?)",
      arguments: [Data(digest), subjects, time.milliseconds + (rises ? limitDelay : 0)])
    try finish(digest, at: time, in: database)
  }

  private static func dailyLimit(at time: Timestamp, in database: Database) throws -> Int {
    try Int.fetchOne(
      database, sql: "SELECT subjects FROM daily_limit WHERE starts_at <= ? ORDER BY starts_at DESC, request LIMIT 1",
      arguments: [time.milliseconds]) ?? firstDailyLimit
  }

  private static func leftToday(at time: Timestamp, in database: Database) throws -> Int {
    let day: Int64 = 86_400_000
    let midnight = time.milliseconds / day * day
    let opened =
      try Int.fetchOne(database, sql: "SELECT sum(subjects) FROM request WHERE kind = 'open' AND done_at >= ?", arguments: [midnight]) ?? 0
    return max(0, try dailyLimit(at: time, in: database) - opened)
  }

  /// The limit in force, what is left of it until midnight UTC, and the one to come.
  package func dailyLimit(at time: Timestamp) throws -> (limit: Int, left: Int, next: (subjects: Int, from: Timestamp)?) {
    try database.read { database in
      let next = try Row.fetchOne(
        database, sql: "SELECT subjects, starts_at FROM daily_limit WHERE starts_at > ? ORDER BY starts_at LIMIT 1",
        arguments: [time.milliseconds])
      return (
        try Self.dailyLimit(at: time, in: database), try Self.leftToday(at: time, in: database),
        next.map { (subjects: $0["subjects"], from: Timestamp(milliseconds: $0["starts_at"])) }
      )
    }
  }

  // MARK: Refusals

  private static let mostRefusals = 10_000

  package func note(_ refusal: Refusal) throws {
    try database.write { database in
      try database.execute(
        sql: "INSERT INTO refusal (time, approver, request, attempt, code, sentence) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [
          refusal.time.milliseconds, refusal.approver.map { Data($0) }, refusal.request.map { Data($0) }, refusal.attempt, refusal.code,
          refusal.sentence,
        ])
      try database.execute(sql: "DELETE FROM refusal WHERE number <= ?", arguments: [database.lastInsertedRowID - Int64(Self.mostRefusals)])
    }
  }

  /// The newest first.
  package func refusals(limit: Int = 100) throws -> [Refusal] {
    try database.read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM refusal ORDER BY number DESC LIMIT ?", arguments: [limit]).map { row in
        let (approver, request): (Data?, Data?) = (row["approver"], row["request"])
        return Refusal(
          time: Timestamp(milliseconds: row["time"]), approver: approver.map { Array($0) }, request: request.map { Array($0) },
          attempt: row["attempt"], code: row["code"], sentence: row["sentence"])
      }
    }
  }
}
