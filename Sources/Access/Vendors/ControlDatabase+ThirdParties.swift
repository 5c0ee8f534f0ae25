import Events
import Foundation
import GRDB

/// A host that the company's own site called or wanted to call, against its own policy.
package struct ThirdPartySighting: Sendable, Hashable {
  package let host: String
  package let directive: String
  package var count: Int

  package init(host: String, directive: String, count: Int) {
    self.host = host
    self.directive = directive
    self.count = count
  }
}

/// The same over all days that are kept.
package struct ThirdParty: Sendable, Hashable {
  package let host: String
  /// Sorted.
  package let directives: [String]
  /// Days of UTC since 1970.
  package let firstDay: Int
  package let lastDay: Int
  package let count: Int
}

extension ControlDatabase {
  package static let thirdPartyDays = 90
  /// Different hosts of a project; the token is public, so that anybody may invent more.
  package static let mostThirdParties = 1_000

  /// Adds to what was seen today, and forgets what is too old.
  ///
  /// - Returns: the hosts that were not known, and how many sightings were left out since there are too many.
  package func addThirdParties(_ sightings: [ThirdPartySighting], of project: ProjectID) async throws(AccessError) -> (
    new: [String], leftOut: Int
  ) {
    guard !sightings.isEmpty else { return ([], 0) }
    let day = Self.day(clock())
    return try await write { database in
      try database.execute(sql: "DELETE FROM third_party WHERE day <= ?", arguments: [day - Self.thirdPartyDays])
      var known = try String.fetchSet(
        database, sql: "SELECT DISTINCT host FROM third_party WHERE project_id = ?", arguments: [project.rawValue])
      var (new, leftOut) = ([String](), 0)
      let statement = try database.makeStatement(
        sql: """
          INSERT INTO third_party (project_id, host, directive, day, count) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET count = count + excluded.count
          """)
      for sighting in sightings {
        if !known.contains(sighting.host) {
          guard known.count < Self.mostThirdParties else {
            leftOut += sighting.count
            continue
          }
          known.insert(sighting.host)
          new.append(sighting.host)
        }
        try statement.execute(arguments: [project.rawValue, sighting.host, sighting.directive, day, sighting.count])
      }
      return (new, leftOut)
    }
  }

  /// Those seen last first.
  package func thirdParties(of project: ProjectID) async throws(AccessError) -> [ThirdParty] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT host, group_concat(DISTINCT directive) AS directives, min(day) AS first, max(day) AS last, sum(count) AS total
          FROM third_party WHERE project_id = ? GROUP BY host ORDER BY last DESC, total DESC, host
          """, arguments: [project.rawValue]
      ).map { row in
        ThirdParty(
          host: row["host"], directives: (row["directives"] as String).split(separator: ",").map(String.init).sorted(),
          firstDay: row["first"], lastDay: row["last"], count: row["total"])
      }
    }
  }

  private static func day(_ time: Timestamp) -> Int { Int((Double(time.milliseconds) / 86_400_000).rounded(.down)) }
}
