/// The words of a property's name, in lower case: `$firstName`, `first_name`, `first name` and `First-Name` all say "first", "name".
///
/// Words end at anything but letters and digits, and where a capital follows a small letter or ends a row of capitals (`userID`,
/// `HTTPStatus`). Bytes outside of ASCII count as letters.
struct NameWords {
  let all: [String]
  /// The words with spaces between them, and one before and behind: for finding whole words in a row.
  let spaced: String
  /// The words without anything between them: `e-mail` and `email` are the same.
  let joined: String

  init(_ name: some StringProtocol) {
    let bytes = Array(name.utf8)
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
    all = words
    spaced = " " + words.joined(separator: " ") + " "
    joined = words.joined()
  }

  /// Whether the name ends with these words, given with single spaces between them.
  func ends(with words: String) -> Bool { spaced.hasSuffix(" " + words + " ") }
}
