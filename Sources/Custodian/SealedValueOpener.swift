package import Crypto
package import Events
internal import Foundation
internal import Vault

/// Opens sealed values with the record keys of their subject and epoch. docs/FORMATS.md, "Sealed value".
package enum SealedValueOpener {
  /// The epoch whose record key a value needs.
  package static func epoch(of bytes: [UInt8]) throws(OpeningError) -> UInt64 {
    guard bytes.count >= Sealing.valueOverhead + Sealing.smallestBucket else { throw .notASealedValue }
    guard Sealing.valueVersions.contains(bytes[0]) else { throw .notASealedValue }
    return bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 1, as: UInt64.self)) }
  }

  /// Whether a secret credential wrote what is in a value that opens; of one that does not it says nothing.
  package static func isVerified(_ bytes: [UInt8]) -> Bool { bytes.first == Sealing.valueVersion(isVerified: true) }

  /// The plaintext of a value that stands in this place: project, subject and field are authenticated.
  package static func open(
    _ bytes: [UInt8], project: ProjectID, subject: Pseudonym, field: String, recordKeys: [SymmetricKey]
  ) throws(OpeningError) -> String {
    let epoch = try epoch(of: bytes)
    let associated = Sealing.authenticatedData(
      version: bytes[0], project: project, subject: subject, field: field, epoch: epoch)
    for key in recordKeys {
      guard let box = try? ChaChaPoly.SealedBox(combined: bytes.dropFirst(9)),
        var padded = try? ChaChaPoly.open(box, using: key, authenticating: associated)
      else { continue }
      defer { padded.resetBytes(in: 0..<padded.count) }
      guard let mark = padded.lastIndex(where: { $0 != 0 }), padded[mark] == 0x80,
        let plaintext = String(validating: padded[..<mark], as: UTF8.self)
      else { throw .wrongPadding }
      return plaintext
    }
    throw recordKeys.isEmpty ? .noKey : .doesNotOpen
  }
}

/// Why a value stays shut.
package enum OpeningError: Error, Sendable, Hashable, CustomStringConvertible {
  case notASealedValue
  case noKey
  case doesNotOpen
  case wrongPadding

  package var description: String {
    switch self {
    case .notASealedValue: "These bytes are not a sealed value of version 1 or 2."
    case .noKey: "The custodian holds no record key of this subject and epoch: it was erased, or its parcel has not arrived."
    case .doesNotOpen: "The value does not open in this place: it was altered, cut, or belongs to another person, field or project."
    case .wrongPadding: "The value opens, but its padding is wrong: whoever sealed it does not follow the format."
    }
  }
}
