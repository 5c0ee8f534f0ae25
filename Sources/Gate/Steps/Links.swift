/// Trims links, with a scheme anywhere in a text, without one where the whole text or the property's name says so.
struct Links: TextStep {
  func judge(_ question: TextInQuestion, _ bytes: UnsafeBufferPointer<UInt8>, _ scan: TextScan) -> TextVerdict {
    guard scan.mayHoldLink || question.isLink else { return .passes }
    var findings = Findings()
    LinkTrimmer.find(in: bytes, into: &findings)
    if findings.isEmpty, !(scan.colons > 0 && scan.slashes > 1 && Self.hasScheme(bytes)), question.isLink || LinkTrimmer.looksBare(bytes) {
      LinkTrimmer.findBare(in: bytes, into: &findings)
    }
    return findings.isEmpty ? .passes : .rewritten(findings.applied(to: bytes), findings.all.map(\.reason))
  }

  private static func hasScheme(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    bytes.indices.contains { bytes.has("://", at: $0) }
  }
}
