/// Text from outside, made safe to print on a terminal: what could move the cursor, change colours, or turn the direction of writing is
/// shown as `\u{…}` instead of being obeyed.
package struct TerminalText: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  /// - Parameter keepsLines: line feeds and tabs stay as they are, for text of several lines.
  package init(_ text: some StringProtocol, keepsLines: Bool = false) {
    guard text.unicodeScalars.contains(where: { Self.isUnsafe($0) }) else {
      description = String(text)
      return
    }
    var safe = ""
    for scalar in text.unicodeScalars {
      if Self.isUnsafe(scalar), !(keepsLines && (scalar == "\n" || scalar == "\t")) {
        safe += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        safe.unicodeScalars.append(scalar)
      }
    }
    description = safe
  }

  /// Control characters (C0, DEL, C1), line and paragraph separators, and everything that is invisible or turns the writing direction
  /// (Unicode category Cf, UAX #9), and what has no meaning to a terminal at all.
  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value >= 0x20, scalar.value < 0x7f { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return true
    default: return false
    }
  }
}
