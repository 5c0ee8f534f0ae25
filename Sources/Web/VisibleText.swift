/// Text from strangers, made safe to look at: characters that turn, hide or overlap the text around them are shown by their code point.
///
/// Replaced are control characters (but tab and line end), direction marks and overrides (Unicode Standard Annex 9), zero-width and
/// invisible characters but the joiners that emoji and some scripts need, tag characters, and any combining mark after the fourth in a row.
package enum VisibleText {
  package static func of(_ text: some StringProtocol) -> String {
    guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value > 0x7E }) else { return String(text) }
    var result = String.UnicodeScalarView()
    var marks = 0
    for scalar in text.unicodeScalars {
      let isMark =
        scalar.value > 0x2FF
        && (scalar.properties.generalCategory == .nonspacingMark || scalar.properties.generalCategory == .enclosingMark)
      marks = isMark ? marks + 1 : 0
      if marks > 4 { continue }
      if isTreacherous(scalar) {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result.append(contentsOf: "[U+\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)]".unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }

  static func isTreacherous(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0x00...0x1F, 0x7F...0x9F: true
    case 0xAD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true
    case 0xE0000...0xE007F: true
    default: false
    }
  }

  /// Shortened in the middle to at most `limit` characters.
  package static func shortened(_ text: String, to limit: Int) -> String {
    guard text.count > limit, limit > 2 else { return text }
    let tail = (limit - 1) / 3
    return "\(text.prefix(limit - 1 - tail))…\(text.suffix(tail))"
  }

  /// Shortened in the middle to an estimated width in pixels of the system font at `size` pixels.
  package static func fitted(_ text: String, width: Double, size: Double = 12) -> String {
    let visible = of(text)
    guard estimatedWidth(visible, size: size) > width else { return visible }
    var low = 2
    var high = visible.count
    while low < high {
      let middle = (low + high + 1) / 2
      if estimatedWidth(shortened(visible, to: middle), size: size) <= width { low = middle } else { high = middle - 1 }
    }
    return shortened(visible, to: max(3, low))
  }

  package static func estimatedWidth(_ text: String, size: Double) -> Double {
    var units = 0.0
    for character in text {
      guard let scalar = character.unicodeScalars.first else { continue }
      switch scalar {
      case "W", "M", "m", "w", "@", "%", "—", "+", "<", ">", "=": units += 0.92
      case "i", "j", "l", "I", ".", ",", ":", ";", "'", "|", "!", " ", "f", "t", "r", "(", ")", "[", "]": units += 0.36
      case "A"..."Z": units += 0.72
      case _ where scalar.value >= 0x1100: units += 1.1
      case "0"..."9": units += 0.64
      default: units += 0.6
      }
    }
    return units * size
  }
}
