import Crypto
import Events
import Foundation

/// A secret that is shown once: `prefix`, 52 base32 digits of 256 random bits, 8 of a checksum. It does not print.
///
/// The prefix lets scanners recognise a leaked one, the checksum lets them, and us, tell it from a typing error without asking the
/// database. Base32 (RFC 4648, lower case) so that a double click selects all of it.
package struct Secret: Sendable {
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    case serviceAccount = "sls_"
    case setupLink = "slu_"
    case session = "slc_"
    case custodian = "slt_"
    /// What makes its bearer an approver at the custodian, once.
    case approverLink = "sla_"
  }

  package let kind: Kind
  /// The secret itself, for the one moment of showing or sending it.
  package let text: String

  package static func random(_ kind: Kind) -> Secret {
    let random = SymmetricKey(size: .bits256).withUnsafeBytes { Base32.text($0) }
    let body = kind.rawValue + random
    return Secret(kind: kind, text: body + checksum(body))
  }

  /// Nil unless it has the prefix and its checksum fits.
  package init?(_ text: String, kind: Kind) {
    guard text.utf8.count == 64, text.hasPrefix(kind.rawValue),
      ConstantTime.equal(Self.checksum(String(text.dropLast(8))), String(text.suffix(8)))
    else { return nil }
    self.init(kind: kind, text: text)
  }

  private init(kind: Kind, text: String) {
    self.kind = kind
    self.text = text
  }

  package var digest: SecretDigest { SecretDigest(bytes: Array(SHA256.hash(data: Array(text.utf8)))) }

  private static func checksum(_ body: String) -> String { Base32.text(SHA256.hash(data: Array(body.utf8)).prefix(5)) }
}

extension Secret: Silent {
  package var description: String { "<secret \(kind.rawValue)…>" }
}

/// What is stored in place of a secret: its SHA-256.
///
/// A slow, salted password hash buys nothing here: it slows down guessing, and 256 random bits are not guessed. Not `Equatable`:
/// comparison is `matches`, which takes the same time whatever differs.
package struct SecretDigest: Sendable {
  /// 32 bytes.
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) { self.bytes = bytes }

  package func matches(_ secret: Secret) -> Bool { matches(secret.digest) }
  package func matches(_ sent: SecretDigest) -> Bool { ConstantTime.equal(bytes, sent.bytes) }
}

package enum ConstantTime {
  /// Whether all bytes are equal, in a time that depends on the lengths only.
  @inline(never)
  package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
  }

  package static func equal(_ left: String, _ right: String) -> Bool { equal(Array(left.utf8), Array(right.utf8)) }
}

enum Base32 {
  private static let digits = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  /// RFC 4648, section 6, lower case, without padding.
  static func text(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    var buffer: UInt32 = 0
    var bits = 0
    for byte in bytes {
      buffer = buffer << 8 | UInt32(byte)
      bits += 8
      while bits >= 5 {
        bits -= 5
        text.append(digits[Int(buffer >> UInt32(bits) & 31)])
      }
    }
    if bits > 0 { text.append(digits[Int(buffer << UInt32(5 - bits) & 31)]) }
    return String(decoding: text, as: UTF8.self)
  }
}

/// Identifiers that are not secret: random hexadecimal digits.
enum PublicIdentifier {
  static func random(bytes: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<bytes).map { _ in
      let text = String(UInt8.random(in: .min ... .max, using: &generator), radix: 16)
      return text.utf8.count == 1 ? "0" + text : text
    }.joined()
  }
}
