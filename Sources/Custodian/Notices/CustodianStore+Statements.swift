package import Events
internal import Foundation
internal import GRDB
internal import Ledger
package import Notices
internal import Vault

/// A statement that approvers agreed to, and how far it is.
package struct StoredStatement: Sendable, Hashable {
  package enum State: String, Sendable, Hashable {
    /// Addresses are being opened; a crash here begins anew.
    case building
    /// Its tree is made and signed; it is not in the ledger yet.
    case made
    /// It is in the ledger and cosigned.
    case witnessed
    /// It cannot be made any more; `failure` says why.
    case failed
  }

  /// The digest of the request.
  package let request: [UInt8]
  package let scope: CustodianRequest.ScopeToState
  package let state: State
  /// From 1 on, within the incident; 0 before it is made.
  package let version: Int
  /// The statement's text, and the same with the custodian's signature.
  package let text: String?
  package let note: String?
  /// SHA-256 of the text, hexadecimal.
  package let digest: String?
  package let entry: UInt64?
  /// A tlog-proof of the entry.
  package let proof: String?
  /// Of the affected people, how many have no address here.
  package let unreachable: Int
  package let failure: String?
  package let updatedAt: Timestamp

  package var statement: Notices.Statement? { text.flatMap { Notices.Statement(text: $0) } }

  /// Whether it states this very version of this incident's scope.
  func isOf(_ other: CustodianRequest.ScopeToState) -> Bool {
    scope.project == other.project && scope.incident == other.incident && scope.digest == other.digest
  }

  package var committed: CommittedText? {
    guard let note, let proof, let ledger = try? LedgerProof(text: proof) else { return nil }
    return CommittedText(note: note, ledger: ledger)
  }
}

extension CustodianStore {
  static let noticeTables = """
    CREATE TABLE statement (
      request BLOB PRIMARY KEY REFERENCES request (digest),
      project INTEGER NOT NULL, incident INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 0,
      state TEXT NOT NULL CHECK (state IN ('building', 'made', 'witnessed', 'failed')),
      voprf_key BLOB, leaves BLOB, text TEXT, note TEXT, digest TEXT UNIQUE, entry INTEGER, proof TEXT,
      unreachable INTEGER NOT NULL DEFAULT 0, failure TEXT, updated_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE recipient (
      statement BLOB NOT NULL REFERENCES statement (request), audience TEXT NOT NULL, key BLOB NOT NULL,
      organization TEXT, language TEXT NOT NULL, is_new INTEGER NOT NULL, sealed BLOB,
      PRIMARY KEY (statement, audience, key)) STRICT, WITHOUT ROWID;
    CREATE TABLE organization_person (
      statement BLOB NOT NULL REFERENCES statement (request), organization TEXT NOT NULL, number INTEGER NOT NULL,
      is_new INTEGER NOT NULL, sealed BLOB NOT NULL,
      PRIMARY KEY (statement, organization, number)) STRICT, WITHOUT ROWID;
    CREATE TABLE told (
      project INTEGER NOT NULL, incident INTEGER NOT NULL, key BLOB NOT NULL, statement BLOB NOT NULL,
      PRIMARY KEY (project, incident, key)) STRICT, WITHOUT ROWID;
    CREATE TABLE dispatch (
      request BLOB PRIMARY KEY REFERENCES request (digest),
      statement BLOB NOT NULL REFERENCES statement (request),
      state TEXT NOT NULL CHECK (state IN ('preparing', 'made', 'sending', 'done', 'failed')),
      secret BLOB, leaves BLOB, text TEXT, note TEXT, digest TEXT UNIQUE, entry INTEGER, proof TEXT,
      started_at INTEGER, finished_at INTEGER, reported TEXT, failure TEXT, updated_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE letter (
      request BLOB NOT NULL REFERENCES request (digest) ON DELETE CASCADE, kind TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
      PRIMARY KEY (request, kind)) STRICT, WITHOUT ROWID;
    CREATE TABLE message (
      dispatch BLOB NOT NULL REFERENCES dispatch (request), audience TEXT NOT NULL, key BLOB NOT NULL,
      language TEXT NOT NULL, code TEXT NOT NULL, message_id TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'refused', 'bounced')),
      attempts INTEGER NOT NULL DEFAULT 0, copies INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL, reason TEXT, updated_at INTEGER NOT NULL,
      PRIMARY KEY (dispatch, audience, key)) STRICT, WITHOUT ROWID;
    CREATE INDEX message_due ON message (dispatch, state, due_at);
    CREATE INDEX message_by_code ON message (code);
    CREATE INDEX message_by_id ON message (message_id);
    """

  /// Begins a statement that two others agreed to. Durable: from here on the work goes on by itself, after a crash too.
  func begin(statement scope: CustodianRequest.ScopeToState, by digest: [UInt8], at time: Timestamp) throws {
    try database.write { database in
      let others = try Row.fetchAll(
        database, sql: "SELECT \(Self.statementColumns) FROM statement WHERE project = ? AND incident = ? AND state <> 'failed'",
        arguments: [scope.project.rawValue, scope.incident]
      ).compactMap { try Self.statement($0, in: database) }
      guard !others.contains(where: { $0.isOf(scope) }) else {
        throw ApprovalError.badInput("A statement of this version of the scope was begun already.")
      }
      try Self.finish(digest, at: time, in: database)
      try database.execute(
        sql: "INSERT INTO statement (request, project, incident, state, updated_at) VALUES (?, ?, ?, 'building', ?)",
        arguments: [Data(digest), scope.project.rawValue, scope.incident, time.milliseconds])
    }
  }

  /// The newest first.
  package func statements() throws -> [StoredStatement] {
    try database.read { database in
      try Row.fetchAll(database, sql: "SELECT \(Self.statementColumns) FROM statement ORDER BY updated_at DESC, request").compactMap {
        try Self.statement($0, in: database)
      }
    }
  }

  package func statement(_ request: [UInt8]) throws -> StoredStatement? {
    try database.read { database in
      try Row.fetchOne(database, sql: "SELECT \(Self.statementColumns) FROM statement WHERE request = ?", arguments: [Data(request)])
        .flatMap { try Self.statement($0, in: database) }
    }
  }

  /// Without the key and the leaves, which are large and seldom needed.
  private static let statementColumns =
    "request, version, state, text, note, digest, entry, proof, unreachable, failure, updated_at"

  private static func statement(_ row: Row, in database: Database) throws -> StoredStatement? {
    let digest: Data = row["request"]
    guard let request = try? Self.request(Array(digest), in: database), case .state(let scope) = request.request.wish,
      let state = StoredStatement.State(rawValue: row["state"])
    else { return nil }
    let entry: Int64? = row["entry"]
    return StoredStatement(
      request: Array(digest), scope: scope, state: state, version: row["version"], text: row["text"], note: row["note"],
      digest: row["digest"], entry: entry.map { UInt64($0) }, proof: row["proof"], unreachable: row["unreachable"], failure: row["failure"],
      updatedAt: Timestamp(milliseconds: row["updated_at"]))
  }

  // MARK: Steps

  /// What a statement is once its tree is made.
  struct MadeStatement {
    let key: Data
    let leaves: Data
    let text: String
    let note: String
    let digest: String
    let version: Int
    let unreachable: Int
  }

  /// The tree is made: key, leaves and text in one step, and whom it is the first to name.
  func put(_ made: MadeStatement, of stored: StoredStatement, at time: Timestamp) throws {
    try database.write { database in
      let place = "statement key \(stored.request.hexadecimal)"
      try database.execute(
        sql: """
          UPDATE statement SET state = 'made', voprf_key = ?, leaves = ?, text = ?, note = ?, digest = ?, version = ?, unreachable = ?, updated_at = ?
          WHERE request = ? AND state = 'building'
          """,
        arguments: [
          try secrets.seal(made.key, at: place), made.leaves, made.text, made.note, made.digest, made.version, made.unreachable,
          time.milliseconds, Data(stored.request),
        ])
      guard database.changesCount == 1 else { throw CustodianError.damagedStore("a statement was made twice") }
      try Self.forgetNewness(of: stored.request, in: database)
    }
  }

  /// Whether a later statement of the incident took this one's place.
  func isSuperseded(_ stored: StoredStatement) throws -> Bool {
    try database.read {
      try Int.fetchOne(
        $0, sql: "SELECT count(*) FROM statement WHERE project = ? AND incident = ? AND version > ? AND state IN ('made', 'witnessed')",
        arguments: [stored.scope.project.rawValue, stored.scope.incident, stored.version]) ?? 0 > 0
    }
  }

  /// The next version within an incident, and the digest of the one before.
  func nextStatement(project: ProjectID, incident: Int64) throws -> (version: Int, supersedes: String?) {
    try database.read { database in
      let last = try Row.fetchOne(
        database,
        sql: """
          SELECT version, digest FROM statement WHERE project = ? AND incident = ? AND state IN ('made', 'witnessed') ORDER BY version DESC LIMIT 1
          """, arguments: [project.rawValue, incident])
      return (last.map { $0["version"] as Int + 1 } ?? 1, last.flatMap { $0["digest"] as String? })
    }
  }

  func witnessed(statement: [UInt8], entry: UInt64, proof: String, at time: Timestamp) throws {
    try database.write {
      try $0.execute(
        sql: "UPDATE statement SET state = 'witnessed', entry = ?, proof = ?, updated_at = ? WHERE request = ? AND state = 'made'",
        arguments: [Int64(clamping: entry), proof, time.milliseconds, Data(statement)])
    }
  }

  func fail(statement: [UInt8], _ sentence: String, at time: Timestamp) throws {
    try clearRecipients(of: statement)
    try database.write {
      try $0.execute(
        sql: "UPDATE statement SET state = 'failed', failure = ?, updated_at = ? WHERE request = ?",
        arguments: [sentence, time.milliseconds, Data(statement)])
    }
  }

  /// The secret key of a statement, and its leaves, 32 bytes each, ascending.
  func secretParts(of statement: [UInt8]) throws -> (key: Data, leaves: Data)? {
    try database.read { database in
      guard
        let row = try Row.fetchOne(
          database, sql: "SELECT voprf_key, leaves FROM statement WHERE request = ?", arguments: [Data(statement)]),
        let key: Data = row["voprf_key"], let leaves: Data = row["leaves"]
      else { return nil }
      return (try secrets.open(key, at: "statement key \(statement.hexadecimal)"), leaves)
    }
  }
}
