import Events
import Foundation
import Journeys
import Relay
import TestSupport
import Testing
import Vault

struct VendorLensTests {
  private static let key = SecretKey(bytes: Array(repeating: 7, count: 32))

  private static func lens(_ vendor: String, fields: [String]) throws -> VendorLens {
    let key = try #require(Self.key)
    let pseudonyms = try #require(VendorPseudonymizer(pseudonymKey: key, project: ProjectID(1), vendor: vendor))
    return VendorLens(pseudonyms: pseudonyms, fields: fields) { SubjectNumber(UInt32(truncatingIfNeeded: $0.high)) }
  }

  private static func event(_ properties: [StoredProperty], commit: UInt64 = 1, row: UInt32 = 0) -> TailEvent {
    TailEvent(
      position: TailPosition(commit: commit, row: row), name: "Request", time: Timestamp(milliseconds: 1_700_000_000_000),
      subject: SubjectNumber(9), pseudonym: Pseudonym(high: 1, low: 2), properties: properties)
  }

  private static let sealed = StoredValue.sealed(SealedValue(bytes: Array("hidden".utf8), tag: Pseudonym(high: 3, low: 4)))

  @Test func onlyAllowedFieldsAndNothingSealed() throws {
    let lens = try Self.lens("tallymark", fields: ["plan", "email", "friends", "mixed", "org"])
    let seen = lens(
      Self.event([
        StoredProperty("plan", .string("pro")), StoredProperty("note", .string("private")), StoredProperty("email", Self.sealed),
        StoredProperty("friends", .list([.pseudonym(Pseudonym(high: 77, low: 8)), Self.sealed])),
        StoredProperty("mixed", .object([StoredProperty("a", .number(1)), StoredProperty("b", Self.sealed)])),
        StoredProperty("org", .pseudonym(Pseudonym(high: 88, low: 9))),
      ]))
    #expect(Set(seen.properties.keys) == ["plan", "friends", "mixed", "org"])
    #expect(seen.properties["mixed"] == ["a": 1])
    let text = JSONValue.object(seen.properties).text
    #expect(!text.contains("private") && !text.contains("sealed") && !text.contains("\(Pseudonym(high: 77, low: 8))"))
    #expect(!text.contains("\(Pseudonym(high: 88, low: 9))") && !(seen.person ?? "").contains("\(Pseudonym(high: 1, low: 2))"))
    #expect(seen.person?.hasPrefix("v_") == true)
  }

  @Test("two vendors share no id, and one vendor's are always the same")
  func idsAreTheVendorsOwn() throws {
    let (one, two) = (try Self.lens("tallymark", fields: ["org"]), try Self.lens("quillon", fields: ["org"]))
    var known: Set<String> = []
    for row in 0..<200 {
      let event = Self.event(
        [StoredProperty("org", .pseudonym(Pseudonym(high: UInt64(row), low: 5)))], commit: UInt64(row / 7), row: UInt32(row % 7))
      let (first, second) = (one(event), two(event))
      #expect(first == one(event))
      #expect(first.insertID != second.insertID && first.person != second.person && first.properties != second.properties)
      #expect(known.insert(first.insertID).inserted && known.insert(second.insertID).inserted)
    }
  }
}
