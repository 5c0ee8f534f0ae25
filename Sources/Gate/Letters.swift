/// Which letters, digits and signs a text has: a bit for each, letters without case. What stands somewhere in a text has no letter that the
/// text lacks, so that most texts are known at once not to hold an id.
enum Letters {
  @inline(__always)
  static func of(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    let table = Self.table
    var letters: UInt64 = 0
    for byte in bytes { letters |= table[Int(byte)] }
    return letters
  }

  /// Whether these bytes stand anywhere in a text, ASCII letters compared without case.
  static func occurs(_ wanted: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = wanted.first?.lowercased, wanted.count <= text.count else { return false }
    for start in 0...(text.count - wanted.count) where text[start].lowercased == first {
      var offset = 1
      while offset < wanted.count, text[start + offset].lowercased == wanted[offset].lowercased { offset += 1 }
      if offset == wanted.count { return true }
    }
    return false
  }

  /// Written here once and never again or freed. The bytes that are neither letters nor digits share 28 bits.
  private nonisolated(unsafe) static let table: UnsafePointer<UInt64> = {
    let table = UnsafeMutablePointer<UInt64>.allocate(capacity: 256)
    for byte in 0..<256 {
      let place =
        switch UInt8(byte).lowercased {
        case let letter where letter.isLower: Int(letter - .ascii("a"))
        case let digit where digit.isDigit: 26 + Int(digit - .ascii("0"))
        case let other: 36 + Int(other) % 28
        }
      table[byte] = 1 << UInt64(place)
    }
    return UnsafePointer(table)
  }()
}
