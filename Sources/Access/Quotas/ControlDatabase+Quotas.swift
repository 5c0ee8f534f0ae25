import Events
import Foundation
import GRDB
import Synchronization

extension ControlDatabase {
  /// What somebody may take out in a day.
  package func quota(of holder: QuotaHolder) -> Quota {
    guard !holder.isStaff else { return cache.withLock { $0.staffQuota } }
    return cache.withLock { $0.accounts[holder.id]?.account.quota } ?? .serviceAccount
  }

  /// Of each person, in whatever browsers: `Quota.staff` until an owner sets another.
  package var staffQuota: Quota { cache.withLock { $0.staffQuota } }

  /// Holds from the next row on, for days that have begun too.
  ///
  /// - Throws: `invalid` where a measure is not 0 to `Quota.largest` of its unit.
  package func setStaffQuota(_ quota: Quota, undone: Bool = false) async throws(AccessError) {
    for measure in Quota.Measure.allCases where !(0...Quota.largest * measure.unit).contains(quota[measure]) {
      throw AccessError(.invalid, "The \(measure.rawValue) a day are a whole number, 0 to \(Quota.largest * measure.unit).")
    }
    guard !undone else { return }
    try await setSetting(Self.staffQuotaSetting, to: quota.text)
    cache.withLock { $0.staffQuota = quota }
  }

  static let staffQuotaSetting = "staff_quota"

  func quotaState(of day: Int) async throws(AccessError) -> ([QuotaHolder: Quota], [Freeze]) {
    try await read { database in
      let uses = try Row.fetchAll(database, sql: "SELECT * FROM quota_use WHERE day = ?", arguments: [day]).map { row in
        (QuotaHolder(stored: row["holder"]), Quota(rows: row["rows"], subjects: row["subjects"], bytes: row["bytes"]))
      }
      let freezes = try Row.fetchAll(database, sql: "SELECT * FROM credential_freeze").map { row in
        Freeze(
          holder: QuotaHolder(stored: row["holder"]), measure: (row["measure"] as String?).flatMap { Quota.Measure(rawValue: $0) },
          frozenAt: Timestamp(milliseconds: row["frozen_at"]))
      }
      return (Dictionary(uses, uniquingKeysWith: { $1 }), freezes)
    }
  }

  /// Writes down that so much may have been used. Of several at once, the most counts.
  func reserve(_ quota: Quota, for holder: QuotaHolder, on day: Int) async throws(AccessError) {
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO quota_use (holder, day, rows, subjects, bytes) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET rows = max(rows, excluded.rows), subjects = max(subjects, excluded.subjects), bytes = max(bytes, excluded.bytes)
          """, arguments: [holder.description, day, quota.rows, quota.subjects, quota.bytes])
      try database.execute(sql: "DELETE FROM quota_use WHERE day < ?", arguments: [day - 31])
    }
  }

  func note(_ freeze: Freeze) async throws(AccessError) {
    try await write { database in
      try database.execute(
        sql: "INSERT INTO credential_freeze (holder, measure, frozen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        arguments: [freeze.holder.description, freeze.measure?.rawValue, freeze.frozenAt.milliseconds])
    }
  }

  func lift(_ holder: QuotaHolder, on day: Int) async throws(AccessError) -> Bool {
    try await write { database in
      try database.execute(sql: "DELETE FROM credential_freeze WHERE holder = ?", arguments: [holder.description])
      let wasThere = database.changesCount == 1
      try database.execute(sql: "DELETE FROM quota_use WHERE holder = ? AND day = ?", arguments: [holder.description, day])
      return wasThere
    }
  }
}
