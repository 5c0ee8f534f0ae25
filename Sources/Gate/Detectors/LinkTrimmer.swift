/// Takes from links what identifies: user-info, query, fragment and `;` parameters, addresses as hosts, and path segments that are ids.
///
/// `https://ann:pw@x.example/users/ann@x.example/9f8b…?token=1#top` becomes `https://x.example/users/[email]/[id]`. Campaigns come in
/// properties of their own (`utm_source` …), so that nothing that analytics needs stands in the query.
enum LinkTrimmer {
  /// All links with a scheme in a text.
  static func find(in bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    var index = 0
    while index + 2 < bytes.count {
      guard bytes[index] == .ascii(":"), bytes[index + 1] == .ascii("/"), bytes[index + 2] == .ascii("/") else {
        index += 1
        continue
      }
      var start = index
      while start > 0, isScheme(bytes[start - 1]) { start -= 1 }
      var end = index + 3
      while end < bytes.count, !isOutside(bytes[end]) { end += 1 }
      // A sentence's full stop is not the link's.
      while end > index + 3, endsSentence(bytes[end - 1]) { end -= 1 }
      let hasCredentials = hasPassword(bytes, (index + 3)..<end)
      trim(bytes, start..<end, authority: index + 3, hasCredentials ? .linkCredentials : .link, into: &findings)
      index = max(end, index + 3)
    }
  }

  /// A text that is a link without a scheme: `/users/7?tab=2`, `www.x.example/a?b=c`.
  static func findBare(in bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    trim(bytes, 0..<bytes.count, authority: bytes.has("//", at: 0) ? 2 : nil, .link, into: &findings)
  }

  /// Whether a text without a scheme is a link: it begins with `/`, `?` or `www.`, has a query, or begins as a host does and has one.
  static func looksBare(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = bytes.first, !bytes.contains(where: { $0.isSpace || isOutside($0) }) else { return false }
    if first == .ascii("/") || first == .ascii("?") || bytes.has("www.", at: 0) { return true }
    let mark = bytes.firstIndex(of: .ascii("?"))
    if let mark, bytes[mark...].contains(.ascii("=")) { return true }
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

  private static func isOutside(_ byte: UInt8) -> Bool {
    byte.isSpace || byte == .ascii("\"") || byte == .ascii("'") || byte == .ascii("<") || byte == .ascii(">") || byte == .ascii("`")
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

  private static func authorityEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int {
    var end = range.lowerBound
    while end < range.upperBound {
      switch bytes[end] {
      case .ascii("/"), .ascii("?"), .ascii("#"), .ascii("\\"): return end
      default: end += 1
      }
    }
    return end
  }

  private static func hasPassword(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
    let authority = range.lowerBound..<authorityEnd(bytes, range)
    guard let at = authority.last(where: { bytes[$0] == .ascii("@") }) else { return false }
    return bytes[authority.lowerBound..<at].contains(.ascii(":"))
  }

  private static func trim(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, authority: Int?, _ reason: Reason, into findings: inout Findings
  ) {
    var path = range.lowerBound
    if let authority {
      path = authorityEnd(bytes, authority..<range.upperBound)
      var host = authority
      if let at = (authority..<path).last(where: { bytes[$0] == .ascii("@") }) {
        findings.add(Finding(range: authority..<(at + 1), replacement: "", reason: reason))
        host = at + 1
      }
      if host < path {
        var addresses = Findings()
        AddressDetector.find(in: UnsafeBufferPointer(rebasing: bytes[host..<path]), versionsExpected: false, into: &addresses)
        if !addresses.isEmpty { findings.add(Finding(range: host..<path, replacement: "[ip]", reason: .addressInside)) }
      }
    }
    let end = (path..<range.upperBound).first { bytes[$0] == .ascii("?") || bytes[$0] == .ascii("#") } ?? range.upperBound
    var segment = path
    while segment < end {
      let next = (segment..<end).first { bytes[$0] == .ascii("/") } ?? end
      var stop = next
      if let parameters = (segment..<next).first(where: { bytes[$0] == .ascii(";") }) {
        findings.add(Finding(range: parameters..<next, replacement: "", reason: reason))
        stop = parameters
      }
      if stop > segment, let found = PathSegment.judge(UnsafeBufferPointer(rebasing: bytes[segment..<stop])) {
        findings.add(Finding(range: segment..<stop, replacement: found.placeholder, reason: found.reason))
      }
      segment = next + 1
    }
    if end < range.upperBound { findings.add(Finding(range: end..<range.upperBound, replacement: "", reason: reason)) }
  }
}

/// Judges one segment of a path.
enum PathSegment {
  /// What stands in its place and why; nil: it stays.
  static func judge(_ segment: UnsafeBufferPointer<UInt8>) -> (placeholder: String, reason: Reason)? {
    guard segment.count >= 3 else { return nil }
    let scan = TextScan(segment)
    // What a step left here before.
    if segment[0] == .ascii("["), segment[segment.count - 1] == .ascii("]") { return nil }
    if scan.mayHoldEmail || scan.mayHoldAddress || scan.mayHoldPhone,
      let first = Identities.find(in: segment, scan: scan, versionsExpected: false).all.first
    {
      return (first.replacement, first.reason)
    }
    return segment.count >= 12 && isToken(segment) ? ("[id]", .link) : nil
  }

  /// UUIDs, rows of 12 digits or hexadecimal digits, and mixed letters and digits too long for a word.
  private static func isToken(_ segment: UnsafeBufferPointer<UInt8>) -> Bool {
    var start = 0
    while start < segment.count {
      var end = start
      var digits = 0
      var hex = 0
      var capitals = 0
      var changes = 0
      while end < segment.count, segment[end].isAlphanumeric {
        let byte = segment[end]
        if byte.isDigit { digits += 1 }
        if byte.isHex { hex += 1 }
        if byte.isUpper { capitals += 1 }
        if end > start, segment[end - 1].isDigit != byte.isDigit { changes += 1 }
        end += 1
      }
      let length = end - start
      if length >= 12, hex == length, digits > 0 { return true }
      if length >= 16, digits >= 2, changes >= 2 || capitals >= 2 { return true }
      if length >= 24, digits > 0 || capitals >= 4 { return true }
      start = max(end, start + 1)
    }
    return segment.count == 36 && segment[8] == .ascii("-") && segment[13] == .ascii("-") && segment[18] == .ascii("-")
      && segment[23] == .ascii("-") && segment.allSatisfy { $0.isHex || $0 == .ascii("-") }
  }
}
