package import Crypto

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

  private static let form = SignedLines.Form(
    title: "sealane erasure receipt v1", names: ["project", "entry", "commitment", "keys", "erased", "copies"])

  /// Makes and signs a receipt.
  package init(
    project: Int64, entry: UInt64, commitment: String, keys: Int, erasedAt: Int64, copiesUntil: Int64,
    signedBy identityKey: Curve25519.Signing.PrivateKey
  ) throws(ErasureReceiptError) {
    guard Self.isCommitment(commitment), keys >= 0 else { throw .malformed }
    do throws(SignedLines.Fault) {
      let values = Self.values(project, entry, commitment, keys, erasedAt, copiesUntil)
      let signed = try SignedLines(Self.form, values, signedBy: identityKey)
      (identity, text) = (signed.identity, signed.text)
    } catch { throw ErasureReceiptError(error) }
    self.project = project
    self.entry = entry
    self.commitment = commitment
    self.keys = keys
    self.erasedAt = erasedAt
    self.copiesUntil = copiesUntil
  }

  /// Reads a receipt and verifies its signature.
  package init(text: String) throws(ErasureReceiptError) {
    do throws(SignedLines.Fault) {
      let signed = try SignedLines(reading: text, as: Self.form)
      let commitment = signed.values[2]
      guard let project = Int64(signed.values[0]), let entry = UInt64(signed.values[1]), Self.isCommitment(commitment),
        let keys = Int(signed.values[3]), keys >= 0, let erasedAt = Int64(signed.values[4]), let copiesUntil = Int64(signed.values[5])
      else { throw .malformed }
      try signed.verify(spelling: Self.values(project, entry, commitment, keys, erasedAt, copiesUntil))
      identity = signed.identity
      self.project = project
      self.entry = entry
      self.commitment = commitment
      self.keys = keys
      self.erasedAt = erasedAt
      self.copiesUntil = copiesUntil
      self.text = text
    } catch { throw ErasureReceiptError(error) }
  }

  private static func isCommitment(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }

  private static func values(
    _ project: Int64, _ entry: UInt64, _ commitment: String, _ keys: Int, _ erasedAt: Int64, _ copiesUntil: Int64
  ) -> [String] {
    [String(project), String(entry), commitment, String(keys), String(erasedAt), String(copiesUntil)]
  }
}

/// Why a receipt cannot be taken.
package enum ErasureReceiptError: Error, Sendable, Hashable, CustomStringConvertible {
  case malformed
  case badSignature

  init(_ fault: SignedLines.Fault) { self = fault == .malformed ? .malformed : .badSignature }

  package var description: String {
    switch self {
    case .malformed: "This is not the receipt of an erasure (docs/FORMATS.md, Custodian and server over HTTP)."
    case .badSignature: "The receipt of an erasure is not signed by the identity that it names: it was altered or forged."
    }
  }
}
