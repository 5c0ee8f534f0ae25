import Events
import Ledger
import Testing

/// Searches, compared with a plain look through everything.
struct SearchTests {
  private static let count = 2_345

  private func filled() async throws -> Ledger {
    let ledger = try Sample.open(SimulatedDisk())
    for start in stride(from: 0, to: Self.count, by: 200) {
      try await withThrowingTaskGroup { group in
        for index in start..<min(Self.count, start + 200) {
          group.addTask {
            let who = Principal(kind: .staff, id: index % 2 == 0 ? "st_ada" : "st_bea", credential: "ses_\(index % 3)")
            let kind: Disclosure.Kind =
              index % 10 == 9
              ? .settings : .subjects(set: [SubjectNumber(UInt32(index % 7)), SubjectNumber(UInt32(100 + index))], rows: 1)
            let disclosure = Disclosure(
              kind, project: Sample.project, purpose: "test", fields: index % 5 == 0 ? ["plan"] : ["country"])
            _ = try await ledger.disclose(index, disclosure, to: who)
          }
        }
        try await group.waitForAll()
      }
    }
    _ = try await ledger.record(.staffCutOff(staff: "st_bea", reason: "phished"), by: Sample.owner)
    return ledger
  }

  private func everything(_ ledger: Ledger, _ filter: LedgerFilter, page: Int) async throws -> [UInt64] {
    var (found, before) = ([UInt64](), UInt64?.none)
    repeat {
      let finding = try await ledger.search(filter, before: before, limit: page, lookingAt: 700)
      found += finding.records.map(\.entry.index)
      #expect(finding.records.count <= page)
      before = finding.next
    } while before != nil
    return found
  }

  @Test func findsWhatAPlainLookFinds() async throws {
    let ledger = try await filled()
    var all: [LedgerRecord] = []
    while let next = try? await ledger.records(from: UInt64(all.count), limit: 1_000), !next.isEmpty { all += next }
    #expect(all.count == Self.count + 1)
    func detail(_ record: LedgerRecord) -> LedgerDetail? { if case .present(let detail) = record.detail { detail } else { nil } }
    func expect(_ change: (inout LedgerFilter) -> Void, _ holds: (LedgerRecord) -> Bool, atLeast: Int = 1) async throws {
      var filter = LedgerFilter()
      change(&filter)
      let wanted = all.filter(holds).map(\.entry.index).reversed()
      #expect(wanted.count >= atLeast)
      for page in [1_000, 17] { #expect(try await everything(ledger, filter, page: page) == Array(wanted)) }
    }
    try await expect({ _ in }, { _ in true })
    try await expect({ $0.kinds = .acts }, { !$0.entry.isDisclosure })
    try await expect({ $0.kinds = .disclosures }, { $0.entry.isDisclosure })
    try await expect({ $0.credential = "ses_1" }, { detail($0)?.principal.credential == "ses_1" })
    try await expect({ $0.field = "plan" }, { detail($0)?.fields.contains("plan") ?? false })
    try await expect({ $0.subjects = [SubjectNumber(3)] }, { detail($0)?.subjects?.numbers.contains(SubjectNumber(3)) ?? false })
    try await expect({ $0.subjects = [SubjectNumber(1_777)] }, { detail($0)?.subjects?.numbers.contains(SubjectNumber(1_777)) ?? false })
    // By whom, and about whom.
    try await expect({ $0.principal = "st_bea" }, { detail($0)?.principal.id == "st_bea" || $0.entry.kind == "staff_cut_off" })
    let (from, to) = (all[500].entry.time, all[900].entry.time)
    try await expect(
      {
        $0.from = from
        $0.to = to
      }, { $0.entry.time >= from && $0.entry.time < to }, atLeast: 300)
  }

  @Test func erasedDetailsAreFoundOnlyByWhatTheEntrySays() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    for _ in 0..<3 { _ = try await Sample.disclose(ledger) }
    try await ledger.eraseDetail(of: 1, by: Sample.owner)
    var filter = LedgerFilter()
    filter.kinds = .disclosures
    #expect(try await everything(ledger, filter, page: 10) == [2, 1, 0])
    #expect(try await ledger.search(filter, limit: 10).untold == 0, "nothing is asked that its details would tell")
    filter.field = "plan"
    #expect(try await everything(ledger, filter, page: 10) == [2, 0])
    // Whoever asks who was shown somebody must know that this entry may have.
    filter.field = nil
    filter.subjects = [SubjectNumber(999_999)]
    let finding = try await ledger.search(filter, limit: 10)
    #expect(finding.records.isEmpty && finding.untold == 1)
    // Of another time it cannot be.
    filter.to = Timestamp(milliseconds: 0)
    #expect(try await ledger.search(filter, limit: 10).untold == 0)
  }

  @Test func detailsThatDoNotOpenAreCountedAndDoNotEndASearch() async throws {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    for _ in 0..<3 { _ = try await Sample.disclose(ledger) }
    try await ledger.close()
    let later = try Ledger.open(
      files: disk, keys: try Sample.keys(sets: 10), publishInterval: .seconds(3600), clock: Sample.clock(from: 1_763_500_000_000))
    _ = try await Sample.disclose(later)
    await #expect(throws: LedgerError.self) { try await later.records(from: 0, limit: 10) }
    var filter = LedgerFilter()
    filter.subjects = [SubjectNumber(3)]
    let finding = try await later.search(filter, limit: 10)
    #expect(finding.records.map(\.entry.index) == [3] && finding.untold == 3)
  }

  @Test func aSearchLooksAtSoManyAndNoMore() async throws {
    let ledger = try await filled()
    var filter = LedgerFilter()
    filter.principal = "nobody"
    let finding = try await ledger.search(filter, limit: 10, lookingAt: 1_000)
    #expect(finding.records.isEmpty && finding.looked == 1_000 && finding.next == UInt64(Self.count + 1 - 1_000))
  }
}
