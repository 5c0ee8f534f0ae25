import Events
import Foundation
import GRDB

/// How much a theft would have reached on one day of UTC, as it was computed last on that day.
package struct ExposureDay: Sendable, Hashable {
  /// Days since 1 January 1970.
  package let day: Int
  /// Behind the single credential that reaches most, a day.
  package let credentialPeople: Int
  /// At the vendor that holds most; nil where the ledger could not be asked.
  package let vendorPeople: Int?
  /// Accounts and people that reach rows about subjects.
  package let rowHolders: Int
  /// Different fields that any of these or any vendor has.
  package let fields: Int

  package init(day: Int, credentialPeople: Int, vendorPeople: Int?, rowHolders: Int, fields: Int) {
    self.day = day
    self.credentialPeople = credentialPeople
    self.vendorPeople = vendorPeople
    self.rowHolders = rowHolders
    self.fields = fields
  }
}

extension ControlDatabase {
  /// So many days are kept of each project.
  package static let mostExposureDays = 400

  /// Of the day the last one counts, so that what was lowered today shows today.
  package func keep(_ day: ExposureDay, of project: ProjectID) async throws(AccessError) {
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO exposure_day (project_id, day, credential_people, vendor_people, row_holders, fields) VALUES (?, ?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET credential_people = excluded.credential_people, vendor_people = excluded.vendor_people,
            row_holders = excluded.row_holders, fields = excluded.fields
          """,
        arguments: [project.rawValue, day.day, day.credentialPeople, day.vendorPeople, day.rowHolders, day.fields])
      try database.execute(
        sql: "DELETE FROM exposure_day WHERE project_id = ? AND day <= ?", arguments: [project.rawValue, day.day - Self.mostExposureDays])
    }
  }

  /// From a day on, ascending; days without a computation are missing.
  package func exposureDays(of project: ProjectID, from day: Int) async throws(AccessError) -> [ExposureDay] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM exposure_day WHERE project_id = ? AND day >= ? ORDER BY day", arguments: [project.rawValue, day]
      ).map { row in
        ExposureDay(
          day: row["day"], credentialPeople: row["credential_people"], vendorPeople: row["vendor_people"], rowHolders: row["row_holders"],
          fields: row["fields"])
      }
    }
  }

  /// The most that each holder had in a single day since a day; none where it had nothing. At most a fiftieth of the quota more than it
  /// really took: what is used is written down in blocks.
  package func mostUsed(since day: Int) async throws(AccessError) -> [QuotaHolder: Quota] {
    try await read { database in
      let uses = try Row.fetchAll(
        database,
        sql: """
          SELECT holder, max(rows) AS rows, max(subjects) AS subjects, max(bytes) AS bytes FROM quota_use WHERE day >= ? GROUP BY holder
          """, arguments: [day]
      ).map { row in (QuotaHolder(stored: row["holder"]), Quota(rows: row["rows"], subjects: row["subjects"], bytes: row["bytes"])) }
      return Dictionary(uses, uniquingKeysWith: { $1 })
    }
  }
}
