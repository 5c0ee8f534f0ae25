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

  /// All letters are committed to.
  func put(_ made: MadeDispatch, of stored: StoredDispatch, at time: Timestamp) throws {
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

  /// Messages that were being handed over when the program ended, or was told to: nobody knows whether they arrived. They go again, marked as copies.
  func recoverMessages(of dispatch: [UInt8], at time: Timestamp) throws -> Int {
    try database.write { database in
      try database.execute(
        sql:
          "UPDATE message SET state = 'waiting', copies = copies + 1, due_at = ?1, updated_at = ?1 WHERE dispatch = ?2 AND state = 'sending'",
        arguments: [time.milliseconds, Data(dispatch)])
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

  /// What became of a message. Whoever was sent one, and not only a file, counts as told, and whom it went to is forgotten.
  ///
  /// - Parameter numbers: the subjects whom a letter to a person was about.
  func note(
    _ state: StoredMessage.State, of message: StoredMessage, in dispatch: StoredDispatch, numbers: [UInt32] = [], isCopy: Bool = false,
    reason: String? = nil, due: Timestamp? = nil, at time: Timestamp
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
      guard state == .sent, dispatch.order.mode == .smtp else { return }
      try database.execute(
        sql: "UPDATE recipient SET sealed = NULL WHERE statement = ? AND audience = ? AND key = ?",
        arguments: [Data(dispatch.statement), message.audience.rawValue, message.key])
      if message.audience == .person { try tell([message.key] + numbers.map { secrets.subjectKey($0) }, of: dispatch, in: database) }
    }
  }

  private func tell(_ keys: [Data], of dispatch: StoredDispatch, in database: Database) throws {
    let insert = try database.cachedStatement(sql: "INSERT OR IGNORE INTO told (project, incident, key, statement) VALUES (?, ?, ?, ?)")
    for key in keys {
      try insert.execute(arguments: [dispatch.order.project.rawValue, dispatch.order.incident, key, Data(dispatch.statement)])
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

  /// Nothing waits any more. Who was named to an organization that got a letter counts as that, and all addresses are forgotten, unless only files were
  /// written.
  func finish(dispatch: StoredDispatch, at time: Timestamp) throws {
    try database.write { database in
      try database.execute(
        sql: "UPDATE dispatch SET state = 'done', finished_at = ?, updated_at = ? WHERE request = ? AND state = 'sending'",
        arguments: [time.milliseconds, time.milliseconds, Data(dispatch.request)])
      guard dispatch.order.mode == .smtp else { return }
      let listed = try Int64.fetchAll(
        database,
        sql: """
          SELECT DISTINCT number FROM organization_person WHERE statement = ?1 AND organization IN (
            SELECT recipient.organization FROM recipient JOIN message USING (audience, key)
            WHERE recipient.statement = ?1 AND message.dispatch = ?2 AND message.state = 'sent')
          """, arguments: [Data(dispatch.statement), Data(dispatch.request)])
      try tell(listed.map { secrets.listedKey(UInt32(clamping: $0)) }, of: dispatch, in: database)
      try database.execute(sql: "DELETE FROM organization_person WHERE statement = ?", arguments: [Data(dispatch.statement)])
      try database.execute(sql: "UPDATE recipient SET sealed = NULL WHERE statement = ?", arguments: [Data(dispatch.statement)])
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
