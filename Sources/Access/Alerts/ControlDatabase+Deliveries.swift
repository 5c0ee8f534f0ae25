import Events
import Foundation
import GRDB
import Synchronization

/// The outbox: messages that wait for their channels, durable before whoever raised an alert goes on.
extension ControlDatabase {
  /// Messages that wait for one channel; further ones are left out and counted.
  package static let mostWaiting = 10_000
  /// For so long a message is tried.
  package static let deliveryLifetime: Duration = .seconds(3 * 86_400)

  static func enqueue(
    _ message: AlertMessage, severity: Alert.Severity, _ routes: [AlertRoute], _ now: Timestamp, _ database: Database
  ) throws {
    let id = messageID()
    let body = try text(message)
    for route in routes where severity >= route.minimumSeverity { try enqueue("alert", body, id, to: route.channel, now, database) }
  }

  /// Refusals, to the channels that take events.
  package func enqueue(_ refusals: [RefusalMessage], routes: [AlertRoute]) async throws(AccessError) {
    let routes = routes.filter(\.takesEvents)
    guard !refusals.isEmpty, !routes.isEmpty else { return }
    let now = clock()
    try await write { database in
      for refusal in refusals {
        let (id, body) = (Self.messageID(), try Self.text(refusal))
        for route in routes { try Self.enqueue("refusal", body, id, to: route.channel, now, database) }
      }
    }
  }

  /// What receivers recognise repetitions by. No full stop: Standard Webhooks signs `id.timestamp.body`.
  package static func messageID() -> String { "msg_" + PublicIdentifier.random(bytes: 16) }

  private static func enqueue(
    _ form: String, _ body: String, _ id: String, to channel: String, _ now: Timestamp, _ database: Database
  ) throws {
    try database.execute(sql: "INSERT INTO channel (name) VALUES (?) ON CONFLICT DO NOTHING", arguments: [channel])
    let isDisabled = try Bool.fetchOne(
      database, sql: "SELECT disabled_reason IS NOT NULL FROM channel WHERE name = ?", arguments: [channel])
    let waiting = try Int.fetchOne(database, sql: "SELECT count(*) FROM delivery WHERE channel = ?", arguments: [channel]) ?? 0
    guard isDisabled != true, waiting < mostWaiting else {
      try database.execute(sql: "UPDATE channel SET dropped = dropped + 1 WHERE name = ?", arguments: [channel])
      return
    }
    try database.execute(
      sql: "INSERT INTO delivery (channel, message, form, body, made_at, next_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      arguments: [
        channel, id, form, body, now.milliseconds, now.milliseconds, now.milliseconds + deliveryLifetime.components.seconds * 1000,
      ])
  }

  /// Makes known which channels there are.
  package func registerChannels(_ names: [String]) async throws(AccessError) {
    try await write { database in
      for name in names { try database.execute(sql: "INSERT INTO channel (name) VALUES (?) ON CONFLICT DO NOTHING", arguments: [name]) }
    }
  }

  /// What is to be sent now, oldest first.
  package func dueDeliveries(of channel: String, limit: Int) async throws(AccessError) -> [Delivery] {
    let now = clock()
    return try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM delivery WHERE channel = ? AND next_at <= ? ORDER BY next_at, id LIMIT ?",
        arguments: [channel, now.milliseconds, limit]
      ).compactMap { row in
        let body = Data((row["body"] as String).utf8)
        let content: Delivery.Content? =
          row["form"] == "alert"
          ? (try? JSONDecoder().decode(AlertMessage.self, from: body)).map { .alert($0) }
          : (try? JSONDecoder().decode(RefusalMessage.self, from: body)).map { .refusal($0) }
        guard let content else { return nil }
        return Delivery(
          id: row["id"], channel: row["channel"], message: row["message"], content: content, attempts: row["attempts"],
          madeAt: Timestamp(milliseconds: row["made_at"]), expiresAt: Timestamp(milliseconds: row["expires_at"]))
      }
    }
  }

  /// When the next message is to be tried; nil where none waits.
  package func nextDelivery(of channel: String) async throws(AccessError) -> Timestamp? {
    try await read { database in
      try Int64.fetchOne(database, sql: "SELECT min(next_at) FROM delivery WHERE channel = ?", arguments: [channel])
    }.map { Timestamp(milliseconds: $0) }
  }

  /// They arrived.
  package func deliveriesDone(_ ids: [Int64], of channel: String) async throws(AccessError) {
    let now = clock()
    try await write { database in
      var count = 0
      for id in ids {
        try database.execute(sql: "DELETE FROM delivery WHERE id = ?", arguments: [id])
        count += database.changesCount
      }
      try database.execute(
        sql: "UPDATE channel SET delivered = delivered + ?, last_success_at = ? WHERE name = ?",
        arguments: [count, now.milliseconds, channel])
    }
  }

  /// An attempt failed: the message waits until `next`, or is given up where that is nil.
  package func deliveryFailed(_ delivery: Delivery, next: Timestamp?, reason: String) async throws(AccessError) {
    let now = clock()
    try await write { database in
      if let next {
        try database.execute(
          sql: "UPDATE delivery SET attempts = attempts + 1, next_at = ? WHERE id = ?", arguments: [next.milliseconds, delivery.id])
      } else {
        try database.execute(sql: "DELETE FROM delivery WHERE id = ?", arguments: [delivery.id])
      }
      try database.execute(
        sql: "UPDATE channel SET failed = failed + ?, last_failure_at = ?, last_error = ? WHERE name = ?",
        arguments: [next == nil ? 1 : 0, now.milliseconds, String(reason.prefix(300)), delivery.channel])
    }
  }

  /// Notes a failure that is about no message in particular.
  package func noteFailure(of channel: String, reason: String) async throws(AccessError) {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: "UPDATE channel SET last_failure_at = ?, last_error = ? WHERE name = ?",
        arguments: [now.milliseconds, String(reason.prefix(300)), channel])
    }
  }

  /// Sends nothing there any more, and forgets what waits.
  package func disableChannel(_ channel: String, reason: String) async throws(AccessError) {
    try await write { database in
      try database.execute(sql: "DELETE FROM delivery WHERE channel = ?", arguments: [channel])
      let waiting = database.changesCount
      try database.execute(
        sql: "UPDATE channel SET disabled_reason = ?, dropped = dropped + ? WHERE name = ?",
        arguments: [String(reason.prefix(300)), waiting, channel])
    }
  }

  package func isChannelEnabled(_ channel: String) async throws(AccessError) -> Bool {
    try await read { database in
      try Bool.fetchOne(database, sql: "SELECT disabled_reason IS NULL FROM channel WHERE name = ?", arguments: [channel]) ?? true
    }
  }

  package func enableChannel(_ channel: String) async throws(AccessError) {
    let known = try await write { database in
      try database.execute(sql: "UPDATE channel SET disabled_reason = NULL, last_error = NULL WHERE name = ?", arguments: [channel])
      return database.changesCount == 1
    }
    guard known else { throw AccessError(.notFound, "There is no such channel.") }
  }

  /// Up to which entry of the ledger a channel has events; nil for a new one.
  package func nextEntry(of channel: String) async throws(AccessError) -> UInt64? {
    try await read { try Int64.fetchOne($0, sql: "SELECT next_entry FROM channel WHERE name = ?", arguments: [channel]) }.map { UInt64($0) }
  }

  /// Events up to before `entry` arrived, `delivered` of them; `dropped` were left out.
  package func setNextEntry(of channel: String, to entry: UInt64, delivered: Int, dropped: Int = 0) async throws(AccessError) {
    let now = clock()
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO channel (name, next_entry, delivered, dropped) VALUES (?1, ?2, ?3, ?4)
          ON CONFLICT (name) DO UPDATE SET next_entry = ?2, delivered = delivered + ?3, dropped = dropped + ?4,
            last_success_at = CASE WHEN ?3 > 0 THEN ?5 ELSE last_success_at END
          """, arguments: [channel, Int64(entry), delivered, dropped, now.milliseconds])
    }
  }

  /// All channels that were ever configured and not forgotten, by name.
  package func channelStates() async throws(AccessError) -> [ChannelState] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: "SELECT channel.*, (SELECT count(*) FROM delivery WHERE delivery.channel = channel.name) AS waiting FROM channel ORDER BY name"
      ).map { row in
        ChannelState(
          name: row["name"], waiting: row["waiting"], delivered: row["delivered"], failed: row["failed"], dropped: row["dropped"],
          lastSuccessAt: (row["last_success_at"] as Int64?).map { Timestamp(milliseconds: $0) },
          lastFailureAt: (row["last_failure_at"] as Int64?).map { Timestamp(milliseconds: $0) }, lastError: row["last_error"],
          disabledReason: row["disabled_reason"], nextEntry: (row["next_entry"] as Int64?).map { UInt64($0) })
      }
    }
  }

  /// What waits for channels that nobody configures any more ends with its time.
  package func forgetExpiredDeliveries(keeping channels: [String]) async throws(AccessError) {
    let now = clock()
    try await write { database in
      let marks = channels.map { _ in "?" }.joined(separator: ", ")
      try database.execute(
        sql: "DELETE FROM delivery WHERE expires_at < ? AND channel NOT IN (\(marks)) OR expires_at < ?",
        arguments: StatementArguments([now.milliseconds]) + StatementArguments(channels)
          + StatementArguments([now.milliseconds - 86_400_000]))
    }
  }

  /// Whether there is a service account of that name, revoked or not: from memory.
  package func isServiceAccount(_ username: String) -> Bool { cache.withLock { $0.accounts[username] != nil } }
}
