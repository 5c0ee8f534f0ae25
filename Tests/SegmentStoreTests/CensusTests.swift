import Events
import Journeys
import SegmentStore
import TestSupport
import Testing

/// Who is who, for many at once, is what one by one says.
struct CensusTests {
  @Test func isWhatOneByOneSays() async throws {
    let disk = SimulatedDisk()
    var options = StoreOptions(disk: disk)
    options.random = { 7 }
    let store = try await SegmentStore.open(directory: FaultTests.directory, options: options)
    // Ten people, five of them with a device each; organizations 900 and 901 by turns, the device's rows with none; one row with both.
    func rows(_ range: Range<Int>) -> [StoredRow] {
      range.flatMap { person -> [StoredRow] in
        let organization = StoredValue.pseudonym(Sample.pseudonym(900 + person % 2))
        return [
          Sample.row("seen", person, Int64(person), properties: [("org_id", organization)]),
          Sample.row("seen", person + 100, Int64(person + 1)),
        ]
      }
    }
    let both = StoredValue.list([.pseudonym(Sample.pseudonym(900)), .pseudonym(Sample.pseudonym(901))])
    var batch = Sample.batch(rows(0..<10) + [Sample.row("seen", 3, 50, properties: [("org_id", both)])])
    for organization in [900, 901] {
      batch.add(Sample.row("seen", organization, 60))
    }
    _ = try await store.append(batch)
    try await store.flush()
    let before = store.census()
    _ = try await store.append(Sample.batch((0..<5).map { Sample.row("login", $0, 70, link: ($0 + 100, $0)) }))
    let census = store.census()
    func number(_ id: Int) throws -> UInt32 { try #require(store.reference(of: Sample.pseudonym(id))).number.rawValue }
    let ids = (0..<10).flatMap { [$0, $0 + 100] }
    let numbers = try ids.map(number)
    let canonical = try ids.map { try #require(store.canonicalReference(of: Sample.pseudonym($0))).number.rawValue }
    #expect(census.canonical(of: numbers) == canonical)
    #expect(Set(canonical).count == 15)
    #expect(before.canonical(of: numbers) == numbers, "later merges do not change it")
    #expect(census.merges == before.merges + 5)
    #expect(try Set(census.members(of: number(2))) == [number(2), number(102)])
    let everybody = census.everybody()
    #expect(Set(everybody).count == everybody.count)
    let merged = try (100..<105).map(number)
    #expect(Set(canonical).isSubset(of: everybody) && Set(everybody).isDisjoint(with: merged))
    // The same from a segment and from memory, and after a merge.
    for _ in 0..<2 {
      let members = try store.organizationMembers(by: "org_id")
      #expect(try members[number(900)] == [0, 2, 3, 4, 6, 8].map(number).sorted())
      #expect(try members[number(901)] == [1, 3, 5, 7, 9].map(number).sorted())
      #expect(members.count == 2)
      try await store.flush()
    }
    #expect(try store.organizationMembers(by: "nobody").isEmpty)
    await store.stop()
  }
}
