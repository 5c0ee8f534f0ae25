import Events
import Foundation
import GRDB
import Passkeys

extension ControlDatabase {
  /// Makes a link for a first owner. Earlier ones stay valid until their hour is over.
  ///
  /// - Throws: `inUse` while there is an owner who can sign in: others come by invitation, and who lost a passkey comes back by another
  ///   one or by two other owners.
  package func createSetupLink() async throws(AccessError) -> StaffLink {
    try await createLink(.setup, for: nil, by: nil) { database in
      guard try Self.owners(in: database) == 0 else {
        throw AccessError(
          .inUse,
          "There is an owner already. Others come by invitation (Staff, in the console); an owner who lost every passkey is let in again by two other owners. If nobody can sign in any more, remove the owners first: `sealane staff remove ID`."
        )
      }
    }
  }

  /// A link by which an invited person registers the first passkey; links before it are void.
  package func createInvitationLink(for id: StaffMember.ID, by inviter: StaffMember.ID?) async throws(AccessError) -> StaffLink {
    try await createLink(.invitation, for: id, by: inviter) { database in
      guard let member = try Self.member(id, in: database), member.enrolledAt == nil, member.suspension == nil else {
        throw AccessError(.notFound, "Nobody who was invited and has not come yet has this id.")
      }
      try database.execute(sql: "DELETE FROM staff_link WHERE staff_id = ? AND used_at IS NULL", arguments: [id.rawValue])
      // Whoever hands the link over answers for who comes.
      try database.execute(
        sql: "UPDATE staff SET invited_by = coalesce(?, invited_by) WHERE id = ?", arguments: [inviter?.rawValue, id.rawValue])
    }
  }

  func createLink(
    _ kind: StaffLink.Kind, for id: StaffMember.ID?, by maker: StaffMember.ID?, check: @escaping @Sendable (Database) throws -> Void
  ) async throws(AccessError) -> StaffLink {
    let token = Secret.random(.setupLink)
    let digest = Data(token.digest.bytes)
    let now = clock()
    let link = StaffLink(kind: kind, token: token, expiresAt: now + kind.lifetime)
    try await write { database in
      try check(database)
      try database.execute(
        sql: "INSERT INTO staff_link (token_sha256, kind, staff_id, made_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [digest, kind.rawValue, id?.rawValue, maker?.rawValue, now.milliseconds, link.expiresAt.milliseconds])
      try database.execute(sql: "DELETE FROM staff_link WHERE expires_at < ?", arguments: [now.milliseconds - 86_400_000])
    }
    return link
  }

  /// What a link is for, if it can still be used. Looking does not use it up.
  func link(_ token: Secret) async throws(AccessError) -> (kind: StaffLink.Kind, member: StaffMember?)? {
    let digest = Data(token.digest.bytes)
    let now = clock()
    return try await read { database in try Self.link(digest, at: now, in: database) }
  }

  private static func link(_ digest: Data, at time: Timestamp, in database: Database) throws -> (StaffLink.Kind, StaffMember?)? {
    guard
      let row = try Row.fetchOne(
        database, sql: "SELECT kind, staff_id FROM staff_link WHERE token_sha256 = ? AND used_at IS NULL AND expires_at > ?",
        arguments: [digest, time.milliseconds]), let kind = StaffLink.Kind(rawValue: row["kind"])
    else { return nil }
    guard let id = row["staff_id"] as String? else { return try kind == .setup && owners(in: database) == 0 ? (kind, nil) : nil }
    guard let member = try member(StaffMember.ID(rawValue: id), in: database) else { return nil }
    switch kind {
    case .setup: return nil
    case .invitation: return member.enrolledAt == nil && member.suspension == nil ? (kind, member) : nil
    case .recovery: return member.suspension == .removed ? nil : (kind, member)
    }
  }

  /// Uses a link up and gives its person this passkey, both or neither; of many at once, one succeeds. A recovered person has this passkey
  /// alone, no session of before, and is not suspended any more.
  ///
  /// - Parameters:
  ///   - name: of a first owner; others were named by whoever invited them.
  ///   - handle: of a first owner's passkeys.
  ///   - passkey: nil in the demo alone.
  /// - Throws: `linkNotValid`.
  func useLink(
    _ token: Secret, id: StaffMember.ID, name: String, handle: [UInt8]?, passkey: CredentialRecord?
  ) async throws(AccessError) -> StaffMember {
    let digest = Data(token.digest.bytes)
    let now = clock()
    return try await write { database in
      guard let (kind, invited) = try Self.link(digest, at: now, in: database) else { throw Self.linkNotValid }
      // One statement finds and uses it up, so that two requests cannot both find it unused.
      try database.execute(
        sql: "UPDATE staff_link SET used_at = ? WHERE token_sha256 = ? AND used_at IS NULL", arguments: [now.milliseconds, digest])
      guard database.changesCount == 1 else { throw Self.linkNotValid }
      let id = invited?.id ?? id
      switch kind {
      case .setup: try Self.insertMember(id, name: name, roles: StaffRoles(isOwner: true), handle: handle, at: now, in: database)
      case .invitation: break
      case .recovery:
        try database.execute(sql: "DELETE FROM staff_passkey WHERE staff_id = ?", arguments: [id.rawValue])
        try database.execute(sql: "DELETE FROM session WHERE staff_id = ?", arguments: [id.rawValue])
        try database.execute(sql: "UPDATE staff SET suspended_at = NULL, suspension = NULL WHERE id = ?", arguments: [id.rawValue])
      }
      try database.execute(
        sql: "UPDATE staff SET enrolled_at = coalesce(enrolled_at, ?) WHERE id = ?", arguments: [now.milliseconds, id.rawValue])
      if let passkey {
        guard try !Self.isKnownCredential(passkey.id, in: database) else {
          throw AccessError(.invalid, "This passkey is registered already. Use another authenticator.")
        }
        try Self.insert(passkey, of: id, at: now, in: database)
      }
      guard let member = try Self.member(id, in: database) else { throw DatabaseError(resultCode: .SQLITE_INTERNAL) }
      return member
    }
  }

  static let linkNotValid = AccessError(
    .linkNotValid, "This link is not valid: it works once, for an hour (an invitation for a week), and only as long as it is needed.")
}
