package import Events
internal import Foundation
internal import GRDB
internal import Vault

/// An alarm as it is stored and sent. docs/FORMATS.md, "Custodian and server over HTTP".
package struct Alarm: Sendable, Hashable {
  /// 32 hexadecimal digits, random: the server takes each id once.
  package let id: String
  package let fault: ParcelFault
  package let raisedAt: Timestamp
  package let sentAt: Timestamp?
  package let settlement: Settlement?

  /// What a person found about it.
  package struct Settlement: Sendable, Hashable {
    package let settledAt: Timestamp
    package let reason: String
    package let sentAt: Timestamp?
  }

  /// The body of `POST /custodian/v1/alarm`.
  package var json: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(
        try encoder.encode(
          Body(
            id: id, kind: fault.kind.rawValue, project: fault.project?.rawValue, epoch: fault.epoch.map(Self.hexadecimal),
            recipient: fault.recipient.map(Self.hexadecimal), sentence: fault.sentence, raisedAt: raisedAt.milliseconds)))
    }
  }

  private struct Body: Encodable {
    let id: String
    let kind: String
    let project: Int64?
    let epoch: String?
    let recipient: String?
    let sentence: String
    let raisedAt: Int64

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(id, forKey: .id)
      try container.encode(kind, forKey: .kind)
      // Written as null where there is none, so that every alarm has the same members.
      try container.encode(project, forKey: .project)
      try container.encode(epoch, forKey: .epoch)
      try container.encode(recipient, forKey: .recipient)
      try container.encode(sentence, forKey: .sentence)
      try container.encode(raisedAt, forKey: .raisedAt)
    }

    enum Key: String, CodingKey {
      case id, kind, project, epoch, recipient, sentence
      case raisedAt = "raised_at"
    }
  }

  private static func hexadecimal(_ value: UInt64) -> String { Array(CustodianStore.bytes(value)).hexadecimal }
}

extension CustodianStore {
  /// Enters an alarm before anybody is told: a crash here leaves it to be sent at the next start.
  package func enter(_ fault: ParcelFault, at time: Timestamp) throws {
    var generator = SystemRandomNumberGenerator()
    let id = Data((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    try database.write {
      try $0.execute(
        sql: "INSERT INTO alarm (id, kind, project, epoch, recipient, sentence, raised_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          id, fault.kind.rawValue, fault.project?.rawValue, fault.epoch.map(Self.bytes), fault.recipient.map(Self.bytes), fault.sentence,
          time.milliseconds,
        ])
    }
  }

  package enum AlarmSelection: Sendable {
    case all
    /// Those of which the server does not know.
    case unsent
    /// Those that nobody has settled.
    case standing
    case settled
    /// Settled ones of which the server does not know that they are.
    case unsentSettlements
  }

  /// Alarms, the newest first.
  package func alarms(_ selection: AlarmSelection = .all, limit: Int = 1000) throws -> [Alarm] {
    let condition =
      switch selection {
      case .all: ""
      case .unsent: "WHERE sent_at IS NULL"
      case .standing: "WHERE settled_at IS NULL"
      case .settled: "WHERE settled_at IS NOT NULL"
      case .unsentSettlements: "WHERE settled_at IS NOT NULL AND settlement_sent_at IS NULL"
      }
    return try database.read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM alarm \(condition) ORDER BY raised_at DESC, id LIMIT ?", arguments: [limit])
        .map { try Self.alarm($0) }
    }
  }

  /// Notes that a person settled an alarm. `prefix`: the first digits of its id, as many as name one alarm.
  package func settle(_ prefix: String, reason: String, at time: Timestamp) throws -> Alarm {
    guard CustodianSettlement.isReason(reason) else {
      throw CustodianError.badOption(
        "--reason takes one line of at most \(CustodianSettlement.longestReason) bytes without control characters.")
    }
    let prefix = prefix.lowercased()
    guard !prefix.isEmpty, prefix.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
      throw CustodianError.badOption("An alarm's id is hexadecimal digits, as sealane-custodian alarms lists them.")
    }
    return try database.write { database in
      let found = try Row.fetchAll(
        database, sql: "SELECT * FROM alarm WHERE substr(lower(hex(id)), 1, ?) = ?", arguments: [prefix.utf8.count, prefix]
      ).map { try Self.alarm($0) }
      guard let alarm = found.first else {
        throw CustodianError.badOption("There is no alarm \(prefix) here; see sealane-custodian alarms.")
      }
      guard found.count == 1 else { throw CustodianError.badOption("\(found.count) alarms begin with \(prefix); give more digits.") }
      guard alarm.settlement == nil else { throw CustodianError.badOption("Alarm \(alarm.id) is settled already.") }
      guard let id = [UInt8](hexadecimal: alarm.id) else { throw CustodianError.damagedStore("an alarm has no id") }
      try database.execute(
        sql: "UPDATE alarm SET settled_at = ?, reason = ? WHERE id = ?", arguments: [time.milliseconds, reason, Data(id)])
      guard let row = try Row.fetchOne(database, sql: "SELECT * FROM alarm WHERE id = ?", arguments: [Data(id)]) else {
        throw CustodianError.damagedStore("an alarm is gone")
      }
      return try Self.alarm(row)
    }
  }

  package func markSettlementSent(_ alarm: Alarm, at time: Timestamp) throws {
    guard let id = [UInt8](hexadecimal: alarm.id) else { return }
    try database.write {
      try $0.execute(sql: "UPDATE alarm SET settlement_sent_at = ? WHERE id = ?", arguments: [time.milliseconds, Data(id)])
    }
  }

  /// How many wrapped keys were set aside, by the alarm that they belong to.
  package func setAside() throws -> [String: Int] {
    try database.read { database in
      try Row.fetchAll(database, sql: "SELECT lower(hex(alarm)) AS alarm, count(*) AS keys FROM set_aside GROUP BY alarm")
        .reduce(into: [:]) { $0[$1["alarm"] as String] = $1["keys"] as Int }
    }
  }

  private static func alarm(_ row: Row) throws -> Alarm {
    let project: Int64? = row["project"]
    let epoch: Data? = row["epoch"]
    let recipient: Data? = row["recipient"]
    let sentAt: Int64? = row["sent_at"]
    let settledAt: Int64? = row["settled_at"]
    let reason: String? = row["reason"]
    let settlementSentAt: Int64? = row["settlement_sent_at"]
    let id: Data = row["id"]
    guard let kind = ParcelFault.Kind(rawValue: row["kind"]) else { throw CustodianError.damagedStore("an alarm has an unknown kind") }
    func number(_ bytes: Data) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    return Alarm(
      id: Array(id).hexadecimal,
      fault: ParcelFault(
        kind, project: project.map(ProjectID.init), epoch: epoch.map(number), recipient: recipient.map(number), sentence: row["sentence"]),
      raisedAt: Timestamp(milliseconds: row["raised_at"]), sentAt: sentAt.map(Timestamp.init(milliseconds:)),
      settlement: settledAt.map {
        Alarm.Settlement(
          settledAt: Timestamp(milliseconds: $0), reason: reason ?? "", sentAt: settlementSentAt.map(Timestamp.init(milliseconds:)))
      })
  }

  package func markSent(_ alarm: Alarm, at time: Timestamp) throws {
    guard let id = [UInt8](hexadecimal: alarm.id) else { return }
    try database.write {
      try $0.execute(sql: "UPDATE alarm SET sent_at = ? WHERE id = ?", arguments: [time.milliseconds, Data(id)])
    }
  }
}
