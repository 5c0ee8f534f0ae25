import Events
import Foundation
import GRDB
import Ledger
import Synchronization

/// What became of an alert that somebody raised.
enum AlertOutcome: Sendable, Hashable {
  case raised(Alert)
  /// Counted on one that stands.
  case counted(Int64)
}

extension ControlDatabase {
  /// The same found within so long after the last time is counted on the record that stands.
  package static let alertWindow: Duration = .seconds(3600)
  /// The same of alerts that are renewed.
  package static let renewedAlertWindow: Duration = .seconds(86_400)
  /// Alerts of one kind that are raised one by one within the window; what comes beyond is counted on one of the kind `flood`.
  static let mostAlertsOfAKind = 200
  package static let alertPage = 100

  /// Enters an alert, and a message for every channel, in one transaction.
  func raise(_ new: NewAlert, times: Int, routes: [AlertRoute]) async throws(AccessError) -> AlertOutcome {
    let now = clock()
    let details = try Self.text(new.details)
    let outcome = try await write { database -> AlertOutcome in
      let since = now.milliseconds - Self.alertWindow.components.seconds * 1000
      let sameAs = "\(new.kind.rawValue)/\(new.project?.description ?? "")/\(new.sameAs)"
      let stood = new.isRenewed ? now.milliseconds - Self.renewedAlertWindow.components.seconds * 1000 : since
      if let id = try Self.count(sameAs, times, since: stood, now: now, database) {
        if new.isRenewed {
          try database.execute(
            sql: "UPDATE alert SET severity = ?, sentence = ?, details = ? WHERE id = ?",
            arguments: [new.severity.rawValue, new.sentence, details, id])
        }
        return .counted(id)
      }
      let recent =
        try Int.fetchOne(
          database, sql: "SELECT count(*) FROM alert WHERE kind = ? AND raised_at > ?", arguments: [new.kind.rawValue, since]) ?? 0
      guard recent < Self.mostAlertsOfAKind else {
        let all = "\(Alert.Kind.flood.rawValue)//\(new.kind.rawValue)"
        if let id = try Self.count(all, times, since: since, now: now, database) { return .counted(id) }
        let flood = NewAlert(
          .flood, severity: max(new.severity, .high),
          sentence:
            "More than \(Self.mostAlertsOfAKind) alerts of the kind \(new.kind.rawValue) came within an hour: further ones are counted here.",
          details: ["kind": .text(new.kind.rawValue)])
        return .raised(try Self.insert(flood, try Self.text(flood.details), sameAs: all, times, now, routes, database))
      }
      return .raised(try Self.insert(new, details, sameAs: sameAs, times, now, routes, database))
    }
    if case .raised(let alert) = outcome { cache.withLock { $0.openAlerts[alert.project, default: 0] += 1 } }
    return outcome
  }

  private static func count(_ sameAs: String, _ times: Int, since: Int64, now: Timestamp, _ database: Database) throws -> Int64? {
    let id = try Int64.fetchOne(
      database, sql: "SELECT id FROM alert WHERE same_as = ? AND state <> 'closed' AND last_at > ? ORDER BY id DESC LIMIT 1",
      arguments: [sameAs, since])
    guard let id else { return nil }
    try database.execute(
      sql: "UPDATE alert SET count = count + ?, last_at = max(last_at, ?) WHERE id = ?", arguments: [times, now.milliseconds, id])
    return id
  }

  private static func insert(
    _ new: NewAlert, _ details: String, sameAs: String, _ times: Int, _ now: Timestamp, _ routes: [AlertRoute], _ database: Database
  ) throws -> Alert {
    try database.execute(
      sql: """
        INSERT INTO alert (kind, severity, project_id, about_kind, about_id, credential, sentence, details, same_as, state, count, raised_at, last_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?)
        """,
      arguments: [
        new.kind.rawValue, new.severity.rawValue, new.project?.rawValue, new.about?.kind, new.about?.id, new.about?.credential,
        new.sentence, details, sameAs, times, now.milliseconds, now.milliseconds,
      ])
    let alert = Alert(
      id: database.lastInsertedRowID, kind: new.kind, severity: new.severity, project: new.project, about: new.about,
      sentence: new.sentence, details: new.details, state: .open, count: times, raisedAt: now, lastAt: now, ledgerIndex: nil)
    try enqueue(AlertMessage(raised: alert), severity: new.severity, routes, now, database)
    return alert
  }

  /// Notes the entry that says so.
  func noteAlertEntry(_ id: Int64, at index: UInt64) async throws(AccessError) {
    try await write { database in
      try database.execute(
        sql: "UPDATE alert SET ledger_index = ? WHERE id = ? AND ledger_index IS NULL", arguments: [Int64(index), id])
    }
  }

  /// Those that the ledger does not know yet, as after a crash, oldest first.
  func unenteredAlerts() async throws(AccessError) -> [Alert] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM alert WHERE ledger_index IS NULL ORDER BY id LIMIT 100").map { Self.standing($0) }
    }
  }

  /// Newest first.
  ///
  /// - Parameters:
  ///   - state: nil: all.
  ///   - project: only those about it, and about the whole installation; nil: all.
  ///   - before: only older ones than this.
  package func alerts(
    state: Alert.State? = nil, kind: Alert.Kind? = nil, about project: ProjectID? = nil, before: Int64? = nil,
    limit: Int = ControlDatabase.alertPage
  ) async throws(AccessError) -> [Alert] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT * FROM alert WHERE state = coalesce(?, state) AND kind = coalesce(?, kind) AND id < coalesce(?, 9223372036854775807)
            AND coalesce(project_id = coalesce(?, project_id), TRUE)
          ORDER BY id DESC LIMIT ?
          """, arguments: [state?.rawValue, kind?.rawValue, before, project?.rawValue, limit]
      ).map { Self.standing($0) }
    }
  }

  /// With its history, oldest first.
  package func alert(_ id: Int64) async throws(AccessError) -> (alert: Alert, history: [Alert.Change]) {
    let found = try await read { database -> (Alert, [Alert.Change])? in
      guard let row = try Row.fetchOne(database, sql: "SELECT * FROM alert WHERE id = ?", arguments: [id]) else { return nil }
      let history = try Row.fetchAll(database, sql: "SELECT * FROM alert_change WHERE alert_id = ? ORDER BY id", arguments: [id])
      return (Self.standing(row), history.map { Self.change($0) })
    }
    guard let found else { throw AccessError(.notFound, "There is no such alert.") }
    return found
  }

  /// Puts an alert into another state, whose entry the ledger has, with a message for every channel.
  func change(
    _ id: Int64, from: Alert.State, to state: Alert.State, note: String, by: Alert.About, ledgerIndex: UInt64, routes: [AlertRoute]
  )
    async throws(AccessError) -> Alert
  {
    let now = clock()
    let alert = try await write { database -> Alert in
      // Whoever was quicker has changed it since it was looked at: the entry stands, as an attempt.
      try database.execute(sql: "UPDATE alert SET state = ? WHERE id = ? AND state = ?", arguments: [state.rawValue, id, from.rawValue])
      guard database.changesCount == 1, let row = try Row.fetchOne(database, sql: "SELECT * FROM alert WHERE id = ?", arguments: [id])
      else { throw AccessError(.inUse, "Somebody else changed this alert at the same moment. Look at it again.") }
      try database.execute(
        sql: """
          INSERT INTO alert_change (alert_id, at, by_kind, by_id, by_credential, from_state, to_state, note, ledger_index)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [id, now.milliseconds, by.kind, by.id, by.credential, from.rawValue, state.rawValue, note, Int64(ledgerIndex)])
      let alert = Self.standing(row)
      try Self.enqueue(AlertMessage(changed: alert, from: from, by: by, at: now), severity: alert.severity, routes, now, database)
      return alert
    }
    cache.withLock { $0.openAlerts[alert.project, default: 0] += (state == .open ? 1 : 0) - (from == .open ? 1 : 0) }
    return alert
  }

  /// How many are open: from memory, for every page.
  package var openAlertCount: Int { cache.withLock { $0.openAlerts.values.reduce(0, +) } }

  /// Those about a project or about the whole installation.
  package func openAlertCount(about project: ProjectID) -> Int {
    cache.withLock { $0.openAlerts[project, default: 0] + $0.openAlerts[nil, default: 0] }
  }

  static func standing(_ row: Row) -> Alert {
    let kind: String? = row["about_kind"]
    // An alert with damaged details is an alert still, and says so.
    let details: [String: Alert.Value]
    do { details = try JSONDecoder().decode([String: Alert.Value].self, from: Data((row["details"] as String).utf8)) } catch {
      details = ["details": .text("cannot be read: the control database is damaged")]
    }
    return Alert(
      id: row["id"], kind: Alert.Kind(rawValue: row["kind"]) ?? .unknown, severity: Alert.Severity(rawValue: row["severity"]) ?? .medium,
      project: (row["project_id"] as Int64?).map { ProjectID($0) },
      about: kind.map { Alert.About(kind: $0, id: row["about_id"] ?? "", credential: row["credential"] ?? "") }, sentence: row["sentence"],
      details: details, state: Alert.State(rawValue: row["state"]) ?? .open, count: row["count"],
      raisedAt: Timestamp(milliseconds: row["raised_at"]), lastAt: Timestamp(milliseconds: row["last_at"]),
      ledgerIndex: (row["ledger_index"] as Int64?).map { UInt64($0) })
  }

  private static func change(_ row: Row) -> Alert.Change {
    Alert.Change(
      at: Timestamp(milliseconds: row["at"]), by: Alert.About(kind: row["by_kind"], id: row["by_id"], credential: row["by_credential"]),
      from: Alert.State(rawValue: row["from_state"]) ?? .open, to: Alert.State(rawValue: row["to_state"]) ?? .open, note: row["note"],
      ledgerIndex: UInt64(row["ledger_index"] as Int64))
  }

  static func text(_ value: some Encodable & Sendable) throws(AccessError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(value), as: UTF8.self) } catch {
      throw AccessError(.invalid, "A record cannot be written as JSON.")
    }
  }
}
