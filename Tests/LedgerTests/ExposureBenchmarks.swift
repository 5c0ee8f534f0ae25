import Events
import Foundation
import Ledger
import TestSupport
import Testing

/// A million subjects in a hundred thousand entries on a real disk: how long the index takes to read them, and each kind of question to be
/// answered. Prints figures, and fails where a question takes a second. SEALANE_BENCH_ENTRIES and SEALANE_BENCH_SUBJECTS choose others.
@Suite(.serialized)
struct ExposureBenchmarks {
  private static let environment = ProcessInfo.processInfo.environment
  private static let isAsked = environment["SEALANE_BENCH"] != nil
  private static let entries = environment["SEALANE_BENCH_ENTRIES"].flatMap { Int($0) } ?? 100_000
  private static let subjects = environment["SEALANE_BENCH_SUBJECTS"].flatMap { Int($0) } ?? 1_000_000
  private static let fields = ["$email", "$name", "city", "region", "country", "browser", "os", "referrer", "org_id", "plan", "role", "id"]

  private struct Draft: Sendable {
    let disclosure: Disclosure
    let principal: Principal
  }

  private let pool: [SubjectNumber]

  init() {
    guard Self.isAsked else {
      pool = []
      return
    }
    var generator = SeededGenerator(seed: 2_027)
    var numbers: Set<UInt32> = []
    while numbers.count < Self.subjects { numbers.insert(UInt32.random(in: 0..<UInt32.max, using: &generator)) }
    pool = numbers.map { SubjectNumber($0) }
  }

  /// Most entries show a handful, some a few hundred, one in fifty a whole page of 10,000.
  private func draft(_ generator: inout SeededGenerator, _ lists: [[String]]) -> Draft {
    let dice = Int.random(in: 0..<100, using: &generator)
    let count =
      switch dice {
      case 0..<2: 10_000
      case 2..<10: Int.random(in: 50...500, using: &generator)
      default: Int.random(in: 1...20, using: &generator)
      }
    let set = (0..<count).map { _ in pool[Int.random(in: 0..<pool.count, using: &generator)] }
    let list = lists[Int.random(in: 0..<lists.count, using: &generator)]
    let who = Int.random(in: 0..<100, using: &generator)
    func disclosure(_ kind: Disclosure.Kind) -> Disclosure {
      Disclosure(kind, project: Sample.project, purpose: "bench", fields: list, request: count == 10_000 && who < 60 ? 7 : nil)
    }
    switch who {
    case 0..<40:
      let person = Int.random(in: 0..<10, using: &generator)
      return Draft(
        disclosure: disclosure(.subjects(set: set, rows: count)),
        principal: Principal(
          kind: .staff, id: "st_\(person)", credential: "ses_\(person)_\(Int.random(in: 0..<5, using: &generator))"))
    case 40..<60:
      let account = "sa_\(Int.random(in: 0..<5, using: &generator))"
      return Draft(
        disclosure: disclosure(.subjects(set: set, rows: count)),
        principal: Principal(kind: .serviceAccount, id: account, credential: account))
    default:
      let vendor = "vendor_\(Int.random(in: 0..<4, using: &generator))"
      return Draft(
        disclosure: disclosure(.delivery(set: set, events: count)), principal: Principal(kind: .vendor, id: vendor, credential: "mixpanel"))
    }
  }

  private func fill(_ ledger: Ledger) async throws {
    var generator = SeededGenerator(seed: 41)
    let lists = (0..<20).map { _ in Self.fields.filter { _ in Bool.random(using: &generator) } }
    var left = Self.entries
    while left > 0 {
      let page = (0..<min(left, 1_000)).map { _ in draft(&generator, lists) }
      try await withThrowingTaskGroup { group in
        for draft in page { group.addTask { _ = try await ledger.disclose(0, draft.disclosure, to: draft.principal) } }
        try await group.waitForAll()
      }
      left -= page.count
      // Vendors confirm deletions all along.
      for _ in 0..<5 {
        let gone = (0..<3).map { _ in pool[Int.random(in: 0..<pool.count, using: &generator)] }
        try await ledger.record(.vendorDeletionConfirmed(Sample.project, vendor: "vendor_1", subjects: gone), by: Sample.owner)
      }
    }
    try await ledger.publish()
  }

  @Test(.enabled(if: Self.isAsked)) func aMillionSubjectsInAHundredThousandEntries() async throws {
    let place = Self.environment["SEALANE_BENCH_DIRECTORY"].map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
    let directory = place.appendingPathComponent("sealane-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let ledger = try Ledger.open(directory: directory, keys: Sample.keys())
    let clock = ContinuousClock()
    func seconds(_ duration: Duration) -> String { String(format: "%.3f", duration / .seconds(1)) }
    let filling = try await clock.measure { try await fill(ledger) }
    print("exposure: \(try await ledger.count()) entries written in \(seconds(filling)) s")
    let index = ExposureIndex(ledger)
    let building = try await clock.measure { try await index.catchUp() }
    let figures = await index.figures()
    print(
      "exposure: index of \(figures.rows) rows and \(figures.subjects) subjects made in \(seconds(building)) s, "
        + "\(figures.setBytes >> 20) MiB of sets")
    let middle = try await ledger.entries(from: UInt64(Self.entries / 2), limit: 1)[0].time
    let questions: [(String, ExposureQuestion)] = [
      ("one session", ExposureQuestion(.credential("ses_3_2"), in: Sample.project)),
      ("one person", ExposureQuestion(.person("st_3"), in: Sample.project)),
      ("one account", ExposureQuestion(.serviceAccount("sa_1"), in: Sample.project)),
      ("one account, half of the time", ExposureQuestion(.serviceAccount("sa_1"), in: Sample.project, from: middle)),
      ("a vendor", ExposureQuestion(.vendor("vendor_0"), in: Sample.project)),
      ("a vendor with deletions", ExposureQuestion(.vendor("vendor_1"), in: Sample.project, to: middle)),
      ("an export", ExposureQuestion(.export(.request(7)), in: Sample.project)),
      ("one entry", ExposureQuestion(.export(.entry(UInt64(Self.entries / 2))), in: Sample.project)),
      ("everything", ExposureQuestion(.everything, in: Sample.project)),
    ]
    for (name, question) in questions {
      var times: [Duration] = []
      var last: ExposureAnswer?
      for _ in 0..<7 { times.append(try await clock.measure { last = try await index.answer(question) }) }
      let answer = try #require(last)
      let sorted = times.sorted()
      print(
        "exposure: \(name): median \(seconds(sorted[3])) s, slowest \(seconds(sorted[6])) s; \(answer.entries.count) entries, "
          + "\(answer.subjects.count) subjects, \(answer.fields.count) fields")
      #expect(sorted[6] < .seconds(1), "\(name)")
    }
    let somebody = [pool[17]]
    let proving = try await clock.measure { _ = try await index.proofs(of: somebody, ExposureQuestion(.everything, in: Sample.project)) }
    print("exposure: the entries that show one subject: \(seconds(proving)) s")
    let poor = ExposureIndex(ledger, memory: 8 << 20)
    try await poor.catchUp()
    let slow = try await clock.measure { _ = try await poor.answer(ExposureQuestion(.vendor("vendor_0"), in: Sample.project)) }
    print("exposure: a vendor, with 8 MiB for sets and the rest read from the disk: \(seconds(slow)) s")
    try await ledger.close()
  }
}
