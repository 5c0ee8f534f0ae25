import Events
import Foundation
import GRDB

extension ControlDatabase {
  /// Settings of the whole installation, by name. Values are JSON or plain words, as their owner writes them.
  package func settings() async throws(AccessError) -> [String: String] {
    try await read { database in
      try Dictionary(
        uniqueKeysWithValues: Row.fetchAll(database, sql: "SELECT name, value FROM setting").map { ($0["name"], $0["value"]) })
    }
  }

  package func setting(_ name: String) async throws(AccessError) -> String? {
    try await read { try String.fetchOne($0, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name]) }
  }

  /// Nil removes it.
  package func setSetting(_ name: String, to value: String?) async throws(AccessError) {
    try Name.validate(name, what: "A setting's name")
    try await write { database in
      guard let value else { return try database.execute(sql: "DELETE FROM setting WHERE name = ?", arguments: [name]) }
      try database.execute(
        sql: "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        arguments: [name, value])
    }
  }
}
