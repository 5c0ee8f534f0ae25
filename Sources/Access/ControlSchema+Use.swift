extension ControlSchema {
  /// What is usual of each credential: networks and clients as keyed hashes with the day of their last use. Who brought in whom and what; secrets
  /// that were replaced; service accounts that wait for a second person.
  static let version12 = """
    CREATE TABLE usual_use (
      holder TEXT PRIMARY KEY,
      since INTEGER NOT NULL,
      used_at INTEGER NOT NULL,
      uses INTEGER NOT NULL,
      networks TEXT NOT NULL,
      clients TEXT NOT NULL,
      hours BLOB NOT NULL CHECK (length(hours) = 168),
      hours_halved_on INTEGER NOT NULL,
      exported_at INTEGER,
      subjects_an_hour INTEGER NOT NULL,
      signals TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE staff ADD COLUMN invited_by TEXT;
    UPDATE staff SET invited_by =
      (SELECT made_by FROM staff_link WHERE staff_id = staff.id AND kind = 'invitation' ORDER BY created_at DESC LIMIT 1);
    ALTER TABLE service_account ADD COLUMN made_by TEXT;
    CREATE TABLE replaced_secret (
      sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
      username TEXT NOT NULL REFERENCES service_account (username) ON DELETE CASCADE,
      number INTEGER NOT NULL,
      UNIQUE (username, number)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO replaced_secret SELECT previous_sha256, username, 0 FROM service_account WHERE previous_sha256 IS NOT NULL;
    CREATE TABLE account_request (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      project_id INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
      asked_by TEXT NOT NULL,
      asked_at INTEGER NOT NULL,
      name TEXT NOT NULL,
      scopes TEXT NOT NULL,
      lifetime_days INTEGER NOT NULL,
      networks TEXT NOT NULL,
      quota_rows INTEGER NOT NULL,
      quota_subjects INTEGER NOT NULL,
      quota_bytes INTEGER NOT NULL,
      decided_by TEXT,
      decided_at INTEGER,
      approved INTEGER NOT NULL DEFAULT 0,
      made_at INTEGER
    ) STRICT;
    """
}
