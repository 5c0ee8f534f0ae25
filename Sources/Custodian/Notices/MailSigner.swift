internal import Crypto
internal import CryptoExtras
package import Events
internal import Foundation
internal import Notices
internal import Vault

/// Signs mail by DKIM with two keys, RSA (RFC 6376) and Ed25519 (RFC 8463): what does not know the second passes it over.
///
/// Both stand in one file of the custodian's directory, `dkim-SELECTOR.json`. Each has a selector of its own, since a name has one key record.
package struct MailSigner: Sendable {
  private struct Keys: Codable {
    var v = 1
    /// A PEM of PKCS #1, 2,048 bits.
    let rsa: String
    /// The private key's 32 bytes.
    let ed25519: Data
  }

  private let signers: [DKIMSigner]

  /// A TXT record that is to be published.
  package struct Record: Sendable, Hashable, Codable {
    package let name: String
    package let text: String

    /// A line of a zone file: strings of 255 bytes at most (RFC 1035, section 3.3).
    package var line: String {
      let bytes = Array(text.utf8)
      let strings = stride(from: 0, to: bytes.count, by: 250).map { "\"\(String(decoding: bytes[$0...].prefix(250), as: UTF8.self))\"" }
      return "\(name). IN TXT ( \(strings.joined(separator: " ")) )"
    }
  }

  package var records: [Record] { signers.map { Record(name: "\($0.selector)._domainkey.\($0.domain)", text: $0.record) } }

  private init(_ keys: Keys, _ settings: MailSettings.DKIM) throws {
    signers = [
      try DKIMSigner(domain: settings.domain, selector: "\(settings.selector)-rsa", rsaPEM: keys.rsa),
      try DKIMSigner(domain: settings.domain, selector: "\(settings.selector)-ed25519", ed25519Seed: [UInt8](keys.ed25519)),
    ]
  }

  /// - Throws: where the keys are not there or not whole.
  init(_ settings: MailSettings.DKIM, in directory: URL) throws {
    let file = Self.file(settings.selector, in: directory)
    guard let keys = try? JSONDecoder().decode(Keys.self, from: Data(SecretFile.read(file, limit: Self.largest))), keys.v == 1,
      let signer = try? MailSigner(keys, settings)
    else {
      throw CustodianError.badOption(
        "Mail is to be signed by DKIM, and \(file.path) cannot be used: restore it from the custodian's backup, or make keys under another selector with sealane-custodian mail --dkim-selector."
      )
    }
    self = signer
  }

  private static let largest = 16 << 10

  private static func file(_ selector: String, in directory: URL) -> URL { directory.appendingPathComponent("dkim-\(selector).json") }

  /// Makes the keys of a selector, unless they are there.
  static func makeKeys(_ selector: String, in directory: URL) throws {
    let file = file(selector, in: directory)
    guard !FileManager.default.fileExists(atPath: file.path) else { return }
    let keys = Keys(
      rsa: try _RSA.Signing.PrivateKey(keySize: .bits2048).pemRepresentation, ed25519: Curve25519.Signing.PrivateKey().rawRepresentation)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    try SecretFile.replace(file, bytes: Array(encoder.encode(keys)) + [0x0A])
  }

  static func destroyKeys(_ selector: String, in directory: URL) throws {
    let file = file(selector, in: directory)
    if FileManager.default.fileExists(atPath: file.path) { try SecretFile.destroy(file) }
  }

  static func destroyAllKeys(in directory: URL) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) where name.hasPrefix("dkim-") && name.hasSuffix(".json")
    {
      try SecretFile.destroy(directory.appendingPathComponent(name))
    }
  }

  /// The message with a signature of each key before it.
  package func signed(_ message: [UInt8], at time: Timestamp) throws -> [UInt8] {
    try signers.flatMap { Array(try $0.field(for: message, at: Int(time.milliseconds / 1000)).utf8) } + message
  }
}
