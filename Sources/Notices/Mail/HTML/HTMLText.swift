/// Character references in text.
enum HTMLText {
  static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
    var result: [UInt8] = []
    append(bytes, to: &result)
    return String(decoding: result, as: UTF8.self)
  }

  static func append(_ bytes: ArraySlice<UInt8>, to result: inout [UInt8]) {
    var index = bytes.startIndex
    while index < bytes.endIndex {
      guard bytes[index] == 0x26, let (scalar, end) = reference(in: bytes, at: index) else {
        result.append(bytes[index])
        index += 1
        continue
      }
      result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      index = end
    }
  }

  private static func reference(in bytes: ArraySlice<UInt8>, at start: Int) -> (Unicode.Scalar, end: Int)? {
    var index = start + 1
    guard index < bytes.endIndex else { return nil }
    if bytes[index] == 0x23 { return number(in: bytes, at: index + 1) }
    let limit = min(bytes.endIndex, index + 16)
    while index < limit, bytes[index].isLetter || bytes[index].isDigit { index += 1 }
    guard index > start + 1 else { return nil }
    let name = String(decoding: bytes[(start + 1)..<index], as: UTF8.self)
    if index < bytes.endIndex, bytes[index] == 0x3B, let scalar = HTMLEntities.scalar(name) { return (scalar, index + 1) }
    // The longest beginning that counts without a semicolon.
    for length in stride(from: min(6, name.utf8.count), through: 2, by: -1) {
      let beginning = String(decoding: bytes[(start + 1)..<(start + 1 + length)], as: UTF8.self)
      if HTMLEntities.isLegacy(beginning), let scalar = HTMLEntities.scalar(beginning) { return (scalar, start + 1 + length) }
    }
    return nil
  }

  private static func number(in bytes: ArraySlice<UInt8>, at start: Int) -> (Unicode.Scalar, end: Int)? {
    var index = start
    let isHexadecimal = index < bytes.endIndex && bytes[index].lowercased == 0x78
    if isHexadecimal { index += 1 }
    let first = index
    var value: UInt32 = 0
    while index < bytes.endIndex, let digit = bytes[index].hexadecimal, isHexadecimal || digit < 10 {
      value = min(value * (isHexadecimal ? 16 : 10) + UInt32(digit), 0x11_0000)
      index += 1
    }
    guard index > first else { return nil }
    if index < bytes.endIndex, bytes[index] == 0x3B { index += 1 }
    if (0x80...0x9F).contains(value) { value = MailCharset.high[Int(value) - 0x80] }
    return (value == 0 ? "\u{FFFD}" : Unicode.Scalar(value) ?? "\u{FFFD}", index)
  }
}
