import Events
import Foundation
import GRDB

/// What an imported list changed.
package struct VendorGrantImport: Sendable, Hashable {
  package var new = 0
  package var changed = 0
  package var unchanged = 0

  package init(new: Int = 0, changed: Int = 0, unchanged: Int = 0) {
    self.new = new
    self.changed = changed
    self.unchanged = unchanged
  }
}

extension ControlDatabase {
  package static let mostGrants = 10_000

  /// By vendor and name; those of no vendor first.
  package func vendorGrants(of project: ProjectID) async throws(AccessError) -> [VendorGrant] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM vendor_grant WHERE project_id = ? ORDER BY vendor, name, id", arguments: [project.rawValue]
      ).map(Self.grant)
    }
  }

  package func vendorGrant(_ id: Int64) async throws(AccessError) -> VendorGrant? {
    try await read { database in
      try Row.fetchOne(database, sql: "SELECT * FROM vendor_grant WHERE id = ?", arguments: [id]).map(Self.grant)
    }
  }

  /// Writes one down by hand.
  ///
  /// - Returns: its number.
  package func record(_ draft: VendorGrantDraft, in project: ProjectID, undone: Bool = false) async throws(AccessError) -> Int64 {
    let now = clock()
    return try await write(undone: undone) { database in
      if let known = try Self.grant(draft.key, in: project, database) {
        throw AccessError(.inUse, "This grant is known already, as number \(known.id).")
      }
      guard try Self.countGrants(project, database) < Self.mostGrants else { throw Self.tooManyGrants }
      return try Self.insert(draft, .byHand, in: project, at: now, database)
    }
  }

  /// Takes a list in: what is known is brought up to date, so that the same list twice changes nothing.
  package func importGrants(_ drafts: [VendorGrantDraft], in project: ProjectID, undone: Bool = false) async throws(AccessError)
    -> VendorGrantImport
  {
    let now = clock()
    return try await write(undone: undone) { database in
      var result = VendorGrantImport()
      var count = try Self.countGrants(project, database)
      for draft in drafts {
        guard let known = try Self.grant(draft.key, in: project, database) else {
          count += 1
          guard count <= Self.mostGrants else { throw Self.tooManyGrants }
          _ = try Self.insert(draft, .list, in: project, at: now, database)
          result.new += 1
          continue
        }
        let next = known.draft.updated(by: draft)
        guard next != known.draft else {
          result.unchanged += 1
          continue
        }
        try database.execute(
          sql: """
            UPDATE vendor_grant SET name = ?, kind = ?, scopes = ?, granted_by = ?, created_at = ?, last_used_at = ?, expires_at = ?,
              retired_at = ?, revoked_at = ?, note = ?, updated_at = ? WHERE id = ?
            """,
          arguments: [
            next.name, next.kind.rawValue, next.scopes.joined(separator: "\n"), next.grantedBy, next.createdAt?.milliseconds,
            next.lastUsedAt?.milliseconds, next.expiresAt?.milliseconds, next.retiredAt?.milliseconds, next.revokedAt?.milliseconds,
            next.note, now.milliseconds, known.id,
          ])
        result.changed += 1
      }
      return result
    }
  }

  /// The company does not use it any more.
  package func retireGrant(_ id: Int64, undone: Bool = false) async throws(AccessError) {
    try await change(id, undone: undone) { draft, now in
      guard draft.retiredAt == nil else { throw AccessError(.inUse, "This grant is retired already.") }
      draft.retiredAt = now
    }
  }

  /// It is really dead; with that nobody uses it any more either. One that was used since then is dead from now on.
  package func revokeGrant(_ id: Int64, undone: Bool = false) async throws(AccessError) {
    try await change(id, undone: undone) { draft, now in
      if let revoked = draft.revokedAt, draft.lastUsedAt.map({ $0 <= revoked }) ?? true {
        throw AccessError(.inUse, "This grant is revoked already.")
      }
      draft.revokedAt = now
      draft.retiredAt = draft.retiredAt ?? now
    }
  }

  private func change(
    _ id: Int64, undone: Bool, _ act: @escaping @Sendable (inout VendorGrantDraft, Timestamp) throws -> Void
  ) async throws(AccessError) {
    let now = clock()
    try await write(undone: undone) { database in
      guard let row = try Row.fetchOne(database, sql: "SELECT * FROM vendor_grant WHERE id = ?", arguments: [id]) else {
        throw AccessError(.notFound, "There is no such grant.")
      }
      var draft = try Self.grant(row).draft
      try act(&draft, now)
      try database.execute(
        sql: "UPDATE vendor_grant SET retired_at = ?, revoked_at = ?, updated_at = ? WHERE id = ?",
        arguments: [draft.retiredAt?.milliseconds, draft.revokedAt?.milliseconds, now.milliseconds, id])
    }
  }

  // MARK: Alerts

  /// Retired, or of a vendor whose kill switch was pulled, and live still, and nobody was told for a day.
  package func grantsToTell() async throws(AccessError) -> [VendorGrant] {
    let now = clock()
    return try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT * FROM vendor_grant
          WHERE (retired_at IS NOT NULL OR EXISTS (
              SELECT 1 FROM vendor WHERE vendor.id = vendor_grant.vendor AND vendor.project_id = vendor_grant.project_id AND vendor.state = 'killed'))
            AND (revoked_at IS NULL OR last_used_at > revoked_at) AND coalesce(alerted_at, 0) <= ? ORDER BY id
          """, arguments: [now.milliseconds - 86_400_000]
      ).map(Self.grant).filter { $0.isLive(at: now) }
    }
  }

  package func noteTold(_ grants: [VendorGrant]) async throws(AccessError) {
    let now = clock()
    let ids = grants.map(\.id)
    try await write { database in
      for id in ids { try database.execute(sql: "UPDATE vendor_grant SET alerted_at = ? WHERE id = ?", arguments: [now.milliseconds, id]) }
    }
  }

  // MARK: Rows

  private static var tooManyGrants: AccessError {
    AccessError(.invalid, "A project's inventory has at most \(mostGrants) grants: leave out of the list what nobody looks at.")
  }

  private static func countGrants(_ project: ProjectID, _ database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "SELECT count(*) FROM vendor_grant WHERE project_id = ?", arguments: [project.rawValue]) ?? 0
  }

  private static func grant(_ key: VendorGrantDraft.Key, in project: ProjectID, _ database: Database) throws -> VendorGrant? {
    try Row.fetchOne(
      database,
      sql: "SELECT * FROM vendor_grant WHERE project_id = ? AND coalesce(vendor, '') = ? AND coalesce(client, name) = ?",
      arguments: [project.rawValue, key.vendor, key.name]
    ).map(grant)
  }

  private static func insert(
    _ draft: VendorGrantDraft, _ source: VendorGrant.Source, in project: ProjectID, at now: Timestamp, _ database: Database
  ) throws -> Int64 {
    try database.execute(
      sql: """
        INSERT INTO vendor_grant (project_id, vendor, client, name, kind, scopes, granted_by, created_at, last_used_at, expires_at, retired_at,
          revoked_at, source, note, recorded_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        project.rawValue, draft.vendor?.rawValue, draft.client, draft.name, draft.kind.rawValue, draft.scopes.joined(separator: "\n"),
        draft.grantedBy, draft.createdAt?.milliseconds, draft.lastUsedAt?.milliseconds, draft.expiresAt?.milliseconds,
        draft.retiredAt?.milliseconds, draft.revokedAt?.milliseconds, source.rawValue, draft.note, now.milliseconds, now.milliseconds,
      ])
    return database.lastInsertedRowID
  }

  private static func grant(_ row: Row) throws -> VendorGrant {
    func time(_ column: String) -> Timestamp? { (row[column] as Int64?).map { Timestamp(milliseconds: $0) } }
    guard let kind = VendorGrant.Kind(rawValue: row["kind"]), let source = VendorGrant.Source(rawValue: row["source"]) else {
      throw AccessError(.unavailable, "The control database is damaged: a vendor's grant cannot be read.")
    }
    let draft = VendorGrantDraft(
      vendor: (row["vendor"] as String?).flatMap(Vendor.ID.init(rawValue:)), client: row["client"], name: row["name"], kind: kind,
      scopes: (row["scopes"] as String).split(separator: "\n").map(String.init), grantedBy: row["granted_by"],
      createdAt: time("created_at"), lastUsedAt: time("last_used_at"), expiresAt: time("expires_at"), retiredAt: time("retired_at"),
      revokedAt: time("revoked_at"), note: row["note"])
    return VendorGrant(
      id: row["id"], project: ProjectID(row["project_id"]), draft: draft, source: source,
      recordedAt: Timestamp(milliseconds: row["recorded_at"]), updatedAt: Timestamp(milliseconds: row["updated_at"]))
  }
}
