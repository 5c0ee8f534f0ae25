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
      let expected = try Reference(example.world, calendar: example.calendar, instant: example.instant).report(example.query)
      let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-compare-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: directory) }
      let store = try await Self.fill(example, seed: seed, directory: directory)
      var found = try await store.report(example.query, calendar: example.calendar, at: Timestamp(milliseconds: example.instant))
      found.notes.dataVersion = expected.notes.dataVersion
      await store.stop()
      if let difference = Difference.between(expected.json, found.json) {
        Issue.record("seed \(seed) of \(kind): \(difference)\nquery \(example.query.canonicalJSON)")
        return
      }
    }
  }

  private static func pseudonym(_ number: UInt32) -> Pseudonym {
    number >= 9_000 && number < 9_100 ? Pseudonym(high: 5, low: UInt64(number - 9_000)) : Pseudonym(high: 1, low: UInt64(number))
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
    while !sent.isEmpty {
      var batch = IncomingBatch()
      for row in sent.prefix(1 + random.below(12)) { batch.add(row) }
      sent.removeFirst(min(batch.rowCount, sent.count))
      _ = try await store.append(batch)
      if random.chance(15) { try await store.flush() }
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
