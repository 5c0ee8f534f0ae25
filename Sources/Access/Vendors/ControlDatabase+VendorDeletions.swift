import Events
import GRDB

/// A subject's erasure that a vendor is told of, and what became of it.
package struct VendorDeletion: Sendable, Hashable {
  package enum State: String, Sendable, Hashable { case waiting, sent, confirmed }

  package let id: Int64
  package let vendor: Vendor.ID
  /// The ledger's entry of the erasure.
  package let entry: UInt64
  package let subjects: [Pseudonym]
  package let orderedAt: Timestamp
  /// Whether the ledger has that the vendor is asked.
  package let isEntered: Bool
  package let attempts: Int
  package let sentAt: Timestamp?
  /// What became of its requests so far, and the vendor's own numbers for them.
  package let tasks: DeletionTasks?
  package let confirmedAt: Timestamp?
  package let lastError: String?

  package var state: State { confirmedAt != nil ? .confirmed : sentAt != nil ? .sent : .waiting }
}

extension ControlDatabase {
  package static let vendorDeletionPage = 500

  /// Writes down, for every vendor that events have flowed to, the erasures since: once each, whatever crashes in between. Those too that come after
  /// its kill switch was pulled: nobody sends them any more, and people must know whom to ask for.
  package func noteVendorDeletions() async throws(AccessError) {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO vendor_deletion (vendor_id, entry, next_at)
          SELECT vendor.id, erasure.entry, ? FROM vendor JOIN erasure ON erasure.project_id = vendor.project_id
          WHERE vendor.in_force IS NOT NULL
            AND NOT (vendor.state = 'killed' AND EXISTS (SELECT 1 FROM setting WHERE name = 'vendor.' || vendor.id || '.has_nothing'))
            AND erasure.ordered_at >= (SELECT min(decided_at) FROM vendor_version WHERE vendor_id = vendor.id AND approved = 1)
          ON CONFLICT DO NOTHING
          """, arguments: [now.milliseconds])
    }
  }

  /// What is to be sent, or asked about, now.
  package func dueVendorDeletions(limit: Int) async throws(AccessError) -> [VendorDeletion] {
    let now = clock()
    return try await read { database in
      try Row.fetchAll(
        database,
        sql: Self.selectVendorDeletions + """
           JOIN vendor ON vendor.id = vendor_deletion.vendor_id
          WHERE confirmed_at IS NULL AND next_at <= ? AND vendor.state = 'flowing' ORDER BY vendor_deletion.id LIMIT ?
          """, arguments: [now.milliseconds, limit]
      ).map(Self.vendorDeletion)
    }
  }

  /// Of killed vendors: those of which the ledger does not have that they are asked.
  package func unenteredDeletionsOfKilled(limit: Int) async throws(AccessError) -> [VendorDeletion] {
    let now = clock()
    return try await read { database in
      try Row.fetchAll(
        database,
        sql: Self.selectVendorDeletions + """
           JOIN vendor ON vendor.id = vendor_deletion.vendor_id
          WHERE confirmed_at IS NULL AND entered = 0 AND next_at <= ? AND vendor.state = 'killed' ORDER BY vendor_deletion.id LIMIT ?
          """, arguments: [now.milliseconds, limit]
      ).map(Self.vendorDeletion)
    }
  }

  /// The newest first.
  /// How many it was asked for and has not confirmed.
  package func unconfirmedVendorDeletions(of vendor: Vendor.ID) async throws(AccessError) -> Int {
    try await read { database in
      try Int.fetchOne(
        database, sql: "SELECT count(*) FROM vendor_deletion WHERE vendor_id = ? AND confirmed_at IS NULL", arguments: [vendor.rawValue])
        ?? 0
    }
  }

  package func vendorDeletions(of vendor: Vendor.ID, before: Int64? = nil, limit: Int) async throws(AccessError) -> [VendorDeletion] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: Self.selectVendorDeletions + " WHERE vendor_id = ? AND vendor_deletion.id < ? ORDER BY vendor_deletion.id DESC LIMIT ?",
        arguments: [vendor.rawValue, before ?? Int64.max, limit]
      ).map(Self.vendorDeletion)
    }
  }

  package func vendorDeletionEntered(_ id: Int64) async throws(AccessError) {
    try await write { try $0.execute(sql: "UPDATE vendor_deletion SET entered = 1 WHERE id = ?", arguments: [id]) }
  }

  /// Some of its requests are taken, and others are to come: a crash, or a vendor that fails in between, sends none of them twice.
  package func vendorDeletionPartlySent(_ id: Int64, tasks: DeletionTasks) async throws(AccessError) {
    try await write { database in
      try database.execute(sql: "UPDATE vendor_deletion SET task = ? WHERE id = ?", arguments: [tasks.text, id])
    }
  }

  /// All of its requests are taken.
  ///
  /// - Parameter next: when to ask how far they are; nil where the vendor gave no numbers, so that somebody confirms by hand.
  package func vendorDeletionSent(_ id: Int64, tasks: DeletionTasks, next: Timestamp?) async throws(AccessError) {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: """
          UPDATE vendor_deletion SET sent_at = coalesce(sent_at, ?), task = ?, attempts = attempts + 1, next_at = ?, last_error = NULL WHERE id = ?
          """, arguments: [now.milliseconds, tasks.text, next?.milliseconds ?? Int64.max, id])
    }
  }

  /// It is asked for anew, also where the vendor had taken it once.
  ///
  /// - Parameter tasks: those of its requests that need not be sent again.
  package func vendorDeletionFailed(_ id: Int64, reason: String, tasks: DeletionTasks? = nil, next: Timestamp) async throws(AccessError) {
    try await write { database in
      try database.execute(
        sql:
          "UPDATE vendor_deletion SET attempts = attempts + 1, next_at = ?, last_error = ?, sent_at = NULL, task = coalesce(?, task) WHERE id = ?",
        arguments: [next.milliseconds, String(reason.prefix(300)), tasks?.text, id])
    }
  }

  /// - Throws: `notFound` where it does not wait for a confirmation.
  package func confirmVendorDeletion(_ id: Int64, of vendor: Vendor.ID, undone: Bool = false) async throws(AccessError) -> VendorDeletion {
    let now = clock()
    return try await write(undone: undone) { database in
      guard
        let deletion = try Row.fetchOne(
          database, sql: Self.selectVendorDeletions + " WHERE vendor_deletion.id = ? AND vendor_id = ? AND confirmed_at IS NULL",
          arguments: [id, vendor.rawValue]
        ).map(Self.vendorDeletion)
      else { throw AccessError(.notFound, "No deletion of this number waits for a confirmation of \(vendor).") }
      try database.execute(sql: "UPDATE vendor_deletion SET confirmed_at = ? WHERE id = ?", arguments: [now.milliseconds, id])
      return deletion
    }
  }

  /// The vendor has deleted all that it had: nothing of it waits any more.
  package func confirmAllVendorDeletions(of vendor: Vendor.ID) async throws(AccessError) {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: """
          UPDATE vendor_deletion SET confirmed_at = ?
          WHERE vendor_id = ? AND confirmed_at IS NULL AND (entered = 1 OR (SELECT state FROM vendor WHERE id = vendor_id) = 'killed')
          """,
        arguments: [now.milliseconds, vendor.rawValue])
      // A killed vendor that has nothing any more is asked for nothing more.
      try database.execute(
        sql: """
          INSERT INTO setting (name, value) SELECT 'vendor.' || id || '.has_nothing', ? FROM vendor WHERE id = ? AND state = 'killed'
          ON CONFLICT (name) DO UPDATE SET value = excluded.value
          """, arguments: [String(now.milliseconds), vendor.rawValue])
    }
  }

  private static let selectVendorDeletions = """
    SELECT vendor_deletion.*, erasure.subjects AS subjects, erasure.ordered_at AS ordered_at
    FROM vendor_deletion JOIN erasure ON erasure.entry = vendor_deletion.entry
    """

  private static func vendorDeletion(_ row: Row) throws -> VendorDeletion {
    guard let vendor = Vendor.ID(rawValue: row["vendor_id"]) else {
      throw AccessError(.unavailable, "The control database is damaged: a vendor cannot be read.")
    }
    func time(_ column: String) -> Timestamp? { (row[column] as Int64?).map { Timestamp(milliseconds: $0) } }
    return VendorDeletion(
      id: row["id"], vendor: vendor, entry: UInt64(row["entry"] as Int64),
      subjects: (row["subjects"] as String).split(separator: " ").compactMap { Pseudonym($0) },
      orderedAt: Timestamp(milliseconds: row["ordered_at"]), isEntered: row["entered"], attempts: row["attempts"], sentAt: time("sent_at"),
      tasks: (row["task"] as String?).map(DeletionTasks.init), confirmedAt: time("confirmed_at"), lastError: row["last_error"])
  }
}
