/// Takes from links what identifies: user-info, query, fragment and parameters, addresses as hosts, and path segments that are ids.
///
/// `https://ann:pw@x.example/users/ann@x.example/9f8b…?token=1#top` becomes `https://x.example/users/[email]/[id]`. Campaigns come in
/// properties of their own (`utm_source` …), so that nothing that analytics needs stands in the query.
enum LinkTrimmer {
  enum Parts {
    /// What goes whatever it is: user-info, query, fragment and parameters.
    case ends
    /// And addresses as hosts and segments of the path, by what they are.
    case all
  }

  /// All links in a text.
  /// - Parameter isLink: the property's name says that the whole text is one.
  static func find(_ parts: Parts, in bytes: UnsafeBufferPointer<UInt8>, isLink: Bool, into findings: inout Findings) {
    let hasScheme = findWithScheme(parts, in: bytes, isLink: isLink, into: &findings)
    guard isLink || looksBare(bytes) else { return findQueries(in: bytes, into: &findings) }
    if !hasScheme {
      _ = trim(bytes, bytes.indices, authority: bytes.has("//", at: 0) ? 2 : nil, parts, into: &findings)
    } else {
      // `/go?to-ann/https://…`: it begins before its scheme.
      let cut = LinkExtent.cut(bytes, bytes.indices)
      if cut < bytes.count { findings.add(Finding(range: cut..<bytes.count, replacement: "", reason: .link)) }
    }
  }

  /// Whether there is any.
  private static func findWithScheme(
    _ parts: Parts, in bytes: UnsafeBufferPointer<UInt8>, isLink: Bool, into findings: inout Findings
  ) -> Bool {
    var index = 0
    var hasScheme = false
    while index + 2 < bytes.count {
      guard bytes[index] == .ascii(":"), let link = LinkExtent(bytes, colon: index, reachesEnd: isLink) else {
        index += 1
        continue
      }
      hasScheme = true
      let isCut = trim(bytes, link.start..<link.end, authority: link.authority, parts, into: &findings)
      // A link in a link's path is one, too.
      index = isCut ? max(link.end, link.authority) : link.authority
    }
    return hasScheme
  }

  /// Queries within a text that has words beside them: `GET /users?name=ann 200`, `to /go?ann/https://…`.
  private static func findQueries(in bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    var index = 0
    while index < bytes.count {
      let isInside = index > 0 && !bytes[index - 1].isSpace
      let isMark = bytes[index] == .ascii("?") || (bytes[index] == .ascii("#") && isInside)
      guard isMark, LinkExtent.beginsPair(bytes, after: index) || (isInside && LinkExtent.wordHasScheme(bytes, from: index)) else {
        index += 1
        continue
      }
      let end = max(LinkExtent.end(bytes, ofWordAt: index), index + 1)
      findings.add(Finding(range: index..<end, replacement: "", reason: .link))
      index = end
    }
  }

  /// Whether a text without a scheme is a link: it begins with `/`, `?` or `www.`, has a query, or begins as a host does and has one.
  private static func looksBare(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = bytes.first, !LinkExtent.hasSpace(bytes) else { return false }
    if first == .ascii("/") || first == .ascii("?") || bytes.has("www.", at: 0) { return true }
    let mark = bytes.firstIndex(of: .ascii("?"))
    if let mark, bytes[mark...].contains(.ascii("=")), !bytes.contains(where: LinkExtent.isQuote) { return true }
    guard beginsWithHost(bytes) else { return false }
    return mark != nil || (bytes.contains(.ascii("/")) && bytes.contains(.ascii("#")))
  }

  /// Labels with dots between them, the last of letters, before the path or query.
  private static func beginsWithHost(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let host = bytes.prefix { $0 != .ascii("/") && $0 != .ascii("?") && $0 != .ascii("#") && $0 != .ascii(":") }
    guard let dot = host.lastIndex(of: .ascii(".")), dot > host.startIndex else { return false }
    let last = host[(dot + 1)...]
    return last.count >= 2 && last.allSatisfy(\.isLetter) && host.allSatisfy { $0.isAlphanumeric || $0 == .ascii("-") || $0 == .ascii(".") }
  }

  private static func authorityEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int {
    range.first { bytes[$0] == .ascii("/") || bytes[$0] == .ascii("\\") } ?? range.upperBound
  }

  /// The position of the `@` behind a user's name. Passwords have signs in them that would end the authority: where what follows a colon is
  /// no port, all up to the last `@` is taken for one.
  private static func userInfoEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int? {
    let end = min(authorityEnd(bytes, range), LinkExtent.cut(bytes, range))
    if let at = (range.lowerBound..<end).last(where: { bytes[$0] == .ascii("@") }) { return at }
    guard bytes.at(range.lowerBound) != .ascii("["), let colon = (range.lowerBound..<end).first(where: { bytes[$0] == .ascii(":") }),
      !bytes[(colon + 1)..<end].allSatisfy(\.isDigit)
    else { return nil }
    return (end..<range.upperBound).last { bytes[$0] == .ascii("@") }
  }

  /// Whether anything was cut off behind the path.
  private static func trim(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, authority: Int?, _ parts: Parts, into findings: inout Findings
  ) -> Bool {
    var reason = Reason.link
    var path = range.lowerBound
    if let authority, authority <= range.upperBound {
      var host = authority
      if let at = userInfoEnd(bytes, authority..<range.upperBound) {
        if bytes[authority..<at].contains(.ascii(":")) { reason = .linkCredentials }
        findings.add(Finding(range: authority..<(at + 1), replacement: "", reason: reason))
        host = at + 1
      }
      path = min(authorityEnd(bytes, host..<range.upperBound), LinkExtent.cut(bytes, host..<range.upperBound))
      if parts == .all, host < path {
        var addresses = Findings()
        AddressDetector.find(in: UnsafeBufferPointer(rebasing: bytes[host..<path]), versionsExpected: false, into: &addresses)
        if !addresses.isEmpty { findings.add(Finding(range: host..<path, replacement: "[ip]", reason: .addressInside)) }
      }
    }
    let end = LinkExtent.cut(bytes, path..<range.upperBound)
    trimPath(bytes, path..<end, reason, parts, into: &findings)
    guard end < range.upperBound else { return false }
    findings.add(Finding(range: end..<range.upperBound, replacement: "", reason: reason))
    return true
  }

  private static func trimPath(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ reason: Reason, _ parts: Parts, into findings: inout Findings
  ) {
    var segment = range.lowerBound
    while segment < range.upperBound {
      let next = (segment..<range.upperBound).first { bytes[$0] == .ascii("/") } ?? range.upperBound
      var stop = next
      if let parameters = (segment..<next).first(where: { bytes[$0] == .ascii(";") }) {
        findings.add(Finding(range: parameters..<next, replacement: "", reason: reason))
        stop = parameters
      }
      if parts == .all, stop > segment, let found = PathSegment.judge(UnsafeBufferPointer(rebasing: bytes[segment..<stop])) {
        findings.add(Finding(range: segment..<stop, replacement: found.placeholder, reason: found.reason))
      }
      segment = next + 1
    }
  }
}
