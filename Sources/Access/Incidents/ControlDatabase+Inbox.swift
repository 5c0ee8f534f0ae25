import Events
import Foundation
import GRDB

extension ControlDatabase {
  /// Counts a reported message once.
  ///
  /// - Parameters:
  ///   - digest: 16 bytes that stand for the message.
  ///   - lure: of one message; nil for one that is genuine.
  ///   - limits: the most reports and shapes that are kept.
  /// - Throws: `AccessError` `inUse` where the incident is closed.
  package func count(
    report digest: [UInt8], _ lure: IncidentLure?, of incident: Int64,
    limits: (reports: Int, shapes: Int) = (IncidentInbox.mostReports, IncidentInbox.mostShapes)
  ) async throws(AccessError) -> ReportOutcome {
    try await write { database in
      let state = try String.fetchOne(database, sql: "SELECT state FROM incident WHERE id = ?", arguments: [incident])
      guard let state else { throw AccessError(.notFound, "There is no such incident.") }
      guard state != Incident.State.closed.rawValue else {
        throw AccessError(.inUse, "The incident is closed. Open another one, and have reports sent there.")
      }
      let isKnown = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM incident_report WHERE incident_id = ? AND digest = ?)",
        arguments: [incident, Data(digest)])
      if isKnown == true { return .known }
      try database.execute(sql: "INSERT OR IGNORE INTO incident_inbox (incident_id) VALUES (?)", arguments: [incident])
      var inbox = try Self.inbox(incident, in: database)
      guard inbox.reports < limits.reports else {
        inbox.uncounted += 1
        try Self.write(inbox, of: incident, in: database)
        return .uncounted
      }
      try database.execute(
        sql: "INSERT INTO incident_report (incident_id, digest) VALUES (?, ?)", arguments: [incident, Data(digest)])
      inbox.reports += 1
      switch lure?.verdict {
      case nil: inbox.genuine += 1
      case "altered": inbox.altered += 1
      default: inbox.notOurs += 1
      }
      if let lure, try !Self.add(lure, to: incident, in: database) {
        if inbox.shapes < limits.shapes {
          try Self.insert(lure, of: incident, in: database)
          inbox.shapes += 1
        } else {
          inbox.ungrouped += 1
        }
      }
      try Self.write(inbox, of: incident, in: database)
      return .counted
    }
  }

  /// Nothing was reported where there is no row.
  package func inbox(of incident: Int64) async throws(AccessError) -> (inbox: IncidentInbox, lures: [IncidentLure]) {
    try await read { database in
      let lures = try Row.fetchAll(database, sql: "SELECT * FROM incident_lure WHERE incident_id = ? ORDER BY id", arguments: [incident])
      return (
        try Self.inbox(incident, in: database),
        lures.map { row in
          IncidentLure(
            verdict: row["verdict"], traces: row["traces"], sketch: [UInt8](row["sketch"] as Data), reports: row["reports"],
            firstAt: Timestamp(milliseconds: row["first_at"]), lastAt: Timestamp(milliseconds: row["last_at"]))
        }
      )
    }
  }

  private static func inbox(_ incident: Int64, in database: Database) throws -> IncidentInbox {
    var inbox = IncidentInbox()
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM incident_inbox WHERE incident_id = ?", arguments: [incident]) else {
      return inbox
    }
    (inbox.reports, inbox.genuine, inbox.altered, inbox.notOurs) = (row["reports"], row["genuine"], row["altered"], row["not_ours"])
    (inbox.shapes, inbox.ungrouped, inbox.uncounted) = (row["shapes"], row["ungrouped"], row["uncounted"])
    return inbox
  }

  private static func write(_ inbox: IncidentInbox, of incident: Int64, in database: Database) throws {
    try database.execute(
      sql: """
        UPDATE incident_inbox SET reports = ?, genuine = ?, altered = ?, not_ours = ?, shapes = ?, ungrouped = ?, uncounted = ?
        WHERE incident_id = ?
        """,
      arguments: [
        inbox.reports, inbox.genuine, inbox.altered, inbox.notOurs, inbox.shapes, inbox.ungrouped, inbox.uncounted, incident,
      ])
  }

  /// False where no message with these traces came before.
  private static func add(_ lure: IncidentLure, to incident: Int64, in database: Database) throws -> Bool {
    try database.execute(
      sql: """
        UPDATE incident_lure SET reports = reports + 1, first_at = min(first_at, ?), last_at = max(last_at, ?)
        WHERE incident_id = ? AND verdict = ? AND traces = ? AND sketch = ?
        """,
      arguments: [
        lure.firstAt.milliseconds, lure.lastAt.milliseconds, incident, lure.verdict, lure.traces, Data(lure.sketch),
      ])
    return database.changesCount > 0
  }

  private static func insert(_ lure: IncidentLure, of incident: Int64, in database: Database) throws {
    try database.execute(
      sql: "INSERT INTO incident_lure (incident_id, verdict, traces, sketch, reports, first_at, last_at) VALUES (?, ?, ?, ?, 1, ?, ?)",
      arguments: [
        incident, lure.verdict, lure.traces, Data(lure.sketch), lure.firstAt.milliseconds, lure.lastAt.milliseconds,
      ])
  }
}
