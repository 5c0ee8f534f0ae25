import Events
import GRDB

/// What somebody made and whom they invited: what stays when they are cut off.
package struct BroughtIn: Sendable {
  /// Not revoked, the oldest first.
  package let accounts: [ServiceAccount]
  /// Not removed nor cut off, the oldest first.
  package let people: [StaffMember]

  package var isEmpty: Bool { accounts.isEmpty && people.isEmpty }
}

extension ControlDatabase {
  package func broughtIn(by id: StaffMember.ID) async throws(AccessError) -> BroughtIn {
    let people = try await read { database in
      try String.fetchAll(
        database, sql: "SELECT id FROM staff WHERE invited_by = ? AND suspension IS NULL ORDER BY created_at, id", arguments: [id.rawValue]
      ).compactMap { try Self.member(StaffMember.ID(rawValue: $0), in: database) }
    }
    return BroughtIn(accounts: serviceAccounts(of: nil).filter { $0.madeBy == id && !$0.isRevoked }, people: people)
  }

  /// What somebody who is cut off agreed to and nobody used waits for another answer; what they asked for is taken back.
  static func withdrawAgreements(of id: StaffMember.ID, at now: Timestamp, in database: Database) throws {
    for (table, done) in [("export_request", "done_at"), ("account_request", "made_at")] {
      try database.execute(
        sql: """
          UPDATE \(table) SET decided_by = NULL, decided_at = NULL, approved = 0
          WHERE decided_by = ? AND approved = 1 AND \(done) IS NULL
          """, arguments: [id.rawValue])
      try database.execute(
        sql: """
          UPDATE \(table) SET decided_by = coalesce(decided_by, asked_by), decided_at = coalesce(decided_at, ?), approved = 0
          WHERE asked_by = ? AND \(done) IS NULL
          """, arguments: [now.milliseconds, id.rawValue])
    }
  }
}
