package import Crypto

/// The custodian's statement of the key with which it cosigns the ledger's checkpoints, signed by its identity key: what
/// `POST /custodian/v1/witness` carries. docs/FORMATS.md, "Custodian and server over HTTP".
///
/// A value of this type has a valid signature by the identity that it names; whether that identity is the one pinned in the ledger is
/// for the caller to compare.
package struct CustodianWitnessAnnouncement: Sendable, Hashable {
  package let identity: CustodianIdentity
  /// As signed notes have keys, `name+key id+base64`; what that means is the ledger's to know.
  package let key: String
  /// The whole text, as it is sent. There is one key to an identity, so it is the same at any time.
  package let text: String

  private static let form = SignedLines.Form(title: "sealane custodian witness v1", names: ["key"])

  package init(key: String, signedBy identityKey: Curve25519.Signing.PrivateKey) throws(AnnouncementError) {
    guard Self.isKey(key) else { throw .malformed }
    do throws(SignedLines.Fault) {
      let signed = try SignedLines(Self.form, [key], signedBy: identityKey)
      (identity, text) = (signed.identity, signed.text)
    } catch { throw AnnouncementError(error) }
    self.key = key
  }

  /// Reads an announcement and verifies its signature.
  package init(text: String) throws(AnnouncementError) {
    do throws(SignedLines.Fault) {
      let signed = try SignedLines(reading: text, as: Self.form)
      guard Self.isKey(signed.values[0]) else { throw .malformed }
      try signed.verify(spelling: signed.values)
      (identity, key) = (signed.identity, signed.values[0])
      self.text = text
    } catch { throw AnnouncementError(error) }
  }

  private static func isKey(_ text: String) -> Bool {
    (1...300).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }
}
