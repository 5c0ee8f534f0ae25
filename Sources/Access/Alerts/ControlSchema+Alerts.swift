extension ControlSchema {
  /// Alerts, what people did about them, what waits for which channel, and which exports canaries were mixed into.
  static let version8 = """
    CREATE TABLE alert (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL,
      severity TEXT NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
      project_id INTEGER,
      about_kind TEXT,
      about_id TEXT,
      credential TEXT,
      sentence TEXT NOT NULL,
      details TEXT NOT NULL,
      same_as TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'closed')),
      count INTEGER NOT NULL CHECK (count > 0),
      raised_at INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      ledger_index INTEGER
    ) STRICT;
    CREATE INDEX alert_standing ON alert (same_as, last_at) WHERE state <> 'closed';
    CREATE INDEX alert_by_state ON alert (state, id);
    CREATE INDEX alert_unentered ON alert (id) WHERE ledger_index IS NULL;
    CREATE TABLE alert_change (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      alert_id INTEGER NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
      at INTEGER NOT NULL,
      by_kind TEXT NOT NULL,
      by_id TEXT NOT NULL,
      by_credential TEXT NOT NULL,
      from_state TEXT NOT NULL,
      to_state TEXT NOT NULL,
      note TEXT NOT NULL,
      ledger_index INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX alert_change_by_alert ON alert_change (alert_id, id);
    CREATE TABLE channel (
      name TEXT PRIMARY KEY,
      next_entry INTEGER,
      delivered INTEGER NOT NULL DEFAULT 0,
      failed INTEGER NOT NULL DEFAULT 0,
      dropped INTEGER NOT NULL DEFAULT 0,
      last_success_at INTEGER,
      last_failure_at INTEGER,
      last_error TEXT,
      disabled_reason TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE delivery (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      channel TEXT NOT NULL,
      message TEXT NOT NULL,
      form TEXT NOT NULL CHECK (form IN ('alert', 'refusal')),
      body TEXT NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      made_at INTEGER NOT NULL,
      next_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      UNIQUE (channel, message)
    ) STRICT;
    CREATE INDEX delivery_due ON delivery (channel, next_at);
    CREATE TABLE canary_export (
      nonce TEXT PRIMARY KEY CHECK (length(nonce) = 32),
      project_id INTEGER NOT NULL,
      entry INTEGER NOT NULL,
      by_kind TEXT NOT NULL,
      by_id TEXT NOT NULL,
      by_credential TEXT NOT NULL,
      canaries INTEGER NOT NULL,
      made_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX canary_export_by_project ON canary_export (project_id, entry);
    """
}
