internal import Foundation

/// The lines of some bytes, by their places. A line ends with LF; a CR before it belongs to the end.
struct MailLines {
  private let bytes: ArraySlice<UInt8>
  private(set) var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The line without its end, and where the next one begins.
  mutating func next() -> (line: Range<Int>, next: Int)? {
    guard position < bytes.endIndex else { return nil }
    let start = position
    guard let feed = bytes.firstPlace(of: 0x0A, from: start) else {
      position = bytes.endIndex
      return (start..<bytes.endIndex, bytes.endIndex)
    }
    position = feed + 1
    return (start..<(feed > start && bytes[feed - 1] == 0x0D ? feed - 1 : feed), position)
  }
}

extension ArraySlice<UInt8> {
  /// Where a byte stands first, from an index of this slice on.
  func firstPlace(of byte: UInt8, from start: Int) -> Int? {
    withUnsafeBytes { buffer in
      guard start < endIndex, let base = buffer.baseAddress else { return nil }
      let from = base + (start - startIndex)
      guard let found = memchr(from, Int32(byte), endIndex - start) else { return nil }
      return start + (UnsafeRawPointer(found) - from)
    }
  }

  func starts(with prefix: [UInt8], at index: Int) -> Bool {
    guard index >= startIndex, endIndex - index >= prefix.count else { return false }
    for offset in 0..<prefix.count where self[index + offset] != prefix[offset] { return false }
    return true
  }

  /// Without blanks, tabs and line ends at either end.
  var trimmed: ArraySlice<UInt8> {
    var slice = self
    while let first = slice.first, first.isBlank { slice.removeFirst() }
    while let last = slice.last, last.isBlank { slice.removeLast() }
    return slice
  }

  /// ASCII letters in lower case, the text otherwise as it is; for names and other tokens.
  var token: String { String(decoding: map(\.lowercased), as: UTF8.self) }
}

extension UInt8 {
  var isBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0D || self == 0x0A }
  var isDigit: Bool { (0x30...0x39).contains(self) }
  var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
  var lowercased: UInt8 { (0x41...0x5A).contains(self) ? self + 32 : self }
  var hexadecimal: UInt8? {
    switch self {
    case 0x30...0x39: self - 0x30
    case 0x41...0x46: self - 0x41 + 10
    case 0x61...0x66: self - 0x61 + 10
    default: nil
    }
  }
}
