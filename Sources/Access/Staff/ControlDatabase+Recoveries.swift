import Events
import Foundation
import GRDB

extension ControlDatabase {
  /// Notes that an admin wants somebody let in again; it waits for another admin, a day at most.
  package func askForRecovery(of id: StaffMember.ID, by admin: StaffMember.ID, undone: Bool = false) async throws(AccessError)
    -> StaffRecovery
  {
    let now = clock()
    let expires = now + StaffRecovery.lifetime
    return try await write(undone: undone) { database in
      guard id != admin else { throw AccessError(.invalid, "Nobody lets themselves in again: two others do it.") }
      guard let member = try Self.member(id, in: database), member.enrolledAt != nil, member.suspension != .removed else {
        throw AccessError(.notFound, "Nobody who enrolled and was not removed has this id. Invite the person instead.")
      }
      try database.execute(
        sql: "DELETE FROM staff_recovery WHERE staff_id = ? OR expires_at <= ?", arguments: [id.rawValue, now.milliseconds])
      try database.execute(
        sql: "INSERT INTO staff_recovery (staff_id, asked_by, asked_at, expires_at) VALUES (?, ?, ?, ?)",
        arguments: [id.rawValue, admin.rawValue, now.milliseconds, expires.milliseconds])
      return StaffRecovery(id: database.lastInsertedRowID, staff: id, askedBy: admin, askedAt: now, expiresAt: expires)
    }
  }

  /// Those that wait for a second admin, the newest first.
  package func recoveries() async throws(AccessError) -> [StaffRecovery] {
    let now = clock()
    return try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM staff_recovery WHERE expires_at > ? ORDER BY id DESC", arguments: [now.milliseconds])
        .map(Self.recovery)
    }
  }

  /// Whether this admin may agree to it: a second person to whoever asked, and not whom it is about.
  package func recovery(_ number: Int64, agreedBy admin: StaffMember.ID) async throws(AccessError) -> StaffRecovery {
    let now = clock()
    return try await read { database in try Self.recovery(number, agreedBy: admin, at: now, in: database) }
  }

  private static func recovery(_ number: Int64, agreedBy admin: StaffMember.ID, at now: Timestamp, in database: Database) throws
    -> StaffRecovery
  {
    guard
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM staff_recovery WHERE id = ? AND expires_at > ?", arguments: [number, now.milliseconds])
    else { throw AccessError(.notFound, "This recovery is not there any more: it waits a day, and is used once.") }
    let recovery = recovery(row)
    try Self.checkSecondPerson(admin, for: recovery.askedBy, at: now, in: database)
    guard recovery.staff != admin else { throw AccessError(.invalid, "Nobody lets themselves in again: two others do it.") }
    return recovery
  }

  /// The second admin agrees: the link for the person, once, within the hour.
  package func agreeToRecovery(_ number: Int64, by admin: StaffMember.ID) async throws(AccessError) -> (StaffRecovery, StaffLink) {
    let now = clock()
    let recovery = try await recovery(number, agreedBy: admin)
    let link = try await createLink(.recovery, for: recovery.staff, by: admin) { database in
      _ = try Self.recovery(number, agreedBy: admin, at: now, in: database)
      try database.execute(sql: "DELETE FROM staff_recovery WHERE id = ?", arguments: [number])
    }
    return (recovery, link)
  }

  private static func recovery(_ row: Row) -> StaffRecovery {
    StaffRecovery(
      id: row["id"], staff: StaffMember.ID(rawValue: row["staff_id"]), askedBy: StaffMember.ID(rawValue: row["asked_by"]),
      askedAt: Timestamp(milliseconds: row["asked_at"]), expiresAt: Timestamp(milliseconds: row["expires_at"]))
  }
}
