import Events
import Foundation
import GRDB
import Ledger

extension ControlDatabase {
  package static let mostVendors = 200
  package static let mostDeadLetters = 1_000

  /// Of a project, by id; nil: of all.
  package func vendors(of project: ProjectID? = nil) async throws(AccessError) -> [Vendor] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM vendor WHERE project_id = coalesce(?, project_id) ORDER BY id", arguments: [project?.rawValue]
      ).map(Self.vendor)
    }
  }

  package func vendor(_ id: Vendor.ID) async throws(AccessError) -> Vendor? { try await read { try Self.vendor(id, in: $0) } }

  /// Newest first.
  package func versions(of id: Vendor.ID) async throws(AccessError) -> [VendorVersion] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM vendor_version WHERE vendor_id = ? ORDER BY version DESC LIMIT 100", arguments: [id.rawValue]
      ).map(Self.version)
    }
  }

  package func version(_ version: Int, of id: Vendor.ID) async throws(AccessError) -> VendorVersion? {
    try await read { try Self.version(version, of: id, in: $0) }
  }

  // MARK: Declarations

  /// Writes the next version of a declaration, and the vendor with its first one.
  ///
  /// - Returns: the version's number.
  package func declare(
    _ id: Vendor.ID, in project: ProjectID, source: String, digest: String, by principal: Principal, entry: UInt64, undone: Bool = false
  ) async throws(AccessError) -> Int {
    let now = clock()
    return try await write(undone: undone) { database in
      if let vendor = try Self.vendor(id, in: database) {
        guard vendor.project == project else { throw AccessError(.inUse, "Another project has a vendor of this id: choose another one.") }
        guard vendor.state != .killed else { throw AccessError(.inUse, "The vendor \(id) is killed, for good: declare another one.") }
      } else {
        guard try Int.fetchOne(database, sql: "SELECT count(*) FROM vendor") ?? 0 < Self.mostVendors else {
          throw AccessError(.invalid, "There are \(Self.mostVendors) vendors, the most that can be declared.")
        }
        try database.execute(
          sql: "INSERT INTO vendor (id, project_id, state, created_at) VALUES (?, ?, 'declared', ?)",
          arguments: [id.rawValue, project.rawValue, now.milliseconds])
      }
      let newest = try Int.fetchOne(database, sql: "SELECT max(version) FROM vendor_version WHERE vendor_id = ?", arguments: [id.rawValue])
      let version = (newest ?? 0) + 1
      try database.execute(
        sql: """
          INSERT INTO vendor_version (vendor_id, version, source, digest, asked_kind, asked_id, asked_credential, asked_at, asked_entry)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          id.rawValue, version, source, digest, principal.kind.rawValue, principal.id, principal.credential, now.milliseconds,
          Int64(bitPattern: entry),
        ])
      return version
    }
  }

  /// Somebody else's answer to the newest version.
  ///
  /// - Parameter commit: where its first events come from, if none flowed before.
  package func decide(
    _ version: Int, of id: Vendor.ID, isApproved: Bool, by principal: Principal, startingBehind commit: UInt64, startsAnew: Bool,
    undone: Bool = false
  ) async throws(AccessError) {
    let now = clock()
    try await write(undone: undone) { database in
      guard let vendor = try Self.vendor(id, in: database), vendor.state != .killed,
        let found = try Self.version(version, of: id, in: database),
        let newest = try Int.fetchOne(
          database, sql: "SELECT max(version) FROM vendor_version WHERE vendor_id = ?", arguments: [id.rawValue]),
        found.state(newest: newest) == .waiting
      else { throw AccessError(.notFound, "This declaration does not wait for an answer any more.") }
      if isApproved { try Self.checkSecond(principal, to: found, at: now, in: database) }
      try database.execute(
        sql: """
          UPDATE vendor_version SET decided_kind = ?, decided_id = ?, decided_credential = ?, decided_at = ?, approved = ?
          WHERE vendor_id = ? AND version = ? AND decided_at IS NULL
          """,
        arguments: [
          principal.kind.rawValue, principal.id, principal.credential, now.milliseconds, isApproved, id.rawValue, version,
        ])
      guard isApproved else { return }
      // What came before is under the fields that were agreed to then, or under none.
      try database.execute(
        sql: """
          UPDATE vendor SET previous_version = iif(?, NULL, in_force), changed_at_commit = ?, in_force = ?,
            state = iif(state = 'declared', 'flowing', state), commit_position = iif(?, ?, commit_position),
            row_position = iif(?, 4294967295, row_position)
          WHERE id = ?
          """,
        arguments: [startsAnew, Int64(commit), version, startsAnew, Int64(commit), startsAnew, id.rawValue])
    }
  }

  /// Nobody agrees to what they asked for, under whichever kind of credential; among the staff, nobody does whom the asker invited a moment ago.
  private static func checkSecond(_ principal: Principal, to version: VendorVersion, at now: Timestamp, in database: Database) throws {
    let asker = version.askedBy
    guard principal.kind != asker.kind || principal.id != asker.id else {
      throw AccessError(.invalid, "Nobody agrees to what they asked for themselves: somebody else must.")
    }
    if principal.kind == .staff, asker.kind == .staff {
      try checkSecondPerson(
        StaffMember.ID(rawValue: principal.id), for: StaffMember.ID(rawValue: asker.id), at: now, in: database)
    }
  }

  /// Of a copy: every vendor is killed, and nothing waits for any.
  package func silenceVendors() async throws(AccessError) {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: "UPDATE vendor SET state = 'killed', killed_at = coalesce(killed_at, ?), in_force = NULL", arguments: [now.milliseconds])
      try database.execute(sql: "DELETE FROM vendor_deletion")
    }
  }

  /// - Throws: `notFound`, or `invalid` where the vendor is in none of the states that this may begin in.
  package func setState(_ state: Vendor.State, of id: Vendor.ID, from states: Set<Vendor.State>, undone: Bool = false)
    async throws(AccessError)
  {
    let now = clock()
    try await write(undone: undone) { database in
      guard let vendor = try Self.vendor(id, in: database) else { throw AccessError(.notFound, "There is no vendor \(id).") }
      guard states.contains(vendor.state) else { throw AccessError(.invalid, "The vendor \(id) is \(vendor.state.rawValue).") }
      try database.execute(
        sql: "UPDATE vendor SET state = ?, killed_at = iif(? = 'killed', ?, killed_at) WHERE id = ?",
        arguments: [state.rawValue, state.rawValue, now.milliseconds, id.rawValue])
    }
  }

  // MARK: Progress

  /// A batch has arrived, or there was nothing for the vendor in it: the next one begins behind this place.
  package func advance(
    _ id: Vendor.ID, to commit: UInt64, row: UInt32, events: Int, batches: Int, missed: UInt64, letters: [DeadLetter]
  ) async throws(AccessError) {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: """
          UPDATE vendor SET commit_position = ?, row_position = ?, events = events + ?, batches = batches + ?,
            dead_letters = dead_letters + ?, missed_commits = missed_commits + ?, last_success_at = iif(? > 0, ?, last_success_at),
            last_error = iif(? > 0, NULL, last_error)
          WHERE id = ?
          """,
        arguments: [
          Int64(commit), Int64(row), events, batches, letters.count, Int64(missed), batches, now.milliseconds, batches, id.rawValue,
        ])
      for letter in letters {
        try database.execute(
          sql: """
            INSERT INTO vendor_dead_letter (vendor_id, commit_position, row_position, event, reason, at) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
          arguments: [id.rawValue, Int64(letter.commit), Int64(letter.row), letter.event, letter.reason, now.milliseconds])
      }
      if !letters.isEmpty {
        try database.execute(
          sql: """
            DELETE FROM vendor_dead_letter WHERE vendor_id = ? AND id <= (SELECT max(id) FROM vendor_dead_letter WHERE vendor_id = ?) - ?
            """, arguments: [id.rawValue, id.rawValue, Self.mostDeadLetters])
      }
    }
  }

  package func noteFailure(of id: Vendor.ID, reason: String) async throws(AccessError) {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: "UPDATE vendor SET last_failure_at = ?, last_error = ? WHERE id = ?",
        arguments: [now.milliseconds, String(reason.prefix(300)), id.rawValue])
    }
  }

  /// The newest first.
  package func deadLetters(of id: Vendor.ID, limit: Int) async throws(AccessError) -> [DeadLetter] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM vendor_dead_letter WHERE vendor_id = ? ORDER BY id DESC LIMIT ?", arguments: [id.rawValue, limit]
      ).map { row in
        DeadLetter(
          id: row["id"], vendor: id, commit: UInt64(row["commit_position"] as Int64), row: UInt32(row["row_position"] as Int64),
          event: row["event"], reason: row["reason"], at: Timestamp(milliseconds: row["at"]))
      }
    }
  }

  // MARK: Rows

  private static func vendor(_ id: Vendor.ID, in database: Database) throws -> Vendor? {
    try Row.fetchOne(database, sql: "SELECT * FROM vendor WHERE id = ?", arguments: [id.rawValue]).map(vendor)
  }

  private static func vendor(_ row: Row) throws -> Vendor {
    guard let id = Vendor.ID(rawValue: row["id"]), let state = Vendor.State(rawValue: row["state"]) else {
      throw AccessError(.unavailable, "The control database is damaged: a vendor cannot be read.")
    }
    func time(_ column: String) -> Timestamp? { (row[column] as Int64?).map { Timestamp(milliseconds: $0) } }
    var progress = Vendor.Progress()
    progress.previousVersion = row["previous_version"]
    progress.changedAtCommit = UInt64(row["changed_at_commit"] as Int64? ?? 0)
    progress.commit = (row["commit_position"] as Int64?).map { UInt64($0) }
    progress.row = UInt32(row["row_position"] as Int64)
    progress.events = row["events"]
    progress.batches = row["batches"]
    progress.deadLetters = row["dead_letters"]
    progress.missedCommits = UInt64(row["missed_commits"] as Int64)
    progress.lastSuccessAt = time("last_success_at")
    progress.lastFailureAt = time("last_failure_at")
    progress.lastError = row["last_error"]
    return Vendor(
      id: id, project: ProjectID(row["project_id"]), state: state, inForce: row["in_force"],
      createdAt: Timestamp(milliseconds: row["created_at"]), killedAt: time("killed_at"), progress: progress)
  }

  private static func version(_ version: Int, of id: Vendor.ID, in database: Database) throws -> VendorVersion? {
    try Row.fetchOne(
      database, sql: "SELECT * FROM vendor_version WHERE vendor_id = ? AND version = ?", arguments: [id.rawValue, version]
    ).map(Self.version)
  }

  private static func version(_ row: Row) throws -> VendorVersion {
    func principal(_ prefix: String) -> Principal? {
      guard let kind = (row["\(prefix)_kind"] as String?).flatMap(Principal.Kind.init(rawValue:)) else { return nil }
      return Principal(kind: kind, id: row["\(prefix)_id"] ?? "", credential: row["\(prefix)_credential"] ?? "")
    }
    guard let id = Vendor.ID(rawValue: row["vendor_id"]), let asker = principal("asked") else {
      throw AccessError(.unavailable, "The control database is damaged: a vendor's declaration cannot be read.")
    }
    return VendorVersion(
      vendor: id, version: row["version"], source: row["source"], digest: row["digest"], askedBy: asker,
      askedAt: Timestamp(milliseconds: row["asked_at"]), askedEntry: UInt64(bitPattern: row["asked_entry"] as Int64),
      decidedBy: principal("decided"), decidedAt: (row["decided_at"] as Int64?).map { Timestamp(milliseconds: $0) },
      isApproved: row["approved"])
  }
}
