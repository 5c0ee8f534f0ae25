import Events
import Foundation
import GRDB

extension ControlDatabase {
  /// Saves a query under a name, in place of an earlier one of that name in the project.
  package func saveReport(name: String, query: String, project: ProjectID) async throws(AccessError) -> SavedReport {
    try Name.validate(name, what: "A report's name")
    guard query.utf8.count <= SavedReport.maximumQueryBytes else {
      throw AccessError(.invalid, "A saved query has at most \(SavedReport.maximumQueryBytes) bytes.")
    }
    guard self.project(project) != nil else { throw AccessError(.notFound, "There is no project \(project).") }
    let now = clock()
    return try await write { database in
      try database.execute(
        sql: """
          INSERT INTO saved_report (project_id, name, query, created_at, updated_at) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (project_id, name) DO UPDATE SET query = excluded.query, updated_at = excluded.updated_at
          """,
        arguments: [project.rawValue, name, query, now.milliseconds, now.milliseconds])
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM saved_report WHERE project_id = ? AND name = ?", arguments: [project.rawValue, name])
      guard let row else { throw AccessError(.unavailable, "The report was not saved.") }
      return SavedReport(row)
    }
  }

  /// By name.
  package func savedReports(of project: ProjectID) async throws(AccessError) -> [SavedReport] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM saved_report WHERE project_id = ? ORDER BY name COLLATE NOCASE, id", arguments: [project.rawValue]
      ).map { SavedReport($0) }
    }
  }

  /// Nil if there is none of that id in the project.
  package func savedReport(_ id: Int64, of project: ProjectID) async throws(AccessError) -> SavedReport? {
    try await read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM saved_report WHERE id = ? AND project_id = ?", arguments: [id, project.rawValue]
      ).map { SavedReport($0) }
    }
  }

  /// False if there was none of that id in the project.
  package func deleteReport(_ id: Int64, of project: ProjectID) async throws(AccessError) -> Bool {
    try await write { database in
      try database.execute(sql: "DELETE FROM saved_report WHERE id = ? AND project_id = ?", arguments: [id, project.rawValue])
      return database.changesCount == 1
    }
  }
}

extension SavedReport {
  init(_ row: Row) {
    self.init(
      id: row["id"], project: ProjectID(row["project_id"]), name: row["name"], query: row["query"],
      createdAt: Timestamp(milliseconds: row["created_at"]), updatedAt: Timestamp(milliseconds: row["updated_at"]))
  }
}
