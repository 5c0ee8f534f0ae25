import Events
import Foundation
import GRDB
import Ledger

extension ControlDatabase {
  package static let incidentPage = 100

  /// The newest first, a page of them.
  ///
  /// - Parameter before: only older ones than this.
  package func incidents(of project: ProjectID, open: Bool = false, before: Int64? = nil) async throws(AccessError) -> [Incident] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT * FROM incident WHERE project_id = ? AND (state <> 'closed' OR NOT ?) AND id < coalesce(?, 9223372036854775807)
          ORDER BY id DESC LIMIT ?
          """,
        arguments: [project.rawValue, open, before, Self.incidentPage]
      ).map(Self.incident)
    }
  }

  /// Alerts that an incident was opened of, and what open ones are about.
  package func incidentsKnown(in project: ProjectID) async throws(AccessError) -> (alerts: Set<Int64>, sources: Set<Incident.Source>) {
    try await read { database in
      let alerts = try Int64.fetchAll(
        database, sql: "SELECT alert_id FROM incident WHERE project_id = ? AND alert_id IS NOT NULL", arguments: [project.rawValue])
      let sources = try Row.fetchAll(
        database, sql: "SELECT DISTINCT source_kind, source_id FROM incident WHERE project_id = ? AND state <> 'closed'",
        arguments: [project.rawValue]
      ).compactMap { Incident.Source(kind: $0["source_kind"], id: $0["source_id"]) }
      return (Set(alerts), Set(sources))
    }
  }

  package func incident(_ id: Int64) async throws(AccessError) -> Incident? { try await read { try Self.incident(id, in: $0) } }

  /// In their order.
  package func steps(of incident: Int64) async throws(AccessError) -> [IncidentStep] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM incident_step WHERE incident_id = ? ORDER BY id LIMIT 1000", arguments: [incident]
      ).map { row in
        guard let kind = Principal.Kind(rawValue: row["by_kind"]) else {
          throw AccessError(.unavailable, "The control database is damaged: a step of an incident cannot be read.")
        }
        return IncidentStep(
          id: row["id"], incident: incident, at: Timestamp(milliseconds: row["at"]),
          by: Principal(kind: kind, id: row["by_id"], credential: row["by_credential"]), act: row["act"], note: row["note"],
          entry: UInt64(bitPattern: row["ledger_index"] as Int64))
      }
    }
  }

  /// The newest first.
  package func scopes(of incident: Int64) async throws(AccessError) -> [IncidentScope] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM incident_scope WHERE incident_id = ? ORDER BY version DESC LIMIT 100", arguments: [incident]
      ).map { row in
        IncidentScope(
          incident: incident, version: row["version"], digest: row["digest"], canonical: row["canonical"],
          madeAt: Timestamp(milliseconds: row["made_at"]), entry: UInt64(bitPattern: row["ledger_index"] as Int64))
      }
    }
  }

  /// Reserves a number, so that the ledger's entry can name it; the incident exists when it is opened.
  package func openIncident(
    _ draft: IncidentDraft, in project: ProjectID, undone: Bool = false
  ) async throws(AccessError) -> Incident {
    try Name.validate(draft.title, what: "An incident's title")
    if let from = draft.from, let to = draft.to, from > to { throw AccessError(.invalid, "The window ends before it begins.") }
    let now = clock()
    var end = draft.to
    // What a vendor deletes later it had: without an end nobody would be affected any more once it says so.
    if case .vendor = draft.source, end == nil { end = now }
    return try await write(undone: undone) { [end] database in
      try database.execute(
        sql: """
          INSERT INTO incident (project_id, title, source_kind, source_id, from_at, to_at, state, moments, opened_at, alert_id)
          VALUES (?, ?, ?, ?, ?, ?, 'suspected', ?, ?, ?)
          """,
        arguments: [
          project.rawValue, draft.title, draft.source.kind, draft.source.id, draft.from?.milliseconds, end?.milliseconds,
          Self.text(draft.moments), now.milliseconds, draft.alert,
        ])
      guard let incident = try Self.incident(database.lastInsertedRowID, in: database) else {
        throw DatabaseError(resultCode: .SQLITE_INTERNAL)
      }
      return incident
    }
  }

  /// Changes an incident and writes the step down, in one.
  package func change(
    _ incident: Incident, act: String, note: String, by principal: Principal, entry: UInt64, scope: IncidentScope? = nil,
    undone: Bool = false
  ) async throws(AccessError) {
    let now = clock()
    try await write(undone: undone) { database in
      guard let before = try Self.incident(incident.id, in: database) else { throw AccessError(.notFound, "There is no such incident.") }
      guard before.state != .closed else { throw AccessError(.inUse, "The incident is closed. Open another one that refers to it.") }
      try database.execute(
        sql: "UPDATE incident SET title = ?, from_at = ?, to_at = ?, state = ?, moments = ?, scope_version = ? WHERE id = ?",
        arguments: [
          incident.title, incident.from?.milliseconds, incident.to?.milliseconds, incident.state.rawValue, Self.text(incident.moments),
          incident.scopeVersion, incident.id,
        ])
      try database.execute(
        sql: """
          INSERT INTO incident_step (incident_id, at, by_kind, by_id, by_credential, act, note, ledger_index) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          incident.id, now.milliseconds, principal.kind.rawValue, principal.id, principal.credential, act, String(note.prefix(100_000)),
          Int64(bitPattern: entry),
        ])
      if let scope {
        try database.execute(
          sql: "INSERT INTO incident_scope (incident_id, version, digest, canonical, made_at, ledger_index) VALUES (?, ?, ?, ?, ?, ?)",
          arguments: [
            incident.id, scope.version, scope.digest, scope.canonical, now.milliseconds, Int64(bitPattern: scope.entry),
          ])
      }
    }
  }

  private static func text(_ moments: [Incident.Moment: Timestamp]) -> String {
    moments.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue)=\($0.value.milliseconds)" }.joined(separator: " ")
  }

  private static func incident(_ id: Int64, in database: Database) throws -> Incident? {
    try Row.fetchOne(database, sql: "SELECT * FROM incident WHERE id = ?", arguments: [id]).map(incident)
  }

  private static func incident(_ row: Row) throws -> Incident {
    guard let source = Incident.Source(kind: row["source_kind"], id: row["source_id"]), let state = Incident.State(rawValue: row["state"])
    else { throw AccessError(.unavailable, "The control database is damaged: an incident cannot be read.") }
    func time(_ column: String) -> Timestamp? { (row[column] as Int64?).map { Timestamp(milliseconds: $0) } }
    var moments: [Incident.Moment: Timestamp] = [:]
    for part in (row["moments"] as String).split(separator: " ") {
      let sides = part.split(separator: "=", maxSplits: 1).map(String.init)
      if sides.count == 2, let moment = Incident.Moment(rawValue: sides[0]), let at = Int64(sides[1]) {
        moments[moment] = Timestamp(milliseconds: at)
      }
    }
    return Incident(
      id: row["id"], project: ProjectID(row["project_id"]), title: row["title"], source: source, from: time("from_at"), to: time("to_at"),
      state: state, moments: moments, openedAt: Timestamp(milliseconds: row["opened_at"]), alert: row["alert_id"],
      scopeVersion: row["scope_version"])
  }
}

/// What one says of an incident when one opens it.
package struct IncidentDraft: Sendable, Hashable {
  package var title: String
  package var source: Incident.Source
  package var from: Timestamp?
  package var to: Timestamp?
  package var moments: [Incident.Moment: Timestamp]
  package var alert: Int64?

  package init(
    title: String, source: Incident.Source, from: Timestamp? = nil, to: Timestamp? = nil, moments: [Incident.Moment: Timestamp] = [:],
    alert: Int64? = nil
  ) {
    self.title = title
    self.source = source
    self.from = from
    self.to = to
    self.moments = moments
    self.alert = alert
  }
}
