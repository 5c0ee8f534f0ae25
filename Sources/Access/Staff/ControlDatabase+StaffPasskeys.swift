import Events
import Foundation
import GRDB
import Passkeys

extension ControlDatabase {
  /// The user handle of somebody's passkeys: 16 random bytes, which name nobody.
  func userHandle(of id: StaffMember.ID) async throws(AccessError) -> [UInt8]? {
    try await read { try Data.fetchOne($0, sql: "SELECT user_handle FROM staff WHERE id = ?", arguments: [id.rawValue]).map { Array($0) } }
  }

  /// Somebody's passkeys, the oldest first.
  package func staffPasskeys(of id: StaffMember.ID) async throws(AccessError) -> [StaffPasskey] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM staff_passkey WHERE staff_id = ? ORDER BY made_at, id", arguments: [id.rawValue]).map {
        row in
        let credential = Array(row["id"] as Data)
        return StaffPasskey(
          label: StaffPasskey.label(of: credential), credential: credential, isBackedUp: row["backed_up"],
          madeAt: Timestamp(milliseconds: row["made_at"]), usedAt: (row["used_at"] as Int64?).map { Timestamp(milliseconds: $0) })
      }
    }
  }

  func owner(ofPasskey id: [UInt8]) async throws(AccessError) -> StaffMember.ID? {
    try await read { database in
      try String.fetchOne(database, sql: "SELECT staff_id FROM staff_passkey WHERE id = ?", arguments: [Data(id)])
        .map { StaffMember.ID(rawValue: $0) }
    }
  }

  /// Whether it is anybody's.
  func isKnownCredential(_ id: [UInt8]) async throws(AccessError) -> Bool { try await read { try Self.isKnownCredential(id, in: $0) } }

  static func isKnownCredential(_ id: [UInt8], in database: Database) throws -> Bool {
    try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM staff_passkey WHERE id = ?)", arguments: [Data(id)]) ?? false
  }

  static func insert(_ passkey: CredentialRecord, of staff: StaffMember.ID, at time: Timestamp, in database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO staff_passkey (id, staff_id, public_key, counter, backup_eligible, backed_up, verified, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        Data(passkey.id), staff.rawValue, Data(passkey.publicKey.coseKey), Int64(passkey.signatureCounter), passkey.isBackupEligible,
        passkey.isBackedUp, passkey.isUserVerificationInitialized, time.milliseconds,
      ])
  }

  /// Adds a passkey to those of somebody who has one. False where the person is suspended by now.
  func addPasskey(_ passkey: CredentialRecord, to id: StaffMember.ID) async throws(AccessError) -> Bool {
    let now = clock()
    return try await write { database in
      guard let member = try Self.member(id, in: database), member.isActive else { return false }
      guard try !Self.isKnownCredential(passkey.id, in: database) else { return false }
      try Self.insert(passkey, of: id, at: now, in: database)
      return true
    }
  }

  /// - Throws: `inUse` for the last one: a person without a passkey could never come back.
  package func removePasskey(_ credential: [UInt8], of id: StaffMember.ID, undone: Bool = false) async throws(AccessError) {
    try await write(undone: undone) { database in
      try database.execute(
        sql: "DELETE FROM staff_passkey WHERE id = ? AND staff_id = ?", arguments: [Data(credential), id.rawValue])
      guard database.changesCount == 1 else { throw AccessError(.notFound, "There is no such passkey.") }
      guard try Int.fetchOne(database, sql: "SELECT count(*) FROM staff_passkey WHERE staff_id = ?", arguments: [id.rawValue]) ?? 0 > 0
      else { throw AccessError(.inUse, "This is your only passkey. Add another one first.") }
    }
  }

  /// Verifies an assertion and keeps what it changes, with nothing in between: two at once cannot both pass with one counter.
  ///
  /// - Throws: `PasskeyError`, or `AccessError`.
  func use(_ assertion: AssertionResponse, in ceremony: AuthenticationCeremony) async throws -> StaffMember {
    let now = clock()
    return try await pool.write { database in
      let row = try Row.fetchOne(
        database,
        sql: "SELECT staff_passkey.*, user_handle FROM staff_passkey JOIN staff ON staff.id = staff_id WHERE staff_passkey.id = ?",
        arguments: [Data(assertion.credentialID)])
      let known = try row.map { try Self.record($0) }
      let record = try ceremony.verify(assertion, record: known, owner: row.map { Array($0["user_handle"] as Data) })
      guard let row, let member = try Self.member(StaffMember.ID(rawValue: row["staff_id"]), in: database) else {
        throw AccessError(.unavailable, "The control database is damaged: a passkey is nobody's.")
      }
      try database.execute(
        sql: "UPDATE staff_passkey SET counter = ?, backed_up = ?, verified = ?, used_at = ? WHERE id = ?",
        arguments: [
          Int64(record.signatureCounter), record.isBackedUp, record.isUserVerificationInitialized, now.milliseconds, Data(record.id),
        ])
      return member
    }
  }

  private static func record(_ row: Row) throws -> CredentialRecord {
    guard let key = try? CredentialPublicKey(coseKey: Array(row["public_key"] as Data)),
      let counter = UInt32(exactly: row["counter"] as Int64)
    else { throw AccessError(.unavailable, "The control database is damaged: a passkey cannot be read.") }
    return CredentialRecord(
      id: Array(row["id"] as Data), publicKey: key, signatureCounter: counter, isBackupEligible: row["backup_eligible"],
      isBackedUp: row["backed_up"], isUserVerificationInitialized: row["verified"])
  }
}
