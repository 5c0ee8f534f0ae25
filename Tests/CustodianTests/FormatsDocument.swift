import Foundation
import Testing
import Vault

/// The vectors of docs/FORMATS.md, read from the page itself: the page cannot say one thing and the program do another.
struct FormatsDocument {
  private let cells: [String: String]

  static func text() throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent("docs/FORMATS.md"), encoding: .utf8)
  }

  init() throws {
    let text = try Self.text()
    var cells: [String: String] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("| ") {
      let columns = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      if columns.count == 2 { cells[columns[0]] = columns[1].trimmingCharacters(in: CharacterSet(charactersIn: "`")) }
    }
    self.cells = cells
  }

  subscript(row: String) -> String? { cells[row] }

  /// The bytes that a row gives in hexadecimal.
  func bytes(_ row: String) throws -> [UInt8] {
    let text = try #require(cells[row])
    return try #require([UInt8](hexadecimal: text))
  }
}
