extension ControlSchema {
  /// What the trust pages say besides statements; what was found in messages that people reported.
  static let version18 = """
    CREATE TABLE trust_site (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      anchors TEXT NOT NULL,
      site TEXT NOT NULL,
      set_at INTEGER NOT NULL,
      ledger_index INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE trust_warning (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      incident_id INTEGER NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
      kind TEXT NOT NULL CHECK (kind IN ('domain', 'subject')),
      text TEXT NOT NULL,
      seen_at INTEGER NOT NULL,
      made_at INTEGER NOT NULL,
      ledger_index INTEGER NOT NULL,
      UNIQUE (incident_id, kind, text)
    ) STRICT;
    CREATE TABLE incident_inbox (
      incident_id INTEGER PRIMARY KEY REFERENCES incident (id) ON DELETE CASCADE,
      reports INTEGER NOT NULL DEFAULT 0,
      genuine INTEGER NOT NULL DEFAULT 0,
      altered INTEGER NOT NULL DEFAULT 0,
      not_ours INTEGER NOT NULL DEFAULT 0,
      shapes INTEGER NOT NULL DEFAULT 0,
      ungrouped INTEGER NOT NULL DEFAULT 0,
      uncounted INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE incident_report (
      incident_id INTEGER NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
      digest BLOB NOT NULL CHECK (length(digest) = 16),
      PRIMARY KEY (incident_id, digest)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE incident_lure (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      incident_id INTEGER NOT NULL REFERENCES incident (id) ON DELETE CASCADE,
      verdict TEXT NOT NULL CHECK (verdict IN ('altered', 'not_ours')),
      kin TEXT NOT NULL,
      traces TEXT NOT NULL,
      sketch BLOB NOT NULL CHECK (length(sketch) IN (0, 256)),
      reports INTEGER NOT NULL,
      first_at INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      UNIQUE (incident_id, verdict, traces, sketch)
    ) STRICT;
    CREATE INDEX incident_lure_kin ON incident_lure (incident_id, verdict, kin);
    """
}
