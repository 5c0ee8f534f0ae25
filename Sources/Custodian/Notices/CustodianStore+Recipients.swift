internal import Events
internal import Foundation
internal import GRDB
internal import Notices
internal import Vault

/// Whom letters go to, as it is kept until they are sent: encrypted, and gone afterwards.
struct RecipientRecord: Codable, Sendable {
  /// The affected subjects that have this address.
  var numbers: [UInt32]
  var address: String
  var locale: String?
  /// Which of their data, by names of fields.
  var fields: [String]
  /// Of an administrator or a contact: `g_…`.
  var organization: String?
  /// The organization's name, or the id that it was sent with.
  var organizationName: String?
  /// When the key to the address came here, in milliseconds since 1970.
  var arrivedAt: Int64?
}

/// One of an organization's affected people, for its administrators.
struct OrganizationPerson: Codable, Sendable {
  /// An address, or an id where there is none.
  let label: String
  let fields: [String]
}

extension CustodianStore {
  static func place(_ statement: [UInt8], _ audience: String, _ key: Data) -> String {
    "recipient \(statement.hexadecimal) \(audience) \(Array(key).hexadecimal)"
  }

  /// Forgets what was opened for a statement, so that it can be made anew.
  func clearRecipients(of statement: [UInt8]) throws {
    try database.write { database in
      try database.execute(sql: "DELETE FROM recipient WHERE statement = ?", arguments: [Data(statement)])
      try database.execute(sql: "DELETE FROM organization_person WHERE statement = ?", arguments: [Data(statement)])
    }
  }

  /// Keeps whom letters go to. Two subjects with one address are one recipient.
  func keep(_ recipients: [(audience: Audience, key: Data, record: RecipientRecord)], of stored: StoredStatement) throws {
    let statement = stored.request
    try database.write { database in
      let told = try told(stored.scope, in: database)
      for (audience, key, record) in recipients {
        var record = record
        let place = Self.place(statement, audience.rawValue, key)
        if let sealed = try Data.fetchOne(
          database, sql: "SELECT sealed FROM recipient WHERE statement = ? AND audience = ? AND key = ?",
          arguments: [Data(statement), audience.rawValue, key])
        {
          let known = try JSONDecoder().decode(RecipientRecord.self, from: secrets.open(sealed, at: place))
          record.numbers = Set(known.numbers + record.numbers).sorted()
          record.fields = Set(known.fields + record.fields).sorted()
          record.locale = known.locale ?? record.locale
          record.arrivedAt = [known.arrivedAt, record.arrivedAt].compactMap(\.self).min()
        }
        let isNew = try audience != .person || !(told(key) || record.numbers.allSatisfy { try told(secrets.subjectKey($0)) })
        try database.execute(
          sql:
            "INSERT OR REPLACE INTO recipient (statement, audience, key, organization, language, is_new, sealed, arrived_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
          arguments: [
            Data(statement), audience.rawValue, key, record.organization, LetterLanguage(locale: record.locale).rawValue, isNew,
            try secrets.seal(JSONEncoder().encode(record), at: place), record.arrivedAt,
          ])
      }
    }
  }

  /// Recipients whose address came here after `time`.
  func lateRecipients(of statement: [UInt8], after time: Timestamp) throws -> Int {
    try database.read {
      try Int.fetchOne(
        $0, sql: "SELECT count(*) FROM recipient WHERE statement = ? AND is_new AND arrived_at > ?",
        arguments: [Data(statement), time.milliseconds]) ?? 0
    }
  }

  func keep(_ people: [(organization: String, number: UInt32, person: OrganizationPerson)], of stored: StoredStatement) throws {
    let statement = stored.request
    try database.write { database in
      let told = try told(stored.scope, in: database)
      for (organization, number, person) in people {
        let place = Self.place(statement, organization, number)
        try database.execute(
          sql: "INSERT OR REPLACE INTO organization_person (statement, organization, number, is_new, sealed) VALUES (?, ?, ?, ?, ?)",
          arguments: [
            Data(statement), organization, number, try !told(secrets.listedKey(number)),
            try secrets.seal(JSONEncoder().encode(person), at: place),
          ])
      }
    }
  }

  static func place(_ statement: [UInt8], _ organization: String, _ number: UInt32) -> String {
    "person \(statement.hexadecimal) \(organization) \(number)"
  }

  /// Whether somebody was told of an incident already, by the key of an address or of a subject.
  private func told(_ scope: CustodianRequest.ScopeToState, in database: Database) throws -> (Data) throws -> Bool {
    let find = try database.cachedStatement(sql: "SELECT 1 FROM told WHERE project = ? AND incident = ? AND key = ?")
    return { key in try Int.fetchOne(find, arguments: [scope.project.rawValue, scope.incident, key]) != nil }
  }

  /// Organizations of affected people, behind one of them, in order.
  func organizations(of statement: [UInt8], after: String, limit: Int) throws -> [String] {
    try database.read {
      try String.fetchAll(
        $0,
        sql: "SELECT DISTINCT organization FROM organization_person WHERE statement = ? AND organization > ? ORDER BY organization LIMIT ?",
        arguments: [Data(statement), after, limit])
    }
  }

  // MARK: Who is new

  /// An organization of whose people nobody is new was told of all of them.
  static func forgetNewness(of statement: [UInt8], in database: Database) throws {
    try database.execute(
      sql: """
        UPDATE recipient SET is_new = 0 WHERE statement = ?1 AND audience <> 'person' AND is_new = 1 AND NOT EXISTS (
          SELECT 1 FROM organization_person WHERE statement = ?1 AND organization = recipient.organization AND is_new = 1)
        """, arguments: [Data(statement)])
  }

  /// Who was told since a statement was made is not new any more.
  func renewNewness(of stored: StoredStatement) throws {
    try database.write { database in
      let told = try told(stored.scope, in: database)
      try database.execute(
        sql: """
          UPDATE recipient SET is_new = 0 WHERE statement = ?1 AND audience = 'person' AND is_new = 1
            AND EXISTS (SELECT 1 FROM told WHERE project = ?2 AND incident = ?3 AND told.key = recipient.key)
          """, arguments: [Data(stored.request), stored.scope.project.rawValue, stored.scope.incident])
      let listed = try Int64.fetchAll(
        database, sql: "SELECT DISTINCT number FROM organization_person WHERE statement = ? AND is_new = 1",
        arguments: [Data(stored.request)])
      for number in listed where try told(secrets.listedKey(UInt32(clamping: number))) {
        try database.execute(
          sql: "UPDATE organization_person SET is_new = 0 WHERE statement = ? AND number = ?", arguments: [Data(stored.request), number])
      }
      try Self.forgetNewness(of: stored.request, in: database)
    }
  }

  /// Addresses of statements to whose people nobody wrote.
  func expireRecipients(before time: Timestamp) throws {
    try database.write { database in
      for table in ["recipient", "organization_person"] {
        try database.execute(
          sql: """
            DELETE FROM \(table) WHERE statement IN (SELECT request FROM statement WHERE updated_at < ?1 AND NOT EXISTS (
              SELECT 1 FROM dispatch WHERE dispatch.statement = statement.request AND dispatch.state IN ('preparing', 'made', 'sending')))
            """, arguments: [time.milliseconds])
      }
    }
  }
}
