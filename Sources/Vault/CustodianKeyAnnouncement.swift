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

  private static let title = "sealane custodian key v1"

  /// Makes and signs an announcement.
  package init(
    key: CustodianPublicKey, previous: UInt64?, madeAt: Int64, signedBy identityKey: Curve25519.Signing.PrivateKey
  ) throws(AnnouncementError) {
    let identity = CustodianIdentity(identityKey.publicKey)
    let body = Self.body(identity: identity, key: key, previous: previous, madeAt: madeAt)
    do {
      let signature = try identityKey.signature(for: Data(body.utf8))
      text = body + "signature \(Array(signature).hexadecimal)\n"
    } catch {
      throw .badSignature
    }
    self.identity = identity
    self.key = key
    self.previous = previous
    self.madeAt = madeAt
  }

  /// Reads an announcement and verifies its signature.
  package init(text: String) throws(AnnouncementError) {
    guard text.utf8.count <= 1024 else { throw .malformed }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == 7, lines.removeLast().isEmpty, lines[0] == Self.title else { throw .malformed }
    func value(_ line: Int, _ name: String) throws(AnnouncementError) -> Substring {
      guard lines[line].hasPrefix(name + " ") else { throw .malformed }
      return lines[line].dropFirst(name.count + 1)
    }
    guard let identityBytes = [UInt8](hexadecimal: try value(1, "identity")), let identity = CustodianIdentity(bytes: identityBytes),
      let keyBytes = [UInt8](hexadecimal: try value(2, "key")), let key = CustodianPublicKey(bytes: keyBytes),
      let madeAt = Int64(try value(4, "made")), let signature = [UInt8](hexadecimal: try value(5, "signature"))
    else { throw .malformed }
    let previousText = try value(3, "previous")
    let previous = UInt64(previousText, radix: 16)
    guard previous != nil || previousText == "none" else { throw .malformed }
    let body = Self.body(identity: identity, key: key, previous: previous, madeAt: madeAt)
    // Only the one spelling that is written is read: what was signed is what is parsed.
    guard text == body + "signature \(signature.hexadecimal)\n" else { throw .malformed }
    guard identity.isValid(signature: signature, of: Array(body.utf8)) else { throw .badSignature }
    self.identity = identity
    self.key = key
    self.previous = previous
    self.madeAt = madeAt
    self.text = text
  }

  private static func body(identity: CustodianIdentity, key: CustodianPublicKey, previous: UInt64?, madeAt: Int64) -> String {
    var previousText = "none"
    if let previous {
      var bytes: [UInt8] = []
      bytes.append(bigEndian: previous)
      previousText = bytes.hexadecimal
    }
    return """
      \(title)
      identity \(identity.bytes.hexadecimal)
      key \(key.bytes.hexadecimal)
      previous \(previousText)
      made \(madeAt)

      """
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

  package var description: String {
    switch self {
    case .malformed: "This is not an announcement of a custodian's key (docs/FORMATS.md, Key parcel)."
    case .badSignature: "The announcement of a custodian's key is not signed by the identity that it names: it was altered or forged."
    }
  }
}
