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
        } else if try !Self.addToKin(lure, of: incident, in: database) {
          // One message stays out: this one, or one that is about nobody in particular.
          inbox.ungrouped += 1
          if try Self.isAboutUs(lure) && Self.evict(from: incident, in: database) { try Self.insert(lure, of: incident, in: database) }
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
            verdict: row["verdict"], traces: row["traces"], kin: row["kin"], sketch: [UInt8](row["sketch"] as Data),
            reports: row["reports"],
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

  /// False where no message with these traces came before, and few that belong to it by its domains and hosts: each recipient's text may be
  /// another one, and of many texts of one hand a few are enough.
  private static func add(_ lure: IncidentLure, to incident: Int64, in database: Database) throws -> Bool {
    let same = try Int64.fetchOne(
      database, sql: "SELECT id FROM incident_lure WHERE incident_id = ? AND verdict = ? AND traces = ? AND sketch = ?",
      arguments: [incident, lure.verdict, lure.traces, Data(lure.sketch)])
    if let same {
      try add(lure, toRow: same, in: database)
      return true
    }
    guard !lure.kin.isEmpty else { return false }
    let alike = try Row.fetchOne(
      database, sql: "SELECT min(id) AS id, count(*) AS count FROM incident_lure WHERE incident_id = ? AND verdict = ? AND kin = ?",
      arguments: [incident, lure.verdict, lure.kin])
    guard let alike, alike["count"] >= IncidentInbox.mostAlike, let first = alike["id"] as Int64? else { return false }
    try add(lure, toRow: first, in: database)
    return true
  }

  /// To a row that has one of its domains or hosts.
  private static func addToKin(_ lure: IncidentLure, of incident: Int64, in database: Database) throws -> Bool {
    for line in lure.kin.split(separator: "\n") {
      let row = try Int64.fetchOne(
        database, sql: "SELECT min(id) FROM incident_lure WHERE incident_id = ? AND verdict = ? AND instr(char(10) || kin, ?) > 0",
        arguments: [incident, lure.verdict, "\n\(line)\n"])
      guard let row else { continue }
      try add(lure, toRow: row, in: database)
      return true
    }
    return false
  }

  private static func isAboutUs(_ lure: IncidentLure) -> Bool { lure.verdict == "altered" || lure.kin.hasPrefix("domain ") }

  /// Removes the oldest row of a single message without a domain that looks like the company's; false where there is none.
  private static func evict(from incident: Int64, in database: Database) throws -> Bool {
    try database.execute(
      sql: """
        DELETE FROM incident_lure WHERE id = (SELECT min(id) FROM incident_lure
          WHERE incident_id = ? AND verdict = 'not_ours' AND reports = 1 AND kin NOT LIKE 'domain %')
        """, arguments: [incident])
    return database.changesCount > 0
  }

  private static func add(_ lure: IncidentLure, toRow id: Int64, in database: Database) throws {
    try database.execute(
      sql: "UPDATE incident_lure SET reports = reports + 1, first_at = min(first_at, ?), last_at = max(last_at, ?) WHERE id = ?",
      arguments: [lure.firstAt.milliseconds, lure.lastAt.milliseconds, id])
  }

  private static func insert(_ lure: IncidentLure, of incident: Int64, in database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO incident_lure (incident_id, verdict, traces, kin, sketch, reports, first_at, last_at) VALUES (?, ?, ?, ?, ?, 1, ?, ?)
        """,
      arguments: [
        incident, lure.verdict, lure.traces, lure.kin, Data(lure.sketch), lure.firstAt.milliseconds, lure.lastAt.milliseconds,
      ])
  }
}
