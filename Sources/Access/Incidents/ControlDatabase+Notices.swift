import Events
import GRDB

extension ControlSchema {
  /// How far the custodian is with notices.
  static let version17 = """
    CREATE TABLE incident_notice (
      dispatch TEXT PRIMARY KEY,
      incident_id INTEGER NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
      statement TEXT NOT NULL,
      statement_version INTEGER NOT NULL,
      mode TEXT NOT NULL CHECK (mode IN ('smtp', 'files')),
      started_at INTEGER NOT NULL,
      finished_at INTEGER,
      people INTEGER NOT NULL,
      unreachable INTEGER NOT NULL,
      messages INTEGER NOT NULL,
      sent INTEGER NOT NULL,
      repeated INTEGER NOT NULL,
      refused INTEGER NOT NULL,
      bounced INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX incident_notice_by_incident ON incident_notice (incident_id, started_at);
    """
}

extension ControlDatabase {
  /// By when they began.
  package func notices(of incident: Int64, in project: ProjectID) async throws(AccessError) -> [NoticeProgress] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM incident_notice WHERE incident_id = ? ORDER BY started_at, dispatch", arguments: [incident]
      )
      .compactMap { row in
        guard let mode = NoticeProgress.Mode(rawValue: row["mode"]) else { return nil }
        return NoticeProgress(
          project: project, incident: incident, statement: row["statement"], statementVersion: row["statement_version"],
          dispatch: row["dispatch"], mode: mode, startedAt: Timestamp(milliseconds: row["started_at"]),
          finishedAt: (row["finished_at"] as Int64?).map { Timestamp(milliseconds: $0) }, people: row["people"],
          unreachable: row["unreachable"], messages: row["messages"], sent: row["sent"], repeated: row["repeated"],
          refused: row["refused"], bounced: row["bounced"])
      }
    }
  }

  /// Notes how far a dispatch is.
  package func put(_ notices: NoticeProgress) async throws(AccessError) {
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO incident_notice (dispatch, incident_id, statement, statement_version, mode, started_at, finished_at, people, unreachable,
            messages, sent, repeated, refused, bounced) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (dispatch) DO UPDATE SET finished_at = excluded.finished_at, sent = excluded.sent, repeated = excluded.repeated,
            refused = excluded.refused, bounced = excluded.bounced
          """,
        arguments: [
          notices.dispatch, notices.incident, notices.statement, notices.statementVersion, notices.mode.rawValue,
          notices.startedAt.milliseconds, notices.finishedAt?.milliseconds, notices.people, notices.unreachable, notices.messages,
          notices.sent, notices.repeated, notices.refused, notices.bounced,
        ])
    }
  }
}
