package import Crypto
internal import Foundation

/// The custodian's HPKE public key (X25519), to which an epoch's keys are sealed. Its fingerprint is pinned in the ledger.
package struct CustodianPublicKey: Sendable, Hashable, CustomStringConvertible {
  /// The raw public key, 32 bytes.
  package let bytes: [UInt8]

  /// Nil unless these are 32 bytes.
  package init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  package init(_ key: Curve25519.KeyAgreement.PublicKey) { bytes = Array(key.rawRepresentation) }

  /// SHA-256 of the raw key, 64 hexadecimal digits: what people compare and the ledger pins.
  package var fingerprint: String { Array(SHA256.hash(data: bytes)).hexadecimal }

  /// The first 8 bytes of the fingerprint, read as a big-endian number: what an epoch's header names the recipient by.
  package var id: UInt64 {
    SHA256.hash(data: bytes).withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
  }

  package var description: String { "custodian key \(fingerprint)" }

  /// The key as HPKE takes it; throws for the few points of small order, with which every shared secret is the same zeros.
  /// swift-crypto leaves that check of RFC 9180, section 7.1.4, to us.
  func agreementKey() throws(SealingError) -> Curve25519.KeyAgreement.PublicKey {
    guard let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: bytes),
      Sealing.isContributory(Curve25519.KeyAgreement.PrivateKey(), key)
    else { throw .unusableCustodianKey }
    return key
  }
}
