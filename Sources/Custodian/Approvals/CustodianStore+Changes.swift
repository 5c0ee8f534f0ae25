package import Events
internal import Foundation
internal import GRDB
package import Passkeys
internal import Vault

/// Further passkeys, removals, and what the server has to enter of changes that approvers agreed on.
extension CustodianStore {
  // MARK: Further passkeys

  /// Grants an approver another passkey, by a link that is shown once.
  package func grantPasskey(to approver: [UInt8], by digest: [UInt8], link: [UInt8], expires: Timestamp, at time: Timestamp) throws {
    try database.write { database in
      try Self.finish(digest, at: time, in: database)
      try database.execute(
        sql: "INSERT INTO passkey_link (link, approver, request, expires) VALUES (?, ?, ?, ?)",
        arguments: [Data(link), Data(approver), Data(digest), expires.milliseconds])
    }
  }

  /// Who was granted a passkey by this link, if it can still be used.
  package func granted(link digest: [UInt8], at time: Timestamp) throws -> Approver? {
    try database.read { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT approver.* FROM passkey_link JOIN approver ON approver.id = passkey_link.approver
          WHERE passkey_link.link = ? AND used_at IS NULL AND expires > ? AND removed_at IS NULL
          """, arguments: [Data(digest), time.milliseconds]
      ).map(Self.read)
    }
  }

  /// Adds a passkey by such a link, which is used up by that; false if somebody was faster.
  package func add(passkey: CredentialRecord, to approver: [UInt8], link: [UInt8], at time: Timestamp) throws -> Bool {
    try database.write { database in
      try database.execute(
        sql: """
          UPDATE passkey_link SET used_at = ?1 WHERE link = ?2 AND approver = ?3 AND used_at IS NULL AND expires > ?1
            AND EXISTS (SELECT 1 FROM approver WHERE id = ?3 AND removed_at IS NULL)
          """, arguments: [time.milliseconds, Data(link), Data(approver)])
      guard database.changesCount == 1 else { return false }
      try Self.insert(passkey, of: approver, at: time, in: database)
      return true
    }
  }

  // MARK: Removal

  /// Takes an approver's power away, and ends what it asked or approved and was not carried out: what counts then was agreed by those who are left.
  static func remove(_ id: String, by digest: [UInt8], at time: Timestamp, in database: Database) throws {
    let all = try Row.fetchAll(database, sql: "SELECT * FROM approver").map(Self.read)
    try ApprovalRule.mayRemove(id, from: all, at: time)
    guard let gone = [UInt8](hexadecimal: id).map({ Data($0) }) else { throw ApprovalError.noSuchRequest }
    try finish(digest, at: time, in: database)
    try database.execute(sql: "UPDATE approver SET removed_at = ? WHERE id = ?", arguments: [time.milliseconds, gone])
    try database.execute(
      sql: """
        UPDATE request SET state = 'refused', decided_at = ?
        WHERE state IN ('waiting', 'approved') AND digest IN (SELECT request FROM signature WHERE approver = ?)
        """, arguments: [time.milliseconds, gone])
  }

  // MARK: The ledger

  /// Changes that were carried out and are in no ledger yet, the oldest first. Openings are entered before they happen.
  package func unentered(limit: Int = 100) throws -> [StoredRequest] {
    try database.read { database in
      try Data.fetchAll(
        database,
        sql:
          "SELECT digest FROM request WHERE state = 'done' AND kind NOT IN ('open', 'state', 'notify') AND ledger_entry IS NULL ORDER BY done_at, digest LIMIT ?",
        arguments: [limit]
      ).compactMap { digest in
        // One whose bytes were changed is shown to people; it is nothing to enter.
        do { return try Self.request(Array(digest), in: database) } catch ApprovalError.changedBytes { return nil }
      }
    }
  }

  package func markEntered(_ digest: [UInt8], ledgerEntry: UInt64) throws {
    try database.write {
      try $0.execute(
        sql: "UPDATE request SET ledger_entry = ? WHERE digest = ? AND state = 'done'",
        arguments: [Int64(clamping: ledgerEntry), Data(digest)])
    }
  }
}
