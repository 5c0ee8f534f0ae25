/// A DKIM-Signature field (RFC 6376, section 3.5).
package struct DKIMSignature: Sendable {
  package enum Algorithm: String, Sendable, Hashable {
    case rsa = "rsa-sha256"
    /// RFC 8463.
    case ed25519 = "ed25519-sha256"
  }

  package let algorithm: Algorithm
  /// The signing domain, in lower case.
  package let domain: String
  package let selector: String
  /// The domain of the agent or user, in lower case; the signing domain or below it.
  package let identityDomain: String
  /// In lower case, in the order in which they were signed; one that stands more often than there are fields must stay absent.
  package let fields: [String]
  /// How much of the canonical body is signed; nil for all.
  package let bodyLength: Int?
  /// Seconds since 1970.
  package let signedAt: Int?
  package let expiresAt: Int?
  let header: DKIMCanonical.Form
  let body: DKIMCanonical.Form
  let bodyHash: [UInt8]
  let signature: [UInt8]
  let field: MailField

  /// The name of the key's TXT record.
  package var keyName: String { "\(selector)._domainkey.\(domain)" }

  init(_ field: MailField) throws(DKIMFailure) {
    guard field.raw.count <= 64 << 10, let tags = DKIMTags(field.raw[field.valueStart...]) else { throw .malformed }
    guard tags["v"] == "1" else { throw .unknownVersion }
    guard let algorithm = Algorithm(rawValue: tags["a"]?.lowercased() ?? "") else { throw .unknownAlgorithm }
    guard let domain = tags["d"]?.lowercased(), let selector = tags["s"]?.lowercased(), Self.isName(domain), Self.isName(selector),
      domain.utf8.count + selector.utf8.count < 230, let signature = tags.base64("b"), !signature.isEmpty, let bodyHash = tags.base64("bh"),
      let names = tags["h"]?.lowercased()
    else { throw .malformed }
    let forms = (tags["c"]?.lowercased() ?? "simple").split(separator: "/", omittingEmptySubsequences: false)
    guard forms.count <= 2, let header = DKIMCanonical.Form(rawValue: String(forms[0])),
      let body = forms.count == 2 ? DKIMCanonical.Form(rawValue: String(forms[1])) : .simple
    else { throw .malformed }
    if let methods = tags["q"], !methods.split(separator: ":").contains("dns/txt") { throw .malformed }
    let fields = names.split(separator: ":", maxSplits: 500).map(String.init)
    guard fields.contains("from") else { throw .fromNotSigned }
    let identity = tags["i"]?.lowercased() ?? "@\(domain)"
    guard let at = identity.lastIndex(of: "@") else { throw .malformed }
    identityDomain = String(identity[identity.index(after: at)...])
    guard identityDomain == domain || identityDomain.hasSuffix(".\(domain)") else { throw .identityOutsideDomain }
    self.algorithm = algorithm
    self.domain = domain
    self.selector = selector
    self.fields = fields
    self.header = header
    self.body = body
    self.bodyHash = bodyHash
    self.signature = signature
    self.field = field
    bodyLength = try Self.number(tags["l"])
    signedAt = try Self.number(tags["t"])
    expiresAt = try Self.number(tags["x"])
  }

  private static func number(_ text: String?) throws(DKIMFailure) -> Int? {
    guard let text else { return nil }
    guard !text.isEmpty, text.utf8.count <= 76, text.utf8.allSatisfy(\.isDigit) else { throw .malformed }
    return Int(text) ?? .max
  }

  /// Labels as DNS has them; nothing that a resolver would take for something else.
  private static func isName(_ text: String) -> Bool {
    let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return labels.allSatisfy { label in
      (1...63).contains(label.count) && label.allSatisfy { $0.isLetter || $0.isDigit || $0 == 0x2D || $0 == 0x5F }
    }
  }
}
