import Events
import Testing
import Vault

@Suite("A vendor knows subjects by pseudonyms of its own")
struct VendorPseudonymTests {
  private let key: SecretKey
  private let subjects: Pseudonymizer

  init() throws {
    key = try #require(SecretKey(bytes: 0..<32))
    subjects = Pseudonymizer(key: key, project: ProjectID(7))
  }

  private func vendor(_ name: String, project: Int64 = 7) throws -> VendorPseudonymizer {
    try #require(VendorPseudonymizer(pseudonymKey: key, project: ProjectID(project), vendor: name))
  }

  @Test func `the page's vectors hold`() throws {
    let page = try FormatsDocument()
    for name in ["tallymark", "quillon-chat"] {
      #expect(page["vendor `\(name)`, subject `ada@orrery.example`"] == "\(try vendor(name)(subjects.subject("ada@orrery.example")))")
      #expect(page["vendor `\(name)`, subject with the empty id"] == "\(try vendor(name)(subjects.subject("")))")
    }
  }

  @Test func `the page's ids of events hold`() throws {
    let page = try FormatsDocument()
    let (tallymark, time) = (try vendor("tallymark"), Timestamp(milliseconds: 1_763_400_000_000))
    #expect(page["vendor `tallymark`, event of row 0 of commit 1 at 1763400000000"] == tallymark.insertID(commit: 1, row: 0, time: time))
    #expect(
      page["vendor `tallymark`, event of row 7 of commit 300 at 1763400000000"] == tallymark.insertID(commit: 300, row: 7, time: time))
  }

  @Test func `the same subject, vendor and project make the same one, and nothing else does`() throws {
    let people = (0..<500).map { subjects.subject("user-\($0)") }
    let makers = [try vendor("tallymark"), try vendor("quillon-chat"), try vendor("tallymarc"), try vendor("tallymark", project: 8)]
    let all = makers.flatMap { maker in people.map { maker($0) } }
    #expect(Set(all).count == all.count)
    #expect(people.map { makers[0]($0) } == people.map { try? vendor("tallymark")($0) })
    // Nor does any equal the project's own pseudonym of anybody.
    #expect(Set(people.map(\.bytes)).isDisjoint(with: all.map(\.bytes)))
  }

  /// Two vendors that lay their lists side by side see two sets of random numbers: about half of the bits of a subject agree, for any
  /// subject as for strangers, and neither form nor order tells more.
  @Test func `two vendors' pseudonyms of a subject are as far apart as those of two strangers`() throws {
    let (first, second) = (try vendor("tallymark"), try vendor("quillon-chat"))
    let people = (0..<2000).map { subjects.subject("user-\($0)") }
    func distance(_ a: VendorPseudonym, _ b: VendorPseudonym) -> Int {
      zip(a.bytes, b.bytes).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    }
    let same = people.reduce(0) { $0 + distance(first($1), second($1)) }
    let strangers = zip(people, people.dropFirst()).reduce(0) { $0 + distance(first($1.0), second($1.1)) }
    // 64 of 128 bits in the mean; the deviation of a mean over 2000 is 0.13.
    #expect(abs(Double(same) / 2000 - 64) < 1 && abs(Double(strangers) / 1999 - 64) < 1)
    for pseudonym in people.prefix(20).flatMap({ [first($0), second($0)] }) {
      #expect("\(pseudonym)".wholeMatch(of: /v_[0-9a-f]{32}/) != nil)
    }
    let order = people.indices.sorted { "\(first(people[$0]))" < "\(first(people[$1]))" }
    let other = people.indices.sorted { "\(second(people[$0]))" < "\(second(people[$1]))" }
    #expect(zip(order, other).count { $0 == $1 } < 20)
  }

  @Test func `a vendor without an id, or with one that is too long, is refused`() {
    #expect(VendorPseudonymizer(pseudonymKey: key, project: ProjectID(7), vendor: "") == nil)
    #expect(VendorPseudonymizer(pseudonymKey: key, project: ProjectID(7), vendor: String(repeating: "é", count: 128)) == nil)
    #expect(VendorPseudonymizer(pseudonymKey: key, project: ProjectID(7), vendor: String(repeating: "v", count: 255)) != nil)
  }
}
