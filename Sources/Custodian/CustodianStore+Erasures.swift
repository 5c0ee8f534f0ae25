package import Events
internal import Foundation
internal import GRDB
internal import Vault

/// An erasure that the server's ledger orders: whose keys are to be destroyed.
package struct ErasureOrder: Sendable, Hashable {
  /// The number of the ledger's entry.
  package let entry: UInt64
  /// The entry's, 64 hexadecimal digits: it tells entries of different ledgers apart.
  package let commitment: String
  package let project: ProjectID
  package let subjects: [Pseudonym]

  package init(entry: UInt64, commitment: String, project: ProjectID, subjects: [Pseudonym]) {
    self.entry = entry
    self.commitment = commitment
    self.project = project
    self.subjects = subjects
  }
}

extension CustodianStore {
  static let erasureTable = """
    CREATE TABLE erasure (
      commitment TEXT PRIMARY KEY, entry INTEGER NOT NULL, receipt TEXT NOT NULL, erased_at INTEGER NOT NULL, sent_at INTEGER) STRICT;
    CREATE TABLE destruction (
      destroyed_at INTEGER NOT NULL, commitment TEXT NOT NULL, subjects INTEGER NOT NULL, keys INTEGER NOT NULL) STRICT;
    CREATE INDEX destruction_by_time ON destruction (destroyed_at);
    """

  /// For how long a backup of the custodian's keys can be restored: what is destroyed here may be in one for so long.
  package static let backupDays = 30

  /// Deletes a subject's record keys, so that no copy of what they sealed opens again; that they were there stays known, so that a
  /// parcel that comes again does not bring them back. Returns how many there were.
  private func erase(project: ProjectID, subject: Pseudonym, in database: Database) throws -> Int {
    try database.execute(
      sql: "UPDATE record_key SET subject = NULL, sealed = NULL WHERE subject = ? AND project = ?",
      arguments: [Data(secrets.lookUp(project: project, subject: subject)), project.rawValue])
    return database.changesCount
  }

  /// The log may still hold the old pages.
  private func truncateLog() throws { _ = try database.writeWithoutTransaction { try $0.checkpoint(.truncate) } }

  /// Carries out an order: keys destroyed and receipt kept in one step. The same again destroys what came since, with another receipt, or has
  /// the one that there is sent again.
  ///
  /// - Parameters:
  ///   - limit: how many subjects may lose keys; where more would, the order is done in part, and there is no receipt yet.
  ///   - resends: whether the server lacks the receipt.
  /// - Returns: how many subjects lost keys, and whether the order is done.
  package func carryOut(_ order: ErasureOrder, at time: Timestamp, limit: Int, resends: Bool) throws -> (
    lost: Int, isDone: Bool
  ) {
    let until = time.milliseconds + Int64(Self.backupDays) * 86_400_000
    let outcome = try database.write { database in
      var (lost, keys, isDone) = (0, 0, true)
      for subject in order.subjects {
        if lost >= limit, try holds(project: order.project, subject: subject, in: database) {
          isDone = false
          break
        }
        let count = try erase(project: order.project, subject: subject, in: database)
        lost += count > 0 ? 1 : 0
        keys += count
      }
      if lost > 0 {
        try database.execute(
          sql: "INSERT INTO destruction (destroyed_at, commitment, subjects, keys) VALUES (?, ?, ?, ?)",
          arguments: [time.milliseconds, order.commitment, lost, keys])
      }
      guard isDone else { return (lost, false) }
      if resends { try database.execute(sql: "UPDATE erasure SET sent_at = NULL WHERE commitment = ?", arguments: [order.commitment]) }
      let isSigned =
        try Bool.fetchOne(
          database, sql: "SELECT EXISTS (SELECT 1 FROM erasure WHERE commitment = ?)", arguments: [order.commitment]) ?? false
      if isSigned, keys == 0 { return (lost, true) }
      let all = try Int.fetchOne(
        database, sql: "SELECT coalesce(sum(keys), 0) FROM destruction WHERE commitment = ?", arguments: [order.commitment])
      let receipt = try secrets.receipt(of: order, keys: all ?? keys, at: time, copiesUntil: until)
      try database.execute(
        sql: """
          INSERT INTO erasure (commitment, entry, receipt, erased_at) VALUES (?1, ?2, ?3, ?4)
          ON CONFLICT (commitment) DO UPDATE SET receipt = ?3, erased_at = ?4, sent_at = NULL
          """,
        arguments: [order.commitment, Int64(clamping: order.entry), receipt.text, time.milliseconds])
      return (lost, true)
    }
    if outcome.0 > 0 { try truncateLog() }
    return outcome
  }

  private func holds(project: ProjectID, subject: Pseudonym, in database: Database) throws -> Bool {
    try Bool.fetchOne(
      database, sql: "SELECT EXISTS (SELECT 1 FROM record_key WHERE subject = ? AND project = ?)",
      arguments: [Data(secrets.lookUp(project: project, subject: subject)), project.rawValue]) ?? false
  }

  /// Receipts that the server does not have yet, oldest first, at most 256.
  package func unsentReceipts() throws -> [(commitment: String, receipt: String)] {
    try database.read { database in
      try Row.fetchAll(database, sql: "SELECT commitment, receipt FROM erasure WHERE sent_at IS NULL ORDER BY entry LIMIT 256").map {
        ($0["commitment"], $0["receipt"])
      }
    }
  }

  package func markReceiptSent(_ commitment: String, at time: Timestamp) throws {
    try database.write {
      try $0.execute(sql: "UPDATE erasure SET sent_at = ? WHERE commitment = ?", arguments: [time.milliseconds, commitment])
    }
  }

  /// How many subjects have lost keys since a time.
  package func destroyedSubjects(since time: Timestamp) throws -> Int {
    try database.read {
      try Int.fetchOne(
        $0, sql: "SELECT coalesce(sum(subjects), 0) FROM destruction WHERE destroyed_at >= ?", arguments: [time.milliseconds])
        ?? 0
    }
  }
}
