import Events
import Foundation
import GRDB
import Ledger

/// An erasure of a subject, under the number of the ledger's entry that says so.
package struct Erasure: Sendable, Hashable {
  package let entry: UInt64
  /// The entry's, 64 hexadecimal digits.
  package let commitment: String
  package let project: ProjectID
  /// Every id that counted as the subject.
  package let subjects: [Pseudonym]
  package let orderedAt: Timestamp
  /// How many entries the store's deletion journal had afterwards: files that were written after so many hold nothing of it.
  package let deletions: UInt64
  /// What the custodian signed; nil until it did.
  package let receipt: String?

  package init(
    entry: UInt64, commitment: String, project: ProjectID, subjects: [Pseudonym], orderedAt: Timestamp, deletions: UInt64,
    receipt: String? = nil
  ) {
    self.entry = entry
    self.commitment = commitment
    self.project = project
    self.subjects = subjects
    self.orderedAt = orderedAt
    self.deletions = deletions
    self.receipt = receipt
  }
}

extension ControlDatabase {
  package static let erasurePage = 256

  /// Notes an erasure that is done here. The same again changes nothing.
  package func note(_ erasure: Erasure) async throws(AccessError) {
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO erasure (entry, commitment, project_id, subjects, ordered_at, deletions) VALUES (?, ?, ?, ?, ?, ?)
          ON CONFLICT (entry) DO NOTHING
          """,
        arguments: [
          Int64(erasure.entry), erasure.commitment, erasure.project.rawValue, erasure.subjects.map(\.description).joined(separator: " "),
          erasure.orderedAt.milliseconds, Int64(erasure.deletions),
        ])
    }
  }

  /// Forgets all of them: they are of another ledger.
  package func forgetErasures() async throws(AccessError) { try await write { try $0.execute(sql: "DELETE FROM erasure") } }

  package func erasure(_ entry: UInt64) async throws(AccessError) -> Erasure? {
    try await read { database in
      try Row.fetchOne(database, sql: "SELECT * FROM erasure WHERE entry = ?", arguments: [Int64(clamping: entry)]).map { Self.erasure($0) }
    }
  }

  /// Oldest first, behind an entry, those of one subject where it is named; at most `erasurePage`.
  package func erasures(after entry: UInt64?, of subject: Pseudonym? = nil) async throws(AccessError) -> [Erasure] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM erasure WHERE entry > ? AND instr(subjects, ?) > 0 ORDER BY entry LIMIT ?",
        arguments: [entry.map { Int64(clamping: $0) } ?? -1, subject?.description ?? "", Self.erasurePage]
      ).map { Self.erasure($0) }
    }
  }

  /// Of what the custodian has signed nothing here; or all behind an entry. A page, oldest first: at most 20,000 ids, but one erasure at least.
  package func erasuresToCarryOut(after entry: UInt64?) async throws(AccessError) -> [Erasure] {
    try await read { database in
      let rows =
        if let entry {
          try Row.fetchCursor(
            database, sql: "SELECT * FROM erasure WHERE entry > ? ORDER BY entry LIMIT ?",
            arguments: [Int64(clamping: entry), Self.erasurePage])
        } else {
          try Row.fetchCursor(
            database, sql: "SELECT * FROM erasure WHERE receipt IS NULL ORDER BY entry LIMIT ?", arguments: [Self.erasurePage])
        }
      var (page, ids): ([Erasure], Int) = ([], 0)
      while ids < 20_000, let row = try rows.next() {
        page.append(Self.erasure(row))
        ids += page[page.count - 1].subjects.count
      }
      return page
    }
  }

  /// Keeps the custodian's receipt; a later one (of a custodian that was restored, and erased again) takes its place.
  package func keep(receipt: String, of entry: UInt64) async throws(AccessError) {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: "UPDATE erasure SET receipt = ?, receipted_at = ? WHERE entry = ?",
        arguments: [receipt, now.milliseconds, Int64(clamping: entry)])
    }
  }

  private static func erasure(_ row: Row) -> Erasure {
    let subjects: String = row["subjects"]
    return Erasure(
      entry: UInt64(row["entry"] as Int64), commitment: row["commitment"], project: ProjectID(row["project_id"]),
      subjects: subjects.split(separator: " ").compactMap { Pseudonym(String($0)) }, orderedAt: Timestamp(milliseconds: row["ordered_at"]),
      deletions: UInt64(row["deletions"] as Int64), receipt: row["receipt"])
  }
}
