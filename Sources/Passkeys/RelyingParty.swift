/// Whom the passkeys are for: one host, and the origins on which its pages are.
package struct RelyingParty: Sendable, Hashable {
  /// The full host name: a passkey for `custodian.example.com` is of no use on `example.com` or any other host below it.
  package let id: String
  /// Scheme, host and port as browsers write them, such as `https://custodian.example.com`.
  package let origins: Set<String>

  package init(id: String, origins: Set<String>) {
    self.id = id
    self.origins = origins
  }

  /// The relying party of one origin. Nil unless it is `https`, or `http` on a name that stays on this machine: browsers have passkeys
  /// nowhere else. Not for IP addresses.
  package init?(origin: String) {
    let parts = origin.split(separator: "://", maxSplits: 1).map(String.init)
    guard parts.count == 2, origin == origin.lowercased() else { return nil }
    var host = parts[1]
    if let colon = host.lastIndex(of: ":") {
      let port = host[host.index(after: colon)...]
      // Browsers leave the scheme's own port out.
      guard let number = UInt16(port), String(number) == port, number != (parts[0] == "https" ? 443 : 80) else { return nil }
      host = String(host[..<colon])
    }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    func isLabel(_ label: Substring) -> Bool {
      (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }
    guard labels.allSatisfy(isLabel), host.utf8.count <= 253, let last = labels.last, !last.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    guard parts[0] == "https" || parts[0] == "http" && last == "localhost" else { return nil }
    self.init(id: host, origins: [origin])
  }
}

/// Whether the authenticator must have verified its user by PIN, finger or face.
package enum UserVerification: String, Sendable, Hashable {
  case required
  /// For the specification's vectors, half of which were made without.
  case discouraged
}

/// What is kept of a passkey. WebAuthn Level 3, section 4, "credential record".
package struct CredentialRecord: Sendable, Hashable {
  package let id: [UInt8]
  package let publicKey: CredentialPublicKey
  package var signatureCounter: UInt32
  package let isBackupEligible: Bool
  package var isBackedUp: Bool
  package var isUserVerificationInitialized: Bool

  package init(
    id: [UInt8], publicKey: CredentialPublicKey, signatureCounter: UInt32, isBackupEligible: Bool, isBackedUp: Bool,
    isUserVerificationInitialized: Bool
  ) {
    self.id = id
    self.publicKey = publicKey
    self.signatureCounter = signatureCounter
    self.isBackupEligible = isBackupEligible
    self.isBackedUp = isBackedUp
    self.isUserVerificationInitialized = isUserVerificationInitialized
  }
}
