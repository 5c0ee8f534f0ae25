package import Events
package import Foundation
internal import GRDB
internal import Ledger
package import Notices
internal import Vault

/// Letters that approvers agreed to, and how far they are.
package struct StoredDispatch: Sendable, Hashable {
  package enum State: String, Sendable, Hashable {
    /// Each letter is being written; a crash here begins anew.
    case preparing
    /// All are committed to, and signed; not in the ledger yet.
    case made
    /// In the ledger; letters go out.
    case sending
    case done
    case failed
  }

  package let request: [UInt8]
  package let order: CustodianRequest.LettersToSend
  /// The digest of the statement's request.
  package let statement: [UInt8]
  package let state: State
  package let text: String?
  package let note: String?
  package let digest: String?
  package let proof: String?
  package let startedAt: Timestamp?
  package let finishedAt: Timestamp?
  package let failure: String?

  package var committed: CommittedText? {
    guard let note, let proof, let ledger = try? LedgerProof(text: proof) else { return nil }
    return CommittedText(note: note, ledger: ledger)
  }
}

/// One message, as its row has it: no address.
package struct StoredMessage: Sendable, Hashable {
  package enum State: String, Sendable, Hashable, CaseIterable {
    case waiting
    /// Being handed over: after a crash nobody knows whether it was.
    case sending
    case sent
    /// The server said that it will never take it.
    case refused
    /// It was taken, and came back.
    case bounced
  }

  package let audience: Audience
  package let key: Data
  package let language: LetterLanguage
  package let code: String
  package let messageID: String
  package let state: State
  package let attempts: Int
  /// How often it may have been delivered without our knowing.
  package let copies: Int
  package let reason: String?

  package var kind: LetterKind { LetterKind(audience, language) }
}

extension CustodianStore {
  // MARK: Letters

  /// Keeps the texts of a request beside it: the request has their digests.
  static func put(_ letters: [LetterTemplate], of request: [UInt8], in database: Database) throws {
    for letter in letters {
      try database.execute(
        sql: "INSERT INTO letter (request, kind, subject, body) VALUES (?, ?, ?, ?)",
        arguments: [Data(request), letter.kind.text, letter.subject, letter.body])
    }
  }

  /// - Throws: `ApprovalError.changedBytes` where a text is not the one that the request names.
  package func letters(of request: [UInt8], _ order: CustodianRequest.LettersToSend) throws -> [LetterKind: LetterTemplate] {
    let rows = try database.read {
      try Row.fetchAll($0, sql: "SELECT kind, subject, body FROM letter WHERE request = ?", arguments: [Data(request)])
    }
    var letters: [LetterKind: LetterTemplate] = [:]
    for row in rows {
      guard let kind = LetterKind(text: row["kind"] as String) else { throw ApprovalError.changedBytes }
      letters[kind] = LetterTemplate(kind, subject: row["subject"], body: row["body"])
    }
    guard letters.mapValues({ Dispatch.digest(of: $0) }) == order.texts else { throw ApprovalError.changedBytes }
    return letters
  }

  // MARK: Dispatches

  /// Begins what two others agreed to. Durable: from here on the work goes on by itself, after a crash too.
  func begin(dispatch order: CustodianRequest.LettersToSend, of statement: [UInt8], by digest: [UInt8], at time: Timestamp) throws {
    try database.write { database in
      let others = try Row.fetchAll(database, sql: "SELECT \(Self.dispatchColumns) FROM dispatch WHERE state <> 'failed'").compactMap {
        try Self.dispatch($0, in: database)
      }.filter { $0.order.project == order.project && $0.order.incident == order.incident }
      guard !others.contains(where: { $0.statement == statement && $0.order.mode == .smtp }) else {
        throw ApprovalError.badInput(
          "Letters to the people of this statement were begun already: a second request would write to them twice.")
      }
      guard others.allSatisfy({ $0.state == .done }) else {
        throw ApprovalError.badInput("Other letters about this incident are going out: wait until they are over, or people are told twice.")
      }
      try Self.finish(digest, at: time, in: database)
      try database.execute(
        sql: "INSERT INTO dispatch (request, statement, state, updated_at) VALUES (?, ?, 'preparing', ?)",
        arguments: [Data(digest), Data(statement), time.milliseconds])
    }
  }

  /// The newest first.
  package func dispatches() throws -> [StoredDispatch] {
    try database.read { database in
      try Row.fetchAll(database, sql: "SELECT \(Self.dispatchColumns) FROM dispatch ORDER BY updated_at DESC, request").compactMap {
        try Self.dispatch($0, in: database)
      }
    }
  }

  package func dispatch(_ request: [UInt8]) throws -> StoredDispatch? {
    try database.read { database in
      try Row.fetchOne(database, sql: "SELECT \(Self.dispatchColumns) FROM dispatch WHERE request = ?", arguments: [Data(request)]).flatMap
      {
        try Self.dispatch($0, in: database)
      }
    }
  }

  private static let dispatchColumns = "request, statement, state, text, note, digest, proof, started_at, finished_at, failure"

  private static func dispatch(_ row: Row, in database: Database) throws -> StoredDispatch? {
    let (request, statement): (Data, Data) = (row["request"], row["statement"])
    guard let stored = try? Self.request(Array(request), in: database), case .notify(let order) = stored.request.wish,
      let state = StoredDispatch.State(rawValue: row["state"])
    else { return nil }
    let (started, finished): (Int64?, Int64?) = (row["started_at"], row["finished_at"])
    return StoredDispatch(
      request: Array(request), order: order, statement: Array(statement), state: state, text: row["text"], note: row["note"],
      digest: row["digest"], proof: row["proof"], startedAt: started.map(Timestamp.init(milliseconds:)),
      finishedAt: finished.map(Timestamp.init(milliseconds:)), failure: row["failure"])
  }

  // MARK: Recipients

  /// How many letters of each kind a statement gives rise to: to people who were not told of this incident yet, and to whoever administers an
  /// organization of one.
  package func recipients(of statement: [UInt8]) throws -> [LetterKind: Int] {
    try database.read { database in
      var counts: [LetterKind: Int] = [:]
      let rows = try Row.fetchAll(
        database,
        sql: "SELECT audience, language, count(*) AS count FROM recipient WHERE statement = ? AND is_new = 1 GROUP BY audience, language",
        arguments: [Data(statement)])
      for row in rows {
        guard let audience = Audience(rawValue: row["audience"]), let language = LetterLanguage(rawValue: row["language"]) else { continue }
        counts[LetterKind(audience, language)] = row["count"]
      }
      return counts
    }
  }

  /// At which domains administrators and contacts have their addresses, and how many letters go there: most first, for whoever decides to compare
  /// with what they expect. No address is in it.
  func organizationDomains(of statement: [UInt8]) throws -> [(domain: String, letters: Int)] {
    var counts: [String: Int] = [:]
    try database.read { database in
      let rows = try Row.fetchCursor(
        database,
        sql:
          "SELECT audience, key, sealed FROM recipient WHERE statement = ? AND audience <> 'person' AND is_new = 1 AND sealed IS NOT NULL",
        arguments: [Data(statement)])
      while let row = try rows.next() {
        let (audience, key, sealed): (String, Data, Data) = (row["audience"], row["key"], row["sealed"])
        let record = try JSONDecoder().decode(RecipientRecord.self, from: secrets.open(sealed, at: Self.place(statement, audience, key)))
        counts[String(record.address.split(separator: "@").last ?? ""), default: 0] += 1
      }
    }
    return counts.map { (domain: $0.key, letters: $0.value) }.sorted { ($1.letters, $0.domain) < ($0.letters, $1.domain) }
  }

  /// A page of them, in order.
  func recipients(
    of statement: [UInt8], after: (audience: String, key: Data)?, limit: Int
  ) throws -> [(audience: Audience, key: Data, record: RecipientRecord)] {
    try database.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT audience, key, sealed FROM recipient WHERE statement = ?1 AND is_new = 1 AND sealed IS NOT NULL AND (audience, key) > (?2, ?3)
          ORDER BY audience, key LIMIT ?4
          """, arguments: [Data(statement), after?.audience ?? "", after?.key ?? Data(), limit]
      ).compactMap { row in
        let (name, key, sealed): (String, Data, Data) = (row["audience"], row["key"], row["sealed"])
        guard let audience = Audience(rawValue: name) else { return nil }
        let record = try JSONDecoder().decode(RecipientRecord.self, from: secrets.open(sealed, at: Self.place(statement, name, key)))
        return (audience, key, record)
      }
    }
  }

  func recipient(of statement: [UInt8], _ audience: Audience, _ key: Data) throws -> RecipientRecord? {
    try database.read { database in
      guard
        let sealed = try Data.fetchOne(
          database, sql: "SELECT sealed FROM recipient WHERE statement = ? AND audience = ? AND key = ?",
          arguments: [Data(statement), audience.rawValue, key])
      else { return nil }
      return try JSONDecoder().decode(
        RecipientRecord.self, from: secrets.open(sealed, at: Self.place(statement, audience.rawValue, key)))
    }
  }

  /// Those of an organization's affected people who were not told yet, and how many they are.
  func people(of organization: String, in statement: [UInt8], limit: Int) throws -> (people: [OrganizationPerson], count: Int) {
    try database.read { database in
      let count =
        try Int.fetchOne(
          database, sql: "SELECT count(*) FROM organization_person WHERE statement = ? AND organization = ? AND is_new = 1",
          arguments: [Data(statement), organization]) ?? 0
      let people = try Row.fetchAll(
        database,
        sql:
          "SELECT number, sealed FROM organization_person WHERE statement = ? AND organization = ? AND is_new = 1 ORDER BY number LIMIT ?",
        arguments: [Data(statement), organization, limit]
      ).map { row in
        let number: Int64 = row["number"]
        let sealed: Data = row["sealed"]
        return try JSONDecoder().decode(
          OrganizationPerson.self, from: secrets.open(sealed, at: Self.place(statement, organization, UInt32(clamping: number))))
      }
      return (people, count)
    }
  }
}
