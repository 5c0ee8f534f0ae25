import Crypto
import Custodian
import TestSupport
import Testing
import Vault

/// Any two of three shares give the secret, one alone gives nothing.
struct SecretSharingTests {
  private static let pairs = [(1, 2), (1, 3), (2, 3), (2, 1), (3, 1), (3, 2)]

  private func bytes(_ key: SecretKey) -> [UInt8] { key.withUnsafeBytes { Array($0) } }

  @Test("the field is that of AES: every product is the one that long division gives")
  func products() {
    // FIPS 197, section 4.2.
    #expect(SecretSharing.product(0x57, 0x83) == 0xC1 && SecretSharing.product(0x57, 0x13) == 0xFE)
    for left in 0..<256 {
      for right in 0..<256 {
        var product = (0..<8).reduce(0) { $0 ^ (right >> $1 & 1 == 1 ? left << $1 : 0) }
        for bit in stride(from: 14, through: 8, by: -1) where product >> bit & 1 == 1 { product ^= 0x11B << (bit - 8) }
        #expect(Int(SecretSharing.product(UInt8(left), UInt8(right))) == product)
      }
    }
    for number in UInt8(1)...255 { #expect(SecretSharing.product(number, SecretSharing.inverse(number)) == 1) }
  }

  @Test func `any two restore, in any order`() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<200 {
      let secret = generator.bytes(32)
      let shares = SecretSharing.split(
        try #require(SecretKey(bytes: secret)), slopes: try #require(SecretKey(bytes: generator.bytes(32))))
      #expect(shares.count == 3)
      for (one, other) in Self.pairs {
        let restored = SecretSharing.combine((UInt8(one), shares[one - 1]), (UInt8(other), shares[other - 1]))
        #expect(bytes(try #require(restored)) == secret)
      }
    }
  }

  @Test("one share says nothing: whatever the secret is, each of its bytes takes every value for exactly one slope")
  func oneShareIsEven() throws {
    for secret in UInt8.min ... .max {
      let key = try #require(SecretKey(bytes: [UInt8](repeating: secret, count: 32)))
      var seen = [Set<UInt8>](repeating: [], count: 3)
      for first in stride(from: 0, to: 256, by: 32) {
        let slopes = try #require(SecretKey(bytes: (first..<first + 32).map { UInt8($0) }))
        for (share, values) in SecretSharing.split(key, slopes: slopes).enumerated() { seen[share].formUnion(values) }
      }
      #expect(seen.allSatisfy { $0.count == 256 }, "secret \(secret)")
    }
  }

  @Test func `fresh slopes make other shares of the same secret`() {
    let secret = SecretKey()
    #expect(SecretSharing.split(secret, slopes: SecretKey()) != SecretSharing.split(secret, slopes: SecretKey()))
  }

  @Test("what is no pair of shares gives no secret")
  func refused() {
    let values = [UInt8](repeating: 1, count: 32)
    for (one, other) in [(1, 1), (0, 1), (1, 0), (1, 4), (255, 2)] as [(UInt8, UInt8)] {
      #expect(SecretSharing.combine((one, values), (other, values)) == nil, "\(one), \(other)")
    }
    #expect(SecretSharing.combine((1, values), (2, Array(values.dropLast()))) == nil)
    #expect(SecretSharing.combine((1, Array(values.dropLast())), (2, Array(values.dropLast()))) == nil)
    #expect(SecretSharing.combine((1, []), (2, [])) == nil)
  }

  @Test func `the page's shares are what this program makes`() throws {
    let page = try FormatsDocument()
    let secret = try #require(SecretKey(bytes: 0..<32))
    let slopes = try #require(SecretKey(bytes: Array(SHA256.hash(data: Array("slopes".utf8)))))
    for (number, values) in SecretSharing.split(secret, slopes: slopes).enumerated() {
      let share = BackupShare(backup: Array(0x0A...0x0F), index: UInt8(number + 1), values: values)
      #expect(share.text == page["share \(number + 1) of the backup"])
    }
  }
}
