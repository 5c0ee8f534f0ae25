import Events
import Foundation
import GRDB

/// What is kept of one holder.
struct KnownUse: Sendable {
  let holder: QuotaHolder
  let usual: UsualUse
  let marks: [UseMark]
}

extension ControlDatabase {
  /// Holders that were not used for so many days are forgotten.
  static let usualUseDays: Int64 = 400

  func usualUses() async throws(AccessError) -> [KnownUse] {
    let oldest = clock().milliseconds - Self.usualUseDays * 86_400_000
    return try await write { database in
      try database.execute(sql: "DELETE FROM usual_use WHERE used_at < ?", arguments: [oldest])
      return try Row.fetchAll(database, sql: "SELECT * FROM usual_use").map { row in
        var usual = UsualUse(since: Timestamp(milliseconds: row["since"]))
        usual.usedAt = Timestamp(milliseconds: row["used_at"])
        usual.uses = row["uses"]
        usual.networks = try Self.days(row["networks"])
        usual.clients = try Self.days(row["clients"])
        usual.hours = Array(row["hours"] as Data)
        usual.hoursHalvedOn = row["hours_halved_on"]
        usual.exportedAt = (row["exported_at"] as Int64?).map { Timestamp(milliseconds: $0) }
        usual.subjectsAnHour = row["subjects_an_hour"]
        guard let marks = try? JSONDecoder().decode([UseMark].self, from: Data((row["signals"] as String).utf8)) else {
          throw AccessError(.unavailable, "The control database is damaged: what is usual of a credential cannot be read.")
        }
        return KnownUse(holder: QuotaHolder(stored: row["holder"]), usual: usual, marks: marks)
      }
    }
  }

  func forgetUsualUse(of holder: QuotaHolder) async throws(AccessError) {
    try await write { try $0.execute(sql: "DELETE FROM usual_use WHERE holder = ?", arguments: [holder.description]) }
  }

  /// One transaction for all.
  func keep(_ known: [KnownUse]) async throws(AccessError) {
    try await write { database in
      let statement = try database.makeStatement(
        sql: """
          INSERT OR REPLACE INTO usual_use
            (holder, since, used_at, uses, networks, clients, hours, hours_halved_on, exported_at, subjects_an_hour, signals)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """)
      for one in known {
        let usual = one.usual
        try statement.execute(arguments: [
          one.holder.description, usual.since.milliseconds, usual.usedAt.milliseconds, usual.uses, Self.text(usual.networks),
          Self.text(usual.clients), Data(usual.hours), usual.hoursHalvedOn, usual.exportedAt?.milliseconds, usual.subjectsAnHour,
          try Self.text(one.marks),
        ])
      }
    }
  }

  private static func text(_ days: [UInt64: Int32]) -> String {
    days.sorted { $0.key < $1.key }.map { hash, day in
      let digits = String(hash, radix: 16)
      return "\(String(repeating: "0", count: 16 - digits.count))\(digits)@\(day)"
    }.joined(separator: " ")
  }

  private static func days(_ text: String) throws(AccessError) -> [UInt64: Int32] {
    var days: [UInt64: Int32] = [:]
    for part in text.split(separator: " ") {
      let pair = part.split(separator: "@")
      guard pair.count == 2, let hash = UInt64(pair[0], radix: 16), let day = Int32(pair[1]) else {
        throw AccessError(.unavailable, "The control database is damaged: what is usual of a credential cannot be read.")
      }
      days[hash] = day
    }
    return days
  }
}
