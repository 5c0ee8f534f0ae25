import Events
import Foundation
import GRDB

extension ControlDatabase {
  /// Of one incident; more would be read by nobody.
  package static let mostWarnings = 200

  /// Nil before they are set.
  package func trustSettings() async throws(AccessError) -> TrustSettings? {
    try await read { database in
      try Row.fetchOne(database, sql: "SELECT * FROM trust_site").map { row in
        TrustSettings(
          anchors: row["anchors"], site: row["site"], setAt: Timestamp(milliseconds: row["set_at"]),
          entry: UInt64(bitPattern: row["ledger_index"] as Int64))
      }
    }
  }

  package func put(_ settings: TrustSettings) async throws(AccessError) {
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO trust_site (id, anchors, site, set_at, ledger_index) VALUES (1, ?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET anchors = excluded.anchors, site = excluded.site, set_at = excluded.set_at,
            ledger_index = excluded.ledger_index
          """,
        arguments: [settings.anchors, settings.site, settings.setAt.milliseconds, Int64(bitPattern: settings.entry)])
    }
  }

  // MARK: Warnings

  /// In their order; those of all incidents where none is named.
  package func trustWarnings(of incident: Int64? = nil) async throws(AccessError) -> [TrustWarning] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT trust_warning.*, incident.project_id FROM trust_warning JOIN incident ON incident.id = incident_id
          WHERE ?1 IS NULL OR incident_id = ?1 ORDER BY trust_warning.id
          """, arguments: [incident]
      ).compactMap { row in
        guard let kind = TrustWarning.Kind(rawValue: row["kind"]) else { return nil }
        return TrustWarning(
          id: row["id"], project: ProjectID(row["project_id"]), incident: row["incident_id"], kind: kind, text: row["text"],
          seenAt: Timestamp(milliseconds: row["seen_at"]), madeAt: Timestamp(milliseconds: row["made_at"]),
          entry: UInt64(bitPattern: row["ledger_index"] as Int64))
      }
    }
  }

  /// The same again is the same.
  package func addWarning(
    _ kind: TrustWarning.Kind, _ text: String, seenAt: Timestamp, incident: Int64, entry: UInt64
  ) async throws(AccessError) {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO trust_warning (incident_id, kind, text, seen_at, made_at, ledger_index) VALUES (?, ?, ?, ?, ?, ?)
          ON CONFLICT (incident_id, kind, text) DO NOTHING
          """,
        arguments: [incident, kind.rawValue, text, seenAt.milliseconds, now.milliseconds, Int64(bitPattern: entry)])
    }
  }

  package func removeWarning(_ id: Int64) async throws(AccessError) {
    try await write { try $0.execute(sql: "DELETE FROM trust_warning WHERE id = ?", arguments: [id]) }
  }
}
