package import Crypto

/// The custodian's word that an alarm is settled, signed by its identity key: what `POST /custodian/v1/settlement` carries.
/// docs/FORMATS.md, "Custodian and server over HTTP".
///
/// A value of this type has a valid signature by the identity that it names; whether that identity is the one pinned in the ledger is
/// for the caller to compare.
package struct CustodianSettlement: Sendable, Hashable {
  package let identity: CustodianIdentity
  /// The alarm's id, 32 hexadecimal digits.
  package let alarm: String
  /// The alarm's kind.
  package let kind: String
  /// What the custodian wants to be sealed to from then on.
  package let key: CustodianPublicKey
  /// Milliseconds since 1970.
  package let settledAt: Int64
  /// One line in the words of whoever settled it.
  package let reason: String
  /// The whole text, as it is sent.
  package let text: String

  package static let longestReason = 300
  private static let form = SignedLines.Form(
    title: "sealane custodian settlement v1", names: ["alarm", "kind", "key", "settled", "reason"])

  /// Makes and signs a settlement.
  package init(
    alarm: String, kind: String, key: CustodianPublicKey, settledAt: Int64, reason: String,
    signedBy identityKey: Curve25519.Signing.PrivateKey
  ) throws(SettlementError) {
    guard Self.isSound(alarm: alarm, kind: kind, reason: reason) else { throw .malformed }
    do throws(SignedLines.Fault) {
      let signed = try SignedLines(Self.form, Self.values(alarm, kind, key, settledAt, reason), signedBy: identityKey)
      (identity, text) = (signed.identity, signed.text)
    } catch { throw SettlementError(error) }
    self.alarm = alarm
    self.kind = kind
    self.key = key
    self.settledAt = settledAt
    self.reason = reason
  }

  /// Reads a settlement and verifies its signature.
  package init(text: String) throws(SettlementError) {
    do throws(SignedLines.Fault) {
      let signed = try SignedLines(reading: text, as: Self.form)
      let (alarm, kind, reason) = (signed.values[0], signed.values[1], signed.values[4])
      guard Self.isSound(alarm: alarm, kind: kind, reason: reason), let keyBytes = [UInt8](hexadecimal: signed.values[2]),
        let key = CustodianPublicKey(bytes: keyBytes), let settledAt = Int64(signed.values[3])
      else { throw .malformed }
      try signed.verify(spelling: Self.values(alarm, kind, key, settledAt, reason))
      identity = signed.identity
      self.alarm = alarm
      self.kind = kind
      self.key = key
      self.settledAt = settledAt
      self.reason = reason
      self.text = text
    } catch { throw SettlementError(error) }
  }

  /// Whether words may stand as a reason: one line of 1 to 300 bytes without control characters.
  package static func isReason(_ text: String) -> Bool {
    (1...longestReason).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
        default: true
        }
      }
  }

  private static func isSound(alarm: String, kind: String, reason: String) -> Bool {
    alarm.utf8.count == 32 && alarm.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
      && (1...64).contains(kind.utf8.count) && kind.utf8.allSatisfy { $0 == 95 || (97...122).contains($0) } && isReason(reason)
  }

  private static func values(
    _ alarm: String, _ kind: String, _ key: CustodianPublicKey, _ settledAt: Int64, _ reason: String
  ) -> [String] {
    [alarm, kind, key.bytes.hexadecimal, String(settledAt), reason]
  }
}

/// Why a settlement cannot be taken.
package enum SettlementError: Error, Sendable, Hashable, CustomStringConvertible {
  case malformed
  case badSignature

  init(_ fault: SignedLines.Fault) { self = fault == .malformed ? .malformed : .badSignature }

  package var description: String {
    switch self {
    case .malformed: "This is not the settlement of a custodian's alarm (docs/FORMATS.md, Custodian and server over HTTP)."
    case .badSignature: "The settlement of an alarm is not signed by the identity that it names: it was altered or forged."
    }
  }
}
