/// What links say about a message.
enum LureLinks {
  /// Services that lead elsewhere than they show.
  static let shorteners: Set<String> = [
    "bit.ly", "tinyurl.com", "t.co", "goo.gl", "is.gd", "v.gd", "ow.ly", "buff.ly", "cutt.ly", "rebrand.ly", "rb.gy", "t.ly", "shorturl.at",
    "tiny.cc",
    "s.id", "lnkd.in", "bl.ink", "urlz.fr", "qrco.de", "tr.ee", "linktr.ee", "dub.sh", "shorturl.asia", "x.gd", "u.to", "clck.ru",
    "1url.com",
  ]

  static func signs(_ links: [MailLink]) -> [LureSign] {
    var signs: [LureSign] = []
    func add(_ kind: LureSign.Kind, _ words: String) { signs.append(LureSign(kind: kind, words: Harmless.text([words]))) }
    for link in links {
      let target = link.target.lowercased()
      if ["javascript:", "data:", "vbscript:", "file:", "ms-", "search-ms:"].contains(where: target.hasPrefix) {
        add(.runningLink, String(target.prefix(40)))
      }
      if target.hasPrefix("mailto:") || target.hasPrefix("tel:") || target.hasPrefix("#") || target.hasPrefix("cid:") { continue }
      let place = LinkPlace(link.target)
      add(.link, place.host.isEmpty ? link.target : place.host)
      if let shown = LinkPlace.host(shownIn: link.shown), !place.host.isEmpty, !same(shown, place.host) {
        add(.linkElsewhere, "\(shown)→\(place.host)")
      }
      if shorteners.contains(place.host) || shorteners.contains(where: { place.host == "www.\($0)" }) { add(.shortened, place.host) }
      if place.isNumeric { add(.rawAddress, place.host) }
      if place.host.split(separator: ".").contains(where: { $0.hasPrefix("xn--") }) || place.host.utf8.contains(where: { $0 >= 0x80 }) {
        add(.punycode, place.host)
      }
      if place.hasName { add(.nameInLink, place.host) }
    }
    return signs
  }

  private static func same(_ one: String, _ other: String) -> Bool {
    let (one, other) = (DomainName(one).text, DomainName(other).text)
    return one == other || one.hasSuffix(".\(other)") || other.hasSuffix(".\(one)")
  }

  /// Links that stand in the text, which mail programs make links of; at most 200.
  static func written(in text: String) -> [MailLink] {
    var found: [MailLink] = []
    for word in text.split(whereSeparator: { $0.isWhitespace || "<>\"()[]".contains($0) }) {
      guard word.utf8.count < 2_048, word.contains(".") || word.contains("://") else { continue }
      let start = word.prefix(8).lowercased()
      let isLink = start.hasPrefix("http://") || start.hasPrefix("https://") || start.hasPrefix("www.") || isBare(word)
      guard isLink else { continue }
      let target = String(word.reversed().drop { ".,;:!?'’»”".contains($0) }.reversed())
      found.append(MailLink(kind: .text, target: target, shown: target))
      if found.count == 200 { break }
    }
    return found
  }

  /// A host and a path.
  private static func isBare(_ word: Substring) -> Bool {
    guard let slash = word.firstIndex(of: "/"), slash != word.startIndex else { return false }
    let labels = word[..<slash].split(separator: ".", omittingEmptySubsequences: false)
    guard labels.count >= 2, let last = labels.last, last.utf8.count >= 2 else { return false }
    return labels.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" } } && last.allSatisfy(\.isLetter)
  }
}

/// Where a link leads, read as browsers do.
struct LinkPlace {
  private(set) var host = ""
  private(set) var hasName = false

  init(_ target: String) {
    // Backslashes are slashes to browsers, and blanks within are none.
    var rest = Substring(
      String(String.UnicodeScalarView(target.unicodeScalars.prefix(2_048).filter { $0.value > 0x20 })).replacing("\\", with: "/"))
    if let colon = rest.firstIndex(of: ":"), rest[..<colon].allSatisfy({ $0.isASCII && ($0.isLetter || $0 == "+" || $0 == "-") }) {
      rest = rest[rest.index(after: colon)...]
    }
    rest = rest.drop { $0 == "/" }
    var authority = rest.prefix { !"/?#".contains($0) }
    if let at = authority.lastIndex(of: "@") {
      hasName = true
      authority = authority[authority.index(after: at)...]
    }
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      host = String(authority[...end])
    } else {
      host = String(authority.prefix { $0 != ":" }).lowercased()
    }
    while host.hasSuffix(".") { host.removeLast() }
  }

  /// An address in numbers, however written.
  var isNumeric: Bool {
    if host.hasPrefix("[") { return true }
    let labels = host.split(separator: ".")
    guard let last = labels.last, labels.count <= 4 else { return false }
    return last.utf8.allSatisfy(\.isDigit) || last.hasPrefix("0x") && last.dropFirst(2).utf8.allSatisfy { $0.hexadecimal != nil }
  }

  /// The host that a shown text names, if it names one.
  static func host(shownIn text: String) -> String? {
    for word in text.prefix(512).split(whereSeparator: \.isWhitespace) {
      let lower = word.lowercased()
      let hasScheme = lower.hasPrefix("http://") || lower.hasPrefix("https://")
      let host = LinkPlace(hasScheme ? lower : "https://\(lower)").host
      let labels = host.split(separator: ".", omittingEmptySubsequences: false)
      guard labels.count >= 2, labels.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" } }) else {
        continue
      }
      if hasScheme || labels.last.map({ $0.count >= 2 && $0.allSatisfy(\.isLetter) }) ?? false { return host }
    }
    return nil
  }
}
