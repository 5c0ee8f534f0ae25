/// Judges quoted rows of letters and digits that no name speaks for: somebody has to look at those.
enum DrawnJudge {
  static let shortest = 32
  /// Somebody wrote lines up to this length; a program longer ones.
  private static let longestLine = 600
  private static let harmless: [StaticString] = [
    "integrity", "sha1", "sha2", "sha3", "sha5", "hash", "digest", "checksum", "nonce", "md5", "etag", "fingerprint", "data:", "base64",
    "signature", "public", "cert",
    "font", "image", "icon", "<svg", "<path", "seed", "vector", "expected", "fixture", "resolved", "cid", "commit", "address", "alphabet",
    "charset", "chars", "uuid", "guid",
    "ssh-rsa", "ssh-ed", "ecdsa-", "mii", "pubkey", "verif", "csp", "script-src", "cache", "blob", "snapshot", "proof", "block", "tx",
    "avatar", "thumb",
  ]

  static func judge(_ bytes: Bytes, _ range: Range<Int>, _ kind: FileKind) -> Candidate? {
    guard range.count <= 200, !kind.isGenerated, !kind.traits.contains(.test), !kind.traits.contains(.documentation) else { return nil }
    let quote = bytes.byte(range.lowerBound - 1)
    guard quote.isQuote, bytes.byte(range.upperBound) == quote else { return nil }
    let value = bytes.piece(range)
    // Made for browsers.
    if value.holds("pk_", at: 0) || value.holds("pk-", at: 0) || value.holds("pub", at: 0) { return nil }
    guard Randomness(value).isClearlyDrawn, !Placeholder.isPlaceholder(value) else { return nil }
    let line = bytes.line(around: range.lowerBound)
    guard line.count <= longestLine, !harmless.contains(where: { bytes.holds($0, in: line.lowerBound..<range.lowerBound) }) else {
      return nil
    }
    // An element of a list, a row of a longer text.
    let before = bytes.text(line.lowerBound..<range.lowerBound - 1).trimmingBlanks
    let after = bytes.text(range.upperBound + 1..<line.upperBound).trimmingBlanks
    if before.isEmpty || before == "[", ["", ",", "]", "],", "\\", "+", ")"].contains(after) { return nil }
    // The public parts of a JSON Web Key (RFC 7518, section 6), and of curves elsewhere.
    let name = before.filter { $0.isLetter || $0 == "_" || $0.isWhitespace }.split(whereSeparator: \.isWhitespace).last ?? ""
    if ["x", "y", "n", "e", "kid"].contains(name) { return nil }
    return Candidate(range: range, kind: .drawn, confidence: .possible)
  }
}
