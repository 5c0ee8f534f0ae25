package import Events

/// The fields of `/.well-known/security.txt` (RFC 9116).
package struct SecurityText: Sendable, Hashable {
  /// Addresses such as `mailto:security@orrery.example`, in the order in which they are preferred.
  package let contacts: [String]
  /// Less than a year away.
  package let expires: Timestamp
  package let encryption: [String]
  package let acknowledgments: [String]
  package let policy: [String]
  package let canonical: [String]

  /// - Throws: where a field is no address in one line, or there is no contact.
  package init(
    contacts: [String], expires: Timestamp, encryption: [String] = [], acknowledgments: [String] = [], policy: [String] = [],
    canonical: [String] = []
  ) throws(TrustContent.Malformed) {
    guard !contacts.isEmpty else { throw TrustContent.Malformed(reason: "security.txt needs a contact.") }
    for address in contacts + encryption + acknowledgments + policy + canonical {
      let isLine = address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && address.utf8.count <= 1_000
      // RFC 9116, section 2.4: addresses on the web come by HTTPS.
      let scheme = address.split(separator: ":", maxSplits: 1).first?.lowercased()
      guard isLine, let scheme, ["mailto", "tel", "https", "dns", "openpgp4fpr"].contains(scheme), address.contains(":") else {
        throw TrustContent.Malformed(
          reason: "security.txt takes addresses such as mailto:security@example.com or https://example.com/policy.")
      }
    }
    self.contacts = contacts
    self.expires = expires
    self.encryption = encryption
    self.acknowledgments = acknowledgments
    self.policy = policy
    self.canonical = canonical
  }

  package var text: String {
    var lines = contacts.map { "Contact: \($0)" }
    lines.append("Expires: \(TrustDate(expires).standard)")
    lines += encryption.map { "Encryption: \($0)" }
    lines += acknowledgments.map { "Acknowledgments: \($0)" }
    lines.append("Preferred-Languages: en, fr")
    lines += canonical.map { "Canonical: \($0)" }
    lines += policy.map { "Policy: \($0)" }
    return lines.joined(separator: "\n") + "\n"
  }
}
