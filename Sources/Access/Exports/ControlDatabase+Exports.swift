import Events
import Foundation
import GRDB

extension ControlDatabase {
  package static let exportRequestPage = 100

  package func askForExport(
    of project: ProjectID, from: String, to: String, events: [String], purpose: String, by staff: StaffMember.ID
  ) async throws(AccessError) -> ExportRequest {
    try Name.validate(purpose, what: "What an export is for", longest: ExportRequest.longestPurpose)
    guard events.count <= 100 else { throw AccessError(.invalid, "An export names at most 100 events; leave them out for all.") }
    let now = clock()
    let names = try Self.text(events)
    return try await write { database in
      try database.execute(
        sql: """
          INSERT INTO export_request (project_id, asked_by, asked_at, from_day, to_day, events, purpose) VALUES (?, ?, ?, ?, ?, ?, ?)
          """, arguments: [project.rawValue, staff.rawValue, now.milliseconds, from, to, names, purpose])
      guard let request = try Self.exportRequest(database.lastInsertedRowID, in: database) else {
        throw DatabaseError(resultCode: .SQLITE_INTERNAL)
      }
      return request
    }
  }

  /// The newest first, at most `exportRequestPage`.
  package func exportRequests(of project: ProjectID) async throws(AccessError) -> [ExportRequest] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM export_request WHERE project_id = ? ORDER BY id DESC LIMIT ?",
        arguments: [project.rawValue, Self.exportRequestPage]
      ).map(Self.exportRequest)
    }
  }

  package func exportRequest(_ id: Int64, of project: ProjectID) async throws(AccessError) -> ExportRequest {
    let found = try await read { try Self.exportRequest(id, in: $0) }
    guard let found, found.project == project else { throw AccessError(.notFound, "There is no such export.") }
    return found
  }

  /// Somebody else's answer; the first one counts.
  ///
  /// - Throws: `invalid` where one is no second person to it, `notFound` where it does not wait any more.
  package func decideOnExport(_ id: Int64, isApproved: Bool, by staff: StaffMember.ID, undone: Bool = false) async throws(AccessError) {
    let now = clock()
    try await write(undone: undone) { database in
      guard let request = try Self.exportRequest(id, in: database), request.state(at: now) == .waiting else {
        throw AccessError(.notFound, "This export does not wait for an answer any more.")
      }
      if isApproved { try Self.checkSecondPerson(staff, for: request.askedBy, at: now, in: database) }
      try database.execute(
        sql: "UPDATE export_request SET decided_by = ?, decided_at = ?, approved = ? WHERE id = ? AND decided_at IS NULL",
        arguments: [staff.rawValue, now.milliseconds, isApproved, id])
    }
  }

  /// An export that somebody else agreed to, for whoever asked for it.
  package func approvedExport(_ id: Int64, by staff: StaffMember.ID) async throws(AccessError) -> ExportRequest {
    let now = clock()
    return try await read { try Self.approvedExport(id, by: staff, at: now, in: $0) }
  }

  private static func approvedExport(_ id: Int64, by staff: StaffMember.ID, at now: Timestamp, in database: Database) throws
    -> ExportRequest
  {
    guard let request = try exportRequest(id, in: database), request.askedBy == staff, request.state(at: now) == .approved else {
      throw AccessError(.notFound, "There is no export of yours that is approved and was not fetched.")
    }
    return request
  }

  /// Takes an approved export, once, by whoever asked for it: when its first page is entered.
  package func takeExport(_ id: Int64, by staff: StaffMember.ID) async throws(AccessError) -> ExportRequest {
    let now = clock()
    return try await write { database in
      let request = try Self.approvedExport(id, by: staff, at: now, in: database)
      // One statement takes it, so that two requests cannot both find it there.
      try database.execute(
        sql: "UPDATE export_request SET done_at = ? WHERE id = ? AND done_at IS NULL", arguments: [now.milliseconds, id])
      guard database.changesCount == 1 else { throw AccessError(.notFound, "This export was fetched already.") }
      return request
    }
  }

  private static func exportRequest(_ id: Int64, in database: Database) throws -> ExportRequest? {
    try Row.fetchOne(database, sql: "SELECT * FROM export_request WHERE id = ?", arguments: [id]).map(exportRequest)
  }

  private static func exportRequest(_ row: Row) throws -> ExportRequest {
    // None would mean all: what cannot be read is no export.
    guard let events = try? JSONDecoder().decode([String].self, from: Data((row["events"] as String).utf8)) else {
      throw AccessError(.unavailable, "The control database is damaged: the events of an export cannot be read.")
    }
    func time(_ column: String) -> Timestamp? { (row[column] as Int64?).map { Timestamp(milliseconds: $0) } }
    return ExportRequest(
      id: row["id"], project: ProjectID(row["project_id"]), askedBy: StaffMember.ID(rawValue: row["asked_by"]),
      askedAt: Timestamp(milliseconds: row["asked_at"]), from: row["from_day"], to: row["to_day"],
      events: events, purpose: row["purpose"],
      decidedBy: (row["decided_by"] as String?).map { StaffMember.ID(rawValue: $0) }, decidedAt: time("decided_at"),
      isApproved: row["approved"], doneAt: time("done_at"))
  }
}
