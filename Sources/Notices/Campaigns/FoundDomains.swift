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

  mutating func take(_ readings: [MailReading]) {
    for reading in readings {
      for link in (reading.links + LureLinks.written(in: reading.text)).prefix(200) {
        let target = link.target.lowercased()
        if target.hasPrefix("mailto:") {
          note(String(target.drop { $0 != "@" }.dropFirst().prefix { $0 != "?" }), .link)
          continue
        }
        guard !["tel:", "#", "cid:", "data:", "javascript:"].contains(where: target.hasPrefix) else { continue }
        let host = LinkPlace(GatewayLinks.unwrapped(link.target)).host
        guard !note(host, .link), Self.isHost(host) else { continue }
        if case .unrelated = looks.judge(host) { note(foreign: host) }
      }
      note(addressesIn: reading.text)
    }
  }

  /// What was found in another message that belongs to this one, as far as there is room.
  mutating func formUnion(_ other: FoundDomains) {
    for imitation in other.imitations {
      if let known = found[imitation.domain] {
        found[imitation.domain] = known.adding(imitation.places)
      } else if found.count < most {
        found[imitation.domain] = imitation
      }
    }
    for host in other.hosts where foreign.count < most { foreign.insert(host) }
  }

  /// Without words made of all of a long text.
  private mutating func note(addressesIn text: String) {
    var rest = text[...]
    for _ in 0..<20_000 {
      guard let at = rest.utf8.firstIndex(of: UInt8(ascii: "@")) else { return }
      rest = rest[rest.utf8.index(after: at)...]
      let domain = rest.prefix(260).prefix { !$0.isWhitespace && !"<>\"()[],;:@".contains($0) }
      if domain.contains(".") { note(String(domain), .text) }
    }
  }

  /// - Returns: whether it looks like one of the company's.
  @discardableResult
  private mutating func note(_ host: String, _ place: ReportTraces.Imitation.Place) -> Bool {
    guard !host.isEmpty, case .lookAlike(var reason, var of) = looks.judge(host) else { return false }
    let name = DomainName(host)
    var shown = name
    guard Self.isHost(name.text) else { return false }
    // What stands before a name that imitates may be another one for each reader.
    let registered = DomainName(Self.registered(host))
    if case .lookAlike(let itsReason, let itsOf) = looks.judge(registered.text) {
      (shown, reason, of) = (registered, itsReason, itsOf)
    } else {
      if reason != .dotted { shown = imitating(name, registered) }
      if foreign.count < most { foreign.insert(Punycode.ascii(registered.labels)) }
    }
    let domain = Punycode.ascii(shown.labels)
    if let known = found[domain] {
      found[domain] = known.adding([place])
    } else if found.count < most {
      found[domain] = ReportTraces.Imitation(domain: domain, of: of, reason: reason, places: [place])
    }
    return true
  }

  /// What somebody registered, with those labels right before it that imitate or are a domain of ours: others may name the reader. Where others
  /// stand between, what was registered alone; of what many people share the label too.
  private func imitating(_ name: DomainName, _ registered: DomainName) -> DomainName {
    let before = name.labels.dropLast(registered.labels.count)
    let isShared = SharedHosts.contains(registered.text)
    for start in before.indices.reversed() {
      let kept = before[start...]
      let isOwn =
        switch looks.judge(kept.joined(separator: ".")) {
        case .own: true
        case .ownSubdomain, .lookAlike, .unrelated: false
        }
      let its = DomainName((kept.prefix(1) + registered.labels).joined(separator: "."))
      if kept.count == 1 || isShared, case .lookAlike = looks.judge(its.text) { return its }
      if isOwn { return DomainName((kept + registered.labels).joined(separator: ".")) }
    }
    return registered
  }

  private mutating func note(foreign host: String) {
    guard foreign.count < most else { return }
    foreign.insert(Self.shown(Self.registered(host)))
  }

  /// As DNS has it.
  static func shown(_ registered: String) -> String { Punycode.ascii(DomainName(registered).labels) }

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
