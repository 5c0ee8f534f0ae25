internal import CICU

/// Bytes of a charset as text.
package enum MailCharset {
  package enum Outcome: Sendable, Hashable {
    case clean, badBytes, unknown
  }

  /// What is none of the charset becomes U+FFFD. A name that nobody knows, and none, are read as UTF-8 if that holds, otherwise as
  /// Windows-1252; so are ISO-8859-1 and US-ASCII, which senders name and do not mean.
  package static func decode(_ bytes: [UInt8], _ name: String?) -> (text: String, outcome: Outcome) {
    let name = name?.lowercased() ?? ""
    switch name {
    case "utf-8", "utf8", "unicode-1-1-utf-8": return utf8(bytes)
    case "", "us-ascii", "ascii", "ansi_x3.4-1968": return guessed(bytes, .clean)
    case "iso-8859-1", "iso8859-1", "latin1", "l1", "windows-1252", "cp1252", "x-cp1252": return (windows1252(bytes), .clean)
    default: break
    }
    // ICU takes options in a name, and has charsets that no message is of.
    let isName = name.utf8.count <= 40 && name.utf8.allSatisfy { $0.isLetter || $0.isDigit || [0x2D, 0x5F, 0x2E, 0x3A].contains($0) }
    guard isName, !bytes.isEmpty, let decoded = icu(bytes, name) else { return guessed(bytes, isName && bytes.isEmpty ? .clean : .unknown) }
    return (decoded, decoded.utf8.contains(0xEF) && decoded.unicodeScalars.contains("\u{FFFD}") ? .badBytes : .clean)
  }

  private static func utf8(_ bytes: [UInt8]) -> (String, Outcome) {
    if let text = String(validating: bytes, as: UTF8.self) { return (text, .clean) }
    return (String(decoding: bytes, as: UTF8.self), .badBytes)
  }

  private static func guessed(_ bytes: [UInt8], _ outcome: Outcome) -> (String, Outcome) {
    if let text = String(validating: bytes, as: UTF8.self) { return (text, outcome) }
    return (windows1252(bytes), outcome == .clean ? .badBytes : outcome)
  }

  private static func windows1252(_ bytes: [UInt8]) -> String {
    var result = String.UnicodeScalarView()
    for byte in bytes {
      let value = (0x80...0x9F).contains(byte) ? high[Int(byte) - 0x80] : UInt32(byte)
      result.append(Unicode.Scalar(value) ?? "\u{FFFD}")
    }
    return String(result)
  }

  /// 0x80 to 0x9F of Windows-1252; the five that it leaves free are the control characters of ISO-8859-1.
  static let high: [UInt32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
    0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
  ]

  private static func icu(_ bytes: [UInt8], _ name: String) -> String? {
    var capacity = bytes.count * 3 + 16
    for _ in 0..<2 {
      var size = 0
      let decoded = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        size = buffer.withMemoryRebound(to: CChar.self) {
          sealane_icu_decode(name, bytes, bytes.count, $0.baseAddress, $0.count)
        }
        count = max(0, min(size, buffer.count))
      }
      if size < 0 { return nil }
      if size <= capacity { return String(decoding: decoded, as: UTF8.self) }
      capacity = min(size, bytes.count * 12 + 16)
    }
    return nil
  }
}
