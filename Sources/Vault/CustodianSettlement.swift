package import Crypto
internal import Foundation

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
  private static let title = "sealane custodian settlement v1"

  /// Makes and signs a settlement.
  package init(
    alarm: String, kind: String, key: CustodianPublicKey, settledAt: Int64, reason: String,
    signedBy identityKey: Curve25519.Signing.PrivateKey
  ) throws(SettlementError) {
    guard Self.isSound(alarm: alarm, kind: kind, reason: reason) else { throw .malformed }
    identity = CustodianIdentity(identityKey.publicKey)
    self.alarm = alarm
    self.kind = kind
    self.key = key
    self.settledAt = settledAt
    self.reason = reason
    let body = Self.body(identity, alarm, kind, key, settledAt, reason)
    do {
      text = body + "signature \(Array(try identityKey.signature(for: Data(body.utf8))).hexadecimal)\n"
    } catch {
      throw .badSignature
    }
  }

  /// Reads a settlement and verifies its signature.
  package init(text: String) throws(SettlementError) {
    guard text.utf8.count <= 1024 else { throw .malformed }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == 9, lines.removeLast().isEmpty, lines[0] == Self.title else { throw .malformed }
    func value(_ line: Int, _ name: String) throws(SettlementError) -> String {
      guard lines[line].hasPrefix(name + " ") else { throw .malformed }
      return String(lines[line].dropFirst(name.count + 1))
    }
    guard let identityBytes = [UInt8](hexadecimal: try value(1, "identity")), let identity = CustodianIdentity(bytes: identityBytes),
      let keyBytes = [UInt8](hexadecimal: try value(4, "key")), let key = CustodianPublicKey(bytes: keyBytes),
      let settledAt = Int64(try value(5, "settled")), let signature = [UInt8](hexadecimal: try value(7, "signature"))
    else { throw .malformed }
    self.identity = identity
    alarm = try value(2, "alarm")
    kind = try value(3, "kind")
    self.key = key
    self.settledAt = settledAt
    reason = try value(6, "reason")
    self.text = text
    guard Self.isSound(alarm: alarm, kind: kind, reason: reason) else { throw .malformed }
    let body = Self.body(identity, alarm, kind, key, settledAt, reason)
    // Only the one spelling that is written is read: what was signed is what is parsed.
    guard text == body + "signature \(signature.hexadecimal)\n" else { throw .malformed }
    guard identity.isValid(signature: signature, of: Array(body.utf8)) else { throw .badSignature }
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

  private static func body(
    _ identity: CustodianIdentity, _ alarm: String, _ kind: String, _ key: CustodianPublicKey, _ settledAt: Int64, _ reason: String
  ) -> String {
    """
    \(title)
    identity \(identity.bytes.hexadecimal)
    alarm \(alarm)
    kind \(kind)
    key \(key.bytes.hexadecimal)
    settled \(settledAt)
    reason \(reason)

    """
  }
}

/// Why a settlement cannot be taken.
package enum SettlementError: Error, Sendable, Hashable, CustomStringConvertible {
  case malformed
  case badSignature

  package var description: String {
    switch self {
    case .malformed: "This is not the settlement of a custodian's alarm (docs/FORMATS.md, Custodian and server over HTTP)."
    case .badSignature: "The settlement of an alarm is not signed by the identity that it names: it was altered or forged."
    }
  }
}
