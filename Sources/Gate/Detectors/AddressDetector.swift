/// Finds IP addresses, version 4 and 6, with port, prefix length, zone and brackets.
///
/// Four numbers with dots are an address unless a `v` stands before them, a browser's name with a slash (`Chrome/120.0.0.0`), a word such
/// as "version", or a pre-release word behind. Callers may say that the property holds versions.
enum AddressDetector {
  static func find(in bytes: UnsafeBufferPointer<UInt8>, versionsExpected: Bool, into findings: inout Findings) {
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      guard byte.isHex || byte == .ascii(":") else {
        index += 1
        continue
      }
      if index > 0, bytes[index - 1].isAlphanumeric || bytes[index - 1] == .ascii("_") {
        // Inside of a word: go to the end of what could have been an address. After one colon an address may begin (`ip:10.0.0.1`).
        if byte == .ascii(":"), bytes.at(index + 1) != .ascii(":") {
          index += 1
          continue
        }
        let isScope = byte == .ascii(":")
        while index < bytes.count, bytes[index].isHex || (isScope && bytes[index] == .ascii(":")) { index += 1 }
        continue
      }
      if let range = version6(bytes, at: index) {
        findings.add(Finding(range: range, replacement: "[ip]", reason: .addressInside))
        index = range.upperBound
      } else if byte.isDigit, let end = version4(bytes, at: index), !versionsExpected || isNoVersion(bytes, index) {
        findings.add(Finding(range: index..<end, replacement: "[ip]", reason: .addressInside))
        index = end
      } else {
        // On to the next place where an address could begin.
        if byte.isHex { while index < bytes.count, bytes[index].isHex { index += 1 } } else { index += 1 }
      }
    }
  }

  // MARK: Version 4

  /// The end of the address that begins here, its port or prefix length included.
  private static func version4(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int? {
    if bytes.at(start - 1) == .ascii("."), bytes.at(start - 2).isDigit { return nil }
    guard var end = quad(bytes, at: start) else { return nil }
    let next = bytes.at(end)
    if next.isAlphanumeric || next == .ascii("_") || (next == .ascii(".") && bytes.at(end + 1).isDigit) { return nil }
    if isVersion(bytes, start, end) { return nil }
    if next == .ascii(":") {
      var port = end + 1
      while port < bytes.count, bytes[port].isDigit, port - end <= 5 { port += 1 }
      if port > end + 1, !bytes.at(port).isDigit { end = port }
    } else if next == .ascii("/") {
      var length = end + 1
      while length < bytes.count, bytes[length].isDigit, length - end <= 2 { length += 1 }
      if length > end + 1, !bytes.at(length).isAlphanumeric, bytes.at(length) != .ascii("/") { end = length }
    }
    return end
  }

  /// Four numbers up to 255 with dots between them.
  private static func quad(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int? {
    var index = start
    for part in 0..<4 {
      var value = 0
      var length = 0
      while bytes.at(index).isDigit, length < 4 {
        value = value * 10 + Int(bytes[index] - 0x30)
        length += 1
        index += 1
      }
      guard length >= 1, length <= 3, value <= 255 else { return nil }
      if part < 3 {
        guard bytes.at(index) == .ascii(".") else { return nil }
        index += 1
      }
    }
    return index
  }

  private static let versionWords: [StaticString] = ["version", "release", "build", "ver", "ver.", "firmware", "v"]
  private static let products: [StaticString] = [
    "chrome", "headlesschrome", "chromium", "edg", "edga", "edgios", "edge", "opr", "opx", "crios", "fxios", "firefox", "safari", "version",
    "yabrowser", "vivaldi", "brave", "samsungbrowser", "electron", "okhttp", "ucbrowser", "miuibrowser", "whale", "build", "trident", "gsa",
  ]
  private static let preReleases: [StaticString] = [
    "alpha", "beta", "rc", "dev", "snapshot", "pre", "release", "build", "nightly", "canary",
  ]

  private static func isVersion(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    if bytes.at(end) == .ascii("-") || bytes.at(end) == .ascii("+") {
      if preReleases.contains(where: { bytes.has($0, at: end + 1) }) { return true }
    }
    if bytes.at(start - 1) == .ascii("/") {
      return products.contains { word($0, endsAt: start - 1, in: bytes) }
    }
    var before = start - 1
    while before >= 0, bytes[before] == 0x20 || bytes[before] == .ascii(":") || bytes[before] == .ascii("=") { before -= 1 }
    guard before < start - 1 else { return false }
    return versionWords.contains { word($0, endsAt: before + 1, in: bytes) }
  }

  /// Whether four numbers are an address although a version is expected: no product counts its versions above 160 before anything else
  /// (`192.168.1.7`), but browsers come near (`160.0.0.0`).
  private static func isNoVersion(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
    guard bytes.at(start + 1).isDigit, bytes.at(start + 2).isDigit else { return false }
    let first = Int(bytes[start] - 0x30) * 100 + Int(bytes.at(start + 1) - 0x30) * 10 + Int(bytes.at(start + 2) - 0x30)
    return first >= 160 && !bytes.has(".0.0.0", at: start + 3)
  }

  private static func word(_ word: StaticString, endsAt end: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = end - word.utf8CodeUnitCount
    return start >= 0 && bytes.has(word, at: start) && !bytes.at(start - 1).isLetter
  }

  // MARK: Version 6

  /// The range of the address that begins at or just after this position (a single colon before it is left out).
  private static func version6(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> Range<Int>? {
    var start = position
    if bytes[start] == .ascii(":"), bytes.at(start + 1) != .ascii(":") { start += 1 }
    var end = start
    var colons = 0
    while end < bytes.count, bytes[end].isHex || bytes[end] == .ascii(":") || bytes[end] == .ascii(".") {
      if bytes[end] == .ascii(":") { colons += 1 }
      end += 1
    }
    guard colons >= 2, end - start >= 3, end - start <= 60, !bytes.at(end).isAlphanumeric, bytes.at(end) != .ascii("_") else { return nil }
    while end > start, bytes[end - 1] == .ascii(".") || (bytes[end - 1] == .ascii(":") && bytes.at(end - 2) != .ascii(":")) { end -= 1 }
    // As it stands; without a port behind it; without a word of hexadecimal letters before it.
    var candidates = [start..<end]
    if let last = (start..<end).last(where: { bytes[$0] == .ascii(":") }), last > start { candidates.append(start..<last) }
    if let first = (start..<end).first(where: { bytes[$0] == .ascii(":") }), first + 1 < end { candidates.append((first + 1)..<end) }
    guard let found = candidates.first(where: { isAddress(bytes, $0) }) else { return nil }
    end = found == candidates[0] || found.upperBound == end ? found.upperBound : end
    if bytes.at(end) == .ascii("%") {
      var zone = end + 1
      while bytes.at(zone).isAlphanumeric { zone += 1 }
      end = zone
    }
    start = found.lowerBound
    if bytes.at(end) == .ascii("/") {
      var length = end + 1
      while bytes.at(length).isDigit, length - end <= 3 { length += 1 }
      if length > end + 1, !bytes.at(length).isAlphanumeric { end = length }
    } else if bytes.at(start - 1) == .ascii("["), bytes.at(end) == .ascii("]") {
      start -= 1
      end += 1
      if bytes.at(end) == .ascii(":") {
        var port = end + 1
        while bytes.at(port).isDigit { port += 1 }
        if port > end + 1 { end = port }
      }
    }
    return start..<end
  }

  /// RFC 4291, section 2.2. Two words of letters with `::` between them are taken for a scope in program text.
  private static func isAddress(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
    var groups = 0
    var hasGap = false
    var hasDigit = false
    var index = range.lowerBound
    let end = range.upperBound
    if index + 1 < end, bytes[index] == .ascii(":"), bytes[index + 1] == .ascii(":") {
      hasGap = true
      index += 2
    }
    while index < end {
      var length = 0
      let group = index
      while index < end, bytes[index].isHex {
        if bytes[index].isDigit { hasDigit = true }
        length += 1
        index += 1
      }
      if index < end, bytes[index] == .ascii(".") {
        guard quad(bytes, at: group) == end else { return false }
        groups += 2
        index = end
        break
      }
      guard length >= 1, length <= 4 else { return false }
      groups += 1
      guard index < end else { break }
      index += 1
      if index < end, bytes[index] == .ascii(":") {
        guard !hasGap else { return false }
        hasGap = true
        index += 1
      } else if index == end {
        return false
      }
    }
    guard hasDigit || groups >= 3 else { return false }
    return hasGap ? groups >= 1 && groups <= 7 : groups == 8
  }
}
