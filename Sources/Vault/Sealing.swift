package import Crypto
package import Events
package import Foundation

/// What sealing and opening share: labels, padding and the bytes that are authenticated beside the ciphertext.
/// docs/FORMATS.md, "Sealed value" and "Key parcel", says the same to strangers.
package enum Sealing {
  /// The suite of RFC 9180, section 7: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
  package static let suite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly
  /// `exporter_context` of RFC 9180, section 5.3, under which an epoch's wrapping key is exported.
  package static let exporterContext = Array("sealane wrapping key".utf8)
  /// A value's first byte: 2 where a secret credential wrote it to a profile, 1 otherwise. It is authenticated, so that nobody makes the one of the other.
  package static func valueVersion(isVerified: Bool) -> UInt8 { isVerified ? 2 : 1 }
  package static let valueVersions: ClosedRange<UInt8> = 1...2
  /// The field under which the id of a subject or group is sealed as it was sent.
  package static let idField = "$id"
  /// Version, epoch id and nonce before the ciphertext; the tag after it.
  package static let valueOverhead = 1 + 8 + 12 + 16
  package static let smallestBucket = 32
  /// The longest plaintext in UTF-8 bytes; a record is at most 1 MiB, so nothing that arrives is longer.
  package static let longestPlaintext = (1 << 20) - 1
  /// What a wrapped key holds: the subject's pseudonym and the record key; with the tag, its ciphertext is 64 bytes.
  package static let wrappedByteCount = 16 + 32 + 16

  /// HPKE's `info`: a context belongs to this use and this project.
  package static func info(project: ProjectID) -> Data {
    var info = Array("sealane key parcel v1".utf8)
    info.append(littleEndian: project.rawValue)
    return Data(info)
  }

  /// Whether the two keys make a secret that depends on both: false for a public key of small order (RFC 9180, section 7.1.4).
  package static func isContributory(
    _ secret: Curve25519.KeyAgreement.PrivateKey, _ point: Curve25519.KeyAgreement.PublicKey
  ) -> Bool {
    guard let shared = try? secret.sharedSecretFromKeyAgreement(with: point) else { return false }
    return shared.withUnsafeBytes { bytes in bytes.contains { $0 != 0 } }
  }

  /// The nonce of the wrapped key at a position of an epoch. The wrapping key is the epoch's own, so that no nonce is used twice.
  package static func wrappingNonce(sequence: UInt32) -> [UInt8] {
    var nonce = [UInt8](repeating: 0, count: 8)
    nonce.append(littleEndian: sequence)
    return nonce
  }

  /// The size that a plaintext of so many bytes is padded to: the smallest power of two, at least 32, that leaves room for the mark.
  package static func bucket(_ byteCount: Int) -> Int {
    var size = smallestBucket
    while size <= byteCount { size <<= 1 }
    return size
  }

  /// The plaintext, 0x80, and zeros to the size of its bucket, so that the length says little.
  static func padded(_ plaintext: String) -> [UInt8] {
    let size = bucket(plaintext.utf8.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    bytes.append(contentsOf: plaintext.utf8)
    bytes.append(0x80)
    bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
    return bytes
  }

  /// What binds a value to its place: it opens nowhere else.
  package static func authenticatedData(
    version: UInt8, project: ProjectID, subject: Pseudonym, field: String, epoch: UInt64
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(1 + 8 + 16 + 8 + field.utf8.count)
    bytes.append(version)
    bytes.append(littleEndian: project.rawValue)
    bytes.append(bigEndian: subject.high)
    bytes.append(bigEndian: subject.low)
    bytes.append(littleEndian: epoch)
    // Last and of the only variable length, so that it needs no length before it.
    bytes.append(contentsOf: field.utf8)
    return bytes
  }
}

/// Why a value was not sealed. Such a value must be dropped: it may not be stored in another form.
package enum SealingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// An alarm of the custodian stopped sealing; the reason is a sentence.
  case stopped(reason: String)
  case tooLong(byteCount: Int)
  case unusableCustodianKey
  case failed

  package var description: String {
    switch self {
    case .stopped(let reason): "Sealing is stopped: \(reason)"
    case .tooLong(let count): "A value of \(count) bytes is too long to be sealed; at most \(Sealing.longestPlaintext) are."
    case .unusableCustodianKey: "The custodian's public key is not a usable X25519 key; restore custodian.pub or announce the key again."
    case .failed: "The cryptographic library failed to seal a value."
    }
  }
}
