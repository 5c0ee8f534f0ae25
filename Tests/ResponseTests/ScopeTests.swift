import Crypto
import Events
import Foundation
import Ledger
import Response
import TestSupport
import Testing

/// Scopes on random lives of a company, compared with the same from all records, one subject at a time.
struct ScopeTests {
  private static let project = ProjectID(1)
  private static let owner = Principal(kind: .staff, id: "st_0", credential: "ses_0")
  private static let fields = ["$email", "city", "plan", "referrer"]
  private static let vendors = ["tallymark", "quillon"]

  /// What happened, with all that a plain recomputation needs.
  private final class Life {
    var generator: SeededGenerator
    let store = FakeStore()
    let ledger: Ledger
    let directory: URL
    var numbers: [UInt32] = []
    var time: Timestamp = Timestamp(milliseconds: 0)

    init(seed: UInt64) throws {
      generator = SeededGenerator(seed: seed)
      directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-scope-\(UUID().uuidString)")
      let keys = try LedgerKeys(
        origin: "sealane.test/ledger", signingSeed: [UInt8](repeating: 7, count: 32), setsKey: [UInt8](repeating: 9, count: 32))
      ledger = try Ledger.open(directory: directory, keys: keys)
    }

    func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }
    func chance(_ percent: Int) -> Bool { below(100) < percent }
    /// People, and now and then the id of an organization, as rows name both.
    func some(_ most: Int) -> [SubjectNumber] {
      let people = (0..<below(most + 1)).map { _ in SubjectNumber(numbers[below(numbers.count)]) }
      return chance(30) ? people + [SubjectNumber(UInt32(below(12)))] : people
    }

    func arrive() {
      let number = UInt32.random(in: 0..<UInt32.max, using: &generator)
      numbers.append(number)
      let organization = UInt32(below(12))
      store.change {
        $0.arrivals[number] = time
        $0.organizations["org_id", default: [:]][organization, default: []].insert(number)
        $0.organizationIDs.insert(organization)
      }
    }

    func step() async throws {
      let receipt: LedgerReceipt
      switch below(100) {
      case 0..<20:
        arrive()
        return
      case 20..<30:
        let (device, user) = (numbers[below(numbers.count)], numbers[below(numbers.count)])
        store.change { if $0.parents[device] == nil, $0.canonical(user) != device { $0.parents[device] = user } }
        return
      case 30..<60:
        let person = below(3)
        receipt = try await ledger.disclose(
          0,
          Disclosure(
            .subjects(set: some(6), rows: 6), project: ScopeTests.project, purpose: "test",
            fields: ScopeTests.fields.filter { _ in chance(50) }),
          to: Principal(kind: .staff, id: "st_\(person)", credential: "ses_\(person)")
        ).receipt
      case 60..<80:
        receipt = try await ledger.disclose(
          0,
          Disclosure(
            .delivery(set: some(15), events: 20), project: ScopeTests.project, purpose: "relay",
            fields: ScopeTests.fields.filter { _ in chance(50) }),
          to: Principal(kind: .vendor, id: ScopeTests.vendors[below(2)], credential: "mixpanel")
        ).receipt
      case 80..<87:
        // A vendor deletes all numbers that count as somebody.
        let canonical = store.now.canonical(numbers[below(numbers.count)])
        let members = numbers.filter { store.now.canonical($0) == canonical }.map { SubjectNumber($0) }
        receipt = try await ledger.record(
          .vendorDeletionConfirmed(ScopeTests.project, vendor: ScopeTests.vendors[below(2)], subjects: members), by: ScopeTests.owner)
      case 87..<92:
        let canonical = store.now.canonical(numbers[below(numbers.count)])
        let members = numbers.filter { store.now.canonical($0) == canonical }
        receipt = try await ledger.record(
          .subjectErased(ScopeTests.project, members.map { SubjectNumber($0) }, ids: []), by: ScopeTests.owner)
        store.change { $0.deleted.formUnion(members) }
      case 92..<96:
        let count = try await ledger.count()
        if count > 0 {
          try await ledger.eraseDetail(of: UInt64.random(in: 0..<count, using: &generator), by: ScopeTests.owner)
        }
        return
      default:
        receipt = try await ledger.record(
          .trackingPlanChanged(ScopeTests.project, version: 1 + below(5), digest: "d"), by: ScopeTests.owner)
      }
      time = receipt.time
    }

    func close() async throws {
      try await ledger.close()
      try FileManager.default.removeItem(at: directory)
    }
  }

  /// For every number that ever came, what is to be said of whom it counts as, from the records and the store alone.
  private static func plain(_ question: ExposureQuestion, _ records: [LedgerRecord], _ state: FakeStore.State) -> (
    affected: [UInt32: Set<String>], uncertain: Set<UInt32>, everybody: Set<UInt32>, entries: [UInt32: Set<UInt64>]
  ) {
    func detail(_ record: LedgerRecord) -> LedgerDetail? { if case .present(let detail) = record.detail { detail } else { nil } }
    func isInTime(_ entry: LedgerEntry, _ from: Timestamp?) -> Bool {
      (question.to.map { entry.time < $0 } ?? true) && (from.map { entry.time >= $0 } ?? true)
    }
    var affected: [UInt32: Set<String>] = [:]
    var (entries, erased, everybody): ([UInt32: Set<UInt64>], Set<UInt32>, Set<UInt32>) = ([:], [], [])
    var lastUntold: Timestamp?
    for record in records where record.entry.kind == "subject_erased" {
      erased.formUnion((detail(record)?.subjects?.numbers ?? []).map { state.canonical($0.rawValue) })
    }
    var vendor: String?
    if case .vendor(let name) = question.source { vendor = name }
    for record in records {
      guard record.entry.kind == (vendor == nil ? "disclosure.subjects" : "disclosure.delivery"),
        isInTime(record.entry, vendor == nil ? question.from : nil)
      else { continue }
      guard let detail = detail(record) else {
        lastUntold = record.entry.time
        continue
      }
      switch question.source {
      case .person(let name): guard detail.principal.id == name else { continue }
      case .credential(let name): guard detail.principal.credential == name else { continue }
      default: guard detail.principal.id == vendor else { continue }
      }
      for subject in detail.subjects?.numbers ?? [] {
        let isDeleted = records[Int(record.entry.index)...].contains { later in
          guard vendor != nil, later.entry.kind == "vendor_deletion_confirmed", isInTime(later.entry, nil) else { return false }
          guard case .present(let confirmed) = later.detail, confirmed.facts["vendor"] == vendor else { return false }
          return confirmed.subjects?.numbers.contains(subject) ?? true
        }
        if isDeleted || state.organizationIDs.contains(subject.rawValue) { continue }
        let canonical = state.canonical(subject.rawValue)
        affected[canonical, default: []].formUnion(detail.fields)
        entries[canonical, default: []].insert(record.entry.index)
      }
    }
    for (number, _) in state.arrivals where !state.deleted.contains(number) { everybody.insert(state.canonical(number)) }
    everybody.formUnion(erased)
    var uncertain: Set<UInt32> = []
    if let lastUntold {
      for (number, arrival) in state.arrivals where !state.deleted.contains(number) && arrival <= lastUntold {
        uncertain.insert(state.canonical(number))
      }
      uncertain.formUnion(erased)
      uncertain.subtract(affected.keys)
    }
    return (affected, uncertain, everybody, entries)
  }

  @Test("a scope is what a plain recomputation says", arguments: 0..<8)
  func equalsAPlainRecomputation(_: Int) async throws {
    let seed = UInt64.random(in: 0...(.max))
    let life = try Life(seed: seed)
    for _ in 0..<60 { life.arrive() }
    let index = ExposureIndex(life.ledger)
    let maker = ScopeMaker(index, resolver: life.store, groupKeys: ["org_id"])
    var (sawAffected, sawUncertain, sawNot) = (0, 0, 0)
    for round in 0..<4 {
      for _ in 0..<120 { try await life.step() }
      var records: [LedgerRecord] = []
      while case let page = try await life.ledger.records(from: UInt64(records.count), limit: 1_000), !page.isEmpty { records += page }
      let state = life.store.now
      let times = records.map(\.entry.time)
      for _ in 0..<6 {
        let source: ExposureQuestion.Source =
          switch life.below(4) {
          case 0: .person("st_\(life.below(3))")
          case 1: .credential("ses_\(life.below(3))")
          default: .vendor(Self.vendors[life.below(2)])
          }
        let question = ExposureQuestion(
          source, in: Self.project, from: life.chance(50) ? times[life.below(times.count)] : nil,
          to: life.chance(50) ? times[life.below(times.count)] : nil)
        let scope = try await maker.scope(question)
        let plain = Self.plain(question, records, state)
        let comment: Comment = "seed \(seed), round \(round), \(question)"
        #expect(Set(scope.affected.numbers) == Set(plain.affected.keys), comment)
        #expect(Set(scope.cannotBeExcluded.numbers) == plain.uncertain, comment)
        #expect(
          scope.notAffectedCount == plain.everybody.subtracting(plain.uncertain).subtracting(plain.affected.keys).count, comment)
        for field in Self.fields {
          let count = plain.affected.values.count { $0.contains(field) }
          #expect(scope.fields.first { $0.name == field }?.count ?? 0 == count, comment)
        }
        for canonical in plain.everybody.union(plain.affected.keys) {
          switch try await maker.verdict(on: SubjectNumber(canonical), in: scope) {
          case .affected(let entries, let fields):
            sawAffected += 1
            #expect(Set(fields) == plain.affected[canonical] && Set(entries.map(\.index)) == plain.entries[canonical], comment)
          case .cannotBeExcluded(let untold):
            sawUncertain += 1
            #expect(plain.uncertain.contains(canonical) && !untold.isEmpty, comment)
          case .notAffected:
            sawNot += 1
            #expect(plain.affected[canonical] == nil && !plain.uncertain.contains(canonical), comment)
          }
        }
        for (number, members) in state.organizations["org_id"] ?? [:] {
          let people = Set(members.map(state.canonical))
          let found = scope.organizations["org_id"]?.first { $0.number.rawValue == number }
          #expect(found?.affected ?? 0 == people.count { plain.affected[$0] != nil }, comment)
          #expect(found?.cannotBeExcluded ?? 0 == people.count { plain.uncertain.contains($0) }, comment)
          if let found { #expect(found.members == people.count, comment) }
        }
      }
    }
    #expect(sawAffected > 50 && sawUncertain > 50 && sawNot > 50, "seed \(seed): all three verdicts occur")
    try await life.close()
  }

  // MARK: One by one

  private static func disclose(_ life: Life, _ numbers: [UInt32], _ fields: [String]) async throws -> LedgerReceipt {
    try await life.ledger.disclose(
      0,
      Disclosure(
        .subjects(set: numbers.map { SubjectNumber($0) }, rows: numbers.count), project: project, purpose: "test", fields: fields),
      to: Principal(kind: .staff, id: "st_9", credential: "ses_9")
    ).receipt
  }

  private static let question = ExposureQuestion(.person("st_9"), in: project)

  @Test func aLaterVersionSaysWhoIsNewAndWhoIsNotAnyMore() async throws {
    let life = try Life(seed: 1)
    let people: [UInt32] = [10, 20, 30, 40, 50]
    life.store.change { for number in people { $0.arrivals[number] = Timestamp(milliseconds: 0) } }
    let maker = ScopeMaker(ExposureIndex(life.ledger), resolver: life.store, groupKeys: [])
    _ = try await Self.disclose(life, [10, 20], ["city"])
    let first = try await maker.scope(Self.question)
    #expect(first.version == 1 && first.supersedes == nil)
    let late = try await Self.disclose(life, [30, 20], ["city", "plan"])
    // Ten and forty turn out to be one person: nobody new.
    life.store.change { $0.parents[10] = 40 }
    let second = try await maker.scope(Self.question, superseding: (first.version, first.digest))
    #expect(second.version == 2 && second.supersedes == first.digest && second.affected.numbers == [20, 30, 40])
    var change = second.change(from: first, at: try await life.store.moment())
    #expect(change.newlyAffected.numbers == [30] && change.noLongerAffected.isEmpty && change.moreFields.numbers == [20])
    #expect(change.newlyUncertain.isEmpty && change.noLongerUncertain.isEmpty)
    // The details of the later entry are erased: whom it showed cannot be told, so that nobody is excluded any more.
    try await life.ledger.eraseDetail(of: late.index, by: Self.owner)
    let third = try await maker.scope(Self.question, superseding: (second.version, second.digest))
    change = third.change(from: second, at: try await life.store.moment())
    #expect(change.noLongerAffected.numbers == [30] && change.newlyUncertain.numbers == [50] && change.newlyAffected.isEmpty)
    #expect(third.status(of: SubjectNumber(30)) == .cannotBeExcluded && third.notAffectedCount == 0)
    #expect(first.change(from: first, at: try await life.store.moment()).isEmpty)
    try await life.close()
  }

  @Test func aHostHeldEverybodyWhoHadArrived() async throws {
    let life = try Life(seed: 1)
    life.store.change {
      $0.arrivals = [10: Timestamp(milliseconds: 5), 20: Timestamp(milliseconds: 50), 30: Timestamp(milliseconds: 5)]
    }
    let maker = ScopeMaker(ExposureIndex(life.ledger), resolver: life.store, groupKeys: [])
    let scope = try await maker.scope(
      ExposureQuestion(.everything, in: Self.project, to: Timestamp(milliseconds: 50)),
      holdings: .init(host: "server", fields: ["plan", "city"]))
    #expect(scope.affected.numbers == [10, 30] && scope.notAffectedCount == 1)
    #expect(scope.fields.map(\.name) == ["city", "plan"] && scope.fields.map(\.count) == [2, 2])
    #expect(try await maker.verdict(on: SubjectNumber(10), in: scope) == .affected(entries: [], fields: ["city", "plan"]))
    #expect(try await maker.verdict(on: SubjectNumber(20), in: scope) == .notAffected)
    try await life.close()
  }

  @Test func theFormIsOneAndNamesNobody() async throws {
    let life = try Life(seed: 1)
    life.store.change { for number in [UInt32(4_242_424), 4_242_425, 7] { $0.arrivals[number] = Timestamp(milliseconds: 0) } }
    let maker = ScopeMaker(ExposureIndex(life.ledger), resolver: life.store, groupKeys: ["org_id"])
    let entry = try await Self.disclose(life, [4_242_424, 4_242_425], ["plan", "city"])
    try await life.ledger.record(.trackingPlanChanged(Self.project, version: 3, digest: "abc"), by: Self.owner)
    let scope = try await maker.scope(Self.question)
    let again = try await ScopeMaker(ExposureIndex(life.ledger), resolver: life.store, groupKeys: ["org_id"]).scope(Self.question)
    #expect(scope.json == again.json && scope.digest == again.digest)
    let text = String(decoding: scope.json, as: UTF8.self)
    #expect(!text.contains("4242424") && !text.contains("4242425"))
    #expect(CanonicalJSON(canonical: scope.json) != nil)
    // By hand, as a second implementation would.
    let set = SubjectSet([4_242_424, 4_242_425].map { SubjectNumber($0) }).roaring
    let digest = SHA256.hash(data: set).map { String(format: "%02x", $0) }.joined()
    let entries = SHA256.hash(data: withUnsafeBytes(of: entry.index.littleEndian) { Array($0) }).map { String(format: "%02x", $0) }.joined()
    let empty = SHA256.hash(data: SubjectSet([]).roaring).map { String(format: "%02x", $0) }.joined()
    let nothing = SHA256.hash(data: [UInt8]()).map { String(format: "%02x", $0) }.joined()
    let time = entry.time.milliseconds
    #expect(
      text == """
        {"affected":{"count":2,"sha256":"\(digest)"},"affected_erased":0,"cannot_be_excluded":{"count":0,"sha256":"\(empty)"},\
        "entries":{"count":1,"sha256":"\(entries)"},\
        "fields":[{"count":2,"name":"city","sha256":"\(digest)"},{"count":2,"name":"plan","sha256":"\(digest)"}],\
        "first":\(time),"last":\(time),"ledger_size":2,"merges":0,"not_affected":1,\
        "organizations":{"org_id":{"affected":0,"cannot_be_excluded":0,"sha256":"\(nothing)"}},\
        "plans":[{"digest":"abc","entry":1,"version":3}],"project":1,"rows":2,"shown":{"count":2,"sha256":"\(digest)"},\
        "source":{"id":"st_9","kind":"person"},"untold":{"count":0,"sha256":"\(nothing)"},"v":1,"version":1}
        """)
    var other = Self.question
    other.size = 1
    #expect(try await maker.scope(other).digest != scope.digest)
    try await life.close()
  }

  @Test func aNumberThatNoStoreKnowsCountsAllTheSame() async throws {
    let life = try Life(seed: 1)
    _ = try await Self.disclose(life, [77], ["city"])
    let scope = try await ScopeMaker(ExposureIndex(life.ledger), resolver: life.store, groupKeys: []).scope(Self.question)
    #expect(scope.affected.numbers == [77] && scope.notAffectedCount == 0 && scope.affectedErased == 0)
    try await life.close()
  }
}
