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

  /// All alarms, the newest first; `unsent` only those of which the server does not know.
  package func alarms(unsent: Bool = false, limit: Int = 100) throws -> [Alarm] {
    try database.read { database in
      try Row.fetchAll(
        database,
        sql: "SELECT * FROM alarm \(unsent ? "WHERE sent_at IS NULL" : "") ORDER BY raised_at DESC, id LIMIT ?", arguments: [limit]
      ).map { row in
        let project: Int64? = row["project"]
        let epoch: Data? = row["epoch"]
        let recipient: Data? = row["recipient"]
        let sentAt: Int64? = row["sent_at"]
        let id: Data = row["id"]
        guard let kind = ParcelFault.Kind(rawValue: row["kind"]) else { throw CustodianError.damagedStore("an alarm has an unknown kind") }
        func number(_ bytes: Data) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        return Alarm(
          id: Array(id).hexadecimal,
          fault: ParcelFault(
            kind, project: project.map(ProjectID.init), epoch: epoch.map(number), recipient: recipient.map(number),
            sentence: row["sentence"]),
          raisedAt: Timestamp(milliseconds: row["raised_at"]), sentAt: sentAt.map(Timestamp.init(milliseconds:)))
      }
    }
  }

  package func markSent(_ alarm: Alarm, at time: Timestamp) throws {
    guard let id = [UInt8](hexadecimal: alarm.id) else { return }
    try database.write {
      try $0.execute(sql: "UPDATE alarm SET sent_at = ? WHERE id = ?", arguments: [time.milliseconds, Data(id)])
    }
  }
}
