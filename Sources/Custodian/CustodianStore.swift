package import Crypto
package import Events
internal import Foundation
internal import GRDB
internal import Glibc
internal import Vault

/// The custodian's own database: record keys by subject, encrypted; its HPKE keys' history; alarms. docs/FORMATS.md, "Custodian store".
///
/// A write is durable when it returns (`synchronous = FULL`); GRDB's queue guards everything.
package final class CustodianStore: Sendable {
  let database: DatabaseQueue
  let secrets: CustodianSecrets

  package init(secrets: CustodianSecrets) throws {
    self.secrets = secrets
    let file = secrets.directory.appendingPathComponent(CustodianDirectory.database)
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { database in
      try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON")
    }
    // SQLite makes its other files with the mode of this one.
    let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor >= 0 { close(descriptor) }
    database = try DatabaseQueue(path: file.path, configuration: configuration)
    guard try database.read({ try !Self.migrator.hasBeenSuperseded($0) }) else {
      throw CustodianError.badOption("\(file.path) was written by a newer sealane-custodian. Use that version, or a newer one.")
    }
    try Self.migrator.migrate(database)
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 record keys, HPKE keys, alarms") { database in
      try database.execute(
        sql: """
          CREATE TABLE epoch (
            project INTEGER NOT NULL, id BLOB NOT NULL,
            header BLOB NOT NULL,
            PRIMARY KEY (project, id)) STRICT, WITHOUT ROWID;
          CREATE TABLE record_key (
            project INTEGER NOT NULL, epoch BLOB NOT NULL, sequence INTEGER NOT NULL,
            digest BLOB NOT NULL,
            subject BLOB,
            sealed BLOB,
            stored_at INTEGER NOT NULL,
            PRIMARY KEY (project, epoch, sequence)) STRICT, WITHOUT ROWID;
          CREATE INDEX record_key_by_subject ON record_key (subject, epoch) WHERE subject IS NOT NULL;
          CREATE TABLE hpke_key (
            id BLOB PRIMARY KEY, public_key BLOB NOT NULL, announcement TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('announced', 'current', 'replaced', 'leaving', 'destroyed')),
            made_at INTEGER NOT NULL, adopted_at INTEGER, replaced_at INTEGER, destroyed_at INTEGER) STRICT, WITHOUT ROWID;
          CREATE TABLE alarm (
            id BLOB PRIMARY KEY, kind TEXT NOT NULL, project INTEGER, epoch BLOB, recipient BLOB,
            sentence TEXT NOT NULL, raised_at INTEGER NOT NULL, sent_at INTEGER) STRICT, WITHOUT ROWID;
          CREATE TABLE fact (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("2 settlements") { database in
      try database.execute(
        sql: """
          ALTER TABLE alarm ADD COLUMN settled_at INTEGER;
          ALTER TABLE alarm ADD COLUMN reason TEXT;
          ALTER TABLE alarm ADD COLUMN settlement_sent_at INTEGER;
          CREATE TABLE set_aside (
            project INTEGER NOT NULL, epoch BLOB NOT NULL, sequence INTEGER NOT NULL,
            wrapped BLOB NOT NULL, header BLOB NOT NULL, alarm BLOB NOT NULL REFERENCES alarm (id), set_aside_at INTEGER NOT NULL,
            PRIMARY KEY (project, epoch, sequence, wrapped)) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("3 approvers, passkeys, requests") { try $0.execute(sql: Self.approvalTables) }
    migrator.registerMigration("4 removals, further passkeys") { try $0.execute(sql: Self.removalTables) }
    migrator.registerMigration("5 erasures") { try $0.execute(sql: Self.erasureTable) }
    migrator.registerMigration("6 witness") { try $0.execute(sql: Self.witnessTable) }
    migrator.registerMigration("7 notices") { try $0.execute(sql: Self.noticeTables) }
    migrator.registerMigration("8 questions") { try $0.execute(sql: Self.questionTables) }
    return migrator
  }

  // MARK: Record keys

  /// Keeps all keys of a bundle or, if one contradicts what is held, none of them. What is held already, byte by byte, is passed over.
  ///
  /// `settled` are the alarms that were settled: what contradicts in the way that one of them was about is set aside, as are the keys
  /// that did not open.
  package func store(_ opened: [JudgedParcel], settled: [Alarm] = [], at time: Timestamp) throws -> Int {
    try database.write { database in
      let insertEpoch = try database.cachedStatement(sql: "INSERT INTO epoch (project, id, header) VALUES (?, ?, ?)")
      let insertKey = try database.cachedStatement(
        sql: "INSERT INTO record_key (project, epoch, sequence, digest, subject, sealed, stored_at) VALUES (?, ?, ?, ?, ?, ?, ?)")
      var stored = 0
      for judged in opened {
        let (parcel, keys) = (judged.parcel, judged.keys)
        if let alarm = judged.alarm { try setAside(judged.refused, of: parcel, for: alarm, at: time, in: database) }
        guard !keys.isEmpty else { continue }
        let header = Data(parcel.epoch.bytes(project: parcel.project))
        let epoch = RecordKeyRow(project: parcel.project, epoch: parcel.epoch.id, sequence: 0, lookUp: []).epochBytes
        let held = try Data.fetchOne(
          database.cachedStatement(sql: "SELECT header FROM epoch WHERE project = ? AND id = ?"),
          arguments: [parcel.project.rawValue, epoch])
        if held == nil {
          try insertEpoch.execute(arguments: [parcel.project.rawValue, epoch, header])
        } else if held != header {
          let fault = ParcelFault(.contradiction, parcel, "An epoch came a second time with another header.")
          guard let alarm = settled.first(where: { $0.fault.isSame(as: fault) }) else { throw fault }
          try setAside(parcel.keys.map { ($0.sequence, $0.ciphertext) }, of: parcel, for: alarm, at: time, in: database)
          continue
        }
        let digests = try database.cachedStatement(sql: "SELECT digest FROM record_key WHERE project = ? AND epoch = ? AND sequence = ?")
        for key in keys {
          let place: StatementArguments = [parcel.project.rawValue, epoch, Int64(key.sequence)]
          if let digest = try Data.fetchOne(digests, arguments: place) {
            if digest != Data(key.digest) {
              let fault = ParcelFault(
                .contradiction, parcel, "Wrapped key \(key.sequence) of an epoch came a second time with other bytes.")
              guard let alarm = settled.first(where: { $0.fault.isSame(as: fault) }) else { throw fault }
              let wrapped = parcel.keys.filter { $0.sequence == key.sequence }.map { ($0.sequence, $0.ciphertext) }
              try setAside(wrapped, of: parcel, for: alarm, at: time, in: database)
            }
            continue
          }
          let lookUp = secrets.lookUp(project: parcel.project, subject: key.subject)
          let row = RecordKeyRow(project: parcel.project, epoch: parcel.epoch.id, sequence: key.sequence, lookUp: lookUp)
          try insertKey.execute(arguments: [
            parcel.project.rawValue, epoch, Int64(key.sequence), Data(key.digest), Data(lookUp),
            secrets.encrypt(key.recordKey, for: row), time.milliseconds,
          ])
          stored += 1
        }
      }
      return stored
    }
  }

  /// Keeps wrapped keys as they came, as what an alarm was about: they open nothing here.
  private func setAside(
    _ keys: [(sequence: UInt32, ciphertext: [UInt8])], of parcel: Parcel, for alarm: Alarm, at time: Timestamp, in database: Database
  ) throws {
    guard let id = [UInt8](hexadecimal: alarm.id) else { return }
    let epoch = RecordKeyRow(project: parcel.project, epoch: parcel.epoch.id, sequence: 0, lookUp: []).epochBytes
    let insert = try database.cachedStatement(
      sql: """
        INSERT INTO set_aside (project, epoch, sequence, wrapped, header, alarm, set_aside_at) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """)
    for key in keys {
      try insert.execute(arguments: [
        parcel.project.rawValue, epoch, Int64(key.sequence), Data(key.ciphertext), Data(parcel.epoch.bytes(project: parcel.project)),
        Data(id), time.milliseconds,
      ])
    }
  }

  /// An empty list if every key of the parcel is held already with the same bytes; nil if any is not.
  func heldAlready(_ parcel: Parcel) throws -> [OpenedKey]? {
    let epoch = RecordKeyRow(project: parcel.project, epoch: parcel.epoch.id, sequence: 0, lookUp: []).epochBytes
    return try database.read { database in
      for key in parcel.keys {
        let digest = try Data.fetchOne(
          database, sql: "SELECT digest FROM record_key WHERE project = ? AND epoch = ? AND sequence = ?",
          arguments: [parcel.project.rawValue, epoch, Int64(key.sequence)])
        guard digest == Data(SHA256.hash(data: key.ciphertext).prefix(16)) else { return nil }
      }
      return []
    }
  }

  /// The record keys of a subject in an epoch: one, unless the server was not what it should be.
  package func recordKeys(project: ProjectID, subject: Pseudonym, epoch: UInt64) throws -> [SymmetricKey] {
    let lookUp = secrets.lookUp(project: project, subject: subject)
    let epochBytes = RecordKeyRow(project: project, epoch: epoch, sequence: 0, lookUp: lookUp).epochBytes
    return try database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT sequence, sealed FROM record_key WHERE subject = ? AND epoch = ? AND project = ?",
        arguments: [Data(lookUp), epochBytes, project.rawValue]
      ).map { row in
        let place = RecordKeyRow(project: project, epoch: epoch, sequence: UInt32(row["sequence"] as Int64), lookUp: lookUp)
        return try secrets.decrypt(row["sealed"], for: place)
      }
    }
  }

  /// When the record key of a subject in an epoch came here: what it seals was sealed at most an epoch before. By this host's clock, whatever the server
  /// says.
  func arrival(project: ProjectID, subject: Pseudonym, epoch: UInt64) throws -> Timestamp? {
    let lookUp = secrets.lookUp(project: project, subject: subject)
    let epochBytes = RecordKeyRow(project: project, epoch: epoch, sequence: 0, lookUp: lookUp).epochBytes
    return try database.read {
      try Int64.fetchOne(
        $0, sql: "SELECT max(stored_at) FROM record_key WHERE subject = ? AND epoch = ? AND project = ?",
        arguments: [Data(lookUp), epochBytes, project.rawValue]
      ).map { Timestamp(milliseconds: $0) }
    }
  }

  /// What is held, in counts only.
  package func inventory() throws -> [ProjectInventory] { try database.read(Self.inventory) }

  static func inventory(in database: Database) throws -> [ProjectInventory] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT project, count(*) AS held, count(DISTINCT subject) AS subjects, count(DISTINCT epoch) AS epochs,
          sum(sealed IS NULL) AS erased FROM record_key GROUP BY project ORDER BY project
        """
    ).map {
      let held: Int = $0["held"]
      let erased: Int = $0["erased"]
      return ProjectInventory(
        project: ProjectID($0["project"]), recordKeys: held - erased, subjects: $0["subjects"], epochs: $0["epochs"], erased: erased)
    }
  }

  // MARK: Facts

  package func note(_ fact: Fact, at time: Timestamp) throws {
    try database.write {
      try $0.execute(
        sql: "INSERT INTO fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        arguments: [fact.rawValue, time.milliseconds])
    }
  }

  package func time(of fact: Fact) throws -> Timestamp? {
    try database.read {
      try Int64.fetchOne($0, sql: "SELECT value FROM fact WHERE name = ?", arguments: [fact.rawValue]).map(Timestamp.init(milliseconds:))
    }
  }

  /// A thing that happened, of which the last time is kept.
  package enum Fact: String, Sendable {
    case lastDelivery = "last_delivery"
    case lastBackup = "last_backup"
    /// Every erasure of the server's ledger was carried out once; from then on those count that have no receipt. Not so after a restore.
    case erasuresKnown = "erasures_known"
    case lastBacklog = "last_backlog"
  }
}

/// What the custodian holds of one project, in counts.
package struct ProjectInventory: Sendable, Hashable, Codable {
  package let project: ProjectID
  package let recordKeys: Int
  package let subjects: Int
  package let epochs: Int
  package let erased: Int

  private enum CodingKeys: String, CodingKey {
    case project
    case recordKeys = "record_keys"
    case subjects, epochs, erased
  }
}
