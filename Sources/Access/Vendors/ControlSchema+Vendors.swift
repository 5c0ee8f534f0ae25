extension ControlSchema {
  /// Vendors, the versions of their declarations, how far each has come, what it refused, and what it is asked to delete.
  static let version13 = """
    CREATE TABLE vendor (
      id TEXT PRIMARY KEY,
      project_id INTEGER NOT NULL REFERENCES project (id),
      state TEXT NOT NULL CHECK (state IN ('declared', 'flowing', 'paused', 'killed')),
      in_force INTEGER,
      created_at INTEGER NOT NULL,
      killed_at INTEGER,
      commit_position INTEGER,
      row_position INTEGER NOT NULL DEFAULT 4294967295,
      previous_version INTEGER,
      changed_at_commit INTEGER,
      events INTEGER NOT NULL DEFAULT 0,
      batches INTEGER NOT NULL DEFAULT 0,
      dead_letters INTEGER NOT NULL DEFAULT 0,
      missed_commits INTEGER NOT NULL DEFAULT 0,
      last_success_at INTEGER,
      last_failure_at INTEGER,
      last_error TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE vendor_version (
      vendor_id TEXT NOT NULL REFERENCES vendor (id),
      version INTEGER NOT NULL,
      source TEXT NOT NULL,
      digest TEXT NOT NULL,
      asked_kind TEXT NOT NULL,
      asked_id TEXT NOT NULL,
      asked_credential TEXT NOT NULL,
      asked_at INTEGER NOT NULL,
      asked_entry INTEGER NOT NULL,
      decided_kind TEXT,
      decided_id TEXT,
      decided_credential TEXT,
      decided_at INTEGER,
      approved INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (vendor_id, version)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE vendor_dead_letter (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      vendor_id TEXT NOT NULL REFERENCES vendor (id),
      commit_position INTEGER NOT NULL,
      row_position INTEGER NOT NULL,
      event TEXT NOT NULL,
      reason TEXT NOT NULL,
      at INTEGER NOT NULL,
      UNIQUE (vendor_id, commit_position, row_position)
    ) STRICT;
    CREATE TABLE vendor_deletion (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      vendor_id TEXT NOT NULL REFERENCES vendor (id),
      entry INTEGER NOT NULL,
      entered INTEGER NOT NULL DEFAULT 0,
      attempts INTEGER NOT NULL DEFAULT 0,
      next_at INTEGER NOT NULL,
      sent_at INTEGER,
      task TEXT,
      confirmed_at INTEGER,
      last_error TEXT,
      UNIQUE (vendor_id, entry)
    ) STRICT;
    CREATE INDEX vendor_deletion_due ON vendor_deletion (next_at) WHERE confirmed_at IS NULL;
    """
}
