import Events
import Foundation
import GRDB

extension ControlDatabase {
  package static let accountRequestPage = 50

  func askForAccount(_ draft: ServiceAccountDraft, of project: ProjectID, by staff: StaffMember.ID) async throws(AccessError)
    -> AccountRequest
  {
    try validate(draft, in: project)
    let now = clock()
    return try await write { database in
      try database.execute(
        sql: """
          INSERT INTO account_request
            (project_id, asked_by, asked_at, name, scopes, lifetime_days, networks, quota_rows, quota_subjects, quota_bytes)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          project.rawValue, staff.rawValue, now.milliseconds, draft.name, Self.text(draft.scopes),
          draft.lifetime.components.seconds / 86_400,
          Self.text(draft.networks), draft.quota.rows, draft.quota.subjects, draft.quota.bytes,
        ])
      guard let request = try Self.accountRequest(database.lastInsertedRowID, in: database) else {
        throw DatabaseError(resultCode: .SQLITE_INTERNAL)
      }
      return request
    }
  }

  func forgetAccountRequest(_ id: Int64) async throws(AccessError) {
    try await write { try $0.execute(sql: "DELETE FROM account_request WHERE id = ?", arguments: [id]) }
  }

  /// The newest first.
  package func accountRequests(of project: ProjectID) async throws(AccessError) -> [AccountRequest] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM account_request WHERE project_id = ? ORDER BY id DESC LIMIT ?",
        arguments: [project.rawValue, Self.accountRequestPage]
      ).map(Self.accountRequest)
    }
  }

  package func accountRequest(_ id: Int64, of project: ProjectID) async throws(AccessError) -> AccountRequest {
    let found = try await read { try Self.accountRequest(id, in: $0) }
    guard let found, found.project == project else { throw AccessError(.notFound, "There is no such request.") }
    return found
  }

  /// Somebody else's answer; the first one counts. Taking one's own back is a refusal.
  func decideOnAccount(_ id: Int64, isApproved: Bool, by staff: StaffMember.ID, undone: Bool = false) async throws(AccessError) {
    let now = clock()
    try await write(undone: undone) { database in
      guard let request = try Self.accountRequest(id, in: database), request.state(at: now) == .waiting else {
        throw AccessError(.notFound, "This request does not wait for an answer any more.")
      }
      if isApproved { try Self.checkSecondPerson(staff, for: request.askedBy, at: now, in: database) }
      try database.execute(
        sql: "UPDATE account_request SET decided_by = ?, decided_at = ?, approved = ? WHERE id = ? AND decided_at IS NULL",
        arguments: [staff.rawValue, now.milliseconds, isApproved, id])
    }
  }

  /// Takes an approved request, once, by whoever asked.
  func takeAccount(_ id: Int64, by staff: StaffMember.ID) async throws(AccessError) -> AccountRequest {
    let now = clock()
    return try await write { database in
      guard let request = try Self.accountRequest(id, in: database), request.askedBy == staff, request.state(at: now) == .approved else {
        throw AccessError(.notFound, "There is no service account that you asked for, that was agreed to, and that was not made.")
      }
      try database.execute(
        sql: "UPDATE account_request SET made_at = ? WHERE id = ? AND made_at IS NULL", arguments: [now.milliseconds, id])
      guard database.changesCount == 1 else { throw AccessError(.notFound, "This service account was made already.") }
      return request
    }
  }

  static func text(_ scopes: Set<ServiceAccount.Scope>) -> String { scopes.map(\.rawValue).sorted().joined(separator: " ") }
  static func text(_ networks: [NetworkPrefix]) -> String { networks.map(\.description).joined(separator: " ") }
  static func scopes(_ text: String) -> Set<ServiceAccount.Scope> {
    Set(text.split(separator: " ").compactMap { ServiceAccount.Scope(rawValue: String($0)) })
  }

  private static func accountRequest(_ id: Int64, in database: Database) throws -> AccountRequest? {
    try Row.fetchOne(database, sql: "SELECT * FROM account_request WHERE id = ?", arguments: [id]).map(accountRequest)
  }

  private static func accountRequest(_ row: Row) throws -> AccountRequest {
    func time(_ column: String) -> Timestamp? { (row[column] as Int64?).map { Timestamp(milliseconds: $0) } }
    let networks = (row["networks"] as String).split(separator: " ")
    let known = networks.compactMap { NetworkPrefix(String($0)) }
    // Fewer would mean: from more places than two people agreed to.
    guard known.count == networks.count else {
      throw AccessError(.unavailable, "The control database is damaged: the networks of a request cannot be read.")
    }
    return AccountRequest(
      id: row["id"], project: ProjectID(row["project_id"]), askedBy: StaffMember.ID(rawValue: row["asked_by"]),
      askedAt: Timestamp(milliseconds: row["asked_at"]),
      draft: ServiceAccountDraft(
        name: row["name"], scopes: scopes(row["scopes"]), lifetime: .seconds((row["lifetime_days"] as Int64) * 86_400), networks: known,
        quota: Quota(rows: row["quota_rows"], subjects: row["quota_subjects"], bytes: row["quota_bytes"])),
      decidedBy: (row["decided_by"] as String?).map { StaffMember.ID(rawValue: $0) }, decidedAt: time("decided_at"),
      isApproved: row["approved"], madeAt: time("made_at"))
  }
}
