import Foundation

/// Writes an incident's evidence where nothing stands yet.
package struct EvidenceDirectory: Sendable {
  package struct File: Sendable {
    package let name: String
    package let text: String
    package init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  private let root: URL

  package init(_ path: String) { root = URL(fileURLWithPath: path) }

  /// - Throws: `CommandError` where the directory stands already, a name is none, or the disk does not take it.
  package func write(_ files: [File]) throws {
    guard !FileManager.default.fileExists(atPath: root.path) else {
      throw CommandError("\(root.path) stands already. Name a directory that is not there yet.")
    }
    for file in files where !Self.isSafe(file.name) { throw CommandError("The server named a file that is none: it is not written.") }
    do {
      for file in files {
        let place = root.appendingPathComponent(file.name)
        // For its owner alone: it says which credentials were shown what.
        try FileManager.default.createDirectory(
          at: place.deletingLastPathComponent(), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try Data(file.text.utf8).write(to: place, options: .withoutOverwriting)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: place.path)
      }
    } catch {
      throw CommandError("\(root.path) cannot be written: \(error.localizedDescription)")
    }
  }

  private static func isSafe(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return (1...2).contains(parts.count)
      && parts.allSatisfy { part in
        !part.isEmpty && part != "." && part != ".." && part.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }
      }
  }
}
