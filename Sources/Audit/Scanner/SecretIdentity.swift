internal import Crypto
internal import Foundation

/// Tells whether two secrets are one, without keeping either.
package struct SecretIdentity: Sendable, Hashable {
  /// HMAC-SHA-256 under a key of this run alone.
  let digest: [UInt8]
}

/// Makes identities and fingerprints of secrets.
package struct Fingerprinter: Sendable {
  private let run = SymmetricKey(size: .bits256)
  private let key: SymmetricKey
  private let isKeyed: Bool

  /// - Parameter key: of the company; without one, fingerprints are the same everywhere.
  package init(key: [UInt8]? = nil) {
    isKeyed = key != nil
    self.key = SymmetricKey(data: SHA256.hash(data: Data("sealane audit fingerprint v1\0".utf8) + Data(key ?? [])))
  }

  func identity(_ value: [UInt8]) -> SecretIdentity {
    SecretIdentity(digest: Array(HMAC<SHA256>.authenticationCode(for: value, using: run)))
  }

  /// What reports and baselines know a secret by. A key drawn by lot has 16 hexadecimal digits: nobody guesses it. A password that somebody
  /// chose could be guessed by its fingerprint, so that without a key its fingerprint is made of where it stands.
  package func fingerprint(_ value: [UInt8], kind: SecretKind, place: String) -> String {
    let isChosen = kind == .password || kind == .urlPassword || kind == .authorization
    let message: Data =
      isChosen && !isKeyed ? Data("place\0\(kind.rawValue)\0\(place)".utf8) : Data("value\0".utf8) + Data(value)
    let code = HMAC<SHA256>.authenticationCode(for: message, using: key)
    return code.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The bytes that tell one secret from another: of a private key its base64 without blanks and line ends, in whichever form they come.
  static func value(of candidate: Candidate, in bytes: Bytes) -> [UInt8] {
    let text = bytes.piece(candidate.range)
    guard candidate.kind == .privateKey else { return Array(text) }
    var value: [UInt8] = []
    var index = 0
    while index < text.count {
      if text[index] == .of("\\"), [.of("n"), .of("r"), .of("t")].contains(text.byte(index + 1)) {
        index += 2
        continue
      }
      if text[index].isWordByte || text[index] == .of("+") || text[index] == .of("/") { value.append(text[index]) }
      index += 1
    }
    return value
  }

  /// What a platform publishes of its keys: SHA-256 of the whole key, in hexadecimal digits.
  static func published(_ value: [UInt8]) -> String {
    SHA256.hash(data: value).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
