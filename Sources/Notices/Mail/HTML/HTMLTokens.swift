/// A tokenizer of HTML as browsers read it (the HTML standard, section 13.2.5), as far as text and links need. Every byte is looked at a
/// bounded number of times.
struct HTMLTokens {
  enum Token {
    case text(Range<Int>)
    case open(name: String, attributes: [String: String])
    case close(name: String)
    /// The content of an element whose content is no markup.
    case raw(name: String, Range<Int>)
  }

  let bytes: [UInt8]
  private var index = 0
  private var rawElement: String?

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private static let rawElements: Set<String> = ["script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"]
  private static let attributesOfNote: Set<String> = [
    "href", "src", "style", "hidden", "bgcolor", "color", "action", "class", "id", "content", "http-equiv", "background", "srcset",
    "poster", "formaction", "data", "rel",
  ]

  mutating func next() -> Token? {
    if let name = rawElement {
      rawElement = nil
      let start = index
      index = endOfRaw(name)
      return .raw(name: name, start..<index)
    }
    while index < bytes.count {
      guard bytes[index] == 0x3C else {
        let start = index
        index = bytes[...].firstPlace(of: 0x3C, from: index) ?? bytes.count
        return .text(start..<index)
      }
      let following = index + 1 < bytes.count ? bytes[index + 1] : 0
      if following.isLetter { return tag(isClosing: false) }
      if following == 0x2F, index + 2 < bytes.count, bytes[index + 2].isLetter { return tag(isClosing: true) }
      if following == 0x21 || following == 0x3F || following == 0x2F {
        skipMarkup()
        continue
      }
      let start = index
      index = bytes[...].firstPlace(of: 0x3C, from: index + 1) ?? bytes.count
      return .text(start..<index)
    }
    return nil
  }

  /// A comment, declaration or instruction.
  private mutating func skipMarkup() {
    guard bytes[...].starts(with: Array("<!--".utf8), at: index) else {
      index = (bytes[...].firstPlace(of: 0x3E, from: index) ?? bytes.count - 1) + 1
      return
    }
    // `<!-->` is a whole comment.
    var probe = index + 4
    if probe < bytes.count, bytes[probe] == 0x3E {
      index = probe + 1
      return
    }
    while let end = bytes[...].firstPlace(of: 0x3E, from: probe) {
      let isEnd = end >= index + 6 && bytes[end - 1] == 0x2D && bytes[end - 2] == 0x2D
      let isOddEnd = end >= index + 7 && bytes[end - 1] == 0x21 && bytes[end - 2] == 0x2D && bytes[end - 3] == 0x2D
      if isEnd || isOddEnd {
        index = end + 1
        return
      }
      probe = end + 1
    }
    index = bytes.count
  }

  private func endOfRaw(_ name: String) -> Int {
    let wanted = Array(name.utf8)
    var probe = index
    while let open = bytes[...].firstPlace(of: 0x3C, from: probe) {
      let after = open + 2 + wanted.count
      if after <= bytes.count, bytes[open + 1] == 0x2F, zip(bytes[(open + 2)..<after], wanted).allSatisfy({ $0.lowercased == $1 }),
        after == bytes.count || bytes[after].isBlank || bytes[after] == 0x3E || bytes[after] == 0x2F
      {
        return open
      }
      probe = open + 1
    }
    return bytes.count
  }

  private mutating func tag(isClosing: Bool) -> Token? {
    index += isClosing ? 2 : 1
    let name = word { $0.isBlank || $0 == 0x2F || $0 == 0x3E }
    var attributes: [String: String] = [:]
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x3E {
        index += 1
        if !isClosing, Self.rawElements.contains(name) { rawElement = name }
        return isClosing ? .close(name: name) : .open(name: name, attributes: attributes)
      }
      if byte.isBlank || byte == 0x2F {
        index += 1
        continue
      }
      let attribute = attributeName()
      skipBlanks()
      guard index < bytes.count, bytes[index] == 0x3D else {
        if attribute == "hidden" { attributes[attribute] = "" }
        continue
      }
      index += 1
      skipBlanks()
      let value = attributeValue()
      // The first of a name counts.
      if Self.attributesOfNote.contains(attribute), attributes[attribute] == nil {
        attributes[attribute] = HTMLText.decoded(bytes[value].prefix(4_096))
      }
    }
    // A tag that does not end is not shown.
    return nil
  }

  private mutating func attributeName() -> String {
    let start = index
    index += 1
    while index < bytes.count, !(bytes[index].isBlank || [0x2F, 0x3E, 0x3D].contains(bytes[index])) { index += 1 }
    return index - start > 12 ? "" : bytes[start..<index].token
  }

  private mutating func attributeValue() -> Range<Int> {
    guard index < bytes.count else { return index..<index }
    let quote = bytes[index]
    if quote == 0x22 || quote == 0x27 {
      let end = bytes[...].firstPlace(of: quote, from: index + 1) ?? bytes.count
      defer { index = min(end + 1, bytes.count) }
      return (index + 1)..<end
    }
    let start = index
    while index < bytes.count, !bytes[index].isBlank, bytes[index] != 0x3E { index += 1 }
    return start..<index
  }

  private mutating func word(_ isEnd: (UInt8) -> Bool) -> String {
    let start = index
    while index < bytes.count, !isEnd(bytes[index]) { index += 1 }
    return index - start > 24 ? "?" : bytes[start..<index].token
  }

  private mutating func skipBlanks() { while index < bytes.count, bytes[index].isBlank || bytes[index] == 0x0C { index += 1 } }
}
