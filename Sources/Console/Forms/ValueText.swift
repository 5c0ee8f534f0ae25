import Journeys

/// How values are typed into a filter: separated by commas; numbers and `true`/`false` are taken as such; `"…"` makes text of anything.
enum ValueText {
  static func text(_ values: [FilterValue]) -> String { values.map(text).joined(separator: ", ") }

  static func text(_ value: FilterValue) -> String {
    switch value {
    case .string(let string): quotedIfNeeded(string)
    case .number(let number): number.rounded() == number && number.magnitude < 1e15 ? String(Int64(number)) : String(number)
    case .boolean(let truth): truth ? "true" : "false"
    }
  }

  /// Empty text holds no value.
  static func values(_ text: String) -> [FilterValue] {
    var values: [FilterValue] = []
    var rest = text.unicodeScalars[...]
    while true {
      rest = rest.drop { $0.properties.isWhitespace }
      guard let first = rest.first else { return values }
      if first == "\"", let (string, after) = quoted(rest) {
        values.append(.string(string))
        rest = after.drop { $0 != "," }.dropFirst()
      } else {
        let piece = trimmed(rest.prefix { $0 != "," })
        rest = rest.drop { $0 != "," }.dropFirst()
        if !piece.isEmpty { values.append(plain(piece)) }
      }
    }
  }

  /// One text that may hold commas: for "contains".
  static func phrase(_ text: String) -> String {
    if text.unicodeScalars.first == "\"", let (string, rest) = quoted(text.unicodeScalars[...]), rest.isEmpty { return string }
    return trimmed(text.unicodeScalars[...])
  }

  static func phraseText(_ phrase: String) -> String {
    let isPlain = !phrase.isEmpty && phrase.unicodeScalars.first != "\"" && trimmed(phrase.unicodeScalars[...]) == phrase
    return isPlain ? phrase : quote(phrase)
  }

  private static func plain(_ piece: String) -> FilterValue {
    if piece == "true" { return .boolean(true) }
    if piece == "false" { return .boolean(false) }
    if let number = Double(piece), number.isFinite { return .number(number) }
    return .string(piece)
  }

  private static func quotedIfNeeded(_ string: String) -> String {
    let scalars = string.unicodeScalars
    let isPlain =
      !string.isEmpty && string != "true" && string != "false" && Double(string) == nil && !scalars.contains("\"") && !scalars.contains(",")
      && trimmed(scalars[...]) == string
    return isPlain ? string : quote(string)
  }

  private static func quote(_ string: String) -> String {
    var result = "\"".unicodeScalars
    for scalar in string.unicodeScalars { result.append(contentsOf: scalar == "\"" ? ["\"", "\""] : [scalar]) }
    result.append("\"")
    return String(result)
  }

  /// The text between the quotes and what follows; nil if the second quote is missing.
  private static func quoted(_ text: Substring.UnicodeScalarView) -> (String, Substring.UnicodeScalarView)? {
    var result = String.UnicodeScalarView()
    var rest = text.dropFirst()
    while let scalar = rest.first {
      rest = rest.dropFirst()
      guard scalar == "\"" else {
        result.append(scalar)
        continue
      }
      guard rest.first == "\"" else { return (String(result), rest) }
      result.append(scalar)
      rest = rest.dropFirst()
    }
    return nil
  }

  private static func trimmed(_ text: Substring.UnicodeScalarView) -> String {
    let start = text.drop { $0.properties.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
    return String(String.UnicodeScalarView(start[...last]))
  }
}
