extension ControlSchema {
  /// Incidents, what was done about each, and what was found out about who is affected.
  static let version15 = """
    CREATE TABLE incident (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      project_id INTEGER NOT NULL REFERENCES project (id),
      title TEXT NOT NULL,
      source_kind TEXT NOT NULL,
      source_id TEXT NOT NULL,
      from_at INTEGER,
      to_at INTEGER,
      state TEXT NOT NULL CHECK (state IN ('suspected', 'contained', 'scoped', 'notified', 'closed')),
      moments TEXT NOT NULL DEFAULT '',
      opened_at INTEGER NOT NULL,
      alert_id INTEGER,
      scope_version INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE incident_step (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      incident_id INTEGER NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
      at INTEGER NOT NULL,
      by_kind TEXT NOT NULL,
      by_id TEXT NOT NULL,
      by_credential TEXT NOT NULL,
      act TEXT NOT NULL,
      note TEXT NOT NULL,
      ledger_index INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX incident_step_by_incident ON incident_step (incident_id, id);
    CREATE TABLE incident_scope (
      incident_id INTEGER NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
      version INTEGER NOT NULL,
      digest TEXT NOT NULL,
      canonical TEXT NOT NULL,
      made_at INTEGER NOT NULL,
      ledger_index INTEGER NOT NULL,
      PRIMARY KEY (incident_id, version)
    ) STRICT, WITHOUT ROWID;
    """
}
