import Events
import Foundation
import Journeys
import SegmentStore
import Testing
import Vault

@Suite struct OutboxAndLimitTests {
  @Test func wrappedKeysWaitUntilTheyAreDeleted() async throws {
    let disk = SimulatedDisk()
    var options = StoreOptions(disk: disk)
    options.memoryRows = 4
    var store = try await SegmentStore.open(directory: FaultTests.directory, options: options)
    for index in 0..<10 {
      var batch = Sample.batch([Sample.row("a", 1, Int64(index)), Sample.row("a", 2, Int64(index))])
      for key in 0..<3 { batch.add(WrappedKeySample.key(UInt32(index * 3 + key))) }
      _ = try await store.append(batch)
    }
    for _ in 0..<2 {
      let keys = try store.undeliveredKeys(after: 0, limit: 100)
      #expect(keys.map(\.0) == Array(1...30))
      #expect(keys.map(\.1) == (0..<30).map { WrappedKeySample.key(UInt32($0)) })
      #expect(try store.undeliveredKeys(after: 7, limit: 2).map(\.0) == [8, 9])
      try await store.close()
      store = try await SegmentStore.open(directory: FaultTests.directory, options: options)
    }
    try await store.deleteKeys(through: 20)
    for round in 0..<3 {
      #expect(try store.undeliveredKeys(after: 0, limit: 100).map(\.0) == Array(21...30))
      if round == 1 { await store.stop() } else { try await store.close() }
      store = try await SegmentStore.open(directory: FaultTests.directory, options: options)
    }
    await store.stop()
  }

  @Test func sealedIdsAreKeptFromFirstSight() async throws {
    let disk = SimulatedDisk()
    var store = try await SegmentStore.open(directory: FaultTests.directory, options: StoreOptions(disk: disk))
    let sealed = SealedValue(bytes: [1, 2, 3], tag: Sample.pseudonym(77))
    var row = Sample.row("a", 1, 1)
    _ = try await store.append(Sample.batch([row]))
    #expect(!store.isKnown(Sample.pseudonym(1)))
    try await store.flush()
    row.actor?.sealedID = sealed
    _ = try await store.append(Sample.batch([row]))
    row.actor?.sealedID = SealedValue(bytes: [9], tag: Sample.pseudonym(77))
    _ = try await store.append(Sample.batch([row]))
    for _ in 0..<3 {
      #expect(store.isKnown(Sample.pseudonym(1)))
      #expect(try store.sealedID(of: Sample.pseudonym(1)) == sealed)
      try await store.close()
      store = try await SegmentStore.open(directory: FaultTests.directory, options: StoreOptions(disk: disk))
    }
    await store.stop()
  }

  @Test func moreThanTheQueueHoldsIsOverload() async throws {
    let directory = Sample.directory()
    defer { try? FileManager.default.removeItem(at: directory) }
    var options = StoreOptions()
    options.queueBytes = 2_000
    let store = try await SegmentStore.open(directory: directory, options: options)
    let batch = Sample.batch((0..<100).map { Sample.row("a", $0, Int64($0)) })
    let outcomes = await withTaskGroup(of: Result<AppendOutcome, StoreError>.self) { group in
      for _ in 0..<200 {
        group.addTask {
          do throws(StoreError) { return .success(try await store.append(batch)) } catch { return .failure(error) }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let accepted = outcomes.filter { if case .success = $0 { true } else { false } }.count
    let refused = outcomes.filter { if case .failure(.overloaded) = $0 { true } else { false } }.count
    #expect(accepted + refused == 200 && accepted > 0)
    #expect(try await store.catalog().eventCount == accepted * 100)
    try await store.close()
  }

  @Test func aProfileHasALimit() async throws {
    let store = try await SegmentStore.open(directory: FaultTests.directory, options: StoreOptions(disk: SimulatedDisk()))
    let long = String(repeating: "x", count: 100_000)
    var refused = 0
    for index in 0..<4 {
      let update = StoredUpdate(
        target: Sample.subject(1), operation: .set([.init("p\(index)", .string(long))]), time: Timestamp(milliseconds: 0), isVerified: false
      )
      refused += try await store.append(Sample.batch([], updates: [update])).refusedProfileUpdates
    }
    #expect(refused == 2)
    let last = StoredUpdate(
      target: Sample.subject(1), operation: .set([.init("a", .null)]), time: Timestamp(milliseconds: 1_700_000_000_000), isVerified: true)
    _ = try await store.append(Sample.batch([], updates: [last]))
    let profile = try #require(try await store.profile(of: Sample.pseudonym(1)))
    #expect(profile.unverified.count == 3)
    #expect(profile.verified == [StoredProperty("a", .null), StoredProperty("$last_seen", .string("2023-11-14T22:13:20"))])
    await store.stop()
  }
}
