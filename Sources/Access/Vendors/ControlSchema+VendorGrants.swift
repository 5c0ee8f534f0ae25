extension ControlSchema {
  /// Ways in that vendors were given, and third parties that the company's own site calls.
  static let version14 = """
    CREATE TABLE vendor_grant (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      project_id INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
      vendor TEXT,
      client TEXT,
      name TEXT NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('oauth_grant', 'api_key', 'service_account', 'webhook', 'user')),
      scopes TEXT NOT NULL,
      granted_by TEXT,
      created_at INTEGER,
      last_used_at INTEGER,
      expires_at INTEGER,
      retired_at INTEGER,
      revoked_at INTEGER,
      source TEXT NOT NULL CHECK (source IN ('by_hand', 'import')),
      note TEXT NOT NULL,
      recorded_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      alerted_at INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX vendor_grant_same ON vendor_grant (project_id, coalesce(vendor, ''), coalesce(client, name));
    CREATE TABLE third_party (
      project_id INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
      host TEXT NOT NULL,
      directive TEXT NOT NULL,
      day INTEGER NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (project_id, host, directive, day)
    ) STRICT, WITHOUT ROWID;
    """
}
