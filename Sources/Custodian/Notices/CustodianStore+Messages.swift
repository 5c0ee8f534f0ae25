package import Events
internal import Foundation
internal import GRDB
internal import Notices
internal import Vault

extension CustodianStore {
  /// What a dispatch is once every letter is committed to.
  struct MadeDispatch {
    let secret: Data
    let leaves: Data
    let text: String
    let note: String
    let digest: String
  }

  /// A message that is to be sent, before it is.
  struct PreparedMessage {
    let audience: Audience
    let key: Data
    let language: LetterLanguage
    let code: String
    let messageID: String
  }

  func clearMessages(of dispatch: [UInt8]) throws {
    try database.write { try $0.execute(sql: "DELETE FROM message WHERE dispatch = ?", arguments: [Data(dispatch)]) }
  }

  func put(_ messages: [PreparedMessage], of dispatch: [UInt8], at time: Timestamp) throws {
    try database.write { database in
      let insert = try database.cachedStatement(
        sql: """
          INSERT INTO message (dispatch, audience, key, language, code, message_id, state, due_at, updated_at)
          VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?)
          """)
      for message in messages {
        try insert.execute(arguments: [
          Data(dispatch), message.audience.rawValue, message.key, message.language.rawValue, message.code, message.messageID,
          time.milliseconds, time.milliseconds,
        ])
      }
    }
  }

  /// All letters are committed to, and whoever gets one counts as told: in one step, so that no other statement writes to them again.
  func put(_ made: MadeDispatch, of stored: StoredDispatch, subjects: [UInt32], at time: Timestamp) throws {
    try database.write { database in
      try database.execute(
        sql: """
          UPDATE dispatch SET state = 'made', secret = ?, leaves = ?, text = ?, note = ?, digest = ?, updated_at = ?
          WHERE request = ? AND state = 'preparing'
          """,
        arguments: [
          try secrets.seal(made.secret, at: "dispatch secret \(stored.request.hexadecimal)"), made.leaves, made.text, made.note,
          made.digest,
          time.milliseconds, Data(stored.request),
        ])
      guard database.changesCount == 1 else { throw CustodianError.damagedStore("a dispatch was made twice") }
      try database.execute(
        sql: """
          INSERT OR IGNORE INTO told (project, incident, key, statement)
          SELECT ?1, ?2, key, ?3 FROM recipient WHERE statement = ?3 AND audience = 'person'
          """, arguments: [stored.order.project.rawValue, stored.order.incident, Data(stored.statement)])
      let insert = try database.cachedStatement(sql: "INSERT OR IGNORE INTO told (project, incident, key, statement) VALUES (?, ?, ?, ?)")
      for number in subjects {
        try insert.execute(arguments: [
          stored.order.project.rawValue, stored.order.incident, secrets.subjectKey(number), Data(stored.statement),
        ])
      }
    }
  }

  func sending(dispatch: [UInt8], entry: UInt64, proof: String, at time: Timestamp) throws {
    try database.write {
      try $0.execute(
        sql:
          "UPDATE dispatch SET state = 'sending', entry = ?, proof = ?, started_at = ?, updated_at = ? WHERE request = ? AND state = 'made'",
        arguments: [Int64(clamping: entry), proof, time.milliseconds, time.milliseconds, Data(dispatch)])
    }
  }

  func fail(dispatch: [UInt8], _ sentence: String, at time: Timestamp) throws {
    try database.write {
      try $0.execute(
        sql: "UPDATE dispatch SET state = 'failed', failure = ?, updated_at = ? WHERE request = ?",
        arguments: [sentence, time.milliseconds, Data(dispatch)])
    }
  }

  /// The secret of a dispatch, and its leaves, 32 bytes each, ascending.
  func secretParts(ofDispatch dispatch: [UInt8]) throws -> (secret: Data, leaves: Data)? {
    try database.read { database in
      guard let row = try Row.fetchOne(database, sql: "SELECT secret, leaves FROM dispatch WHERE request = ?", arguments: [Data(dispatch)]),
        let secret: Data = row["secret"], let leaves: Data = row["leaves"]
      else { return nil }
      return (try secrets.open(secret, at: "dispatch secret \(dispatch.hexadecimal)"), leaves)
    }
  }

  // MARK: Sending

  /// Messages that were being handed over when the program ended: nobody knows whether they arrived. They go again, marked as copies.
  func recoverMessages(at time: Timestamp) throws -> Int {
    try database.write { database in
      try database.execute(
        sql: "UPDATE message SET state = 'waiting', copies = copies + 1, due_at = ?1, updated_at = ?1 WHERE state = 'sending'",
        arguments: [time.milliseconds])
      return database.changesCount
    }
  }

  /// Takes messages that are due, and marks them as being sent. Durable: after a crash they count as perhaps delivered.
  func takeDue(of dispatch: [UInt8], limit: Int, at time: Timestamp) throws -> [StoredMessage] {
    try database.write { database in
      let messages = try Row.fetchAll(
        database,
        sql: "SELECT * FROM message WHERE dispatch = ? AND state = 'waiting' AND due_at <= ? ORDER BY due_at, audience, key LIMIT ?",
        arguments: [Data(dispatch), time.milliseconds, limit]
      ).compactMap(Self.message)
      for message in messages {
        try database.execute(
          sql:
            "UPDATE message SET state = 'sending', attempts = attempts + 1, updated_at = ? WHERE dispatch = ? AND audience = ? AND key = ?",
          arguments: [time.milliseconds, Data(dispatch), message.audience.rawValue, message.key])
      }
      return messages
    }
  }

  private static func message(_ row: Row) -> StoredMessage? {
    guard let audience = Audience(rawValue: row["audience"]), let language = LetterLanguage(rawValue: row["language"]),
      let state = StoredMessage.State(rawValue: row["state"])
    else { return nil }
    return StoredMessage(
      audience: audience, key: row["key"], language: language, code: row["code"], messageID: row["message_id"], state: state,
      attempts: row["attempts"], copies: row["copies"], reason: row["reason"])
  }

  /// What became of a message; where it is over, whom it went to is forgotten.
  func note(
    _ state: StoredMessage.State, of message: StoredMessage, in dispatch: StoredDispatch, isCopy: Bool = false, reason: String? = nil,
    due: Timestamp? = nil, at time: Timestamp
  ) throws {
    try database.write { database in
      try database.execute(
        sql: """
          UPDATE message SET state = ?, copies = copies + ?, reason = ?, due_at = coalesce(?, due_at), updated_at = ?
          WHERE dispatch = ? AND audience = ? AND key = ?
          """,
        arguments: [
          state.rawValue, isCopy ? 1 : 0, reason, due?.milliseconds, time.milliseconds, Data(dispatch.request), message.audience.rawValue,
          message.key,
        ])
      if state == .sent {
        try database.execute(
          sql: "UPDATE recipient SET sealed = NULL WHERE statement = ? AND audience = ? AND key = ?",
          arguments: [Data(dispatch.statement), message.audience.rawValue, message.key])
      }
    }
  }

  /// Messages by state, how many of them may have arrived twice, and when the next is due.
  package func messageCounts(of dispatch: [UInt8]) throws -> (states: [StoredMessage.State: Int], repeated: Int, nextDue: Timestamp?) {
    try database.read { database in
      var states: [StoredMessage.State: Int] = [:]
      for row in try Row.fetchAll(
        database, sql: "SELECT state, count(*) AS count FROM message WHERE dispatch = ? GROUP BY state", arguments: [Data(dispatch)])
      {
        if let state = StoredMessage.State(rawValue: row["state"]) { states[state] = row["count"] }
      }
      let repeated =
        try Int.fetchOne(
          database, sql: "SELECT count(*) FROM message WHERE dispatch = ? AND copies > 0 AND state IN ('sent', 'bounced')",
          arguments: [Data(dispatch)]) ?? 0
      let due = try Int64.fetchOne(
        database, sql: "SELECT min(due_at) FROM message WHERE dispatch = ? AND state = 'waiting'", arguments: [Data(dispatch)])
      return (states, repeated, due.map(Timestamp.init(milliseconds:)))
    }
  }

  /// Nothing waits any more: who is in which organization is forgotten too.
  func finish(dispatch: StoredDispatch, at time: Timestamp) throws {
    try database.write { database in
      try database.execute(
        sql: "UPDATE dispatch SET state = 'done', finished_at = ?, updated_at = ? WHERE request = ? AND state = 'sending'",
        arguments: [time.milliseconds, time.milliseconds, Data(dispatch.request)])
      try database.execute(sql: "DELETE FROM organization_person WHERE statement = ?", arguments: [Data(dispatch.statement)])
    }
  }

  func reported(of dispatch: [UInt8]) throws -> String? {
    try database.read { try String.fetchOne($0, sql: "SELECT reported FROM dispatch WHERE request = ?", arguments: [Data(dispatch)]) }
  }

  func put(reported: String, of dispatch: [UInt8]) throws {
    try database.write { try $0.execute(sql: "UPDATE dispatch SET reported = ? WHERE request = ?", arguments: [reported, Data(dispatch)]) }
  }

  /// The message that a check code stands in.
  package func message(code: String) throws -> (message: StoredMessage, dispatch: [UInt8])? {
    try database.read { database in
      guard let row = try Row.fetchOne(database, sql: "SELECT * FROM message WHERE code = ?", arguments: [code]),
        let message = Self.message(row)
      else { return nil }
      let dispatch: Data = row["dispatch"]
      return (message, Array(dispatch))
    }
  }
}
