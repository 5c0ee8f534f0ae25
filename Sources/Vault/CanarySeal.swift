internal import Crypto
package import Events

/// Whom canaries are made for: each gets other ones.
package enum CanaryRecipient: Sendable, Hashable {
  /// One export, by 16 random bytes of its own.
  case export(nonce: [UInt8])
  /// A vendor, by its id.
  case vendor(String)

  fileprivate var bytes: [UInt8] {
    switch self {
    case .export(let nonce): [1] + nonce
    case .vendor(let id): [2] + Array(id.utf8)
    }
  }
}

/// A synthetic subject that one recipient alone was given.
package struct Canary: Sendable, Hashable {
  /// Looks like any subject's.
  package let id: Pseudonym
  /// 16 letters and digits: the first label of a host name that nobody else has.
  package let label: String
}

/// Makes canaries and knows them again, by the pseudonym key alone (docs/FORMATS.md, "Canaries"): nothing that is stored gives one away.
///
/// The second half of an id is a keyed hash of the first, and so with a label: one look tells a canary from everybody else (another id passes for
/// one by a chance of 2⁻⁶⁴, a label by 2⁻⁴⁰), also where it is forgotten whom it was made for.
package struct CanarySeal: Sendable {
  private let key: KeyedHash

  package init(pseudonymKey: SecretKey, project: ProjectID) {
    var info = Array("sealane canary v1".utf8)
    info.append(littleEndian: project.rawValue)
    key = KeyedHash(
      HKDF<SHA256>.deriveKey(
        inputKeyMaterial: pseudonymKey.symmetricKey, salt: [UInt8](), info: info, outputByteCount: SecretKey.byteCount))
  }

  /// The recipient's canary of that number.
  package func canary(_ number: UInt32, of recipient: CanaryRecipient) -> Canary {
    var message: [UInt8] = []
    message.append(littleEndian: number)
    message.append(contentsOf: recipient.bytes)
    let high = hash(1, message).high
    let label = Array(hash(3, message).bytes.prefix(5))
    return Canary(id: Pseudonym(high: high, low: check(high)), label: Self.text(label + check(label)))
  }

  package func isCanary(_ id: Pseudonym) -> Bool { id.low == check(id.high) }

  /// - Parameter label: the first label of a host name, in any case.
  package func isCanary(label: some StringProtocol) -> Bool {
    guard let bytes = Self.bytes(label.lowercased()) else { return false }
    return Array(bytes.suffix(5)) == check(Array(bytes.prefix(5)))
  }

  private func check(_ high: UInt64) -> UInt64 { hash(2, Pseudonym(high: high, low: 0).bytes.prefix(8).map(\.self)).low }
  private func check(_ label: [UInt8]) -> [UInt8] { Array(hash(4, label).bytes.prefix(5)) }

  private func hash(_ kind: UInt8, _ message: [UInt8]) -> Pseudonym { ([kind] + message).withUnsafeBytes { key.pseudonym($0) } }

  private static let digits = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  /// Base32 of RFC 4648, lower case: 10 bytes are 16 digits.
  private static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    var (buffer, bits): (UInt32, UInt32) = (0, 0)
    for byte in bytes {
      buffer = buffer << 8 | UInt32(byte)
      bits += 8
      while bits >= 5 {
        bits -= 5
        text.append(digits[Int(buffer >> bits & 31)])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    guard text.utf8.count == 16 else { return nil }
    var bytes: [UInt8] = []
    var (buffer, bits): (UInt32, UInt32) = (0, 0)
    for digit in text.utf8 {
      guard let value = digits.firstIndex(of: digit) else { return nil }
      buffer = (buffer << 5 | UInt32(value)) & 0xFFFF
      bits += 5
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
      }
    }
    return bytes
  }
}

extension CanarySeal: Silent {
  package var description: String { "<canary seal>" }
}
