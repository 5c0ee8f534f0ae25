internal import Gate

/// Judges what begins like a provider's key: its length, its checksum, whether it looks drawn, and what stands around it.
enum ShapeJudge {
  static func judge(_ shape: SecretShape, _ bytes: Bytes, _ range: Range<Int>, _ kind: FileKind) -> Candidate? {
    let length = shape.prefix.utf8CodeUnitCount
    var range = range
    // A hyphen or an underscore at the end belongs to the sentence around it.
    while range.count > length, [.of("-"), .of("_"), .of("."), .of("/")].contains(bytes[range.upperBound - 1]),
      range.count - length > shape.usual.upperBound
    {
      range = range.lowerBound..<range.upperBound - 1
    }
    let rest = range.lowerBound + length..<range.upperBound
    let value = bytes.piece(rest)
    guard shape.usual.contains(value.count) || shape.isTelling && value.count > shape.usual.upperBound && value.count <= 400 else {
      return nil
    }
    guard !Placeholder.isPlaceholder(value) else { return nil }
    let random = Randomness(value)
    let prefix = shape.prefix.description
    if prefix == "AKIA" || prefix == "ASIA" || prefix == "ABIA" || prefix == "ACCA" {
      // Base32: a provider's own alphabet has neither 0, 1, 8 nor 9 in it; other tools take those too, so they only make it less sure.
      guard random.distinct >= 7, random.steps < 10, random.digits + random.capitals == 16 else { return nil }
      let isBase32 = value.allSatisfy { $0.isCapital || (.of("2") ... .of("7")).contains($0) }
      return candidate(shape, range, isBase32 ? .certain : .likely)
    }
    if let isRight = Checksum.isRight(bytes.piece(range), prefix: shape.prefix) {
      return isRight ? candidate(shape, range, .certain) : nil
    }
    // Some have numbers of an account or an application first.
    let isEven =
      random.isEven || shape.isTelling && value.count > 30 && Randomness(bytes.piece(range.upperBound - 20..<range.upperBound)).isEven
    guard !isInsideCode(bytes, range), isEven else { return nil }
    let isUsual = shape.usual.contains(value.count)
    switch prefix {
    case "sk-proj-", "sk-svcacct-", "sk-admin-", "sk-":
      let isMarked = value.holds("t3blbkfj", in: 0..<value.count)
      guard isMarked || random.isDrawn else { return nil }
      return candidate(shape, range, isMarked || prefix != "sk-" ? .certain : .likely)
    case "AC", "SK":
      // Twilio's account ids are no secret; `SK…` names a key whose secret is elsewhere. Both say where to look.
      guard random.isDrawn, random.capitals == 0 else { return nil }
      return candidate(shape, range, .possible, remark: "an identifier: its secret may be near")
    case "AIza":
      guard random.isDrawn else { return nil }
      return candidate(shape, range, .likely, remark: "restrict it to your apps and APIs")
    case "sk_test_", "rk_test_": return candidate(shape, range, .likely, remark: "test mode")
    default: break
    }
    if shape.isTelling { return candidate(shape, range, isUsual ? .certain : .likely) }
    guard isUsual, random.isDrawn else { return nil }
    return candidate(shape, range, .likely)
  }

  private static func candidate(_ shape: SecretShape, _ range: Range<Int>, _ confidence: Confidence, remark: String = "") -> Candidate {
    Candidate(
      range: range, kind: .providerKey, provider: shape.provider.description, prefix: shape.prefix.description, confidence: confidence,
      remark: remark)
  }

  /// Whether it is a piece of something coded, such as an image or a certificate, that happens to begin so.
  private static func isInsideCode(_ bytes: Bytes, _ range: Range<Int>) -> Bool {
    var start = range.lowerBound
    while start > 0, range.lowerBound - start < 64, bytes[start - 1].isCoded { start -= 1 }
    if range.lowerBound - start >= 24 {
      let before = Randomness(bytes.piece(start..<range.lowerBound))
      if before.changes * 3 >= before.count { return true }
    }
    return false
  }
}
