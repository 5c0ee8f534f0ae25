typealias Bytes = UnsafeBufferPointer<UInt8>

/// ASCII classes; bytes of other characters belong to none.
extension UInt8 {
  @inline(__always) var isDecimal: Bool { self &- 0x30 < 10 }
  @inline(__always) var isCapital: Bool { self &- 0x41 < 26 }
  @inline(__always) var isSmall: Bool { self &- 0x61 < 26 }
  @inline(__always) var isWordByte: Bool { isDecimal || (self | 0x20) &- 0x61 < 26 }
  @inline(__always) var isHexadecimal: Bool { isDecimal || (self | 0x20) &- 0x61 < 6 }
  @inline(__always) var isBlank: Bool { self == 0x20 || self == 0x09 }
  @inline(__always) var isLineEnd: Bool { self == 0x0A || self == 0x0D }
  @inline(__always) var small: UInt8 { isCapital ? self | 0x20 : self }
  @inline(__always) var isQuote: Bool { self == .of("\"") || self == .of("'") || self == .of("`") }
  /// Of base64, either alphabet.
  @inline(__always) var isCoded: Bool {
    isWordByte || self == .of("+") || self == .of("/") || self == .of("-") || self == .of("_") || self == .of("=")
  }

  @inline(__always) static func of(_ scalar: Unicode.Scalar) -> UInt8 { UInt8(truncatingIfNeeded: scalar.value) }
}

extension Bytes {
  /// The byte at a position, or 0 outside.
  @inline(__always)
  func byte(_ index: Int) -> UInt8 { index >= 0 && index < count ? self[index] : 0 }

  /// Whether these bytes stand here, letters compared without case. `word` is in lower case.
  func holds(_ word: StaticString, at index: Int) -> Bool {
    guard index >= 0, index + word.utf8CodeUnitCount <= count else { return false }
    for offset in 0..<word.utf8CodeUnitCount where self[index + offset].small != word.utf8Start[offset] { return false }
    return true
  }

  /// Whether these bytes stand anywhere in a range, letters compared without case. `word` is in lower case.
  func holds(_ word: StaticString, in range: Range<Int>) -> Bool {
    let last = range.upperBound - word.utf8CodeUnitCount
    guard range.lowerBound <= last else { return false }
    return (range.lowerBound...last).contains { holds(word, at: $0) }
  }

  func piece(_ range: Range<Int>) -> Bytes { Bytes(rebasing: self[range.clamped(to: 0..<count)]) }

  /// The line around a position, at most `reach` bytes to each side.
  func line(around index: Int, reach: Int = 2048) -> Range<Int> {
    var start = index
    while start > 0, index - start < reach, self[start - 1] != 0x0A { start -= 1 }
    var end = index
    while end < count, end - index < reach, self[end] != 0x0A { end += 1 }
    return start..<end
  }

  func text(_ range: Range<Int>) -> String { String(decoding: self[range.clamped(to: 0..<count)], as: UTF8.self) }
}
