import Events
import Foundation
import GRDB

extension ControlDatabase {
  /// Reads a saved cohort of the project as it stands in a transaction.
  package typealias CohortLookup = (Int64) throws -> SavedCohort?

  /// - Parameters:
  ///   - replaced: the cohort that gets this name and definition; nil for a new one.
  ///   - check: called within the transaction, so that nothing that it relies on changes before the cohort is written. What it throws
  ///     as an `AccessError` stops everything.
  package func saveCohort(
    _ draft: CohortDraft, replacing replaced: Int64? = nil, project: ProjectID,
    check: @escaping @Sendable (_ lookup: @escaping CohortLookup) throws -> Void = { _ in }
  ) async throws(AccessError) -> SavedCohort {
    try Name.validate(draft.name, what: "A cohort's name")
    guard draft.definition.utf8.count <= SavedCohort.maximumDefinitionBytes else {
      throw AccessError(.invalid, "A cohort's definition has at most \(SavedCohort.maximumDefinitionBytes) bytes.")
    }
    guard self.project(project) != nil else { throw AccessError(.notFound, "There is no project \(project).") }
    let now = clock()
    return try await write { database in
      try check { id in try SavedCohort.one(database, id, of: project) }
      let others = try Int.fetchOne(
        database, sql: "SELECT count(*) FROM saved_cohort WHERE project_id = ? AND name = ? AND id IS NOT ?",
        arguments: [project.rawValue, draft.name, replaced])
      guard others == 0 else { throw AccessError(.invalid, "There is a cohort of this name already; choose another.") }
      let values: StatementArguments = [draft.name, draft.kind.rawValue, draft.definition, draft.memberCount, now.milliseconds]
      if let replaced {
        try database.execute(
          sql:
            "UPDATE saved_cohort SET name = ?, kind = ?, definition = ?, member_count = ?, updated_at = ? WHERE id = ? AND project_id = ?",
          arguments: values + [replaced, project.rawValue])
        guard database.changesCount == 1 else { throw AccessError(.notFound, "There is no such cohort.") }
      } else {
        let count = try Int.fetchOne(
          database, sql: "SELECT count(*) FROM saved_cohort WHERE project_id = ?", arguments: [project.rawValue])
        guard count ?? 0 < SavedCohort.maximumPerProject else {
          throw AccessError(.invalid, "A project keeps at most \(SavedCohort.maximumPerProject) cohorts; delete one that nobody needs.")
        }
        try database.execute(
          sql: """
            INSERT INTO saved_cohort (name, kind, definition, member_count, updated_at, created_at, project_id) VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: values + [now.milliseconds, project.rawValue])
      }
      guard let saved = try SavedCohort.one(database, replaced ?? database.lastInsertedRowID, of: project) else {
        throw AccessError(.unavailable, "The cohort was not saved.")
      }
      return saved
    }
  }

  /// Changes what saved cohorts say, all in one transaction.
  ///
  /// - Parameter revise: given each cohort of the project, whole; nil leaves it as it is.
  package func reviseCohorts(of project: ProjectID, _ revise: @escaping @Sendable (SavedCohort) throws -> CohortDraft?)
    async throws(AccessError)
  {
    let now = clock()
    try await write { database in
      let ids = try Int64.fetchAll(database, sql: "SELECT id FROM saved_cohort WHERE project_id = ?", arguments: [project.rawValue])
      for id in ids {
        guard let saved = try SavedCohort.one(database, id, of: project), let draft = try revise(saved) else { continue }
        try database.execute(
          sql: "UPDATE saved_cohort SET kind = ?, definition = ?, member_count = ?, updated_at = ? WHERE id = ?",
          arguments: [draft.kind.rawValue, draft.definition, draft.memberCount, now.milliseconds, id])
      }
    }
  }

  /// In the order of their numbers, after one of them, at most `limit`. Lists come without their members.
  package func savedCohorts(
    of project: ProjectID, after id: Int64 = 0, limit: Int = SavedCohort.maximumPerProject
  ) async throws(AccessError) -> [SavedCohort] {
    try await read { database in try SavedCohort.many(database, of: project, after: id, limit: limit) }
  }

  /// Whole. Nil if there is none of that number in the project.
  package func savedCohort(_ id: Int64, of project: ProjectID) async throws(AccessError) -> SavedCohort? {
    try await read { database in try SavedCohort.one(database, id, of: project) }
  }

  /// - Parameter users: says what needs the cohort, of all saved reports and cohorts of the project; nothing is deleted if it says anything.
  /// - Throws: `inUse` with what it said, `notFound`.
  package func deleteCohort(
    _ id: Int64, of project: ProjectID, users: @escaping @Sendable ([SavedReport], [SavedCohort]) throws -> [String]
  ) async throws(AccessError) {
    try await write { database in
      let reports = try Row.fetchAll(
        database, sql: "SELECT * FROM saved_report WHERE project_id = ? ORDER BY name COLLATE NOCASE, id", arguments: [project.rawValue]
      ).map { SavedReport($0) }
      let cohorts = try SavedCohort.many(database, of: project, after: 0, limit: .max)
      let names = try users(reports, cohorts)
      guard names.isEmpty else {
        throw AccessError(.inUse, "The cohort is used by \(names.joined(separator: ", ")). Change or delete these first.")
      }
      try database.execute(sql: "DELETE FROM saved_cohort WHERE id = ? AND project_id = ?", arguments: [id, project.rawValue])
      guard database.changesCount == 1 else { throw AccessError(.notFound, "There is no such cohort.") }
    }
  }
}

extension SavedCohort {
  static func one(_ database: Database, _ id: Int64, of project: ProjectID) throws -> SavedCohort? {
    try Row.fetchOne(
      database, sql: "SELECT * FROM saved_cohort WHERE id = ? AND project_id = ?", arguments: [id, project.rawValue]
    ).map { SavedCohort($0) }
  }

  static func many(_ database: Database, of project: ProjectID, after id: Int64, limit: Int) throws -> [SavedCohort] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT id, project_id, name, kind, CASE kind WHEN 'dynamic' THEN definition END AS definition, member_count, created_at, updated_at
        FROM saved_cohort WHERE project_id = ? AND id > ? ORDER BY id LIMIT ?
        """,
      arguments: [project.rawValue, id, limit]
    ).map { SavedCohort($0) }
  }

  init(_ row: Row) {
    self.init(
      id: row["id"], project: ProjectID(row["project_id"]), name: row["name"], kind: Kind(rawValue: row["kind"]) ?? .dynamic,
      definition: row["definition"], memberCount: row["member_count"], createdAt: Timestamp(milliseconds: row["created_at"]),
      updatedAt: Timestamp(milliseconds: row["updated_at"]))
  }
}
