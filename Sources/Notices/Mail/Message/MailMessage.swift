/// A message as it came (RFC 5322, RFC 2045 to 2047, RFC 2231), read within bounds: whatever the bytes are, there is a message, and findings
/// say what is odd about it.
package struct MailMessage: Sendable {
  /// All of it, for DKIM; empty for a message that was enclosed in another one's encoded part.
  package let bytes: ArraySlice<UInt8>
  package let root: MailPart
  package let findings: Set<MailFinding>
  private let limits: MailLimits

  package init(_ bytes: [UInt8], limits: MailLimits = .usual) {
    var reader = MailPartReader(limits: limits)
    self.limits = limits
    self.bytes = bytes.prefix(limits.bytes)
    root = reader.message(bytes.prefix(limits.bytes))
    findings = reader.findings.union(bytes.count > limits.bytes ? [.tooLarge] : []).union(Self.findings(of: root))
  }

  private init(enclosed root: MailPart, bytes: ArraySlice<UInt8>, limits: MailLimits) {
    self.bytes = bytes
    self.root = root
    self.limits = limits
    findings = Self.findings(of: root)
  }

  package var headers: MailHeaders { root.headers }
  package var subject: String { headers.text("subject") ?? "" }
  package var from: [MailAddress] { addresses("from") }

  /// Of an address field: `from`, `sender`, `reply-to`, `return-path`, `to`, `cc`.
  package func addresses(_ field: String) -> [MailAddress] {
    headers.all(field).prefix(10).flatMap { MailAddress.list($0.unfolded) }
  }

  /// Parts that a reader is offered as files, and those that are neither text nor a message.
  package var attachments: [MailPart] {
    root.leaves.filter { part in
      if case .message = part.content { return false }
      return part.disposition == "attachment" || part.fileName != nil || !part.type.hasPrefix("text/")
    }
  }

  /// Messages that were forwarded as parts of this one, in order; theirs are found by asking them.
  package var enclosed: [MailMessage] {
    root.leaves.compactMap { part in
      guard case .message(let root) = part.content else { return nil }
      let isEncoded = ["base64", "quoted-printable"].contains(part.headers.first("content-transfer-encoding")?.unfolded[...].token ?? "")
      return MailMessage(enclosed: root, bytes: isEncoded ? part.decoded()[...] : part.body, limits: limits)
    }
  }

  /// What programs show of this message: one reading where they agree, two where some prefer plain text and others HTML.
  package func readings() -> [MailReading] {
    var all = Int.max
    return readings(within: &all)
  }

  /// - Parameter budget: how many bytes of text are read at most, without their encoding; less what was read.
  func readings(within budget: inout Int) -> [MailReading] {
    var plain = MailReadingMaker(prefersHTML: false, limits: limits, left: budget)
    plain.walk(root)
    var html = MailReadingMaker(prefersHTML: true, limits: limits, left: budget)
    html.walk(root)
    budget = min(plain.left, html.left)
    return plain.shown == html.shown ? [html.reading] : [plain.reading, html.reading]
  }

  /// Fields that may stand once (RFC 5322, section 3.6).
  private static let single = [
    "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "content-type", "content-transfer-encoding", "mime-version",
  ]

  private static func findings(of root: MailPart) -> Set<MailFinding> {
    var found: Set<MailFinding> = []
    var counts: [String: Int] = [:]
    for field in root.headers.fields { counts[field.name, default: 0] += 1 }
    if single.contains(where: { counts[$0, default: 0] > 1 }) { found.insert(.repeatedField) }
    let senders = ["from", "sender", "reply-to"].flatMap { root.headers.all($0).prefix(2) }.flatMap { MailAddress.list($0.unfolded) }
    if senders.contains(where: \.nameHoldsAddress) { found.insert(.nameHoldsAddress) }
    return found
  }
}
