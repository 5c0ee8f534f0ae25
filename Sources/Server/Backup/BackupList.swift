import Crypto
import Foundation

/// What one backup consists of: a text file in `snapshots/` of the backup's directory, written last.
///
/// ```
/// sealane backup 1
/// taken <milliseconds since 1970>
/// file <SHA-256> <length> <identity, or -> <path below the data directory>
/// end <SHA-256 of all lines before this one>
/// ```
struct BackupList: Sendable, Equatable {
  struct File: Sendable, Equatable {
    var digest: String
    var length: Int
    /// Tells an immutable file from others of its name; nil for one that changes.
    var identity: String?
    var path: String
  }

  static let title = "sealane backup 1"

  var takenAt: Int64
  var files: [File] = []

  var text: String {
    var lines = [Self.title, "taken \(takenAt)"]
    for file in files { lines.append("file \(file.digest) \(file.length) \(file.identity ?? "-") \(file.path)") }
    let body = lines.map { $0 + "\n" }.joined()
    return body + "end \(Self.digest(Data(body.utf8)))\n"
  }

  init(takenAt: Int64) { self.takenAt = takenAt }

  init(text: String, name: String) throws {
    let damaged = CommandError("The backup's list \(name) is damaged; use an older one (--snapshot), or another backup.")
    guard let end = text.range(of: "end ", options: .backwards), text.hasSuffix("\n") else { throw damaged }
    let body = text[..<end.lowerBound]
    guard text[end.upperBound...].dropLast() == Self.digest(Data(body.utf8)) else { throw damaged }
    let lines = body.split(separator: "\n")
    guard let first = lines.first else { throw damaged }
    guard first == Self.title else { throw CommandError("The backup's list \(name) is of another version of Sealane; use that one.") }
    guard lines.count > 1, lines[1].hasPrefix("taken "), let takenAt = Int64(lines[1].dropFirst(6)) else { throw damaged }
    self.takenAt = takenAt
    for line in lines.dropFirst(2) {
      let parts = line.split(separator: " ", maxSplits: 4)
      guard parts.count == 5, parts[0] == "file", let length = Int(parts[2]), length >= 0, Self.isDigest(parts[1]), Self.isSafe(parts[4])
      else { throw damaged }
      files.append(
        File(digest: String(parts[1]), length: length, identity: parts[3] == "-" ? nil : String(parts[3]), path: String(parts[4])))
    }
  }

  static func digest(_ data: Data) -> String { text(SHA256.hash(data: data)) }
  static func text(_ digest: SHA256.Digest) -> String { digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

  private static func isDigest(_ text: Substring) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  /// A list must not make the restore write anywhere else.
  private static func isSafe(_ path: Substring) -> Bool {
    !path.isEmpty && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }
}
