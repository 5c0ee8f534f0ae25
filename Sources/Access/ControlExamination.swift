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

  package init(of file: URL) throws(AccessError) {
    do {
      var configuration = Configuration()
      configuration.readonly = true
      let database = try DatabaseQueue(path: file.path, configuration: configuration)
      defer { try? database.close() }
      (isSound, pinnedIdentity, standingAlarms) = try database.read { database in
        guard try String.fetchAll(database, sql: "PRAGMA integrity_check") == ["ok"] else { return (false, nil, []) }
        return (
          true, try String.fetchOne(database, sql: "SELECT fingerprint FROM custodian_key WHERE kind = 'identity' ORDER BY id DESC"),
          try String.fetchAll(database, sql: "SELECT code FROM custodian_alarm WHERE settled_at IS NULL ORDER BY id")
        )
      }
    } catch {
      throw AccessError(.unavailable, "\(file.path) cannot be read: \(error)")
    }
  }
}
