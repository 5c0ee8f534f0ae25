import Events
import Foundation
import GRDB
import Ledger

extension ControlDatabase {
  /// Makes the bearer token with which the custodian calls; an earlier one is refused from then on. It is shown once.
  package func issueCustodianToken() async throws(AccessError) -> Secret {
    let token = Secret.random(.custodian)
    let digest = Data(token.digest.bytes)
    let now = clock()
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO custodian_token (id, token_sha256, created_at) VALUES (1, ?, ?)
          ON CONFLICT (id) DO UPDATE SET token_sha256 = excluded.token_sha256, created_at = excluded.created_at
          """,
        arguments: [digest, now.milliseconds])
    }
    return token
  }

  /// Nil for any but the custodian's token.
  package func authenticateCustodian(token: String) async throws(AccessError) -> Authenticated? {
    guard let token = Secret(token, kind: .custodian) else { return nil }
    let stored = try await read { try Data.fetchOne($0, sql: "SELECT token_sha256 FROM custodian_token WHERE id = 1") }
    guard let stored, SecretDigest(bytes: [UInt8](stored)).matches(token) else { return nil }
    return Authenticated(principal: .init(kind: .custodian, id: "custodian", credential: "server-token"), rights: .custodian)
  }

  /// Notes a key that a ledger entry has pinned; the newest of a kind is the one in force. Pinning the same again changes nothing.
  package func pinCustodianKey(_ kind: CustodianKey.Kind, publicKey: String, fingerprint: String, ledgerIndex: UInt64)
    async throws(AccessError)
  {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO custodian_key (kind, public_key, fingerprint, ledger_index, pinned_at) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (kind, fingerprint) DO NOTHING
          """,
        arguments: [kind.rawValue, publicKey, fingerprint, Int64(ledgerIndex), now.milliseconds])
    }
  }

  /// Newest first: the first is in force, the others are its history.
  package func custodianKeys(_ kind: CustodianKey.Kind) async throws(AccessError) -> [CustodianKey] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM custodian_key WHERE kind = ? ORDER BY id DESC", arguments: [kind.rawValue]).map {
        row in
        CustodianKey(
          kind: kind, publicKey: row["public_key"], fingerprint: row["fingerprint"], ledgerIndex: UInt64(row["ledger_index"] as Int64),
          pinnedAt: Timestamp(milliseconds: row["pinned_at"]))
      }
    }
  }

  /// Notes an alarm by the custodian's own id for it. The same id again changes nothing.
  package func raiseCustodianAlarm(_ alarm: String, code: String) async throws(AccessError) -> CustodianAlarm {
    try Name.validate(code, what: "An alarm's code")
    let now = clock()
    return try await write { database in
      try database.execute(
        sql: "INSERT INTO custodian_alarm (code, raised_at, alarm_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        arguments: [code, now.milliseconds, alarm])
      guard let row = try Row.fetchOne(database, sql: "SELECT * FROM custodian_alarm WHERE alarm_id = ?", arguments: [alarm]) else {
        throw DatabaseError(resultCode: .SQLITE_INTERNAL)
      }
      return Self.alarm(row)
    }
  }

  /// Newest first, at most 1,000.
  package func custodianAlarms() async throws(AccessError) -> [CustodianAlarm] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM custodian_alarm ORDER BY id DESC LIMIT 1000").map { Self.alarm($0) }
    }
  }

  /// Those that nobody has settled, newest first.
  package func standingCustodianAlarms() async throws(AccessError) -> [CustodianAlarm] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM custodian_alarm WHERE settled_at IS NULL ORDER BY id DESC").map { Self.alarm($0) }
    }
  }

  /// The alarm of that id. One that was noted by version 1, which kept no ids, is known by its code.
  package func custodianAlarm(_ alarm: String, code: String) async throws(AccessError) -> CustodianAlarm? {
    try await read { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT * FROM custodian_alarm WHERE alarm_id = ?1 OR (alarm_id IS NULL AND code = ?2 AND settled_at IS NULL)
          ORDER BY alarm_id IS NULL, id LIMIT 1
          """, arguments: [alarm, code]
      ).map { Self.alarm($0) }
    }
  }

  /// False if there is no standing alarm of that id.
  package func settleCustodianAlarm(_ id: Int64) async throws(AccessError) -> Bool {
    let now = clock()
    return try await write { database in
      try database.execute(
        sql: "UPDATE custodian_alarm SET settled_at = ? WHERE id = ? AND settled_at IS NULL", arguments: [now.milliseconds, id])
      return database.changesCount == 1
    }
  }

  private static func alarm(_ row: Row) -> CustodianAlarm {
    CustodianAlarm(
      id: row["id"], alarm: row["alarm_id"], code: row["code"], raisedAt: Timestamp(milliseconds: row["raised_at"]),
      settledAt: (row["settled_at"] as Int64?).map { Timestamp(milliseconds: $0) })
  }
}
