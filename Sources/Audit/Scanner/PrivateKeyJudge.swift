/// Private keys in text (RFC 7468, OpenSSH, OpenPGP, PuTTY): with something in them, so that code which looks for their first line is none.
enum PrivateKeyJudge {
  /// Bytes of base64 that the smallest one has: an Ed25519 key in PKCS #8 takes 64.
  private static let shortest = 60
  /// The longest that is read on: RSA with 16,384 bits takes some 12,700.
  static let longest = 16_384

  static func judge(_ bytes: Bytes, at start: Int) -> Candidate? {
    guard bytes.holds("-----begin ", at: start) else { return nil }
    let head = start..<min(start + 60, bytes.count)
    guard let label = head.first(where: { bytes.holds("private key", at: $0) }) else { return nil }
    var index = label + 11
    if bytes.holds(" block", at: index) { index += 6 }
    guard bytes.holds("-----", at: index) else { return nil }
    index += 5
    let isEncrypted = bytes.holds("encrypted", in: start..<label)
    let end = min(bytes.count, start + longest)
    var coded = 0
    var first = -1
    var row = 0
    var lines = 0
    while index < end {
      let byte = bytes[index]
      if byte == .of("-"), bytes.holds("-----", at: index) { break }
      if byte == .of("\\"), [.of("n"), .of("r"), .of("t"), .of("\\")].contains(bytes.byte(index + 1)) {
        index += 2
        continue
      }
      if byte.isWordByte || byte == .of("+") || byte == .of("/") || byte == .of("=") {
        if first < 0 { first = index }
        coded += 1
        row += 1
      } else {
        if byte == .of("<") || byte == .of("{") || byte == .of("$") || byte == .of(".") { return nil }
        row = 0
        if byte == 0x0A { lines += 1 }
      }
      index += 1
    }
    guard coded >= shortest, first >= 0 else { return nil }
    var sample = first
    // Headers of old encrypted keys: `Proc-Type: 4,ENCRYPTED`.
    let isOldEncrypted = bytes.holds("proc-type", in: start..<min(index, start + 200))
    if isOldEncrypted { sample = max(sample, index - 60) }
    let value = bytes.piece(sample..<min(index, sample + 64))
    guard !Placeholder.isPlaceholder(value) else { return nil }
    var close = index
    if bytes.holds("-----end ", at: index) {
      close = ((index + 9)..<max(index + 9, min(index + 60, bytes.count))).first { bytes.holds("-----", at: $0) }.map { $0 + 5 } ?? index
    }
    let isLocked = isEncrypted || isOldEncrypted
    return Candidate(
      range: start..<close, kind: .privateKey, provider: "", prefix: "-----BEGIN", confidence: isLocked ? .likely : .certain,
      remark: isLocked ? "encrypted" : "")
  }

  static func putty(_ bytes: Bytes, at start: Int) -> Candidate? {
    let end = min(bytes.count, start + longest)
    guard bytes.holds("private-lines:", in: start..<end) else { return nil }
    return Candidate(range: start..<end, kind: .privateKey, prefix: "PuTTY", confidence: .likely)
  }
}
