extension ControlSchema {
  /// What is usual of each credential: networks and clients as keyed hashes with the day of their last use.
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
    """
}
