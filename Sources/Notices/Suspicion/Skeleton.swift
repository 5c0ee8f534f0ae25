internal import CICU
internal import Foundation

/// Texts that look alike come to one form: the skeleton of UTS #39, section 4, in lower case, and a little more.
package enum Skeleton {
  /// The lower case of the text's skeleton (of its own lower case), without combining marks; `vv` is `w` and `cl` is `d`.
  package static func fold(_ text: String) -> String { pairs(foldLetters(text)) }

  /// The same without the pairs: in words of a language they are letters as any.
  package static func foldLetters(_ text: String) -> String {
    let lower = text.lowercased()
    return lower.utf8.allSatisfy { $0 < 0x80 } ? lower.utf8.map { ascii[Int($0)] }.joined() : base(lower)
  }

  /// Without the pairs.
  private static func base(_ lower: String) -> String {
    let mapped = String(
      String.UnicodeScalarView(lower.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in further[scalar].map { [$0] } ?? [scalar] }))
    let skeleton = icu(mapped) ?? mapped
    let plain = skeleton.decomposedStringWithCanonicalMapping.unicodeScalars.filter { $0.properties.generalCategory != .nonspacingMark }
    return String(String.UnicodeScalarView(plain)).lowercased()
  }

  private static func pairs(_ text: String) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 {
      if byte == UInt8(ascii: "v"), result.last == UInt8(ascii: "v") {
        result[result.count - 1] = UInt8(ascii: "w")
      } else if byte == UInt8(ascii: "l"), result.last == UInt8(ascii: "c") {
        result[result.count - 1] = UInt8(ascii: "d")
      } else {
        result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static let ascii: [String] = (0..<128).map { base(String(UnicodeScalar(UInt8($0))).lowercased()) }

  /// Letters that look like one of ASCII at a glance and that UTS #39 keeps apart.
  private static let further: [Unicode.Scalar: Unicode.Scalar] = [
    "ɼ": "r", "ɽ": "r", "ʀ": "r", "ɾ": "r", "ɍ": "r", "ʏ": "y", "ƴ": "y", "ɏ": "y", "ɇ": "e", "ə": "e", "ɵ": "o", "ơ": "o", "ƅ": "b",
    "ʙ": "b", "ɓ": "b",
    "ƈ": "c", "ȼ": "c", "ɗ": "d", "đ": "d", "ɖ": "d", "ƒ": "f", "ɠ": "g", "ɢ": "g", "ħ": "h", "ɦ": "h", "ɨ": "i", "ɪ": "i", "ĸ": "k",
    "ƙ": "k", "ł": "l",
    "ɫ": "l", "ʟ": "l", "ƚ": "l", "ɱ": "m", "ɴ": "n", "ɲ": "n", "ŋ": "n", "ƞ": "n", "ƥ": "p", "ʠ": "q", "ʂ": "s", "ƭ": "t", "ŧ": "t",
    "ț": "t", "ʋ": "v", "ⱳ": "w",
    "ƶ": "z", "ʐ": "z", "ᴏ": "o", "ɑ": "a", "æ": "a", "ß": "b",
  ]

  private static func icu(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    var capacity = bytes.count * 4 + 64
    for _ in 0..<2 {
      var size = 0
      let found = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        size = bytes.withUnsafeBufferPointer { source in
          source.withMemoryRebound(to: CChar.self) { text in
            buffer.withMemoryRebound(to: CChar.self) { sealane_icu_skeleton(text.baseAddress, text.count, $0.baseAddress, $0.count) }
          }
        }
        count = max(0, min(size, buffer.count))
      }
      if size < 0 { return nil }
      if size <= capacity { return String(decoding: found, as: UTF8.self) }
      capacity = size
    }
    return nil
  }

  /// Whether letters of scripts stand together that no language writes together (UTS #39, section 5.2: below “highly restrictive”).
  package static func mixesScripts(_ text: String) -> Bool {
    guard text.utf8.contains(where: { $0 >= 0x80 }) else { return false }
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { source in
      source.withMemoryRebound(to: CChar.self) { sealane_icu_restriction($0.baseAddress, $0.count) }
    } > 2
  }

  /// Each code point whose folded skeleton is made of ASCII letters, digits and hyphens and is not itself, for a script in a browser that
  /// folds what somebody types: lower case, form D, each code point by this table, marks dropped, pairs as above. Takes a second.
  package static func table() -> [UInt32: String] {
    var table: [UInt32: String] = [:]
    for value in UInt32(0x21)...0x1_FBFF {
      // Hangul, Han, private use: nothing in them looks like ASCII, and they are most of all.
      if (0x3400...0x9FFF).contains(value) || (0xAC00...0xF8FF).contains(value) || (0x1_7000...0x1_CBFF).contains(value) { continue }
      guard let scalar = Unicode.Scalar(value) else { continue }
      switch scalar.properties.generalCategory {
      case .unassigned, .nonspacingMark, .enclosingMark, .spacingMark, .control, .format: continue
      default: break
      }
      let lower = String(scalar).lowercased()
      let folded = base(lower)
      guard folded != lower, !folded.isEmpty, folded.utf8.allSatisfy({ $0.isLetter || $0.isDigit || $0 == 0x2D }) else { continue }
      table[value] = folded
    }
    return table
  }
}
