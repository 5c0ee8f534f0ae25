/// Somebody in a From, To or other address field (RFC 5322, section 3.4).
package struct MailAddress: Sendable, Hashable {
  /// The display name as people see it; empty if there is none.
  package let name: String
  /// As it stands, without blanks and comments.
  package let address: String

  package init(name: String, address: String) {
    self.name = name
    self.address = address
  }

  /// What follows the last at sign, in lower case; empty if there is none.
  package var domain: String {
    guard let at = address.utf8.lastIndex(of: UInt8(ascii: "@")) else { return "" }
    return String(address[address.utf8.index(after: at)...]).lowercased()
  }

  /// Whether the name itself looks like an address, and another than this.
  package var nameHoldsAddress: Bool {
    guard let at = name.unicodeScalars.firstIndex(where: { $0 == "@" || $0 == "\u{FF20}" || $0 == "\u{FE6B}" }) else { return false }
    return at != name.startIndex && !name.lowercased().contains(address.lowercased())
  }

  /// Those of a field, at most 100; groups are taken apart.
  package static func list(_ field: [UInt8]) -> [MailAddress] {
    var tokens = HeaderTokens(field[...])
    var found: [MailAddress] = []
    var name: [UInt8] = []
    var angle: [UInt8]?
    func close() {
      let words = name[...].trimmed
      defer {
        name = []
        angle = nil
      }
      if let angle {
        found.append(MailAddress(name: EncodedWords.decode(words), address: bare(angle)))
      } else if !words.isEmpty {
        found.append(MailAddress(name: "", address: bare(Array(words))))
      }
    }
    while let byte = tokens.peek, found.count < 100 {
      switch byte {
      case 0x22: name += tokens.quoted()
      case 0x28: tokens.skipComment()
      case 0x3C:
        _ = tokens.take()
        angle = Array(tokens.token(until: [0x3E]))
        if tokens.peek != nil { _ = tokens.take() }
      case 0x2C, 0x3B:
        _ = tokens.take()
        close()
      case 0x3A where angle == nil && !name.contains(0x40):
        // The name of a group.
        _ = tokens.take()
        name = []
      default: name.append(tokens.take())
      }
    }
    if found.count < 100 { close() }
    return found
  }

  private static func bare(_ bytes: [UInt8]) -> String {
    MailCharset.decode(bytes.filter { !$0.isBlank && $0 != 0x3E }, nil).text
  }
}
