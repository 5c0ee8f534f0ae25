import Foundation
import GRDB

extension ControlDatabase {
  /// Writes the database as it is at one moment to a new file, while it goes on (SQLite's own backup).
  package func copy(to file: URL) async throws(AccessError) {
    do {
      guard FileManager.default.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
        throw AccessError(.unavailable, "\(file.path) cannot be written.")
      }
      let target = try DatabaseQueue(path: file.path)
      try pool.backup(to: target)
      try target.close()
    } catch let error as AccessError {
      throw error
    } catch {
      throw AccessError(.unavailable, "The control database cannot be copied to \(file.path): \(type(of: error)).")
    }
  }
}
