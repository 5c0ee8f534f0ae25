internal import Crypto
internal import Foundation

/// A passkey's public key, as a COSE_Key (RFC 9052, section 7): ES256 on P-256, or EdDSA on Ed25519. WebAuthn Level 3, section 5.8.5.
package struct CredentialPublicKey: Sendable {
  package enum Algorithm: Int64, Sendable, Hashable, CaseIterable {
    case es256 = -7
    case edDSA = -8
  }

  private enum Key: Sendable {
    case p256(P256.Signing.PublicKey)
    case ed25519(Curve25519.Signing.PublicKey)
  }

  package let algorithm: Algorithm
  /// The COSE_Key as it came, in canonical form.
  package let coseKey: [UInt8]
  private let key: Key

  /// Reads a key that was kept.
  package init(coseKey: [UInt8]) throws(CredentialPublicKeyError) {
    let value: CBOR
    do { value = try CBORDecoder.decode(coseKey) } catch { throw .malformed(error.description) }
    try self.init(value, coseKey: coseKey)
  }

  /// Labels of RFC 9052 and 9053: 1 the key's type, 3 its algorithm, −1 the curve, −2 and −3 the coordinates.
  init(_ value: CBOR, coseKey: [UInt8]) throws(CredentialPublicKeyError) {
    guard case .map(let entries) = value else { throw .malformed("it is no COSE key") }
    let number: Int64
    switch value[.unsigned(3)] {
    case .unsigned(let positive): number = Int64(clamping: positive)
    case .negative(let negative): number = -1 - Int64(clamping: min(negative, UInt64(Int64.max - 1)))
    default: throw .malformed("it names no algorithm")
    }
    guard let algorithm = Algorithm(rawValue: number) else { throw .unknownAlgorithm }
    switch algorithm {
    case .es256:
      guard value[.unsigned(1)] == .unsigned(2) else { throw .malformed("its type is not the one of its algorithm") }
      guard value[.integer(-1)] == .unsigned(1) else { throw .malformed("it is not on P-256") }
      // A boolean in place of y would be the compressed form, which is not allowed.
      guard entries.count == 5, let x = value[.integer(-2)]?.bytes, x.count == 32, let y = value[.integer(-3)]?.bytes, y.count == 32 else {
        throw .malformed("it is not two coordinates of 32 bytes")
      }
      // Refuses points that are not on the curve.
      guard let point = try? P256.Signing.PublicKey(x963Representation: [4] + x + y) else { throw .malformed("it is no point of P-256") }
      key = .p256(point)
    case .edDSA:
      guard value[.unsigned(1)] == .unsigned(1) else { throw .malformed("its type is not the one of its algorithm") }
      guard value[.integer(-1)] == .unsigned(6) else { throw .malformed("it is not of Ed25519") }
      guard entries.count == 4, let x = value[.integer(-2)]?.bytes, x.count == 32,
        let point = try? Curve25519.Signing.PublicKey(rawRepresentation: x)
      else { throw .malformed("it is not 32 bytes of Ed25519") }
      key = .ed25519(point)
    }
    self.algorithm = algorithm
    self.coseKey = coseKey
  }

  /// ECDSA signatures come in DER (section 6.5.5), EdDSA's as 64 bytes.
  package func isValid(signature: [UInt8], of message: [UInt8]) -> Bool {
    switch key {
    case .p256(let key):
      guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature) else { return false }
      return key.isValidSignature(signature, for: message)
    case .ed25519(let key): return key.isValidSignature(signature, for: message)
    }
  }
}

extension CredentialPublicKey: Hashable {
  package static func == (left: CredentialPublicKey, right: CredentialPublicKey) -> Bool { left.coseKey == right.coseKey }
  package func hash(into hasher: inout Hasher) { hasher.combine(coseKey) }
}

package enum CredentialPublicKeyError: Error, Sendable, Hashable, CustomStringConvertible {
  case unknownAlgorithm
  case malformed(String)

  package var description: String {
    switch self {
    case .unknownAlgorithm: "its algorithm is not known here"
    case .malformed(let what): what
    }
  }
}
