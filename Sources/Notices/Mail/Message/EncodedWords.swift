/// Encoded words in header fields (RFC 2047).
package enum EncodedWords {
  /// The text of a value with its encoded words decoded. Words of one charset that follow each other are decoded as one, since senders
  /// cut characters in two.
  package static func decode(_ bytes: ArraySlice<UInt8>) -> String {
    guard bytes.contains(0x3D) else { return MailCharset.decode(Array(bytes), nil).text }
    var result = ""
    var plain: [UInt8] = []
    var words: (charset: String, bytes: [UInt8])?
    func closePlain() {
      if !plain.isEmpty { result += MailCharset.decode(plain, nil).text }
      plain = []
    }
    func closeWords() {
      if let open = words { result += MailCharset.decode(open.bytes, open.charset).text }
      words = nil
    }
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if bytes[index] == 0x3D, let word = word(in: bytes, at: index) {
        // Blanks between two encoded words are not part of the text (section 6.2).
        if words == nil || !plain.allSatisfy(\.isBlank) {
          closeWords()
          closePlain()
        }
        plain = []
        if words?.charset == word.charset {
          words?.bytes += word.bytes
        } else {
          closeWords()
          words = (word.charset, word.bytes)
        }
        index = word.end
      } else {
        if words != nil, !bytes[index].isBlank { closeWords() }
        plain.append(bytes[index])
        index += 1
      }
    }
    closeWords()
    closePlain()
    return result
  }

  private static func word(in bytes: ArraySlice<UInt8>, at start: Int) -> (charset: String, bytes: [UInt8], end: Int)? {
    guard start + 1 < bytes.endIndex, bytes[start + 1] == 0x3F else { return nil }
    // Longer than the 75 characters that are allowed, as senders make them; bounded, so that many openings cost no more than their length.
    let limit = min(bytes.endIndex, start + 512)
    var marks: [Int] = []
    var index = start + 2
    while index < limit, marks.count < 3 {
      if bytes[index] == 0x3F { marks.append(index) }
      if marks.count < 2, bytes[index].isBlank { return nil }
      index += 1
      if marks.count == 3, index < bytes.endIndex, bytes[index] != 0x3D { return nil }
    }
    guard marks.count == 3, index < bytes.endIndex, marks[1] == marks[0] + 2 else { return nil }
    let charset = bytes[(start + 2)..<marks[0]].prefix { $0 != 0x2A }.token
    let content = bytes[(marks[1] + 1)..<marks[2]]
    switch bytes[marks[0] + 1].lowercased {
    case 0x62: return (charset, TransferEncoding.base64(content).bytes, index + 1)
    case 0x71: return (charset, TransferEncoding.encodedWord(content), index + 1)
    default: return nil
    }
  }
}
