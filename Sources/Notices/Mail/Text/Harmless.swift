/// Words of a stranger, short and without anything that a terminal, a page or a mail program would act on.
package enum Harmless {
  /// At most 120 characters; addresses and links cannot be followed.
  package static func text(_ words: some Sequence<String>) -> String {
    var result = ""
    for word in words {
      if !result.isEmpty { result += " " }
      result += self.word(word)
      if result.unicodeScalars.count > 120 { return String(String.UnicodeScalarView(result.unicodeScalars.prefix(119))) + "…" }
    }
    return result
  }

  /// At most 60 characters.
  package static func word(_ word: String) -> String {
    var scalars = String.UnicodeScalarView()
    let letters = Array(word.unicodeScalars.prefix(60))
    for (index, scalar) in letters.enumerated() {
      switch scalar {
      // Inside of a word, where it makes an address or a link; at its end it ends a sentence.
      case let mark where ".@:".unicodeScalars.contains(mark) && index > 0 && index + 1 < letters.count:
        scalars.append(contentsOf: "[\(scalar)]".unicodeScalars)
      case "<", ">", "&", "\"", "`": scalars.append("\u{FFFD}")
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: scalars.append("\u{FFFD}")
        default: scalars.append(scalar)
        }
      }
    }
    return String(scalars)
  }
}
