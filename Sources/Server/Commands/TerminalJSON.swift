import Events

/// JSON made safe to print on a terminal, which stays JSON and says the same: what a terminal would obey stands in its strings alone, where JSON
/// has escapes of its own for it.
package struct TerminalJSON: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ text: String) {
    guard TerminalText(text, keepsLines: true).description != text else {
      description = text
      return
    }
    var safe = ""
    for scalar in text.unicodeScalars {
      let plain = String(scalar)
      if scalar.isASCII && scalar.value >= 0x20 && scalar.value < 0x7f || TerminalText(plain, keepsLines: true).description == plain {
        safe += plain
        continue
      }
      for unit in String(scalar).utf16 {
        let digits = String(unit, radix: 16)
        safe += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    description = safe
  }
}
