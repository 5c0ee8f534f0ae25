internal import Crypto
package import Events

/// What a vendor knows a subject by: 128 bits that nobody links to another vendor's, or to ours, without the project's key.
/// docs/FORMATS.md, "Pseudonyms of vendors".
package struct VendorPseudonym: Sendable, Hashable, CustomStringConvertible {
  /// 16 bytes.
  package let bytes: [UInt8]

  fileprivate init(_ pseudonym: Pseudonym) { bytes = pseudonym.bytes }

  /// The same form for every vendor, so that it does not tell whose it is.
  package var description: String { "v_\(bytes.hexadecimal)" }
}

/// Makes one vendor's pseudonyms out of the project's: HMAC-SHA-256 under a key of that vendor's own, cut to 128 bits.
package struct VendorPseudonymizer: Sendable {
  /// The vendor's id is part of the key's derivation: so many bytes of UTF-8 at most, one at least.
  package static let longestVendor = 255

  private let key: KeyedHash

  /// - Parameter vendor: its id, which must not change: another id makes other pseudonyms. Nil for one that is empty or too long.
  package init?(pseudonymKey: SecretKey, project: ProjectID, vendor: String) {
    guard (1...Self.longestVendor).contains(vendor.utf8.count) else { return nil }
    // The vendor last and of the only variable length, so that it needs no length before it.
    var info = Array("sealane vendor pseudonym v1".utf8)
    info.append(littleEndian: project.rawValue)
    info.append(contentsOf: vendor.utf8)
    key = KeyedHash(
      HKDF<SHA256>.deriveKey(
        inputKeyMaterial: pseudonymKey.symmetricKey, salt: [UInt8](), info: info, outputByteCount: SecretKey.byteCount))
  }

  /// The same 128 bits, to be compared with many others.
  package func bits(of subject: Pseudonym) -> Pseudonym { subject.bytes.withUnsafeBytes { key.pseudonym($0) } }

  package func callAsFunction(_ subject: Pseudonym) -> VendorPseudonym {
    subject.bytes.withUnsafeBytes { VendorPseudonym(key.pseudonym($0)) }
  }
}

extension VendorPseudonymizer {
  /// The id of one event for this vendor, 32 hexadecimal digits: the same whenever it is sent, and nobody else's. What is hashed is longer than
  /// a pseudonym, so that no event has the id of a subject.
  ///
  /// With the event's time, since a store that was restored to an earlier state gives numbers of commits again.
  package func insertID(commit: UInt64, row: UInt32, time: Timestamp) -> String {
    var message: [UInt8] = [1]
    message.append(littleEndian: commit)
    message.append(littleEndian: UInt64(row))
    message.append(littleEndian: time.milliseconds)
    return message.withUnsafeBytes { key.pseudonym($0) }.bytes.hexadecimal
  }
}

extension VendorPseudonymizer: Silent {
  package var description: String { "<vendor pseudonymizer>" }
}
