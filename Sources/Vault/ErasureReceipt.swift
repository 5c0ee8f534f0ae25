package import Crypto
internal import Foundation

/// The custodian's word that it destroyed the record keys of whoever one `subject_erased` entry of the ledger is about, signed by its
/// identity key. docs/FORMATS.md, "Custodian and server over HTTP".
///
/// A value of this type has a valid signature by the identity that it names; whether that identity is the one pinned in the ledger is for
/// the caller to compare.
package struct ErasureReceipt: Sendable, Hashable {
  package let identity: CustodianIdentity
  package let project: Int64
  /// The number of the ledger's entry.
  package let entry: UInt64
  /// The entry's commitment, 64 hexadecimal digits: a number alone could be one of another ledger.
  package let commitment: String
  /// Record keys that were destroyed; 0 where nothing had been sealed.
  package let keys: Int
  /// Milliseconds since 1970.
  package let erasedAt: Int64
  /// When the last backup of the custodian's own keys that may hold some of these ceases to be restorable: milliseconds since 1970.
  package let copiesUntil: Int64
  /// The whole text, as it is sent.
  package let text: String

  private static let title = "sealane erasure receipt v1"

  /// Makes and signs a receipt.
  package init(
    project: Int64, entry: UInt64, commitment: String, keys: Int, erasedAt: Int64, copiesUntil: Int64,
    signedBy identityKey: Curve25519.Signing.PrivateKey
  ) throws {
    guard Self.isCommitment(commitment) else { throw ErasureReceiptError.malformed }
    identity = CustodianIdentity(identityKey.publicKey)
    self.project = project
    self.entry = entry
    self.commitment = commitment
    self.keys = keys
    self.erasedAt = erasedAt
    self.copiesUntil = copiesUntil
    let body = Self.body(identity, project, entry, commitment, keys, erasedAt, copiesUntil)
    text = body + "signature \(Array(try identityKey.signature(for: Data(body.utf8))).hexadecimal)\n"
  }

  /// Reads a receipt and verifies its signature.
  package init(text: String) throws(ErasureReceiptError) {
    guard text.utf8.count <= 1024 else { throw .malformed }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == 10, lines.removeLast().isEmpty, lines[0] == Self.title else { throw .malformed }
    func value(_ line: Int, _ name: String) throws(ErasureReceiptError) -> String {
      guard lines[line].hasPrefix(name + " ") else { throw .malformed }
      return String(lines[line].dropFirst(name.count + 1))
    }
    guard let identityBytes = [UInt8](hexadecimal: try value(1, "identity")), let identity = CustodianIdentity(bytes: identityBytes),
      let project = Int64(try value(2, "project")), let entry = UInt64(try value(3, "entry")), let keys = Int(try value(5, "keys")),
      let erasedAt = Int64(try value(6, "erased")), let copiesUntil = Int64(try value(7, "copies")),
      let signature = [UInt8](hexadecimal: try value(8, "signature")), keys >= 0
    else { throw .malformed }
    commitment = try value(4, "commitment")
    guard Self.isCommitment(commitment) else { throw .malformed }
    self.identity = identity
    self.project = project
    self.entry = entry
    self.keys = keys
    self.erasedAt = erasedAt
    self.copiesUntil = copiesUntil
    self.text = text
    let body = Self.body(identity, project, entry, commitment, keys, erasedAt, copiesUntil)
    // Only the one spelling that is written is read: what was signed is what is parsed.
    guard text == body + "signature \(signature.hexadecimal)\n" else { throw .malformed }
    guard identity.isValid(signature: signature, of: Array(body.utf8)) else { throw .badSignature }
  }

  private static func isCommitment(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  private static func body(
    _ identity: CustodianIdentity, _ project: Int64, _ entry: UInt64, _ commitment: String, _ keys: Int, _ erasedAt: Int64,
    _ copiesUntil: Int64
  ) -> String {
    """
    \(title)
    identity \(identity.bytes.hexadecimal)
    project \(project)
    entry \(entry)
    commitment \(commitment)
    keys \(keys)
    erased \(erasedAt)
    copies \(copiesUntil)

    """
  }
}

/// Why a receipt cannot be taken.
package enum ErasureReceiptError: Error, Sendable, Hashable, CustomStringConvertible {
  case malformed
  case badSignature

  package var description: String {
    switch self {
    case .malformed: "This is not the receipt of an erasure (docs/FORMATS.md, Custodian and server over HTTP)."
    case .badSignature: "The receipt of an erasure is not signed by the identity that it names: it was altered or forged."
    }
  }
}
