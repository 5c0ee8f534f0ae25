import Foundation
import Journeys

/// What `sealane trust publish` writes, and `sealane trust set` reads.
package enum TrustFolder {
  /// - Throws: `CommandError` for what is no file of JSON of a reasonable size.
  package static func json(at path: String) throws -> JSONValue {
    guard let data = FileManager.default.contents(atPath: path), data.count <= TrustPublication.largestSite else {
      throw CommandError("\(path) cannot be read, or is larger than \(TrustPublication.largestSite) bytes.")
    }
    guard let value = try? JSONValue(parsing: data, limit: TrustPublication.largestSite), case .object = value else {
      throw CommandError("\(path) is no JSON object.")
    }
    return value
  }

  /// Writes the files of an answer of `/api/v1/trust/pages`, each whole or not at all; what is the same already is left alone.
  ///
  /// - Returns: how many there are.
  package static func write(_ answer: [String: JSONValue], to folder: URL) throws -> Int {
    guard case .list(let files)? = answer["files"] else { throw CommandError("The server's answer cannot be read.") }
    let manager = FileManager.default
    for case .object(let members) in files {
      guard case .string(let path)? = members["path"], case .string(let text)? = members["text"], !path.hasPrefix("/"),
        !path.split(separator: "/").contains("..")
      else { throw CommandError("The server's answer cannot be read.") }
      let file = folder.appendingPathComponent(path)
      let data = Data(text.utf8)
      do {
        try manager.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        if manager.contents(atPath: file.path) != data { try data.write(to: file, options: .atomic) }
      } catch { throw CommandError("\(file.path) cannot be written: \(error.localizedDescription)") }
    }
    return files.count
  }
}
