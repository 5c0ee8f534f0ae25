import Events
import GRDB

extension ControlDatabase {
  /// For so long after somebody came they stand for whoever brought them in.
  package static let acquaintance: Duration = .seconds(86_400)

  /// Whether somebody counts as the second person for what another one asks. Whoever came within the last day stands for whoever brought them
  /// in, and so on: the two must stand for different people. So nobody makes up the one who asks, or the one who agrees, or both, without their
  /// being on the staff's page and in the ledger (and, with a role that has power, in an alert) a day before that is of any use.
  ///
  /// - Throws: `invalid`, with a sentence.
  static func checkSecondPerson(_ second: StaffMember.ID, for asker: StaffMember.ID, at now: Timestamp, in database: Database) throws {
    guard second != asker else { throw AccessError(.invalid, "You asked for it: somebody else must agree.") }
    guard try origin(of: second, at: now, in: database) != origin(of: asker, at: now, in: database) else {
      throw AccessError(
        .invalid,
        "You and whoever asked count as one person still: less than a day ago one of you came by the other's invitation, or both by the same person's. Somebody else must agree, or you, a day after that."
      )
    }
  }

  /// Whom somebody stands for.
  private static func origin(of person: StaffMember.ID, at now: Timestamp, in database: Database) throws -> StaffMember.ID {
    var person = person
    var seen: Set<StaffMember.ID> = []
    while seen.insert(person).inserted {
      guard
        let row = try Row.fetchOne(database, sql: "SELECT invited_by, enrolled_at FROM staff WHERE id = ?", arguments: [person.rawValue]),
        let inviter = row["invited_by"] as String?,
        now < Timestamp(milliseconds: row["enrolled_at"] as Int64? ?? now.milliseconds) + acquaintance
      else { return person }
      person = StaffMember.ID(rawValue: inviter)
    }
    return person
  }
}
