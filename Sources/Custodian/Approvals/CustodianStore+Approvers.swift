package import Events
internal import Foundation
internal import GRDB
package import Passkeys
internal import Vault

extension CustodianStore {
  /// docs/FORMATS.md, "Custodian store".
  static let approvalTables = """
    CREATE TABLE approver (
      id BLOB PRIMARY KEY, name TEXT NOT NULL, admitted_by BLOB,
      link BLOB UNIQUE, link_expires INTEGER,
      made_at INTEGER NOT NULL, enrolled_at INTEGER, active_from INTEGER) STRICT, WITHOUT ROWID;
    CREATE TABLE passkey (
      id BLOB PRIMARY KEY, approver BLOB NOT NULL REFERENCES approver (id), public_key BLOB NOT NULL, counter INTEGER NOT NULL,
      backup_eligible INTEGER NOT NULL, backed_up INTEGER NOT NULL, verified INTEGER NOT NULL,
      made_at INTEGER NOT NULL, used_at INTEGER) STRICT, WITHOUT ROWID;
    CREATE INDEX passkey_by_approver ON passkey (approver);
    CREATE TABLE request (
      digest BLOB PRIMARY KEY, canonical BLOB NOT NULL, kind TEXT NOT NULL, subjects INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('draft', 'waiting', 'approved', 'refused', 'done')),
      made_at INTEGER NOT NULL, decided_at INTEGER, done_at INTEGER, ledger_entry INTEGER) STRICT, WITHOUT ROWID;
    CREATE INDEX request_by_time ON request (made_at);
    CREATE TABLE signature (
      request BLOB NOT NULL REFERENCES request (digest), approver BLOB NOT NULL REFERENCES approver (id),
      act TEXT NOT NULL CHECK (act IN ('request', 'approval')), passkey BLOB NOT NULL REFERENCES passkey (id),
      client_data BLOB NOT NULL, authenticator_data BLOB NOT NULL, signature BLOB NOT NULL, made_at INTEGER NOT NULL,
      PRIMARY KEY (request, approver)) STRICT, WITHOUT ROWID;
    CREATE TABLE daily_limit (
      request BLOB PRIMARY KEY, subjects INTEGER NOT NULL, starts_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE refusal (
      number INTEGER PRIMARY KEY, time INTEGER NOT NULL, approver BLOB, request BLOB,
      attempt TEXT NOT NULL, code TEXT NOT NULL, sentence TEXT NOT NULL) STRICT;
    """

  static let removalTables = """
    ALTER TABLE approver ADD COLUMN removed_at INTEGER;
    CREATE TABLE passkey_link (
      link BLOB PRIMARY KEY, approver BLOB NOT NULL REFERENCES approver (id), request BLOB NOT NULL REFERENCES request (digest),
      expires INTEGER NOT NULL, used_at INTEGER) STRICT, WITHOUT ROWID;
    """

  // MARK: Setup links

  /// Takes the links that `init` made into the database. Used ones stay known, so that a file that comes again revives none.
  package func takeSetupLinks(at time: Timestamp) throws {
    let file = secrets.directory.appendingPathComponent(CustodianDirectory.setupLinks)
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    let text = String(decoding: try SecretFile.read(file, limit: 4_096), as: UTF8.self)
    var links: [(digest: [UInt8], expires: Int64)] = []
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ")
      guard parts.count == 2, let digest = [UInt8](hexadecimal: parts[0]), digest.count == 32, let expires = Int64(parts[1]) else {
        throw SecretFileError.malformed(path: file.path, what: "a line is a digest and an end in milliseconds")
      }
      links.append((digest, expires))
    }
    try database.write { database in
      for link in links.prefix(CustodianDirectory.firstApprovers) {
        try Self.insertInvited(name: "", admittedBy: nil, link: link.digest, expires: link.expires, at: time, in: database)
      }
    }
    // A crash before this leaves the file, whose links are known then.
    try SecretFile.destroy(file)
  }

  /// Puts new links in the place of the first approvers' that nobody used. Returns how many may be made: none once three are enrolled.
  package func replaceSetupLinks(_ digests: [[UInt8]], expires: Timestamp, at time: Timestamp) throws -> Int {
    try database.write { database in
      let enrolled =
        try Int.fetchOne(database, sql: "SELECT count(*) FROM approver WHERE admitted_by IS NULL AND enrolled_at IS NOT NULL") ?? 0
      let count = max(0, CustodianDirectory.firstApprovers - enrolled)
      guard count > 0 else { return 0 }
      try database.execute(sql: "DELETE FROM approver WHERE admitted_by IS NULL AND enrolled_at IS NULL")
      for digest in digests.prefix(count) {
        try Self.insertInvited(name: "", admittedBy: nil, link: digest, expires: expires.milliseconds, at: time, in: database)
      }
      return count
    }
  }

  static func insertInvited(
    name: String, admittedBy: [UInt8]?, link: [UInt8], expires: Int64, at time: Timestamp, in database: Database
  ) throws {
    try database.execute(
      sql: """
        INSERT INTO approver (id, name, admitted_by, link, link_expires, made_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (link) DO NOTHING
        """,
      arguments: [Data(randomBytes(16)), name, admittedBy.map { Data($0) }, Data(link), expires, time.milliseconds])
  }

  /// Whose link it is, if it can still be used.
  package func invited(link digest: [UInt8], at time: Timestamp) throws -> Approver? {
    try database.read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM approver WHERE link = ? AND enrolled_at IS NULL AND removed_at IS NULL AND link_expires > ?",
        arguments: [Data(digest), time.milliseconds]
      ).map(Self.read)
    }
  }

  // MARK: Approvers

  /// All that ever enrolled or were invited, the oldest first.
  package func approvers() throws -> [Approver] {
    try database.read { try Row.fetchAll($0, sql: "SELECT * FROM approver ORDER BY made_at, id").map(Self.read) }
  }

  package func approver(_ id: [UInt8]) throws -> Approver? {
    try database.read { try Self.approver(id, in: $0) }
  }

  static func approver(_ id: [UInt8], in database: Database) throws -> Approver? {
    try Row.fetchOne(database, sql: "SELECT * FROM approver WHERE id = ?", arguments: [Data(id)]).map(read)
  }

  /// Makes an approver of whoever was invited, with its passkey, in one step; false if somebody was faster.
  ///
  /// One of the first three may act at once; a further one 72 hours after its admission was approved.
  package func enrol(_ id: [UInt8], name: String, passkey: CredentialRecord, at time: Timestamp) throws -> Bool {
    try database.write { database in
      let decided = try Int64.fetchOne(
        database, sql: "SELECT decided_at FROM request JOIN approver ON approver.admitted_by = request.digest WHERE approver.id = ?",
        arguments: [Data(id)])
      let activeFrom = decided.map { $0 + Approver.admissionDelay } ?? time.milliseconds
      try database.execute(
        sql: """
          UPDATE approver SET name = ?, enrolled_at = ?, active_from = ?
          WHERE id = ? AND enrolled_at IS NULL AND removed_at IS NULL AND link_expires > ?
          """,
        arguments: [name, time.milliseconds, activeFrom, Data(id), time.milliseconds])
      guard database.changesCount == 1 else { return false }
      try Self.insert(passkey, of: id, at: time, in: database)
      return true
    }
  }

  static func insert(_ passkey: CredentialRecord, of approver: [UInt8], at time: Timestamp, in database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO passkey (id, approver, public_key, counter, backup_eligible, backed_up, verified, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        Data(passkey.id), Data(approver), Data(passkey.publicKey.coseKey), Int64(passkey.signatureCounter), passkey.isBackupEligible,
        passkey.isBackedUp, passkey.isUserVerificationInitialized, time.milliseconds,
      ])
  }

  // MARK: Passkeys

  /// A passkey with the id of the approver whose it is.
  package func passkey(_ id: [UInt8]) throws -> (record: CredentialRecord, owner: [UInt8])? {
    try database.read { try Self.passkey(id, in: $0) }
  }

  static func passkey(_ id: [UInt8], in database: Database) throws -> (record: CredentialRecord, owner: [UInt8])? {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM passkey WHERE id = ?", arguments: [Data(id)]) else { return nil }
    let (key, owner, counter): (Data, Data, Int64) = (row["public_key"], row["approver"], row["counter"])
    guard let publicKey = try? CredentialPublicKey(coseKey: Array(key)), let counter = UInt32(exactly: counter) else {
      throw CustodianError.damagedStore("a passkey cannot be read")
    }
    let record = CredentialRecord(
      id: id, publicKey: publicKey, signatureCounter: counter, isBackupEligible: row["backup_eligible"], isBackedUp: row["backed_up"],
      isUserVerificationInitialized: row["verified"])
    return (record, Array(owner))
  }

  /// The ids of an approver's passkeys; of everybody's without one.
  package func passkeys(of approver: [UInt8]? = nil) throws -> [[UInt8]] {
    try database.read { database in
      let ids =
        if let approver {
          try Data.fetchAll(database, sql: "SELECT id FROM passkey WHERE approver = ? ORDER BY id", arguments: [Data(approver)])
        } else { try Data.fetchAll(database, sql: "SELECT id FROM passkey ORDER BY id") }
      return ids.map { Array($0) }
    }
  }

  /// Verifies an assertion and keeps what it changes, with nothing in between: two at once cannot both pass with one counter.
  package func use(
    _ assertion: AssertionResponse, in ceremony: AuthenticationCeremony, at time: Timestamp
  ) throws -> Approver {
    try database.write { try Self.use(assertion, in: ceremony, at: time, database: $0) }
  }

  static func use(
    _ assertion: AssertionResponse, in ceremony: AuthenticationCeremony, at time: Timestamp, database: Database
  ) throws -> Approver {
    let known = try passkey(assertion.credentialID, in: database)
    let record: CredentialRecord
    do { record = try ceremony.verify(assertion, record: known?.record, owner: known?.owner) } catch { throw ApprovalError.passkey(error) }
    guard let owner = known?.owner, let signer = try approver(owner, in: database) else {
      throw CustodianError.damagedStore("a passkey is nobody's")
    }
    guard signer.removedAt == nil else { throw ApprovalError.removed }
    try database.execute(
      sql: "UPDATE passkey SET counter = ?, backed_up = ?, verified = ?, used_at = ? WHERE id = ?",
      arguments: [
        Int64(record.signatureCounter), record.isBackedUp, record.isUserVerificationInitialized, time.milliseconds, Data(record.id),
      ])
    return signer
  }

  static func read(_ row: Row) throws -> Approver {
    let (id, admittedBy): (Data, Data?) = (row["id"], row["admitted_by"])
    func time(_ name: String) -> Timestamp? { (row[name] as Int64?).map(Timestamp.init(milliseconds:)) }
    return Approver(
      id: Array(id), name: row["name"], admittedBy: admittedBy.map { Array($0) }, linkExpires: time("link_expires"),
      enrolledAt: time("enrolled_at"), activeFrom: time("active_from"), removedAt: time("removed_at"))
  }

  static func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}
