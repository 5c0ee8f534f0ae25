import Events
import Foundation
import GRDB

extension ControlDatabase {
  /// For so many days findings are kept.
  package static let findingDays = 30
  /// Different ones of a project and a day; more are not told apart from each other and left out.
  static let mostFindings = 20_000

  /// Adds to what was found today, and forgets what is too old.
  package func addGateFindings(_ findings: [GateFinding], of project: ProjectID) async throws(AccessError) {
    guard !findings.isEmpty else { return }
    let day = Self.day(of: clock())
    try await write { database in
      try database.execute(sql: "DELETE FROM gate_finding WHERE day <= ?", arguments: [day - Self.findingDays])
      let known =
        try Int.fetchOne(
          database, sql: "SELECT count(*) FROM gate_finding WHERE project_id = ? AND day = ?", arguments: [project.rawValue, day]) ?? 0
      let mayInsert = known + findings.count <= Self.mostFindings
      let statement = try database.makeStatement(
        sql: mayInsert
          ? """
          INSERT INTO gate_finding (count, project_id, day, event, property, treatment, reason) VALUES (?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET count = count + excluded.count
          """
          : """
          UPDATE gate_finding SET count = count + ? WHERE project_id = ? AND day = ? AND event = ? AND property = ? AND treatment = ? AND reason = ?
          """)
      for finding in findings {
        try statement.execute(arguments: [
          finding.count, project.rawValue, day, finding.event, finding.property, finding.treatment, finding.reason,
        ])
      }
    }
  }

  /// What was found in the last days, today included, most often first.
  ///
  /// - Parameter event: nil: of all.
  package func gateFindings(of project: ProjectID, event: String? = nil, days: Int) async throws(AccessError) -> [GateFinding] {
    let first = Self.day(of: clock()) - days + 1
    return try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT event, property, treatment, reason, sum(count) AS total FROM gate_finding
          WHERE project_id = ? AND day >= ? AND event = coalesce(?, event) GROUP BY event, property, treatment, reason ORDER BY total DESC
          """,
        arguments: [project.rawValue, first, event]
      ).map { row in
        GateFinding(
          event: row["event"], property: row["property"], treatment: row["treatment"], reason: row["reason"], count: row["total"])
      }
    }
  }

  /// Days of UTC since 1970.
  private static func day(of time: Timestamp) -> Int { Int((Double(time.milliseconds) / 86_400_000).rounded(.down)) }
}
