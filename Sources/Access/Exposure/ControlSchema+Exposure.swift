extension ControlSchema {
  /// How much a theft would have reached, a row a project and day of UTC: counts, no names.
  static let version16 = """
    CREATE TABLE exposure_day (
      project_id INTEGER NOT NULL REFERENCES project (id) ON DELETE CASCADE,
      day INTEGER NOT NULL,
      credential_people INTEGER NOT NULL CHECK (credential_people >= 0),
      vendor_people INTEGER CHECK (vendor_people >= 0),
      row_holders INTEGER NOT NULL CHECK (row_holders >= 0),
      fields INTEGER NOT NULL CHECK (fields >= 0),
      PRIMARY KEY (project_id, day)
    ) STRICT, WITHOUT ROWID;
    """
}
