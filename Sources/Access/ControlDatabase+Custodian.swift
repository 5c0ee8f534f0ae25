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

  package func raiseCustodianAlarm(code: String) async throws(AccessError) -> CustodianAlarm {
    try Name.validate(code, what: "An alarm's code")
    let now = clock()
    return try await write { database in
      try database.execute(sql: "INSERT INTO custodian_alarm (code, raised_at) VALUES (?, ?)", arguments: [code, now.milliseconds])
      return CustodianAlarm(id: database.lastInsertedRowID, code: code, raisedAt: now, settledAt: nil)
    }
  }

  /// Newest first, at most 1,000.
  package func custodianAlarms() async throws(AccessError) -> [CustodianAlarm] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM custodian_alarm ORDER BY id DESC LIMIT 1000").map { row in
        CustodianAlarm(
          id: row["id"], code: row["code"], raisedAt: Timestamp(milliseconds: row["raised_at"]),
          settledAt: (row["settled_at"] as Int64?).map { Timestamp(milliseconds: $0) })
      }
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
}
