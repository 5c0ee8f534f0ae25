import Crypto
import Foundation
import TestSupport
import Testing
import Vault

/// Texts that the custodian signs are read in the one spelling in which they were signed, each by its own reader.
struct SignedLinesTests {
  static let identity = Curve25519.Signing.PrivateKey()

  enum Kind: CaseIterable, Sendable {
    case announcement, settlement, receipt

    func made() throws -> String {
      let key = CustodianPublicKey(Curve25519.KeyAgreement.PrivateKey().publicKey)
      return switch self {
      case .announcement:
        try CustodianKeyAnnouncement(key: key, previous: 0xAB, madeAt: 1_763_400_000_000, signedBy: SignedLinesTests.identity).text
      case .settlement:
        try CustodianSettlement(
          alarm: String(repeating: "0a", count: 16), kind: "unopenable", key: key, settledAt: 17, reason: "a disk that failed",
          signedBy: SignedLinesTests.identity
        ).text
      case .receipt:
        try ErasureReceipt(
          project: 7, entry: 41, commitment: String(repeating: "0f", count: 32), keys: 3, erasedAt: 18, copiesUntil: 19,
          signedBy: SignedLinesTests.identity
        ).text
      }
    }

    func read(_ text: String) throws -> String {
      switch self {
      case .announcement: try CustodianKeyAnnouncement(text: text).text
      case .settlement: try CustodianSettlement(text: text).text
      case .receipt: try ErasureReceipt(text: text).text
      }
    }

    /// That a text is none of its kind, rather than that its signature is bad.
    func isMalformed(_ text: String) -> Bool {
      do { _ = try read(text) } catch {
        return error as? AnnouncementError == .malformed || error as? SettlementError == .malformed
          || error as? ErasureReceiptError == .malformed
      }
      return false
    }
  }

  @Test("whatever is altered, it is refused; what is not, is read", arguments: Kind.allCases)
  func altered(kind: Kind) throws {
    let text = try kind.made()
    #expect(try kind.read(text) == text)
    let seed = UInt64.random(in: .min ... .max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<5_000 {
      var bytes = Array(text.utf8)
      generator.alter(&bytes, telling: Array("\n 0af".utf8))
      let other = String(decoding: bytes, as: UTF8.self)
      if other != text { #expect((try? kind.read(other)) == nil, "seed \(seed)") }
    }
  }

  @Test("no other spelling of the same is read, and nobody's text as another's", arguments: Kind.allCases)
  func spellings(kind: Kind) throws {
    let text = try kind.made()
    for other in Kind.allCases where other != kind { #expect(other.isMalformed(text)) }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var wrong = [
      text + "\n", String(text.dropLast()), text.replacing("\n", with: "\r\n"), " " + text, text + " ", "",
      String(repeating: "a", count: 2_000),
    ]
    for index in lines.indices.dropLast() {
      var changed = lines
      changed.swapAt(index, (index + 1) % (lines.count - 1))
      wrong.append(changed.joined(separator: "\n"))
      changed = lines
      changed.remove(at: index)
      wrong.append(changed.joined(separator: "\n"))
      changed = lines
      changed.insert(lines[index], at: index)
      wrong.append(changed.joined(separator: "\n"))
      // A space more, and numbers in other spellings.
      if let space = lines[index].firstIndex(of: " "), index > 0 {
        let (name, value) = (lines[index][..<space], lines[index][lines[index].index(after: space)...])
        for spelled in [
          " \(value)", value.allSatisfy(\.isNumber) ? "+\(value)" : value.uppercased(),
          value.allSatisfy(\.isNumber) ? "0\(value)" : "\(value)0",
        ]
        where spelled != value && name != "reason" {
          changed = lines
          changed[index] = "\(name) \(spelled)"
          wrong.append(changed.joined(separator: "\n"))
        }
      }
    }
    for text in wrong { #expect(kind.isMalformed(text), "\(text)") }
  }

  @Test("another identity's signature, or one of another text, is bad", arguments: Kind.allCases)
  func signatures(kind: Kind) throws {
    let (text, other) = (try kind.made(), try kind.made())
    func signature(_ text: String) -> Substring { text.suffix(129) }
    let mixed = text.dropLast(129) + signature(other)
    #expect(!kind.isMalformed(String(mixed)))
    if text.dropLast(129) != other.dropLast(129) { #expect(throws: (any Error).self) { try kind.read(String(mixed)) } }
    let stranger = Curve25519.Signing.PrivateKey().publicKey.rawRepresentation.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let own = Self.identity.publicKey.rawRepresentation.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let claimed = text.replacing(own, with: stranger)
    #expect(claimed != text && !kind.isMalformed(claimed))
    #expect(throws: (any Error).self) { try kind.read(claimed) }
  }
}
