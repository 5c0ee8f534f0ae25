package import Crypto
internal import Foundation
internal import Ledger

/// Whether an address is affected, as somebody asked on a trust page. docs/FORMATS.md, “Question”.
package struct Question: Sendable, Hashable {
  package let address: StatementName
  package let language: LetterLanguage

  package init(address: StatementName, language: LetterLanguage) {
    self.address = address
    self.language = language
  }

  /// Bytes of every question: the encapsulated key, and the ciphertext with its tag.
  package static let sealedSize = 65 + plainSize + 16
  static let plainSize = 512

  private static let suite = HPKE.Ciphersuite(kem: .P256_HKDF_SHA256, kdf: .HKDF_SHA256, aead: .AES_GCM_256)
  private static let info = Data("sealane trust question v1".utf8)

  /// Nil for what was not sealed for this key, or is no question about an address in its one spelling.
  package init?(sealed: [UInt8], privateKey: P256.KeyAgreement.PrivateKey) {
    guard sealed.count == Self.sealedSize,
      var recipient = try? HPKE.Recipient(
        privateKey: privateKey, ciphersuite: Self.suite, info: Self.info, encapsulatedKey: Data(sealed[..<65])),
      let plain = try? recipient.open(Data(sealed[65...]))
    else { return nil }
    self.init(plain: [UInt8](plain))
  }

  init?(plain: [UInt8]) {
    guard plain.count == Self.plainSize, let end = plain.lastIndex(where: { $0 != 0x20 }),
      let json = CanonicalJSON(canonical: Array(plain[...end])), json["v"]?.integer == 1, json.object?.count == 3,
      let text = json["address"]?.string, let address = StatementName(.email, text),
      address.value.utf8.elementsEqual(text.utf8),
      let language = json["language"]?.string.flatMap({ LetterLanguage(rawValue: $0) })
    else { return nil }
    self.init(address: address, language: language)
  }

  /// As the trust page seals it. Nil for an address that is too long to be asked about.
  package func sealed(for publicKey: P256.KeyAgreement.PublicKey) throws -> [UInt8]? {
    let members: [String: CanonicalJSON] = [
      "address": .string(address.value), "language": .string(language.rawValue), "v": .integer(1),
    ]
    let json = CanonicalJSON.object(members).bytes
    guard json.count <= Self.plainSize else { return nil }
    var sender = try HPKE.Sender(recipientKey: publicKey, ciphersuite: Self.suite, info: Self.info)
    let ciphertext = try sender.seal(Data(json + [UInt8](repeating: 0x20, count: Self.plainSize - json.count)))
    return [UInt8](sender.encapsulatedKey) + [UInt8](ciphertext)
  }
}
