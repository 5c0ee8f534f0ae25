import Events
import Foundation
import GRDB

extension ControlSchema {
  /// Questions of the trust pages, sealed for the custodian, until it took them.
  static let version19 = """
    CREATE TABLE question (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      sealed BLOB NOT NULL,
      received_at INTEGER NOT NULL
    ) STRICT;
    """
}

/// A question that nobody here can read.
package struct SealedQuestion: Sendable, Hashable {
  /// Counts up.
  package let id: Int64
  package let sealed: [UInt8]
}

extension ControlDatabase {
  /// Questions that wait for the custodian, at most; 6 MB.
  package static let mostQuestions = 10_000
  /// For how long one waits.
  static let questionLifetime: Int64 = 7 * 86_400_000

  /// Keeps a question. False where too many wait already.
  package func put(question sealed: [UInt8], at time: Timestamp) async throws(AccessError) -> Bool {
    try await write { database in
      // They go from the front alone, so that nothing has to be counted.
      let waiting = try Int.fetchOne(database, sql: "SELECT coalesce(max(id) - min(id) + 1, 0) FROM question") ?? 0
      guard waiting < Self.mostQuestions else { return false }
      try database.execute(
        sql: "INSERT INTO question (sealed, received_at) VALUES (?, ?)", arguments: [Data(sealed), time.milliseconds])
      return true
    }
  }

  /// The oldest first.
  package func questions(limit: Int) async throws(AccessError) -> [SealedQuestion] {
    let expired = clock().milliseconds - Self.questionLifetime
    return try await write { database in
      try database.execute(
        sql: "DELETE FROM question WHERE id <= (SELECT max(id) FROM question WHERE received_at < ?)", arguments: [expired])
      return try Row.fetchAll(database, sql: "SELECT id, sealed FROM question ORDER BY id LIMIT ?", arguments: [limit]).map { row in
        SealedQuestion(id: row["id"], sealed: [UInt8](row["sealed"] as Data))
      }
    }
  }

  /// The custodian has all up to this one.
  package func deleteQuestions(through id: Int64) async throws(AccessError) {
    try await write { try $0.execute(sql: "DELETE FROM question WHERE id <= ?", arguments: [id]) }
  }
}
