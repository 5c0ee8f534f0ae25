import Crypto
import Foundation
import Journeys

/// How far an import has come, so that the same command goes on there after it was interrupted.
///
/// It lies in the data directory (`imports/`), since it says what *that* data holds: it goes where the data goes, and a restored backup has
/// none. Written after the events are durable and not synced: an older mark, or none, means that some are sent again, which changes nothing.
/// Holds numbers only; its name is a digest.
struct ImportMark: Sendable, Hashable {
  /// Records and rejects from the beginning of the file that are dealt with.
  var end = 0
  var accepted = 0
  var rejected = 0

  /// The mark of one file, read one way, into one project.
  struct Place: Sendable {
    private let file: URL
    /// Size and time of change of the file: of another one an old mark says nothing.
    private let state: String

    /// Nil where the file is not one that can be read from the beginning again.
    init?(folder: URL, path: String, reading: String) {
      var status = stat()
      guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
      let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
      let digest = SHA256.hash(data: Data("\(absolute)\u{0}\(reading)".utf8))
      file = folder.appendingPathComponent(digest.prefix(16).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
      state = "\(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) \(status.st_ino)"
    }

    func read() -> ImportMark? {
      guard let data = try? Data(contentsOf: file), case .object(let members)? = try? JSONValue(parsing: Array(data)),
        members["state"] == .string(state), let end = Self.number(members["end"]), let accepted = Self.number(members["accepted"]),
        let rejected = Self.number(members["rejected"]), accepted + rejected == end
      else { return nil }
      return ImportMark(end: end, accepted: accepted, rejected: rejected)
    }

    /// Failing is not worth an error: without a mark everything is sent again.
    func write(_ mark: ImportMark) {
      let text = JSONValue.object([
        "state": .string(state), "end": .number(Double(mark.end)), "accepted": .number(Double(mark.accepted)),
        "rejected": .number(Double(mark.rejected)),
      ]).text
      let folder = file.deletingLastPathComponent()
      try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      // In place: killed here it leaves half a mark, which reads as none.
      try? Data(text.utf8).write(to: file)
    }

    func remove() { try? FileManager.default.removeItem(at: file) }

    private static func number(_ value: JSONValue?) -> Int? {
      guard case .number(let number)? = value, number >= 0, number < 1e15 else { return nil }
      return Int(number)
    }
  }
}
