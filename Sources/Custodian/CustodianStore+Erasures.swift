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
      commitment TEXT PRIMARY KEY, entry INTEGER NOT NULL, receipt TEXT NOT NULL, erased_at INTEGER NOT NULL, sent_at INTEGER) STRICT
    """

  /// For how long a backup of the custodian's keys can be restored: what is destroyed here may be in one for so long.
  package static let backupDays = 30

  /// Deletes a subject's record keys, so that no copy of what they sealed opens again; that they were there stays known, so that a
  /// parcel that comes again does not bring them back. Returns how many there were.
  package func erase(project: ProjectID, subject: Pseudonym) throws -> Int {
    let count = try database.write { try erase(project: project, subject: subject, in: $0) }
    try truncateLog()
    return count
  }

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
  package func carryOut(_ order: ErasureOrder, at time: Timestamp) throws {
    let until = time.milliseconds + Int64(Self.backupDays) * 86_400_000
    try database.write { database in
      let keys = try order.subjects.reduce(0) { try $0 + erase(project: order.project, subject: $1, in: database) }
      try database.execute(sql: "UPDATE erasure SET sent_at = NULL WHERE commitment = ?", arguments: [order.commitment])
      if database.changesCount > 0, keys == 0 { return }
      let receipt = try secrets.receipt(of: order, keys: keys, at: time, copiesUntil: until)
      try database.execute(
        sql: """
          INSERT INTO erasure (commitment, entry, receipt, erased_at) VALUES (?1, ?2, ?3, ?4)
          ON CONFLICT (commitment) DO UPDATE SET receipt = ?3, erased_at = ?4, sent_at = NULL
          """,
        arguments: [order.commitment, Int64(clamping: order.entry), receipt.text, time.milliseconds])
    }
    try truncateLog()
  }

  /// Behind which entry the next orders begin; nil before the first.
  package func lastErasure() throws -> UInt64? {
    try database.read { try Int64.fetchOne($0, sql: "SELECT max(entry) FROM erasure").map { UInt64($0) } }
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

  /// How many erasures were carried out since a time.
  package func erasureCount(since time: Timestamp) throws -> Int {
    try database.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM erasure WHERE erased_at >= ?", arguments: [time.milliseconds]) ?? 0
    }
  }
}
