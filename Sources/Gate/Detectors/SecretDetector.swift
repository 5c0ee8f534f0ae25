/// Finds credentials by their published shapes: provider keys, JWTs, PEM private keys, `Authorization` values, `password=…`,
/// cards, bank accounts, and long rows that look drawn by lot.
/// What was found is replaced by `[redacted: kind]`; nothing of it is kept.
package enum SecretDetector {
  static func find(in bytes: UnsafeBufferPointer<UInt8>, scan: TextScan, into findings: inout Findings) {
    let firstBytes = SecretShape.firstBytes
    var index = 0
    var isStart = true
    while index < bytes.count {
      let byte = bytes[index]
      if firstBytes[Int(byte)], isStart || bytes.isTokenStart(index), let finding = token(bytes, at: index) {
        findings.add(finding)
        index = finding.range.upperBound
        isStart = true
      } else {
        index += 1
        isStart = !byte.isAlphanumeric
      }
    }
    if scan.joints > 0 || scan.colons > 0 { AssignmentDetector.find(in: bytes, into: &findings) }
    if scan.mayHoldCard { CardDetector.find(in: bytes, into: &findings) }
    if scan.mayHoldAccount { AccountDetector.find(in: bytes, into: &findings) }
    if scan.mayHoldMailKey { findMailKeys(in: bytes, into: &findings) }
    if scan.mayHoldToken { TokenDetector.find(in: bytes, into: &findings) }
  }

  /// Whether any word begins like a provider's key. Cheap: a look into a table at each word.
  @inline(__always)
  static func mayBegin(in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let firstBytes = SecretShape.firstBytes
    var isStart = true
    for index in bytes.indices {
      let byte = bytes[index]
      if isStart, firstBytes[Int(byte)], token(bytes, at: index) != nil { return true }
      isStart = !byte.isAlphanumeric
    }
    return false
  }

  static func replacement(_ reason: Reason) -> String { "[redacted: \(reason.word)]" }

  private static func token(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Finding? {
    for shape in SecretShape.byFirstByte[Int(bytes[start])] {
      if let end = end(of: shape, in: bytes, at: start) { return finding(start..<end, shape.reason) }
    }
    switch bytes[start] {
    case .ascii("e"): return webToken(bytes, at: start).map { finding(start..<$0, .jwt) }
    case .ascii("-"): return privateKey(bytes, at: start).map { finding(start..<$0, .privateKey) }
    case .ascii("P"): return bytes.has("putty-user-key-file", at: start) ? finding(start..<bytes.count, .privateKey) : nil
    case .ascii("M"), .ascii("N"), .ascii("O"): return botToken(bytes, at: start).map { finding(start..<$0, .otherProvider) }
    case .ascii("b"), .ascii("B"): return authorization(bytes, at: start).map { finding(start..<$0, .authorization) }
    default: return nil
    }
  }

  private static func finding(_ range: Range<Int>, _ reason: Reason) -> Finding {
    Finding(range: range, replacement: replacement(reason), reason: reason)
  }

  /// Where a key of this shape ends that begins here, or nil.
  package static func end(of shape: SecretShape, in bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int? {
    let length = shape.prefix.utf8CodeUnitCount
    guard start + length + shape.shortest <= bytes.count else { return nil }
    for offset in 0..<length where bytes[start + offset] != shape.prefix.utf8Start[offset] { return nil }
    var end = start + length
    var digits = 0
    while end < bytes.count, shape.alphabet.contains(bytes[end]) {
      if bytes[end].isDigit { digits += 1 }
      end += 1
    }
    guard end - start - length >= shape.shortest, digits >= shape.digits else { return nil }
    // What hangs on behind belongs to it: half a key is a key's half.
    while end < bytes.count, SecretShape.Alphabet.token.contains(bytes[end]) { end += 1 }
    return end
  }

  /// RFC 7519 in compact form: base64url of `{"` begins with `eyJ`. A truncated one counts from 24 bytes.
  package static func webToken(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int? {
    guard bytes.at(start + 1) == .ascii("y"), bytes.at(start + 2).isAlphanumeric else { return nil }
    var end = start
    var dots = 0
    while end < bytes.count {
      let byte = bytes[end]
      if byte == .ascii("."), SecretShape.Alphabet.token.contains(bytes.at(end + 1)) {
        dots += 1
      } else if !SecretShape.Alphabet.token.contains(byte), byte != .ascii("=") {
        break
      }
      end += 1
    }
    let isJSON = bytes.at(start + 2) == .ascii("J")
    return (isJSON && end - start >= 24) || (dots >= 2 && end - start >= 30) ? end : nil
  }

  private static func findMailKeys(in bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    var index = 32
    while index + 3 < bytes.count {
      if bytes[index] == .ascii("-"), let range = mailKey(bytes, hyphen: index) { findings.add(finding(range, .otherProvider)) }
      index += 1
    }
  }

  /// Mailchimp's: 32 hexadecimal digits, a hyphen, `us` and the number of a data centre. More or fewer digits are a digest's.
  package static func mailKey(_ bytes: UnsafeBufferPointer<UInt8>, hyphen index: Int) -> Range<Int>? {
    guard index >= 32, index + 3 < bytes.count, bytes[index + 1] == .ascii("u"), bytes[index + 2] == .ascii("s"), bytes[index + 3].isDigit
    else { return nil }
    let end = bytes.at(index + 4).isDigit ? index + 5 : index + 4
    guard bytes.isTokenStart(index - 32), !bytes.at(end).isAlphanumeric, bytes[(index - 32)..<index].allSatisfy(\.isHex) else { return nil }
    return (index - 32)..<end
  }

  /// Discord's: the bot's id in base64, a time and a digest, with dots between them.
  package static func botToken(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int? {
    var lengths: [Int] = []
    var end = start
    while lengths.count < 3 {
      let part = end
      while SecretShape.Alphabet.token.contains(bytes.at(end)) { end += 1 }
      lengths.append(end - part)
      guard lengths.count < 3, bytes.at(end) == .ascii(".") else { break }
      end += 1
    }
    return lengths.count == 3 && (23...28).contains(lengths[0]) && lengths[1] == 6 && lengths[2] >= 27 ? end : nil
  }

  /// RFC 7468: from the BEGIN line of a private key to its END line, or to the end of the text.
  private static func privateKey(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int? {
    guard bytes.has("-----begin ", at: start) else { return nil }
    guard let label = (start..<min(start + 60, bytes.count)).first(where: { bytes.has("private key", at: $0) }) else { return nil }
    guard let end = (label..<bytes.count).first(where: { bytes.has("-----end ", at: $0) }) else { return bytes.count }
    guard let close = ((end + 9)..<max(end + 9, bytes.count)).first(where: { bytes.has("-----", at: $0) }) else { return bytes.count }
    return close + 5
  }

  /// RFC 6750 and 7617: `Bearer` or `Basic` and a token that is no word.
  private static func authorization(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Int? {
    let isBearer = bytes.has("bearer ", at: start)
    guard isBearer || bytes.has("basic ", at: start) else { return nil }
    var token = start + (isBearer ? 7 : 6)
    while bytes.at(token) == 0x20 { token += 1 }
    var end = token
    var digits = 0
    var capitals = 0
    var small = 0
    while end < bytes.count, SecretShape.Alphabet.wide.contains(bytes[end]) {
      if bytes[end].isDigit { digits += 1 }
      if bytes[end].isUpper, end > token { capitals += 1 }
      if bytes[end].isLower { small += 1 }
      end += 1
    }
    let isWord = digits == 0 && (capitals == 0 || small == 0) && bytes.at(end - 1) != .ascii("=")
    return end - token >= 8 && !isWord ? end : nil
  }
}

/// Finds `password=…`, `"api_key": "…"` and the like: a name of a secret, a sign, a value.
package enum AssignmentDetector {
  /// Names before which any value is one.
  package static let passwords: [StaticString] = ["password", "passwd", "passphrase", "pwd", "client_secret", "clientsecret", "secret_key"]
  /// Names that mean other things too: their value must have a digit and eight bytes.
  package static let keys: [StaticString] = [
    "secret", "token", "api_key", "apikey", "api-key", "access_key", "private_key", "authorization", "credential", "signature",
    "accountkey", "accesskey", "cookie",
  ]

  static func find(in bytes: UnsafeBufferPointer<UInt8>, into findings: inout Findings) {
    for index in bytes.indices where bytes[index] == .ascii("=") || bytes[index] == .ascii(":") {
      if bytes.at(index + 1) == .ascii("/"), bytes.at(index + 2) == .ascii("/") { continue }
      var nameEnd = index
      while nameEnd > 0, isQuoteOrSpace(bytes[nameEnd - 1]) { nameEnd -= 1 }
      let isPassword = passwords.contains { bytes.has($0, at: nameEnd - $0.utf8CodeUnitCount) }
      guard isPassword || keys.contains(where: { bytes.has($0, at: nameEnd - $0.utf8CodeUnitCount) }) else { continue }
      var (range, hasDigit) = value(bytes, from: index + 1)
      // `Authorization: Token …`: the scheme is a word.
      if !hasDigit, bytes.has("authorization", at: nameEnd - 13), bytes.at(range.upperBound) == 0x20 {
        (range, hasDigit) = value(bytes, from: range.upperBound)
      }
      // `[` begins what another step left here.
      guard bytes.at(range.lowerBound) != .ascii("["), isPassword ? range.count >= 3 : range.count >= 8 && hasDigit else { continue }
      findings.add(Finding(range: range, replacement: SecretDetector.replacement(.assignedSecret), reason: .assignedSecret))
    }
    for index in bytes.indices where bytes[index] == .ascii(":") { findBotToken(bytes, colon: index, into: &findings) }
  }

  private static func value(_ bytes: UnsafeBufferPointer<UInt8>, from position: Int) -> (Range<Int>, hasDigit: Bool) {
    var start = position
    while start < bytes.count, isQuoteOrSpace(bytes[start]) { start += 1 }
    var end = start
    var hasDigit = false
    while end < bytes.count, !isEnd(bytes[end]) {
      if bytes[end].isDigit { hasDigit = true }
      end += 1
    }
    return (start..<end, hasDigit)
  }

  private static func findBotToken(_ bytes: UnsafeBufferPointer<UInt8>, colon: Int, into findings: inout Findings) {
    guard let range = botToken(bytes, colon: colon) else { return }
    findings.add(Finding(range: range, replacement: SecretDetector.replacement(.otherProvider), reason: .otherProvider))
  }

  /// Telegram's: the bot's number, a colon, `AA` and 33 more.
  package static func botToken(_ bytes: UnsafeBufferPointer<UInt8>, colon: Int) -> Range<Int>? {
    guard bytes.at(colon + 1) == .ascii("A"), bytes.at(colon + 2) == .ascii("A") else { return nil }
    var start = colon
    while bytes.at(start - 1).isDigit { start -= 1 }
    var end = colon + 1
    while SecretShape.Alphabet.token.contains(bytes.at(end)) { end += 1 }
    return (8...10).contains(colon - start) && end - colon >= 34 ? start..<end : nil
  }

  private static func isQuoteOrSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == .ascii("\"") || byte == .ascii("'") || byte == .ascii("`") || byte == .ascii("\\")
  }

  private static func isEnd(_ byte: UInt8) -> Bool {
    switch byte {
    case .ascii("\""), .ascii("'"), .ascii("`"), .ascii("&"), .ascii(","), .ascii(";"), .ascii("}"), .ascii("\\"): true
    default: byte.isSpace
    }
  }
}
