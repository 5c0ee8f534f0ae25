package import Crypto
internal import Foundation

/// The custodian's statement of its HPKE key of the day, signed by its identity key: what `DIR/custodian.pub` holds and what
/// `POST /custodian/v1/key` carries. docs/FORMATS.md, "Key parcel".
///
/// A value of this type has a valid signature by the identity that it names; whether that identity is the one pinned in the ledger is
/// for the caller to compare.
package struct CustodianKeyAnnouncement: Sendable, Hashable {
  package let identity: CustodianIdentity
  package let key: CustodianPublicKey
  /// The id of the key that this one takes the place of; nil for the first.
  package let previous: UInt64?
  /// Milliseconds since 1970. A server takes no announcement that is older than the one it has.
  package let madeAt: Int64
  /// The whole text, as it is stored and sent.
  package let text: String

  private static let form = SignedLines.Form(title: "sealane custodian key v1", names: ["key", "previous", "made"])

  /// Makes and signs an announcement.
  package init(
    key: CustodianPublicKey, previous: UInt64?, madeAt: Int64, signedBy identityKey: Curve25519.Signing.PrivateKey
  ) throws(AnnouncementError) {
    do throws(SignedLines.Fault) {
      let signed = try SignedLines(Self.form, Self.values(key, previous, madeAt), signedBy: identityKey)
      (identity, text) = (signed.identity, signed.text)
    } catch { throw AnnouncementError(error) }
    self.key = key
    self.previous = previous
    self.madeAt = madeAt
  }

  /// Reads an announcement and verifies its signature.
  package init(text: String) throws(AnnouncementError) {
    do throws(SignedLines.Fault) {
      let signed = try SignedLines(reading: text, as: Self.form)
      let previousText = signed.values[1]
      let previous = UInt64(previousText, radix: 16)
      guard let keyBytes = [UInt8](hexadecimal: signed.values[0]), let key = CustodianPublicKey(bytes: keyBytes),
        previous != nil || previousText == "none", let madeAt = Int64(signed.values[2])
      else { throw .malformed }
      try signed.verify(spelling: Self.values(key, previous, madeAt))
      identity = signed.identity
      self.key = key
      self.previous = previous
      self.madeAt = madeAt
      self.text = text
    } catch { throw AnnouncementError(error) }
  }

  private static func values(_ key: CustodianPublicKey, _ previous: UInt64?, _ madeAt: Int64) -> [String] {
    var previousText = "none"
    if let previous {
      var bytes: [UInt8] = []
      bytes.append(bigEndian: previous)
      previousText = bytes.hexadecimal
    }
    return [key.bytes.hexadecimal, previousText, String(madeAt)]
  }
}

/// The custodian's identity: an Ed25519 public key that stays the same for its life and is pinned in the ledger.
package struct CustodianIdentity: Sendable, Hashable, CustomStringConvertible {
  /// The raw public key, 32 bytes.
  package let bytes: [UInt8]

  package init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  package init(_ key: Curve25519.Signing.PublicKey) { bytes = Array(key.rawRepresentation) }

  /// SHA-256 of the raw key, 64 hexadecimal digits.
  package var fingerprint: String { Array(SHA256.hash(data: bytes)).hexadecimal }
  package var description: String { "custodian \(fingerprint)" }

  package func isValid(signature: [UInt8], of message: [UInt8]) -> Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return false }
    return key.isValidSignature(signature, for: message)
  }
}

/// Why an announcement of a key cannot be taken.
package enum AnnouncementError: Error, Sendable, Hashable, CustomStringConvertible {
  case malformed
  case badSignature

  init(_ fault: SignedLines.Fault) { self = fault == .malformed ? .malformed : .badSignature }

  package var description: String {
    switch self {
    case .malformed: "This is not an announcement of a custodian's key (docs/FORMATS.md, Key parcel)."
    case .badSignature: "The announcement of a custodian's key is not signed by the identity that it names: it was altered or forged."
    }
  }
}
