import Events
import Foundation
import Testing
import Vault

@Suite("Pseudonyms follow docs/FORMATS.md")
struct PseudonymizerTests {
  private let pseudonyms: Pseudonymizer

  init() throws {
    pseudonyms = Pseudonymizer(
      pseudonymKey: try #require(SecretKey(bytes: 0..<32)), tagKey: try #require(SecretKey(bytes: 32..<64)), project: ProjectID(7))
  }

  @Test func `the page's vectors hold`() throws {
    let page = try FormatsDocument()
    let second = pseudonyms.duplicate(id: "u1", event: "API call", insertID: "i-1", slot: .second(1_763_400_000))
    let day = pseudonyms.duplicate(id: "u1", event: "API call", insertID: "i-1", slot: .day(20_409))
    #expect(page["subject `ada@orrery.example`"] == pseudonyms.subject("ada@orrery.example").description)
    #expect(page["subject with the empty id"] == pseudonyms.subject("").description)
    #expect(page["group `org_id`, `brightfen`"] == pseudonyms.group(key: "org_id", id: "brightfen").description)
    #expect(page["group `a`, `bc`"] == pseudonyms.group(key: "a", id: "bc").description)
    #expect(page["group `ab`, `c`"] == pseudonyms.group(key: "ab", id: "c").description)
    #expect(
      page["tag of field `$email`, value `ada@orrery.example`"]
        == pseudonyms.tag(field: "$email", value: "ada@orrery.example").description)
    #expect(page["duplicate within second 1763400000 of id `u1`, event `API call`, insert id `i-1`"] == second.description)
    #expect(page["duplicate within day 20409, the same"] == day.description)
  }

  @Test func `parts, kinds, keys and projects are kept apart`() throws {
    let other = Pseudonymizer(key: try #require(SecretKey(bytes: 0..<32)), project: ProjectID(8))
    let all = [
      pseudonyms.subject("a"), pseudonyms.group(key: "", id: "a"), pseudonyms.group(key: "a", id: ""),
      pseudonyms.group(key: "a", id: "bc"), pseudonyms.group(key: "ab", id: "c"), pseudonyms.tag(field: "a", value: "bc"),
      pseudonyms.tag(field: "ab", value: "c"), other.subject("a"),
      pseudonyms.duplicate(id: "a", event: "b", insertID: "c", slot: .second(1)),
      pseudonyms.duplicate(id: "a", event: "b", insertID: "c", slot: .day(1)),
      pseudonyms.duplicate(id: "ab", event: "", insertID: "c", slot: .day(1)),
    ]
    #expect(Set(all).count == all.count)
  }

  @Test func `long and foreign ids are taken as they are`() {
    let long = String(repeating: "é", count: 100_000)
    #expect(pseudonyms.subject(long) == pseudonyms.subject(long))
    #expect(pseudonyms.subject("Ada") != pseudonyms.subject("ada"))
    // The same letter in two Unicode forms: two ids, since two byte strings were sent. The second is e and a combining accent.
    #expect(pseudonyms.subject("\u{e9}") != pseudonyms.subject("e\u{301}"))
  }

  @Test func `what a call costs is printed`() {
    let count = 20_000
    let start = ThreadClock.now
    var mixed: UInt64 = 0
    for number in 0..<count { mixed ^= pseudonyms.subject("user-\(number)@orrery.example").low }
    let taken = ThreadClock.now - start
    print("subject pseudonym: \(taken / count) a call, digest \(mixed)")
    #expect(mixed != 0)
  }
}
