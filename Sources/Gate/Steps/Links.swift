/// Cuts from links what goes whatever it is: user-info, query, fragment and parameters. Before any other step puts something in place of a
/// part: what stands behind it would not be known as the query's.
struct LinkEnds: TextStep {
  func judge(_ look: TextLook) -> TextVerdict {
    guard look.scan.mayHoldLink || look.scan.ats > 0 || look.scan.wide > 0 || look.context.isLink else { return .passes }
    var reasons: [Reason] = []
    var text = Self.cut(look.bytes, look.context, &reasons)
    // And what is escaped, in which a space or a quote that was escaped ends no link.
    if let plain = text.map({ Unfolding.link($0) }) ?? Unfolding.link(String(decoding: look.bytes, as: UTF8.self)),
      let cut = plain.withBytes({ Self.cut($0, look.context, &reasons) })
    {
      text = cut
    }
    return text.map { .rewritten($0, reasons) } ?? .passes
  }

  private static func cut(_ bytes: UnsafeBufferPointer<UInt8>, _ context: TextContext, _ reasons: inout [Reason]) -> String? {
    var findings = Findings()
    LinkTrimmer.find(.ends, in: bytes, isLink: context.isLink, into: &findings)
    guard !findings.isEmpty else { return nil }
    for finding in findings.all { reasons += secrets(in: UnsafeBufferPointer(rebasing: bytes[finding.range])) + [finding.reason] }
    return findings.applied(to: bytes)
  }

  /// What was cut off with a link's end still counts.
  private static func secrets(in bytes: UnsafeBufferPointer<UInt8>) -> [Reason] {
    let scan = TextScan(bytes)
    guard scan.mayHoldSecret else { return [] }
    var findings = Findings()
    SecretDetector.find(in: bytes, scan: scan, into: &findings)
    return findings.all.map(\.reason)
  }
}

/// Trims links, with a scheme anywhere in a text, without one where the whole text or the property's name says so.
struct Links: TextStep {
  func judge(_ look: TextLook) -> TextVerdict {
    guard look.scan.mayHoldLink || look.context.isLink else { return .passes }
    var findings = Findings()
    LinkTrimmer.find(.all, in: look.bytes, isLink: look.context.isLink, into: &findings)
    return findings.isEmpty ? .passes : .rewritten(findings.applied(to: look.bytes), findings.all.map(\.reason))
  }
}
