import Events
import Foundation
import GRDB

extension ControlDatabase {
  /// Keeps a version. Versions are never changed or deleted, so that it can be shown later what was collected when.
  ///
  /// - Throws: `invalid` where that version is there already.
  package func addTrackingPlan(
    _ version: Int, digest: String, canonical: String, source: String, ledgerIndex: Int64, project: ProjectID
  ) async throws(AccessError) -> TrackingPlanVersion {
    guard self.project(project) != nil else { throw AccessError(.notFound, "There is no project \(project).") }
    let now = clock()
    return try await write { database in
      let newest = try Int.fetchOne(
        database, sql: "SELECT max(version) FROM tracking_plan WHERE project_id = ?", arguments: [project.rawValue])
      guard version == (newest ?? 0) + 1 else {
        throw AccessError(.invalid, "Version \(newest ?? 0) of the plan was set in the meantime; look at it, then set yours again.")
      }
      try database.execute(
        sql: """
          INSERT INTO tracking_plan (project_id, version, digest, canonical, source, ledger_index, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [project.rawValue, version, digest, canonical, source, ledgerIndex, now.milliseconds])
      return TrackingPlanVersion(
        project: project, version: version, digest: digest, canonical: canonical, source: source, ledgerIndex: ledgerIndex, createdAt: now)
    }
  }

  /// Versions, the newest first, at most `limit`.
  package func trackingPlans(of project: ProjectID, limit: Int) async throws(AccessError) -> [TrackingPlanVersion] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM tracking_plan WHERE project_id = ? ORDER BY version DESC LIMIT ?",
        arguments: [project.rawValue, limit]
      ).map { Self.version($0, of: project) }
    }
  }

  private static func version(_ row: Row, of project: ProjectID) -> TrackingPlanVersion {
    TrackingPlanVersion(
      project: project, version: row["version"], digest: row["digest"], canonical: row["canonical"], source: row["source"],
      ledgerIndex: row["ledger_index"], createdAt: Timestamp(milliseconds: row["created_at"]))
  }

  /// One version, or the newest; nil if there is none.
  package func trackingPlan(_ version: Int? = nil, of project: ProjectID) async throws(AccessError) -> TrackingPlanVersion? {
    try await read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM tracking_plan WHERE project_id = ? AND version = coalesce(?, version) ORDER BY version DESC LIMIT 1",
        arguments: [project.rawValue, version]
      ).map { Self.version($0, of: project) }
    }
  }
}
