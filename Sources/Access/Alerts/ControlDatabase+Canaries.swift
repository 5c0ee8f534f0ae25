import Events
import GRDB

/// An export that canaries were mixed into. Which they are is told by the key directory's key alone.
package struct CanaryExport: Sendable, Hashable {
  /// 32 hexadecimal digits.
  package let nonce: String
  package let project: ProjectID
  /// The ledger's entry of its first page.
  package let entry: UInt64
  package let by: Alert.About
  /// How many.
  package let canaries: Int
  package let madeAt: Timestamp

  package init(nonce: String, project: ProjectID, entry: UInt64, by: Alert.About, canaries: Int, madeAt: Timestamp) {
    self.nonce = nonce
    self.project = project
    self.entry = entry
    self.by = by
    self.canaries = canaries
    self.madeAt = madeAt
  }
}

extension ControlDatabase {
  package func note(_ export: CanaryExport) async throws(AccessError) {
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO canary_export (nonce, project_id, entry, by_kind, by_id, by_credential, canaries, made_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
          """,
        arguments: [
          export.nonce, export.project.rawValue, Int64(export.entry), export.by.kind, export.by.id, export.by.credential, export.canaries,
          export.madeAt.milliseconds,
        ])
    }
  }

  /// Of a project, the newest first, at most `limit` before an entry.
  package func canaryExports(of project: ProjectID, before entry: UInt64? = nil, limit: Int) async throws(AccessError) -> [CanaryExport] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM canary_export WHERE project_id = ? AND entry < ? ORDER BY entry DESC LIMIT ?",
        arguments: [project.rawValue, entry.map { Int64(clamping: $0) } ?? .max, limit]
      ).map { row in
        CanaryExport(
          nonce: row["nonce"], project: ProjectID(row["project_id"]), entry: UInt64(row["entry"] as Int64),
          by: Alert.About(kind: row["by_kind"], id: row["by_id"], credential: row["by_credential"]), canaries: row["canaries"],
          madeAt: Timestamp(milliseconds: row["made_at"]))
      }
    }
  }
}
