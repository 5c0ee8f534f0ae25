import Events
import GRDB

extension ControlDatabase {
  /// For so long after somebody came, whoever brought them in cannot have them as a second person.
  package static let acquaintance: Duration = .seconds(86_400)

  /// Whether somebody counts as the second person for what another one asks: somebody else, and nobody whom the asker brought in, directly
  /// or through others, within the last day. A colleague who is made up for the purpose is on the staff's page, in an alert (with a role that has power) and in
  /// the ledger a day before being of any use.
  ///
  /// - Throws: `invalid`, with a sentence.
  static func checkSecondPerson(_ second: StaffMember.ID, for asker: StaffMember.ID, at now: Timestamp, in database: Database) throws {
    guard second != asker else { throw AccessError(.invalid, "You asked for it: somebody else must agree.") }
    var person = second
    var seen: Set<StaffMember.ID> = []
    while seen.insert(person).inserted {
      guard
        let row = try Row.fetchOne(database, sql: "SELECT invited_by, enrolled_at FROM staff WHERE id = ?", arguments: [person.rawValue]),
        let inviter = row["invited_by"] as String?,
        // Whoever has been there for a day stands for themselves.
        now < Timestamp(milliseconds: row["enrolled_at"] as Int64? ?? now.milliseconds) + acquaintance
      else { return }
      guard inviter != asker.rawValue else {
        throw AccessError(
          .invalid, "Whoever asked for it brought you in less than a day ago: somebody else must agree, or you, a day after you came.")
      }
      person = StaffMember.ID(rawValue: inviter)
    }
  }
}
