import Foundation
import Journeys
import Synchronization

/// Writes refused records beside the reason, one JSON object a line, readable by the owner alone: they are as they were sent. The file is
/// made with the first of them.
final class RejectWriter: Sendable {
  private let file: URL
  private let isAppending: Bool
  private let handle = Mutex<FileHandle?>(nil)

  /// - Parameter isAppending: an interrupted import goes on, and so does its file.
  init(file: URL, isAppending: Bool) {
    self.file = file
    self.isAppending = isAppending
  }

  var path: String { file.path }

  /// - Parameter line: where the record begins, from 1; 0 for the file as a whole.
  func write(_ record: some Collection<UInt8>, file source: String, line number: Int, reason: String) throws {
    let line = JSONValue.object([
      "file": .string(source), "line": .number(Double(number)), "reason": .string(reason),
      "text": record.isEmpty ? .null : .string(String(decoding: record, as: UTF8.self)),
    ])
    try handle.withLock { handle in
      if handle == nil { handle = try open() }
      try handle?.write(contentsOf: Data((line.text + "\n").utf8))
    }
  }

  private func open() throws -> FileHandle {
    if !isAppending || !FileManager.default.fileExists(atPath: file.path) {
      guard FileManager.default.createFile(atPath: file.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
        throw CommandError("Cannot write the file for rejected records, \(file.path). Choose another with --rejects.")
      }
    }
    let handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
    return handle
  }

  func close() throws { try handle.withLock { try $0?.close() } }
}
