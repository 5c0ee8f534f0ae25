/// Where a link with a scheme begins and ends in a text.
///
/// A link ends at a space, or at the quote that was opened before it: apostrophes and quotes stand in links too. Spaces in the marks that
/// other steps leave (`[redacted: jwt]`) are part of it, and so are those after which a query goes on.
struct LinkExtent {
  let start: Int
  /// Behind the slashes.
  let authority: Int
  private(set) var end: Int

  /// - Parameter reachesEnd: the whole text is a link.
  init?(_ bytes: UnsafeBufferPointer<UInt8>, colon: Int, reachesEnd: Bool) {
    var start = colon
    while start > 0, Self.isScheme(bytes[start - 1]) { start -= 1 }
    if bytes.has("://", at: colon) {
      authority = colon + 3
    } else if bytes.has(":\\/\\/", at: colon) {
      authority = colon + 5
    } else if bytes.has(":\\\\", at: colon), colon - start >= 2 {
      // As browsers read it; `C:\\` is none.
      authority = colon + 3
    } else {
      return nil
    }
    self.start = start
    end = reachesEnd ? bytes.count : Self.end(bytes, from: authority, opened: Quote(bytes, before: start))
    // A sentence's full stop is not the link's.
    while end > authority, Self.endsSentence(bytes[end - 1]) { end -= 1 }
  }

  /// The end of the word with a query that has something at this position.
  static func end(_ bytes: UnsafeBufferPointer<UInt8>, ofWordAt position: Int) -> Int {
    var start = position
    while start > 0, !bytes[start - 1].isSpace, !isQuote(bytes[start - 1]) { start -= 1 }
    var end = end(bytes, from: position, opened: Quote(bytes, before: start))
    while end > position, endsSentence(bytes[end - 1]) { end -= 1 }
    return end
  }

  private static func end(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, opened: Quote?) -> Int {
    // What is quoted by itself ends with its quote, spaces or not.
    if let opened, opened.isAtLink, let close = (start..<bytes.count).first(where: { opened.closes(bytes, $0) }) {
      return bytes.at(close - 1) == .ascii("\\") ? close - 1 : close
    }
    var end = start
    while end < bytes.count {
      if let mark = markEnd(bytes, end) {
        end = mark
      } else if bytes[end].isSpace {
        guard let further = lastPair(bytes, from: end) else { return end }
        end = further
      } else if let opened, opened.closes(bytes, end) {
        return bytes.at(end - 1) == .ascii("\\") ? end - 1 : end
      } else {
        end += 1
      }
    }
    return end
  }

  // MARK: What is cut off

  /// Where the query, the fragment or a row of parameters begins: `?`, `#`, their percent escapes however often escaped, `&name=`.
  /// The end of the range if there is none.
  static func cut(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int {
    range.first { index in
      switch bytes[index] {
      case .ascii("?"), .ascii("#"): return true
      case .ascii("&"): return beginsPair(bytes, after: index)
      case .ascii("%"):
        var digits = index + 1
        while bytes.at(digits) == .ascii("2"), bytes.at(digits + 1) == .ascii("5") { digits += 2 }
        return bytes.has("3f", at: digits) || bytes.has("23", at: digits)
      default: return false
      }
    } ?? range.upperBound
  }

  /// Whether a name and `=` follow.
  static func beginsPair(_ bytes: UnsafeBufferPointer<UInt8>, after position: Int) -> Bool {
    var index = position + 1
    guard bytes.at(index).isLetter || bytes.at(index) == .ascii("_") || bytes.at(index) == .ascii("$") || bytes.at(index).isWide else {
      return false
    }
    while index < bytes.count, isPairName(bytes[index]) { index += 1 }
    return bytes.at(index) == .ascii("=")
  }

  /// Whether a scheme comes in the same word.
  static func wordHasScheme(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
    var index = start
    while index < bytes.count, !bytes[index].isSpace {
      if bytes.has("://", at: index) { return true }
      index += 1
    }
    return false
  }

  private static func isPairName(_ byte: UInt8) -> Bool {
    switch byte {
    case .ascii("_"), .ascii("-"), .ascii("."), .ascii("["), .ascii("]"), .ascii("%"), .ascii("$"), .ascii("+"), .ascii(":"): true
    default: byte.isAlphanumeric || byte.isWide
    }
  }

  /// Behind the last `&name=` before another link: a query in which spaces stand as they are.
  private static func lastPair(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var last: Int?
    for index in start..<bytes.count {
      if bytes.has("://", at: index) { break }
      if bytes[index] == .ascii("&"), beginsPair(bytes, after: index) { last = index + 1 }
    }
    return last
  }

  // MARK: Marks of other steps

  /// Spaces, but those in marks.
  static func hasSpace(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var index = 0
    while index < bytes.count {
      if let end = markEnd(bytes, index) {
        index = end
      } else if bytes[index].isSpace {
        return true
      } else {
        index += 1
      }
    }
    return false
  }

  /// The end of the `[redacted: kind]` that begins here.
  static func markEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
    guard bytes[start] == .ascii("["), bytes.has("[redacted: ", at: start) else { return nil }
    var end = start + 11
    while bytes.at(end).isLetter || bytes.at(end) == .ascii("_") { end += 1 }
    return bytes.at(end) == .ascii("]") ? end + 1 : nil
  }

  // MARK: Signs

  static func isQuote(_ byte: UInt8) -> Bool {
    byte == .ascii("\"") || byte == .ascii("'") || byte == .ascii("<") || byte == .ascii(">") || byte == .ascii("`")
  }

  private static func isScheme(_ byte: UInt8) -> Bool {
    byte.isAlphanumeric || byte == .ascii("+") || byte == .ascii(".") || byte == .ascii("-")
  }

  private static func endsSentence(_ byte: UInt8) -> Bool {
    switch byte {
    case .ascii("."), .ascii(","), .ascii(";"), .ascii(":"), .ascii("!"), .ascii("?"), .ascii(")"): true
    default: false
    }
  }
}

extension LinkExtent {
  /// A quote that was opened before a link and ends it.
  struct Quote {
    private let close: StaticString
    /// It stands at the link, which is all that it holds.
    let isAtLink: Bool
    /// Its closing sign may stand in a link, as an apostrophe does: one counts only where no word goes on.
    private let isApostrophe: Bool

    private static let pairs: [(open: StaticString, close: StaticString, isApostrophe: Bool)] = [
      ("\"", "\"", true), ("'", "'", true), ("`", "`", true), ("<", ">", true), (">", "<", false), ("“", "”", true), ("„", "“", true),
      ("‘", "’", true), ("«", "»", true), ("‹", "›", true), ("「", "」", false), ("（", "）", false), ("【", "】", false),
    ]

    init?(_ bytes: UnsafeBufferPointer<UInt8>, before start: Int) {
      if let pair = Self.pairs.first(where: { bytes.has($0.open, at: start - $0.open.utf8CodeUnitCount) }) {
        (close, isAtLink, isApostrophe) = (pair.close, true, pair.isApostrophe)
      } else if !bytes[..<start].count(where: { $0 == .ascii("\"") }).isMultiple(of: 2) {
        // `"see https://…"`
        (close, isAtLink, isApostrophe) = ("\"", false, true)
      } else {
        return nil
      }
    }

    func closes(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
      guard bytes.has(close, at: index) else { return false }
      let next = index + close.utf8CodeUnitCount
      guard isApostrophe, next < bytes.count else { return true }
      switch bytes[next] {
      case .ascii(","), .ascii(")"), .ascii("]"), .ascii("}"), .ascii(">"), .ascii("<"), .ascii(";"), .ascii(":"), .ascii("."), .ascii("!"),
        .ascii("?"), .ascii("\\"), .ascii("\""):
        return true
      case .ascii("/"): return bytes.at(next + 1) == .ascii(">")
      default: return bytes[next].isSpace
      }
    }
  }
}
