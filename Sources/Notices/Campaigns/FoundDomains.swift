/// The domains of a message, as far as they are of interest: those that look like the company's, and others' hosts that links lead to.
struct FoundDomains {
  private let looks: LookAlike
  private let most: Int
  private var found: [String: ReportTraces.Imitation] = [:]
  private var foreign: Set<String> = []

  init(_ looks: LookAlike, most: Int) {
    self.looks = looks
    self.most = most
  }

  var imitations: [ReportTraces.Imitation] { found.values.sorted { $0.domain < $1.domain } }
  var hosts: [String] { foreign.sorted() }

  /// Whom a message says that it is from, and whom answers would go to.
  mutating func take(_ message: MailMessage) {
    for address in message.from + message.addresses("sender") { note(address.domain, .sender) }
    for address in message.addresses("reply-to") { note(address.domain, .replyTo) }
  }

  /// - Parameter own: registered domains of whoever got it, whose hosts say nothing.
  mutating func take(_ readings: [MailReading], besides own: Set<String>) {
    for reading in readings {
      for link in (reading.links + LureLinks.written(in: reading.text)).prefix(200) {
        let target = link.target.lowercased()
        if target.hasPrefix("mailto:") {
          note(String(target.drop { $0 != "@" }.dropFirst().prefix { $0 != "?" }), .link)
          continue
        }
        guard !["tel:", "#", "cid:", "data:", "javascript:"].contains(where: target.hasPrefix) else { continue }
        let host = LinkPlace(link.target).host
        guard !note(host, .link), Self.isHost(host) else { continue }
        if case .unrelated = looks.judge(host) { note(foreign: host, besides: own) }
      }
      for word in reading.text.split(whereSeparator: { $0.isWhitespace || "<>\"()[],;:".contains($0) }).prefix(20_000) {
        guard let at = word.utf8.lastIndex(of: UInt8(ascii: "@")), word.utf8.count <= 320 else { continue }
        note(String(word[word.utf8.index(after: at)...]), .text)
      }
    }
  }

  /// - Returns: whether it looks like one of the company's.
  @discardableResult
  private mutating func note(_ host: String, _ place: ReportTraces.Imitation.Place) -> Bool {
    guard !host.isEmpty, case .lookAlike(var reason, var of) = looks.judge(host) else { return false }
    let name = DomainName(host)
    guard Self.isHost(name.text) else { return false }
    // What stands before a name that imitates may be another one for each reader.
    var shown = name
    let registered = DomainName(Self.registered(host))
    if case .lookAlike(let itsReason, let itsOf) = looks.judge(registered.text) {
      (shown, reason, of) = (registered, itsReason, itsOf)
    } else if foreign.count < most {
      foreign.insert(Punycode.ascii(registered.labels))
    }
    let domain = Punycode.ascii(shown.labels)
    if let known = found[domain] {
      found[domain] = known.adding([place])
    } else if found.count < most {
      found[domain] = ReportTraces.Imitation(domain: domain, of: of, reason: reason, places: [place])
    }
    return true
  }

  private mutating func note(foreign host: String, besides own: Set<String>) {
    let registered = Self.registered(host)
    guard foreign.count < most, !own.contains(registered) else { return }
    foreign.insert(Punycode.ascii(DomainName(registered).labels))
  }

  /// The part of a name that somebody registered; a number as it is.
  static func registered(_ host: String) -> String {
    if LinkPlace("https://\(host)").isNumeric { return host }
    let name = DomainName(host)
    return name.labels.suffix(name.suffixLength + 1).joined(separator: ".")
  }

  private static func isHost(_ text: String) -> Bool {
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    return labels.count >= 2 && text.utf8.count <= 253
      && labels.allSatisfy { label in !label.isEmpty && label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" } }
  }
}
