import Events
import Foundation
import Journeys
import SegmentStore
import Testing

/// The same worlds by way of a real store on a real disk: sent in batches, in another order, every event more than once, with segments
/// written, merged and reopened in between.
struct StoreComparisonTests {
  static let casesPerReport: UInt64 = 60

  @Test("a store that was sent everything twice answers as the reference does", arguments: RandomCase.Kind.allCases)
  func agrees(kind: RandomCase.Kind) async throws {
    for seed in 20_000..<(20_000 + Self.casesPerReport) {
      var example = try RandomCase(kind, seed: seed)
      example.world.merges = []
      let expected = try Reference(example.world, calendar: example.calendar, instant: example.instant, smallest: example.smallest).report(
        example.query)
      let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-compare-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: directory) }
      let store = try await Self.fill(example, seed: seed, directory: directory)
      var found = try await store.report(example.query, example.rules, at: Timestamp(milliseconds: example.instant))
      found.notes.dataVersion = expected.notes.dataVersion
      await store.stop()
      if let difference = Difference.between(expected.json, found.json) {
        Issue.record("seed \(seed) of \(kind): \(difference)\nquery \(example.query.canonicalJSON)")
        return
      }
    }
  }

  @Test("day series that segments have counted are those of a scan") func countsOfSegments() async throws {
    var counted = 0
    for seed in 30_000..<UInt64(30_060) {
      var example = try RandomCase(.insights, seed: seed)
      example.world.merges = []
      let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-counts-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: directory) }
      let store = try await Self.fill(example, seed: seed, directory: directory)
      try await store.flush()
      var snapshot = try await store.snapshot()
      var random = Randomness(seed: seed)
      let query = Query.insights(
        InsightsQuery(
          range: example.range, unit: random.pick(BucketUnit.allCases),
          series: [nil, "open", "buy"].map { .init(selector: EventSelector(event: $0), measure: .total) }))
      let instant = Timestamp(milliseconds: example.instant)
      let byCounts = try QueryExecution(snapshot: snapshot, rules: example.rules, instant: instant).report(query)
      snapshot.usesCounts = false
      let byScan = try QueryExecution(snapshot: snapshot, rules: example.rules, instant: instant).report(query)
      #expect(byCounts == byScan, "seed \(seed)")
      if case .insights(let report) = byScan.content, report.lines[0].overall ?? 0 > 0 { counted += 1 }
      await store.stop()
    }
    #expect(counted > 30)
  }

  @Test("the same question about the same data is answered once, a new event is seen at once") func resultCache() async throws {
    let example = try RandomCase(.insights, seed: 1)
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-results-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let store = try await Self.fill(example, seed: 1, directory: directory)
    func ask(_ instant: Int64) async throws -> Report {
      try await store.report(
        .insights(InsightsQuery(range: example.range, series: [.init(selector: EventSelector(event: nil), measure: .total)])),
        example.rules, at: Timestamp(milliseconds: instant))
    }
    let now = try example.calendar.interval(example.range).upperBound.milliseconds
    let first = try await ask(now)
    #expect(try await ask(now + 10_000).notes.evaluatedAt.milliseconds == now)
    #expect(try await ask(now + 10_001).notes.evaluatedAt.milliseconds == now + 10_001)
    #expect(try await ask(now - 1).notes.evaluatedAt.milliseconds == now - 1)
    var batch = IncomingBatch()
    batch.add(StoredRow(name: "open", time: Timestamp(milliseconds: now - 1), actor: StoredIdentity(Self.pseudonym(3))))
    _ = try await store.append(batch)
    guard case .insights(let before) = first.content, case .insights(let after) = try await ask(now).content else { return }
    #expect(after.lines[0].overall == (before.lines[0].overall ?? 0) + 1)
    await store.stop()
  }

  private static func pseudonym(_ number: UInt32) -> Pseudonym {
    number >= 9_000 && number < 9_100 ? Pseudonym(high: 5, low: UInt64(number - 9_000)) : Pseudonym(high: 1, low: UInt64(number))
  }

  /// Gives the subjects of a world a past, and others one too, and deletes it: nothing of it may be in the answers.
  private static func deletePast(of example: RandomCase, _ random: inout Randomness, in store: SegmentStore) async throws {
    let actors = Set(example.world.events.compactMap(\.actor)).sorted() + [900_001, 900_002]
    for _ in 0..<(1 + random.below(2)) {
      var batch = IncomingBatch()
      for event in example.world.events.prefix(40) {
        guard let actor = actors.isEmpty ? nil : actors[random.below(actors.count)] else { continue }
        batch.add(
          StoredRow(
            name: event.name, time: Timestamp(milliseconds: event.time + Int64(random.below(5))), actor: StoredIdentity(pseudonym(actor)),
            link: nil, duplicateKey: nil, properties: event.properties.map { StoredProperty($0.key, $0.value) }))
        if random.chance(20) {
          batch.add(
            StoredUpdate(
              target: StoredIdentity(pseudonym(actor)), operation: .set([.init("plan", .string("past")), .init("past", .boolean(true))]),
              time: Timestamp(milliseconds: example.instant), isVerified: true))
        }
      }
      _ = try await store.append(batch)
      if random.chance(50) { try await store.flush() }
      _ = try await store.deleteSubjects(actors.map(pseudonym))
    }
  }

  private static func fill(_ example: RandomCase, seed: UInt64, directory: URL) async throws -> SegmentStore {
    var random = Randomness(seed: seed)
    var options = StoreOptions()
    options.memoryRows = random.pick([4, 16, 1 << 19])
    options.mergeWidth = 2
    options.blockRows = random.pick([1, 3, 7, ColumnRun.blockRows])
    var store = try await SegmentStore.open(directory: directory, options: options)
    let rows = example.world.events.enumerated().map { index, event in
      StoredRow(
        name: event.name, time: Timestamp(milliseconds: event.time), actor: event.actor.map { StoredIdentity(pseudonym($0)) }, link: nil,
        duplicateKey: .init(day: Int32(index % 3), fingerprint: UInt64(index) &* 0xBF58_476D_1CE4_E5B9),
        groups: Set(event.properties.values.flatMap { PlainWorld.organizations(in: $0) }).map {
          StoredIdentity(pseudonym($0), isGroup: true)
        },
        properties: event.properties.map { StoredProperty($0.key, $0.value) })
    }
    var sent = (rows + rows.filter { _ in random.chance(60) }).shuffled(using: &random)
    sent += rows.suffix(3)
    if random.chance(60) { try await deletePast(of: example, &random, in: store) }
    while !sent.isEmpty {
      var batch = IncomingBatch()
      for row in sent.prefix(1 + random.below(12)) { batch.add(row) }
      sent.removeFirst(min(batch.rowCount, sent.count))
      _ = try await store.append(batch)
      if random.chance(15) { try await store.flush() }
      if random.chance(5) { try await store.compact() }
      if random.chance(5) {
        await store.stop()
        store = try await SegmentStore.open(directory: directory, options: options)
      }
    }
    var profiles = IncomingBatch()
    for (number, properties) in example.world.profiles {
      profiles.add(
        StoredUpdate(
          target: StoredIdentity(pseudonym(number)), operation: .set(properties.map { .init($0.key, $0.value) }),
          time: Timestamp(milliseconds: example.instant), isVerified: true))
    }
    _ = try await store.append(profiles)
    return store
  }
}
