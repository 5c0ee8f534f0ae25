import Crypto
import Foundation
import Testing
import Vault

@Suite("The primitives are those of the standards")
struct PublishedVectorTests {
  /// RFC 4231, section 4.2 and 4.3.
  @Test(arguments: [
    (
      String(repeating: "0b", count: 20), "4869205468657265", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
  ])
  func hmac(key: String, data: String, expected: String) throws {
    let code = HMAC<SHA256>.authenticationCode(for: try bytes(data), using: SymmetricKey(data: try bytes(key)))
    #expect(Array(code).hexadecimal == expected)
  }

  /// RFC 5869, appendix A.1 and A.3 (no salt, no info).
  @Test(arguments: [
    (
      "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    ),
    ("", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
  ])
  func hkdf(salt: String, info: String, expected: String) throws {
    let key = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: [UInt8](repeating: 0x0b, count: 22)), salt: try bytes(salt), info: try bytes(info),
      outputByteCount: 42)
    #expect(key.withUnsafeBytes { Array($0) }.hexadecimal == expected)
  }

  /// RFC 9180, appendix A.2.1: setup and the first message; A.2.1.2: exported values.
  @Test func hpke() throws {
    let secret = try Curve25519.KeyAgreement.PrivateKey(
      rawRepresentation: bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"))
    #expect(Array(secret.publicKey.rawRepresentation).hexadecimal == "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a")
    var recipient = try HPKE.Recipient(
      privateKey: secret, ciphersuite: Sealing.suite, info: Data(bytes("4f6465206f6e2061204772656369616e2055726e")),
      encapsulatedKey: Data(bytes("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a")))
    let opened = try recipient.open(
      bytes("1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"),
      authenticating: bytes("436f756e742d30"))
    #expect(String(decoding: opened, as: UTF8.self) == "Beauty is truth, truth beauty")
    for (context, expected) in [
      ("", "4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e"),
      ("00", "8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69"),
      ("54657374436f6e74657874", "5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53"),
    ] {
      let exported = try recipient.exportSecret(context: bytes(context), outputByteCount: 32)
      #expect(exported.withUnsafeBytes { Array($0) }.hexadecimal == expected)
    }
  }

  private func bytes(_ text: String) throws -> [UInt8] { try #require([UInt8](hexadecimal: text)) }
}
