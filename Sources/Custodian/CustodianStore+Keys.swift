package import Events
internal import Foundation
internal import GRDB
package import Vault

/// An HPKE key of the custodian in its life.
package struct HPKEKeyRecord: Sendable, Hashable {
  package enum State: String, Sendable, Codable {
    /// Made and durable; the server has not yet confirmed it.
    case announced
    /// What the server seals to.
    case current
    /// The server seals to its successor; kept for what is still outstanding.
    case replaced
    /// Its file is being destroyed: a crash in between is finished at the next start.
    case leaving
    /// Only its public half is known still.
    case destroyed
  }

  package let announcement: CustodianKeyAnnouncement
  package let state: State
  package let replacedAt: Timestamp?
  package var id: UInt64 { announcement.key.id }
}

extension CustodianStore {
  package func hpkeKeys() throws -> [HPKEKeyRecord] { try database.read(Self.hpkeKeys) }

  static func hpkeKeys(in database: Database) throws -> [HPKEKeyRecord] {
    try Row.fetchAll(database, sql: "SELECT announcement, state, replaced_at FROM hpke_key ORDER BY made_at, id").map { row in
      let replacedAt: Int64? = row["replaced_at"]
      guard let state = HPKEKeyRecord.State(rawValue: row["state"]) else {
        throw CustodianError.damagedStore("an HPKE key has an unknown state")
      }
      return HPKEKeyRecord(
        announcement: try CustodianKeyAnnouncement(text: row["announcement"]), state: state,
        replacedAt: replacedAt.map(Timestamp.init(milliseconds:)))
    }
  }

  /// Enters a key that was just made, or a new announcement of one that is known.
  package func enter(_ announcement: CustodianKeyAnnouncement, state: HPKEKeyRecord.State) throws {
    try database.write {
      try $0.execute(
        sql: """
          INSERT INTO hpke_key (id, public_key, announcement, state, made_at) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET announcement = excluded.announcement
          """,
        arguments: [
          Self.bytes(announcement.key.id), Data(announcement.key.bytes), announcement.text, state.rawValue, announcement.madeAt,
        ])
    }
  }

  /// The server confirmed a key: every other that was in force is replaced, in one step.
  package func confirm(_ id: UInt64, at time: Timestamp) throws {
    try database.write {
      try $0.execute(
        sql: "UPDATE hpke_key SET state = 'replaced', replaced_at = ? WHERE state = 'current' AND id <> ?",
        arguments: [time.milliseconds, Self.bytes(id)])
      try $0.execute(
        sql: "UPDATE hpke_key SET state = 'current', adopted_at = ? WHERE id = ? AND state = 'announced'",
        arguments: [time.milliseconds, Self.bytes(id)])
    }
  }

  package func setState(_ state: HPKEKeyRecord.State, of id: UInt64, at time: Timestamp) throws {
    try database.write {
      try $0.execute(
        sql: "UPDATE hpke_key SET state = ?1, destroyed_at = CASE ?1 WHEN 'destroyed' THEN ?2 ELSE destroyed_at END WHERE id = ?3",
        arguments: [state.rawValue, time.milliseconds, Self.bytes(id)])
    }
  }

  static func bytes(_ id: UInt64) -> Data {
    var bytes: [UInt8] = []
    bytes.append(bigEndian: id)
    return Data(bytes)
  }
}
