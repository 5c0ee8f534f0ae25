import GRDB

/// The tables, as docs/FORMATS.md describes them. A migration that was released is never changed; the next one adds to it.
enum ControlSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("v1") { database in try database.execute(sql: version1) }
    migrator.registerMigration("v2") { database in try database.execute(sql: version2) }
    migrator.registerMigration("v3") { database in try database.execute(sql: version3) }
    migrator.registerMigration("v4") { database in
      try database.execute(sql: "ALTER TABLE project ADD COLUMN retention_days INTEGER CHECK (retention_days > 0)")
    }
    migrator.registerMigration("v5") { database in try database.execute(sql: version5) }
    migrator.registerMigration("v6") { database in try database.execute(sql: version6) }
    migrator.registerMigration("v7") { database in try database.execute(sql: version7) }
    migrator.registerMigration("v8") { database in try database.execute(sql: version8) }
    migrator.registerMigration("v9") { database in try database.execute(sql: version9) }
    migrator.registerMigration("v10") { database in try database.execute(sql: version10) }
    migrator.registerMigration("v11") { database in
      try database.execute(sql: "ALTER TABLE project ADD COLUMN smallest_group INTEGER NOT NULL DEFAULT 10 CHECK (smallest_group > 0)")
    }
    migrator.registerMigration("v12") { database in try database.execute(sql: version12) }
    migrator.registerMigration("v13") { database in try database.execute(sql: version13) }
    migrator.registerMigration("v14") { database in try database.execute(sql: version14) }
    migrator.registerMigration("v15") { database in try database.execute(sql: version15) }
    migrator.registerMigration("v16") { database in try database.execute(sql: version16) }
    migrator.registerMigration("v17") { database in try database.execute(sql: version17) }
    migrator.registerMigration("v18") { database in try database.execute(sql: version18) }
    migrator.registerMigration("v19") { database in try database.execute(sql: version19) }
    return migrator
  }

  /// People with passkeys and roles. Sessions of before belonged to nobody and end; links of before are void.
  private static let version9 = """
    CREATE TABLE staff (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      user_handle BLOB NOT NULL UNIQUE CHECK (length(user_handle) = 16),
      created_at INTEGER NOT NULL,
      enrolled_at INTEGER,
      suspended_at INTEGER,
      suspension TEXT CHECK (suspension IN ('phished', 'removed')),
      CHECK ((suspended_at IS NULL) = (suspension IS NULL))
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE staff_role (
      staff_id TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
      project_id INTEGER NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('viewer', 'analyst', 'developer', 'privacy_officer', 'admin', 'owner')),
      CHECK ((project_id = 0) = (role = 'owner')),
      PRIMARY KEY (staff_id, project_id, role)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE staff_passkey (
      id BLOB PRIMARY KEY,
      staff_id TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
      public_key BLOB NOT NULL,
      counter INTEGER NOT NULL,
      backup_eligible INTEGER NOT NULL,
      backed_up INTEGER NOT NULL,
      verified INTEGER NOT NULL,
      made_at INTEGER NOT NULL,
      used_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX staff_passkey_by_staff ON staff_passkey (staff_id);
    CREATE TABLE staff_link (
      token_sha256 BLOB PRIMARY KEY CHECK (length(token_sha256) = 32),
      kind TEXT NOT NULL CHECK (kind IN ('setup', 'invitation', 'recovery')),
      staff_id TEXT REFERENCES staff (id) ON DELETE CASCADE CHECK ((staff_id IS NULL) = (kind = 'setup')),
      made_by TEXT,
      created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      used_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE staff_recovery (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      staff_id TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
      asked_by TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
      asked_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL
    ) STRICT;
    DROP TABLE setup_link;
    DROP TABLE session;
    CREATE TABLE session (
      id TEXT PRIMARY KEY,
      staff_id TEXT NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
      key BLOB NOT NULL CHECK (length(key) = 65),
      thumbprint BLOB NOT NULL UNIQUE CHECK (length(thumbprint) = 32),
      cookie_sha256 BLOB NOT NULL UNIQUE CHECK (length(cookie_sha256) = 32),
      cookie_at INTEGER NOT NULL,
      previous_sha256 BLOB,
      previous_until INTEGER,
      form_token TEXT NOT NULL,
      client TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      last_seen_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE service_account ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE service_account ADD COLUMN networks TEXT NOT NULL DEFAULT '';
    ALTER TABLE service_account ADD COLUMN quota_rows INTEGER NOT NULL DEFAULT 1000000;
    ALTER TABLE service_account ADD COLUMN quota_subjects INTEGER NOT NULL DEFAULT 200000;
    ALTER TABLE service_account ADD COLUMN quota_bytes INTEGER NOT NULL DEFAULT 2147483648;
    ALTER TABLE service_account ADD COLUMN canary INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE service_account ADD COLUMN previous_sha256 BLOB;
    ALTER TABLE service_account ADD COLUMN rotated_at INTEGER;
    ALTER TABLE service_account ADD COLUMN overlap_until INTEGER;
    UPDATE service_account SET scopes = replace(scopes, 'send', 'intake'), expires_at = (unixepoch() + 90 * 86400) * 1000;
    CREATE TABLE export_request (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      project_id INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
      asked_by TEXT NOT NULL,
      asked_at INTEGER NOT NULL,
      from_day TEXT NOT NULL,
      to_day TEXT NOT NULL,
      events TEXT NOT NULL,
      purpose TEXT NOT NULL,
      decided_by TEXT,
      decided_at INTEGER,
      approved INTEGER NOT NULL DEFAULT 0,
      done_at INTEGER
    ) STRICT;
    CREATE TABLE quota_use (
      holder TEXT NOT NULL,
      day INTEGER NOT NULL,
      rows INTEGER NOT NULL,
      subjects INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (holder, day)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE credential_freeze (
      holder TEXT PRIMARY KEY,
      measure TEXT CHECK (measure IN ('rows', 'subjects', 'bytes')),
      frozen_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX session_by_previous ON session (previous_sha256) WHERE previous_sha256 IS NOT NULL;
    """

  /// An alarm is known by the id that the custodian gave it, so that it is entered once over restarts and can be settled by name.
  private static let version2 = """
    ALTER TABLE custodian_alarm ADD COLUMN alarm_id TEXT;
    CREATE UNIQUE INDEX custodian_alarm_by_alarm_id ON custodian_alarm (alarm_id) WHERE alarm_id IS NOT NULL;
    """

  private static let version3 = """
    CREATE TABLE saved_cohort (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      project_id INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('dynamic', 'static')),
      definition TEXT NOT NULL,
      member_count INTEGER CHECK ((member_count IS NOT NULL) = (kind = 'static')),
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      UNIQUE (project_id, name)
    ) STRICT;
    """

  /// By the number of the ledger's entry, which no restore rolls back.
  private static let version6 = """
    CREATE TABLE erasure (
      entry INTEGER PRIMARY KEY,
      commitment TEXT NOT NULL,
      project_id INTEGER NOT NULL,
      subjects TEXT NOT NULL,
      ordered_at INTEGER NOT NULL,
      deletions INTEGER NOT NULL,
      receipt TEXT,
      receipted_at INTEGER
    ) STRICT;
    """

  private static let version7 = """
    CREATE TABLE gate_finding (
      project_id INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
      day INTEGER NOT NULL,
      event TEXT NOT NULL,
      property TEXT NOT NULL,
      treatment TEXT NOT NULL,
      reason TEXT NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (project_id, day, event, property, treatment, reason)
    ) STRICT, WITHOUT ROWID;
    """

  /// A third kind of key: SQLite changes no CHECK in place.
  private static let version10 = """
    CREATE TABLE custodian_key_10 (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL CHECK (kind IN ('identity', 'sealing', 'witness')),
      public_key TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      ledger_index INTEGER NOT NULL,
      pinned_at INTEGER NOT NULL,
      UNIQUE (kind, fingerprint)
    ) STRICT;
    INSERT INTO custodian_key_10 SELECT id, kind, public_key, fingerprint, ledger_index, pinned_at FROM custodian_key;
    DROP TABLE custodian_key;
    ALTER TABLE custodian_key_10 RENAME TO custodian_key;
    """

  private static let version5 = """
    CREATE TABLE tracking_plan (
      project_id INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
      version INTEGER NOT NULL CHECK (version > 0),
      digest TEXT NOT NULL CHECK (length(digest) = 64),
      canonical TEXT NOT NULL,
      source TEXT NOT NULL,
      ledger_index INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      PRIMARY KEY (project_id, version)
    ) STRICT, WITHOUT ROWID;
    """

  private static let version1 = """
    CREATE TABLE project (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      token TEXT NOT NULL UNIQUE CHECK (length(token) = 32),
      zone TEXT NOT NULL,
      week_start TEXT NOT NULL CHECK (week_start IN ('monday', 'sunday')),
      created_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE project_group_key (
      project_id INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      PRIMARY KEY (project_id, position),
      UNIQUE (project_id, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE service_account (
      username TEXT PRIMARY KEY,
      project_id INTEGER NOT NULL REFERENCES project (id),
      name TEXT NOT NULL,
      scopes TEXT NOT NULL,
      secret_sha256 BLOB NOT NULL CHECK (length(secret_sha256) = 32),
      created_at INTEGER NOT NULL,
      last_used_at INTEGER,
      revoked_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE setup_link (
      token_sha256 BLOB PRIMARY KEY CHECK (length(token_sha256) = 32),
      created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      used_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE session (
      id TEXT PRIMARY KEY,
      cookie_sha256 BLOB NOT NULL UNIQUE CHECK (length(cookie_sha256) = 32),
      created_at INTEGER NOT NULL,
      last_seen_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE setting (
      name TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE saved_report (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      project_id INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      query TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      UNIQUE (project_id, name)
    ) STRICT;
    CREATE TABLE custodian_token (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      token_sha256 BLOB NOT NULL CHECK (length(token_sha256) = 32),
      created_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE custodian_key (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL CHECK (kind IN ('identity', 'sealing')),
      public_key TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      ledger_index INTEGER NOT NULL,
      pinned_at INTEGER NOT NULL,
      UNIQUE (kind, fingerprint)
    ) STRICT;
    CREATE TABLE custodian_alarm (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      code TEXT NOT NULL,
      raised_at INTEGER NOT NULL,
      settled_at INTEGER
    ) STRICT;
    """
}
