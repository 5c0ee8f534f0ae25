package import Events
internal import Foundation
internal import GRDB
package import Ledger

/// The ledger as it was last cosigned here.
package struct WitnessedLedger: Sendable, Hashable {
  /// The key that the log signed with then: the first one that was seen, or one that it handed over to.
  package let logKey: NoteKey
  package let checkpoint: Checkpoint
  package let cosignedAt: Timestamp
  /// The newest checkpoint that was refused, with the key that signed it; nil once one was cosigned again.
  package let refused: RefusedLedger?
}

package struct RefusedLedger: Sendable, Hashable {
  package let logKey: NoteKey
  package let checkpoint: Checkpoint
  package let refusedAt: Timestamp
}

extension CustodianRequest.LedgerReset {
  init(from standing: WitnessedLedger, to refused: RefusedLedger) {
    self.init(
      key: refused.logKey.description, cosignedSize: standing.checkpoint.size, cosignedRoot: standing.checkpoint.root.description,
      size: refused.checkpoint.size, root: refused.checkpoint.root.description)
  }
}

extension CustodianStore {
  static let witnessTable = """
    CREATE TABLE witness (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      log_key TEXT NOT NULL, note TEXT NOT NULL, cosigned_at INTEGER NOT NULL,
      refused_key TEXT, refused_note TEXT, refused_at INTEGER) STRICT;
    """

  /// Nil before the first checkpoint.
  package func witnessed() throws -> WitnessedLedger? { try database.read(Self.witnessed) }

  /// What approvers could accept: the newest checkpoint that was refused.
  package func ledgerReset() throws -> CustodianRequest.LedgerReset? {
    guard let standing = try witnessed(), let refused = standing.refused else { return nil }
    return CustodianRequest.LedgerReset(from: standing, to: refused)
  }

  private static func witnessed(in database: Database) throws -> WitnessedLedger? {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM witness WHERE id = 1") else { return nil }
    func checkpoint(_ note: String, _ key: NoteKey) throws -> Checkpoint {
      do { return try VerifiedCheckpoint(note: Array(note.utf8), key: key).checkpoint } catch {
        throw CustodianError.damagedStore("the checkpoint that was cosigned last does not verify")
      }
    }
    guard let key = NoteKey(row["log_key"] as String) else { throw CustodianError.damagedStore("the ledger's key is none") }
    var refused: RefusedLedger?
    if let note: String = row["refused_note"], let text: String = row["refused_key"], let time: Int64 = row["refused_at"],
      let key = NoteKey(text)
    {
      refused = RefusedLedger(logKey: key, checkpoint: try checkpoint(note, key), refusedAt: Timestamp(milliseconds: time))
    }
    return WitnessedLedger(
      logKey: key, checkpoint: try checkpoint(row["note"], key), cosignedAt: Timestamp(milliseconds: row["cosigned_at"]), refused: refused)
  }

  /// Notes a checkpoint as cosigned, durably, before the cosignature leaves; whoever is killed after it has cosigned nothing else.
  ///
  /// - Parameter last: what `new` was found to continue. Where something else is noted by now, nothing is, and the answer is false.
  func cosign(_ new: VerifiedCheckpoint, key: NoteKey, after last: Checkpoint?, at time: Timestamp) throws -> Bool {
    try database.write { database in
      guard try Self.witnessed(in: database)?.checkpoint == last else { return false }
      try Self.put(new.note, key: key.description, at: time, in: database)
      return true
    }
  }

  private static func put(_ note: String, key: String, at time: Timestamp, in database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO witness (id, log_key, note, cosigned_at) VALUES (1, ?1, ?2, ?3)
        ON CONFLICT (id) DO UPDATE SET log_key = ?1, note = ?2, cosigned_at = ?3, refused_key = NULL, refused_note = NULL, refused_at = NULL
        """, arguments: [key, note, time.milliseconds])
  }

  /// Keeps a checkpoint that was refused, so that approvers may accept it. While there is one, later ones of a log that grows are not: what
  /// approvers agree on must stand still.
  func keep(refused: VerifiedCheckpoint, key: NoteKey, at time: Timestamp) throws {
    try database.write { database in
      if let kept = try Self.witnessed(in: database)?.refused, kept.checkpoint.size <= refused.size, kept.logKey == key { return }
      try database.execute(
        sql: "UPDATE witness SET refused_key = ?, refused_note = ?, refused_at = ? WHERE id = 1",
        arguments: [key.description, refused.note, time.milliseconds])
    }
  }

  /// Takes the refused checkpoint for the one to go on from, as two approvers agreed, and settles the alarms about the ledger.
  static func accept(_ reset: CustodianRequest.LedgerReset, by digest: [UInt8], at time: Timestamp, in database: Database) throws {
    guard let standing = try witnessed(in: database), let refused = standing.refused,
      CustodianRequest.LedgerReset(from: standing, to: refused) == reset
    else {
      throw ApprovalError.badInput("The ledger is not any more what this request was written about. Refuse it, and write another one.")
    }
    let note = try String.fetchOne(database, sql: "SELECT refused_note FROM witness WHERE id = 1")
    try put(note ?? "", key: refused.logKey.description, at: time, in: database)
    try finish(digest, at: time, in: database)
    let kinds = ParcelFault.Kind.ofLedger.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
    try database.execute(
      sql: "UPDATE alarm SET settled_at = ?, reason = ? WHERE settled_at IS NULL AND kind IN (\(kinds))",
      arguments: [time.milliseconds, "approvers accepted the ledger of \(refused.checkpoint.size) entries"])
  }
}
