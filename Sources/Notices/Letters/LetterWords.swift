/// A text as the words that it consists of: what of it survives mail programs and gateways, which break lines where they like.
package enum LetterWords {
  package static func words(of text: String) -> [String] { text.split(whereSeparator: \.isWhitespace).map(String.init) }
}
