import Foundation

/// What stands where below a data directory, and the lock that lets one server at a time have it.
package struct DataDirectory: Sendable {
  package let root: URL

  package init(_ root: URL) { self.root = root.standardizedFileURL }

  package var controlDatabase: URL { root.appendingPathComponent("control.sqlite") }
  package var ledger: URL { root.appendingPathComponent("ledger", isDirectory: true) }
  package var ledgerPublicKey: URL { root.appendingPathComponent("ledger.pub") }
  package var custodianKey: URL { root.appendingPathComponent("custodian.pub") }
  /// Made by `sealane demo` alone: the people and the data of this directory are made up.
  package var demo: URL { root.appendingPathComponent("demo.json") }
  package var controlSocket: URL { root.appendingPathComponent("control.sock") }
  /// Written last by `init`: a directory without it was not finished.
  package var format: URL { root.appendingPathComponent("FORMAT") }
  package static let formatText = "sealane data 1\n"

  package var projects: URL { root.appendingPathComponent("projects", isDirectory: true) }
  package func project(_ id: Int64) -> URL { projects.appendingPathComponent(String(id), isDirectory: true) }

  package static func defaultKeys(of data: URL) -> URL { sibling(of: data, "keys") }
  package static func defaultCustodian(of data: URL) -> URL { sibling(of: data, "custodian") }

  private static func sibling(of data: URL, _ suffix: String) -> URL {
    let data = data.standardizedFileURL
    return data.deletingLastPathComponent().appendingPathComponent("\(data.lastPathComponent).\(suffix)", isDirectory: true)
  }

  package var isInitialized: Bool { FileManager.default.fileExists(atPath: format.path) }

  /// Checks that `init` finished here and that this program knows the format.
  package func check() throws(ConfigurationError) {
    guard let text = try? String(contentsOf: format, encoding: .utf8) else {
      throw ConfigurationError("\(root.path) is not a data directory of Sealane. Make one with: sealane init --data \(root.path)")
    }
    guard text == Self.formatText else {
      throw ConfigurationError("\(root.path) was written by another version of Sealane. Use that version, or a newer one.")
    }
  }
}

/// Holds a data directory for one process. The lock goes with the process, however it ends.
package final class DirectoryLock: Sendable {
  private let descriptor: Int32

  /// Throws if another process has it.
  package init(_ directory: DataDirectory) throws(ConfigurationError) {
    let path = directory.root.appendingPathComponent("lock").path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ConfigurationError("Cannot open \(path): \(String(cString: strerror(errno))). May this user write there?")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw ConfigurationError("Another Sealane server has \(directory.root.path) open. Stop it first, or choose another data directory.")
    }
  }

  deinit { close(descriptor) }
}
