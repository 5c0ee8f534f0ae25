import Foundation
import GRDB

/// What `sealane doctor` finds in a control database that nobody has open. Changes nothing, and migrates nothing.
package struct ControlExamination: Sendable {
  /// Whether SQLite finds every page and index in order.
  package let isSound: Bool
  /// Fingerprint of the custodian's identity that is pinned.
  package let pinnedIdentity: String?
  /// Codes of the custodian's alarms that nobody has settled.
  package let standingAlarms: [String]
  /// The tracking plans in force, in their canonical form, by project.
  package let plans: [Int64: String]

  package init(of file: URL) throws(AccessError) {
    do {
      var configuration = Configuration()
      configuration.readonly = true
      let database = try DatabaseQueue(path: file.path, configuration: configuration)
      defer { try? database.close() }
      (isSound, pinnedIdentity, standingAlarms, plans) = try database.read { database in
        guard try String.fetchAll(database, sql: "PRAGMA integrity_check") == ["ok"] else { return (false, nil, [], [:]) }
        return (
          true, try String.fetchOne(database, sql: "SELECT fingerprint FROM custodian_key WHERE kind = 'identity' ORDER BY id DESC"),
          try String.fetchAll(database, sql: "SELECT code FROM custodian_alarm WHERE settled_at IS NULL ORDER BY id"),
          try Self.plans(database)
        )
      }
    } catch {
      throw AccessError(.unavailable, "\(file.path) cannot be read: \(error)")
    }
  }

  private static func plans(_ database: Database) throws -> [Int64: String] {
    // An earlier version's database has none.
    guard try database.tableExists("tracking_plan") else { return [:] }
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT project_id, canonical FROM tracking_plan AS plan
        WHERE version = (SELECT max(version) FROM tracking_plan WHERE project_id = plan.project_id)
        """)
    return Dictionary(rows.map { ($0["project_id"], $0["canonical"]) }, uniquingKeysWith: { $1 })
  }
}
