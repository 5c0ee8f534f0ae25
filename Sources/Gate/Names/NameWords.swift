/// The words of a property's name, in lower case: `$firstName`, `first_name`, `first name` and `First-Name` all say "first", "name".
///
/// Words end at anything but letters and digits, and where a capital follows a small letter or ends a row of capitals (`userID`,
/// `HTTPStatus`). Bytes outside of ASCII count as letters.
///
/// A number at the end says nothing: `email2` and `email_2` are matched as `email` is too.
struct NameWords {
  let all: [String]
  /// The name as a person reads it (`Unfolding`), in lower case.
  let name: String
  /// The words with spaces between them, and one before and behind: for finding whole words in a row.
  private let spaced: String
  /// The same without a number at the end; equal to `spaced` where there is none.
  private let unnumbered: String

  init(_ sent: String) {
    let plain = Unfolding.text(sent) ?? sent
    name = plain.lowercased()
    let bytes = Array(plain.utf8)
    var words: [String] = []
    var word: [UInt8] = []
    func finish() {
      if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
      word.removeAll(keepingCapacity: true)
    }
    for (index, byte) in bytes.enumerated() {
      guard byte.isAlphanumeric || byte >= 0x80 else {
        finish()
        continue
      }
      if byte.isUpper, index > 0 {
        let previous = bytes[index - 1]
        let next = index + 1 < bytes.count ? bytes[index + 1] : 0
        if previous.isLower || previous.isDigit || (previous.isUpper && next.isLower) { finish() }
      }
      word.append(byte.lowercased)
    }
    finish()
    // "e-mail" and "eMail" are one word.
    var index = 0
    while index + 1 < words.count {
      if words[index] == "e", ["mail", "mails"].contains(words[index + 1]) {
        words[index] = "e" + words[index + 1]
        words.remove(at: index + 1)
      }
      index += 1
    }
    spaced = Self.spaced(words)
    while words.count > 1, let last = words.last, last.utf8.allSatisfy(\.isDigit) { words.removeLast() }
    if let last = words.popLast() {
      let letters = last.utf8.reversed().drop(while: \.isDigit)
      words.append(letters.count >= 2 ? String(last.prefix(letters.count)) : last)
    }
    unnumbered = Self.spaced(words)
    all = words
  }

  private static func spaced(_ words: [String]) -> String { " " + words.joined(separator: " ") + " " }

  /// Whether the name is one of these, given with single spaces between their words.
  func isOne(of names: Set<String>) -> Bool {
    names.contains(String(spaced.dropFirst().dropLast())) || names.contains(String(unnumbered.dropFirst().dropLast()))
  }

  /// Whether the name ends with one of these, given with single spaces between their words.
  func ends(withOneOf endings: [String]) -> Bool {
    endings.contains { ending in
      let ending = " " + ending + " "
      return spaced.hasSuffix(ending) || unnumbered.hasSuffix(ending)
    }
  }
}
