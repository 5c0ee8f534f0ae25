/// A text as a person or a browser reads it, for the detectors' eyes: digits of every script and the full-width and small forms of signs
/// as ASCII (Unicode, chapter 23 and UAX #44), invisible characters left out, percent, HTML and JavaScript escapes undone.
///
/// The unfolded text is judged beside the one that was sent and takes its place only where something was found in it.
enum Unfolding {
  /// Escapes within escapes: `%2540` is `%40` is `@`.
  private static let levels = 3

  /// Nil where the text reads as it stands.
  static func text(_ text: String) -> String? { read(text, asLink: false) }

  /// The same where what would end a link is left as a percent escape: spaces, quotes, angle brackets.
  static func link(_ text: String) -> String? { read(text, asLink: true) }

  private static func read(_ text: String, asLink: Bool) -> String? {
    guard text.withBytes({ mayUnfold($0) }) else { return nil }
    var current = text
    for _ in 0..<levels {
      let next = folded(current.withBytes { unescaped($0, asLink: asLink) }, asLink: asLink)
      if next.utf8.elementsEqual(current.utf8) { break }
      current = next
    }
    return current.utf8.elementsEqual(text.utf8) ? nil : current
  }

  /// A glance at the bytes: most texts, those in Latin, Greek, Cyrillic or Han letters too, have nothing to unfold.
  private static func mayUnfold(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    for index in bytes.indices {
      switch bytes[index] {
      case .ascii("%"): if bytes.at(index + 1).isHex, bytes.at(index + 2).isHex { return true }
      case .ascii("&"): if bytes.at(index + 1) == .ascii("#") || bytes.at(index + 1).isLetter { return true }
      case .ascii("\\"): if [.ascii("u"), .ascii("x"), .ascii("/")].contains(bytes.at(index + 1)) { return true }
      // First bytes of the blocks that hold digits, signs or invisible characters.
      case 0xC2: if bytes.at(index + 1) == 0xA0 || bytes.at(index + 1) == 0xAD { return true }
      case 0xCD: if bytes.at(index + 1) == 0x8F { return true }
      case 0xE3: if bytes.at(index + 1) == 0x80 { return true }
      case 0xD9, 0xDB, 0xDF...0xE2, 0xEA, 0xEF, 0xF0, 0xF3: return true
      default: continue
      }
    }
    return false
  }

  // MARK: Escapes

  private static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>, asLink: Bool) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == .ascii("%"), let value = hexadecimal(bytes, index + 1, 2) {
        append(byte: UInt8(truncatingIfNeeded: value), to: &result, asLink: asLink)
        index += 3
      } else if byte == .ascii("&"), let (value, end) = entity(bytes, index) {
        append(value, to: &result, asLink: asLink)
        index = end
      } else if byte == .ascii("\\"), let (value, end) = scriptEscape(bytes, index) {
        append(value, to: &result, asLink: asLink)
        index = end
      } else {
        result.append(byte)
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func append(byte: UInt8, to bytes: inout [UInt8], asLink: Bool) {
    guard asLink, byte <= 0x20 || LinkExtent.isQuote(byte) else { return bytes.append(byte) }
    let digits = Array("0123456789ABCDEF".utf8)
    bytes += [.ascii("%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
  }

  private static func append(_ value: UInt32, to bytes: inout [UInt8], asLink: Bool) {
    if value < 0x80 { return append(byte: UInt8(value), to: &bytes, asLink: asLink) }
    bytes.append(contentsOf: (Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
  }

  private static func hexadecimal(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ count: Int) -> UInt32? {
    var value: UInt32 = 0
    for index in start..<(start + count) {
      guard bytes.at(index).isHex else { return nil }
      value = value << 4 | digit(bytes[index])
    }
    return value
  }

  private static func digit(_ byte: UInt8) -> UInt32 { UInt32(byte.isDigit ? byte &- 0x30 : (byte | 0x20) &- 0x57) }

  /// The signs that stand in addresses and numbers, by their names in HTML.
  private static let entities: [(StaticString, UInt32)] = [
    ("commat;", 0x40), ("period;", 0x2E), ("plus;", 0x2B), ("colon;", 0x3A), ("sol;", 0x2F), ("amp;", 0x26), ("num;", 0x23),
    ("lowbar;", 0x5F), ("hyphen;", 0x2D), ("dash;", 0x2D), ("nbsp;", 0x20), ("percnt;", 0x25), ("quest;", 0x3F), ("equals;", 0x3D),
    ("lpar;", 0x28), ("rpar;", 0x29),
  ]

  private static func entity(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> (UInt32, end: Int)? {
    guard bytes.at(start + 1) == .ascii("#") else {
      guard let (name, value) = entities.first(where: { bytes.has($0.0, at: start + 1) }) else { return nil }
      return (value, start + 1 + name.utf8CodeUnitCount)
    }
    let isHexadecimal = bytes.at(start + 2).lowercased == .ascii("x")
    let first = start + (isHexadecimal ? 3 : 2)
    var index = first
    var value: UInt32 = 0
    while index - first < 7, isHexadecimal ? bytes.at(index).isHex : bytes.at(index).isDigit {
      value = value * (isHexadecimal ? 16 : 10) + digit(bytes[index])
      index += 1
    }
    guard index > first else { return nil }
    return (value, bytes.at(index) == .ascii(";") ? index + 1 : index)
  }

  /// `\u0040`, `\x40`, and `\/` of JSON.
  private static func scriptEscape(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> (UInt32, end: Int)? {
    switch bytes.at(start + 1) {
    case .ascii("/"): (0x2F, start + 2)
    case .ascii("u"): hexadecimal(bytes, start + 2, 4).map { ($0, start + 6) }
    case .ascii("x"): hexadecimal(bytes, start + 2, 2).map { ($0, start + 4) }
    default: nil
    }
  }

  // MARK: Characters

  private static func folded(_ text: String, asLink: Bool) -> String {
    guard text.utf8.contains(where: \.isWide) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        result.append(scalar)
      } else if let plain = plain(scalar), !asLink || plain != " " {
        result.append(plain)
      } else if !isInvisible(scalar) {
        result.append(scalar)
      }
    }
    return String(result)
  }

  private static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    switch scalar.value {
    case 0xFF01...0xFF5E: return Unicode.Scalar(scalar.value - 0xFEE0)
    case 0x3002, 0xFF61, 0xFE52, 0x2024: return "."
    case 0xFE6B: return "@"
    case 0xFE62: return "+"
    case 0xFE55, 0x2236, 0xA789: return ":"
    case 0x2044, 0x2215: return "/"
    case 0xFE54: return ";"
    case 0xFE56: return "?"
    case 0xFE5F: return "#"
    case 0xFE60: return "&"
    case 0xFE66: return "="
    case 0xFE59: return "("
    case 0xFE5A: return ")"
    case 0xFE6A: return "%"
    case 0x2010...0x2015, 0x2212, 0xFE58, 0xFE63: return "-"
    default: break
    }
    if scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue {
      return Unicode.Scalar(0x30 + UInt32(value))
    }
    return scalar.properties.generalCategory == .spaceSeparator ? " " : nil
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .format || scalar.properties.isDefaultIgnorableCodePoint
  }
}
