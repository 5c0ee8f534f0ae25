/// Trims links, with a scheme anywhere in a text, without one where the whole text or the property's name says so.
struct Links: TextStep {
  func judge(_ look: TextLook) -> TextVerdict {
    guard look.scan.mayHoldLink || look.context.isLink else { return .passes }
    var findings = Findings()
    LinkTrimmer.find(in: look.bytes, into: &findings)
    let hasScheme = look.scan.colons > 0 && look.scan.slashes > 1 && Self.hasScheme(look.bytes)
    if !hasScheme, look.context.isLink || LinkTrimmer.looksBare(look.bytes) {
      LinkTrimmer.findBare(in: look.bytes, into: &findings)
    }
    return findings.isEmpty ? .passes : .rewritten(findings.applied(to: look.bytes), findings.all.map(\.reason))
  }

  private static func hasScheme(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    bytes.indices.contains { bytes.has("://", at: $0) }
  }
}
