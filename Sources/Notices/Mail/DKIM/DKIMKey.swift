internal import Crypto
internal import CryptoExtras

/// A key record (RFC 6376, section 3.6.1).
struct DKIMKey {
  private enum Public {
    case rsa(_RSA.Signing.PublicKey)
    case ed25519(Curve25519.Signing.PublicKey)
  }

  private let key: Public
  /// The domain tries DKIM out: a failure is not to count against it.
  let isTesting: Bool
  /// The identity must be of the very domain.
  let isStrict: Bool
  /// Bits of an RSA key below which the key is called weak, though it counts (RFC 8301, section 3.2).
  let isShort: Bool

  init(_ record: [UInt8], for algorithm: DKIMSignature.Algorithm) throws(DKIMFailure) {
    guard let tags = DKIMTags(record[...]) else { throw .malformedKey }
    if let version = tags["v"], version != "DKIM1" || tags.first != "v" { throw .malformedKey }
    let kind = tags["k"]?.lowercased() ?? "rsa"
    guard kind == (algorithm == .rsa ? "rsa" : "ed25519") else { throw .otherKindOfKey }
    if let hashes = tags["h"], !hashes.lowercased().split(separator: ":").contains("sha256") { throw .otherKindOfKey }
    if let services = tags["s"], !services.split(separator: ":").contains(where: { $0 == "*" || $0 == "email" }) { throw .keyNotForMail }
    let flags = Set((tags["t"] ?? "").split(separator: ":"))
    isTesting = flags.contains("y")
    isStrict = flags.contains("s")
    guard let bytes = tags.base64("p") else { throw .malformedKey }
    guard !bytes.isEmpty else { throw .revokedKey }
    switch algorithm {
    case .ed25519:
      guard let read = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { throw .malformedKey }
      key = .ed25519(read)
      isShort = false
    case .rsa:
      // BoringSSL refuses fewer than 512 bits and more than 16,384.
      guard bytes.count <= 4_096 else { throw .malformedKey }
      guard let read = try? _RSA.Signing.PublicKey(unsafeDERRepresentation: bytes) else { throw .malformedKey }
      guard read.keySizeInBits >= 1_024 else { throw .weakKey }
      guard read.keySizeInBits <= 8_192 else { throw .malformedKey }
      key = .rsa(read)
      isShort = read.keySizeInBits < 2_048
    }
  }

  func isValid(_ signature: [UInt8], for digest: SHA256.Digest) -> Bool {
    switch key {
    case .rsa(let key):
      key.isValidSignature(_RSA.Signing.RSASignature(rawRepresentation: signature), for: digest, padding: .insecurePKCS1v1_5)
    case .ed25519(let key): key.isValidSignature(signature, for: Array(digest))
    }
  }
}
