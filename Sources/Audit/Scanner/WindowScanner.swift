internal import Foundation
internal import Glibc

/// Scans a stream in windows of bounded memory: what was read before stays in sight for context, and what comes next for long secrets.
struct WindowScanner {
  static let body = 512 << 10
  /// How much before a place its judges look at.
  static let behind = 4 << 10
  /// The longest secret: a private key.
  static let ahead = PrivateKeyJudge.longest + 1024

  /// - Parameters:
  ///   - read: fills what it is given, from the start; returns how many bytes; 0 at the end.
  ///   - found: a candidate, the text that it stands in, and its line, counted from 1.
  /// - Returns: false of a binary file, which is not looked at.
  @discardableResult
  static func scan(
    _ kind: FileKind, read: (UnsafeMutableRawBufferPointer) throws -> Int, found: (Candidate, Bytes, _ line: Int) throws -> Void
  ) rethrows -> Bool {
    let scanner = KeyScanner(kind)
    let capacity = behind + body + ahead
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    defer {
      // What was in it may be a secret.
      if let start = memory.baseAddress { explicit_bzero(start, min(capacity, highest(memory))) }
      memory.deallocate()
    }
    var filled = 0
    var bodyStart = 0
    var line = 1
    var isFirst = true
    var isWide = false
    var isEnded = false
    while true {
      while !isEnded, filled < capacity {
        let count = try read(UnsafeMutableRawBufferPointer(rebasing: memory[filled...]))
        if count == 0 { isEnded = true } else { filled += count }
      }
      if isFirst {
        isFirst = false
        let head = UnsafeRawBufferPointer(rebasing: memory[..<min(filled, 8192)])
        isWide = head.count >= 2 && (head[0] == 0xFF && head[1] == 0xFE || head[0] == 0xFE && head[1] == 0xFF)
        if isWide {
          // UTF-16, as some editors write: read as a whole where it fits, else not at all.
          guard isEnded else { return false }
          let text = String(data: Data(memory[..<filled]), encoding: .utf16) ?? ""
          try scanWhole(Array(text.utf8), scanner, found: found)
          return true
        }
        if head.contains(0) { return false }
      }
      let bytes = Bytes(start: memory.baseAddress?.assumingMemoryBound(to: UInt8.self), count: filled)
      let bodyEnd = isEnded ? filled : filled - ahead
      var counted = bodyStart
      for candidate in scanner.scan(bytes) where candidate.range.lowerBound >= bodyStart && candidate.range.lowerBound < bodyEnd {
        line += newlines(bytes, counted..<candidate.range.lowerBound)
        counted = candidate.range.lowerBound
        try found(candidate, bytes, line)
      }
      if isEnded { return true }
      line += newlines(bytes, counted..<bodyEnd)
      let keep = max(0, bodyEnd - behind)
      memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[keep..<filled]))
      filled -= keep
      bodyStart = bodyEnd - keep
    }
  }

  static func scanWhole(_ text: [UInt8], _ scanner: KeyScanner, found: (Candidate, Bytes, Int) throws -> Void) rethrows {
    try text.withUnsafeBufferPointer { bytes in
      var line = 1
      var counted = 0
      for candidate in scanner.scan(bytes) {
        line += newlines(bytes, counted..<candidate.range.lowerBound)
        counted = candidate.range.lowerBound
        try found(candidate, bytes, line)
      }
    }
  }

  private static func highest(_ memory: UnsafeMutableRawBufferPointer) -> Int { memory.count }

  private static func newlines(_ bytes: Bytes, _ range: Range<Int>) -> Int {
    guard range.lowerBound < range.upperBound else { return 0 }
    return bytes[range].reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
  }
}
