import Events
import Foundation
import GRDB
import Synchronization

extension ControlDatabase {
  /// Everybody who was ever invited or enrolled, the oldest first.
  package func staff() async throws(AccessError) -> [StaffMember] {
    try await read { database in
      try String.fetchAll(database, sql: "SELECT id FROM staff ORDER BY created_at, id").compactMap {
        try Self.member(StaffMember.ID(rawValue: $0), in: database)
      }
    }
  }

  package func staffMember(_ id: StaffMember.ID) async throws(AccessError) -> StaffMember? {
    try await read { try Self.member(id, in: $0) }
  }

  /// Whether anybody is an owner who can sign in.
  package func hasOwner() async throws(AccessError) -> Bool { try await read { try Self.owners(in: $0) > 0 } }

  static func owners(in database: Database) throws -> Int {
    try Int.fetchOne(
      database,
      sql: """
        SELECT count(DISTINCT staff.id) FROM staff JOIN staff_role ON staff_role.staff_id = staff.id AND role = 'owner'
        JOIN staff_passkey ON staff_passkey.staff_id = staff.id WHERE enrolled_at IS NOT NULL AND suspended_at IS NULL
        """) ?? 0
  }

  /// Makes a person who is to come, with the roles that await; the link is made apart.
  ///
  /// - Parameter inviter: nil for the machine's user.
  package func inviteStaff(
    _ id: StaffMember.ID, name: String, roles: StaffRoles, by inviter: StaffMember.ID? = nil, undone: Bool = false
  ) async throws(AccessError) -> StaffMember {
    try Name.validate(name, what: "A name", longest: StaffMember.longestName)
    guard !roles.isEmpty else { throw AccessError(.invalid, "Choose at least one role: without any, nothing can be seen.") }
    let now = clock()
    return try await write(undone: undone) { database in
      guard
        try Int.fetchOne(
          database, sql: "SELECT count(*) FROM staff WHERE lower(name) = lower(?) AND coalesce(suspension, '') <> 'removed'",
          arguments: [name]) == 0
      else { throw AccessError(.invalid, "Somebody of this name is on the staff already. Write it so that the two can be told apart.") }
      try Self.insertMember(id, name: name, roles: roles, at: now, in: database)
      try database.execute(sql: "UPDATE staff SET invited_by = ? WHERE id = ?", arguments: [inviter?.rawValue, id.rawValue])
      guard let member = try Self.member(id, in: database) else { throw DatabaseError(resultCode: .SQLITE_INTERNAL) }
      return member
    }
  }

  /// - Parameter handle: the user handle of the person's passkeys; a random one where none was given out yet.
  static func insertMember(
    _ id: StaffMember.ID, name: String, roles: StaffRoles, handle: [UInt8]? = nil, at time: Timestamp, in database: Database
  ) throws {
    var generator = SystemRandomNumberGenerator()
    let handle = Data(handle ?? (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    try database.execute(
      sql: "INSERT INTO staff (id, name, user_handle, created_at) VALUES (?, ?, ?, ?)",
      arguments: [id.rawValue, name, handle, time.milliseconds])
    try write(roles, of: id, in: database)
  }

  /// Puts these roles in the place of all that the person has.
  ///
  /// - Throws: `inUse` where nobody would be an owner any more.
  ///
  /// - Parameter before: what whoever changes them has seen and was allowed to change; nil: whatever they are.
  package func setRoles(_ roles: StaffRoles, of id: StaffMember.ID, expecting before: StaffRoles? = nil, undone: Bool = false)
    async throws(AccessError)
  {
    guard !roles.isEmpty else { throw AccessError(.invalid, "Choose at least one role, or remove the person.") }
    try await write(undone: undone) { database in
      guard let member = try Self.member(id, in: database) else {
        throw AccessError(.notFound, "There is nobody of this id on the staff.")
      }
      guard before == nil || member.roles == before else {
        throw AccessError(.inUse, "Somebody else has changed these roles meanwhile. Look at them again.")
      }
      try Self.keepingAnOwner(in: database) { try Self.write(roles, of: id, in: database) }
    }
  }

  private static func write(_ roles: StaffRoles, of id: StaffMember.ID, in database: Database) throws {
    try database.execute(sql: "DELETE FROM staff_role WHERE staff_id = ?", arguments: [id.rawValue])
    let statement = try database.makeStatement(sql: "INSERT INTO staff_role (staff_id, project_id, role) VALUES (?, ?, ?)")
    if roles.isOwner { return try statement.execute(arguments: [id.rawValue, 0, Role.owner.rawValue]) }
    for (project, roles) in roles.byProject {
      for role in roles where role != .owner { try statement.execute(arguments: [id.rawValue, project.rawValue, role.rawValue]) }
    }
  }

  /// Refuses what would leave an installation without an owner who can sign in.
  private static func keepingAnOwner(in database: Database, _ change: () throws -> Void) throws {
    let before = try owners(in: database)
    try change()
    guard try before == 0 || owners(in: database) > 0 else {
      throw AccessError(.inUse, "Nobody would be an owner any more. Make somebody else an owner first.")
    }
  }

  /// Ends everything that a person could do: all sessions, all links, signing in, and what the person agreed to and nobody used yet. Returns how
  /// many sessions ended.
  ///
  /// - Parameter force: whether the last owner may go too; then a setup link makes the next one.
  package func suspend(_ id: StaffMember.ID, _ suspension: StaffMember.Suspension, force: Bool) async throws(AccessError) -> Int {
    let now = clock()
    let ended = try await write { database -> [String] in
      guard try Self.member(id, in: database) != nil else { throw AccessError(.notFound, "There is nobody of this id on the staff.") }
      func change() throws {
        // A removed person stays removed, whatever is said of it later.
        try database.execute(
          sql: """
            UPDATE staff SET suspended_at = coalesce(suspended_at, ?), suspension = CASE suspension WHEN 'removed' THEN 'removed' ELSE ? END
            WHERE id = ?
            """, arguments: [now.milliseconds, suspension.rawValue, id.rawValue])
      }
      if force { try change() } else { try Self.keepingAnOwner(in: database, change) }
      try database.execute(sql: "DELETE FROM staff_link WHERE staff_id = ? OR made_by = ?", arguments: [id.rawValue, id.rawValue])
      try database.execute(sql: "DELETE FROM staff_recovery WHERE staff_id = ? OR asked_by = ?", arguments: [id.rawValue, id.rawValue])
      try Self.withdrawAgreements(of: id, at: now, in: database)
      return try String.fetchAll(database, sql: "DELETE FROM session WHERE staff_id = ? RETURNING id", arguments: [id.rawValue])
    }
    cache.withLock { cache in for session in ended { cache.sessionsSeen[session] = nil } }
    return ended.count
  }

  static func member(_ id: StaffMember.ID, in database: Database) throws -> StaffMember? {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM staff WHERE id = ?", arguments: [id.rawValue]) else { return nil }
    var roles = StaffRoles()
    for row in try Row.fetchAll(database, sql: "SELECT project_id, role FROM staff_role WHERE staff_id = ?", arguments: [id.rawValue]) {
      guard let role = Role(rawValue: row["role"]) else { continue }
      if role == .owner { roles.isOwner = true } else { roles.byProject[ProjectID(row["project_id"]), default: []].insert(role) }
    }
    func time(_ column: String) -> Timestamp? { (row[column] as Int64?).map { Timestamp(milliseconds: $0) } }
    return StaffMember(
      id: id, name: row["name"], roles: roles, createdAt: Timestamp(milliseconds: row["created_at"]), enrolledAt: time("enrolled_at"),
      suspension: (row["suspension"] as String?).flatMap { StaffMember.Suspension(rawValue: $0) }, suspendedAt: time("suspended_at"),
      passkeys: try Int.fetchOne(database, sql: "SELECT count(*) FROM staff_passkey WHERE staff_id = ?", arguments: [id.rawValue]) ?? 0)
  }
}
