internal import Crypto
package import Events
internal import Foundation
internal import GRDB
internal import Notices
internal import Vault

/// A question as it waits for its answer: encrypted, and gone afterwards.
struct QuestionRecord: Codable, Sendable {
  let address: String
  let language: String
}

/// An answer as it waits for its mail: encrypted, and gone afterwards.
struct AnswerRecord: Codable, Sendable {
  let address: String
  let kind: String
  let subject: String
  let body: String
  let code: String
  let salt: Data

  var answer: Answer? { Answer(kind: kind, subject: subject, body: body) }
}

/// Answers that are fixed together.
struct StoredAnswerBatch: Sendable {
  enum State: String {
    /// Signed, and not in the ledger yet.
    case made
    /// In the ledger and cosigned.
    case sending
    case done
  }

  /// SHA-256 of its text, hexadecimal.
  let digest: String
  let state: State
  let note: String
  let proof: String?
  /// 32 bytes each, ascending.
  let leaves: Data
}

struct StoredAnswer: Sendable {
  let batch: String
  let key: Data
  let messageID: String
  let attempts: Int
  let record: AnswerRecord
}

extension CustodianStore {
  static let questionTables = """
    CREATE TABLE question (
      digest BLOB PRIMARY KEY, sealed BLOB, taken_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX question_waiting ON question (taken_at) WHERE sealed IS NOT NULL;
    CREATE INDEX question_by_time ON question (taken_at);
    CREATE TABLE answer_batch (
      digest TEXT PRIMARY KEY,
      state TEXT NOT NULL CHECK (state IN ('made', 'sending', 'done')),
      note TEXT NOT NULL, leaves BLOB NOT NULL, entry INTEGER, proof TEXT, made_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE answer (
      batch TEXT NOT NULL REFERENCES answer_batch (digest) ON DELETE CASCADE, key BLOB NOT NULL,
      code TEXT NOT NULL, message_id TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'given_up', 'undelivered')),
      sealed BLOB, attempts INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL, given_at INTEGER NOT NULL,
      PRIMARY KEY (batch, key)) STRICT, WITHOUT ROWID;
    CREATE INDEX answer_by_key ON answer (key, given_at);
    CREATE INDEX answer_by_code ON answer (code);
    CREATE INDEX answer_due ON answer (state, due_at);
    ALTER TABLE recipient ADD COLUMN arrived_at INTEGER;
    """

  // MARK: Questions

  static func place(ofQuestion digest: Data) -> String { "question \(Array(digest).hexadecimal)" }

  /// Keeps questions until they are answered; one that came before, byte by byte, counts once. Durable.
  func take(_ questions: [(sealed: [UInt8], question: Question)], at time: Timestamp) throws {
    try database.write { database in
      for (sealed, question) in questions {
        let digest = Data(SHA256.hash(data: sealed))
        let record = try secrets.seal(
          JSONEncoder().encode(QuestionRecord(address: question.address.value, language: question.language.rawValue)),
          at: Self.place(ofQuestion: digest))
        try database.execute(
          sql: "INSERT INTO question (digest, sealed, taken_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
          arguments: [digest, record, time.milliseconds])
      }
    }
  }

  func waitingQuestionCount() throws -> Int {
    try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM question WHERE sealed IS NOT NULL") ?? 0 }
  }

  /// The oldest first; nil for what cannot be read any more, so that it holds up no other.
  func waitingQuestions(limit: Int) throws -> [(digest: Data, question: Question?)] {
    try database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT digest, sealed FROM question WHERE sealed IS NOT NULL ORDER BY taken_at, digest LIMIT ?", arguments: [limit]
      ).map { row in
        let digest: Data = row["digest"]
        return (digest, question(row["sealed"], digest))
      }
    }
  }

  private func question(_ sealed: Data, _ digest: Data) -> Question? {
    guard let plain = try? secrets.open(sealed, at: Self.place(ofQuestion: digest)),
      let record = try? JSONDecoder().decode(QuestionRecord.self, from: plain), let address = StatementName(.email, record.address),
      let language = LetterLanguage(rawValue: record.language)
    else { return nil }
    return Question(address: address, language: language)
  }

  /// Forgets what the questions were.
  func finish(questions: [Data]) throws { try database.write { try Self.finish(questions: questions, in: $0) } }

  private static func finish(questions: [Data], in database: Database) throws {
    let statement = try database.cachedStatement(sql: "UPDATE question SET sealed = NULL WHERE digest = ?")
    for digest in questions { try statement.execute(arguments: [digest]) }
  }

  /// Whether an address was given an answer after `time`, may have been, or is about to be.
  func wasAnswered(_ key: Data, after time: Timestamp) throws -> Bool {
    try database.read {
      try Int.fetchOne(
        $0, sql: "SELECT 1 FROM answer WHERE key = ? AND given_at > ? AND state <> 'undelivered'", arguments: [key, time.milliseconds])
        != nil
    }
  }

  // MARK: Answers

  static func place(ofAnswer batch: String, _ key: Data) -> String { "answer \(batch) \(Array(key).hexadecimal)" }

  struct MadeAnswer {
    let key: Data
    let messageID: String
    let record: AnswerRecord
  }

  /// Fixes a batch and forgets the questions that it answers, and those that get none: in one step.
  func put(
    _ answers: [MadeAnswer], leaves: Data, note: String, digest: String, of questions: [Data], at time: Timestamp
  ) throws {
    try database.write { database in
      try database.execute(
        sql: "INSERT INTO answer_batch (digest, state, note, leaves, made_at) VALUES (?, 'made', ?, ?, ?)",
        arguments: [digest, note, leaves, time.milliseconds])
      for answer in answers {
        let sealed = try secrets.seal(JSONEncoder().encode(answer.record), at: Self.place(ofAnswer: digest, answer.key))
        try database.execute(
          sql:
            "INSERT INTO answer (batch, key, code, message_id, state, sealed, due_at, given_at) VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?)",
          arguments: [digest, answer.key, answer.record.code, answer.messageID, sealed, time.milliseconds, time.milliseconds])
      }
      try Self.finish(questions: questions, in: database)
    }
  }

  /// Batches that are not over, the oldest first.
  func openAnswerBatches() throws -> [StoredAnswerBatch] {
    try database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT digest, state, note, proof, leaves FROM answer_batch WHERE state <> 'done' ORDER BY made_at, digest"
      ).compactMap { row in
        guard let state = StoredAnswerBatch.State(rawValue: row["state"]) else { return nil }
        return StoredAnswerBatch(digest: row["digest"], state: state, note: row["note"], proof: row["proof"], leaves: row["leaves"])
      }
    }
  }

  func witnessed(answers digest: String, entry: UInt64, proof: String) throws {
    try database.write {
      try $0.execute(
        sql: "UPDATE answer_batch SET state = 'sending', entry = ?, proof = ? WHERE digest = ? AND state = 'made'",
        arguments: [Int64(clamping: entry), proof, digest])
    }
  }

  func hasDueAnswer(of batch: String, at time: Timestamp) throws -> Bool {
    try database.read {
      try Int.fetchOne(
        $0, sql: "SELECT 1 FROM answer WHERE batch = ? AND state = 'waiting' AND due_at <= ? LIMIT 1",
        arguments: [batch, time.milliseconds]) != nil
    }
  }

  /// The next answer that is due, marked as being sent: after a crash nobody knows whether it went, and it does not go again.
  ///
  /// One that cannot be read any more is over, and holds up no other.
  func takeDueAnswer(of batch: String, at time: Timestamp) throws -> StoredAnswer? {
    try database.write { database in
      while let row = try Row.fetchOne(
        database, sql: "SELECT * FROM answer WHERE batch = ? AND state = 'waiting' AND due_at <= ? ORDER BY due_at, key LIMIT 1",
        arguments: [batch, time.milliseconds])
      {
        let (key, sealed): (Data, Data?) = (row["key"], row["sealed"])
        let plain = sealed.flatMap { try? secrets.open($0, at: Self.place(ofAnswer: batch, key)) }
        guard let record = plain.flatMap({ try? JSONDecoder().decode(AnswerRecord.self, from: $0) }) else {
          try database.execute(
            sql: "UPDATE answer SET state = 'undelivered', sealed = NULL WHERE batch = ? AND key = ?", arguments: [batch, key])
          continue
        }
        try database.execute(sql: "UPDATE answer SET state = 'sending' WHERE batch = ? AND key = ?", arguments: [batch, key])
        return StoredAnswer(batch: batch, key: key, messageID: row["message_id"], attempts: row["attempts"], record: record)
      }
      return nil
    }
  }

  enum AnswerEnd {
    case sent
    /// It may have arrived.
    case givenUp
    /// It did not: whoever asks again is answered.
    case undelivered
    case again(due: Timestamp)
  }

  /// What came of an answer. Whose it was is forgotten once it is over.
  func note(_ end: AnswerEnd, of answer: StoredAnswer) throws {
    let state: String
    switch end {
    case .sent: state = "sent"
    case .givenUp: state = "given_up"
    case .undelivered: state = "undelivered"
    case .again(let due):
      return try database.write {
        try $0.execute(
          sql: "UPDATE answer SET state = 'waiting', attempts = attempts + 1, due_at = ? WHERE batch = ? AND key = ?",
          arguments: [due.milliseconds, answer.batch, answer.key])
      }
    }
    try database.write {
      try $0.execute(
        sql: "UPDATE answer SET state = ?, sealed = NULL, attempts = attempts + 1 WHERE batch = ? AND key = ?",
        arguments: [state, answer.batch, answer.key])
    }
  }

  /// Whatever was on its way when the process ended is over.
  package func giveUpInterruptedAnswers() throws {
    try database.write { try $0.execute(sql: "UPDATE answer SET state = 'given_up', sealed = NULL WHERE state = 'sending'") }
  }

  func finishAnswerBatch(_ digest: String) throws {
    try database.write {
      try $0.execute(
        sql: """
          UPDATE answer_batch SET state = 'done' WHERE digest = ?
            AND NOT EXISTS (SELECT 1 FROM answer WHERE batch = digest AND state IN ('waiting', 'sending'))
          """, arguments: [digest])
    }
  }

  /// Forgets batches, and that questions came, from before `time`.
  func expireAnswers(before time: Timestamp) throws {
    try database.write { database in
      try database.execute(sql: "DELETE FROM answer_batch WHERE state = 'done' AND made_at < ?", arguments: [time.milliseconds])
      try database.execute(sql: "DELETE FROM question WHERE sealed IS NULL AND taken_at < ?", arguments: [time.milliseconds])
    }
  }

  /// What happened to questions, in counts.
  package struct AnswerCounts: Sendable, Hashable, Codable {
    package let waiting: Int
    /// In the last 24 hours.
    package let answered: Int
    package let givenUp: Int

    private enum CodingKeys: String, CodingKey {
      case waiting, answered
      case givenUp = "given_up"
    }
  }

  package func answerCounts(since time: Timestamp) throws -> AnswerCounts {
    let waiting = try waitingQuestionCount()
    return try database.read { database in
      func count(_ state: String) throws -> Int {
        try Int.fetchOne(
          database, sql: "SELECT count(*) FROM answer WHERE state = ? AND given_at > ?", arguments: [state, time.milliseconds]) ?? 0
      }
      return AnswerCounts(waiting: waiting, answered: try count("sent"), givenUp: try count("given_up") + count("undelivered"))
    }
  }

  /// When the answer was given that a check code stands in.
  package func answer(code: String) throws -> (givenAt: Timestamp, state: String)? {
    try database.read { database in
      try Row.fetchOne(database, sql: "SELECT given_at, state FROM answer WHERE code = ?", arguments: [code]).map {
        (Timestamp(milliseconds: $0["given_at"]), $0["state"])
      }
    }
  }
}
