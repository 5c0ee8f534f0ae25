import Events
import Foundation
import Journeys
import SegmentStore
import TestSupport
import Testing

/// Log files that were put aside: there as long as somebody needs them, gone when nobody does, and a gap is told.
@Suite struct PastLogTests {
  static let directory = TailSample.directory

  static func options(_ disk: SimulatedDisk) -> StoreOptions { TailSample.options(disk, logBytes: 1 << 20, memoryRows: 1_000) }

  /// A store of so many commits of one event each, with a log file put aside every four.
  static func store(_ disk: SimulatedDisk, commits: Int) async throws -> SegmentStore {
    let store = try await SegmentStore.open(directory: directory, options: options(disk))
    for id in 1...commits {
      _ = try await store.append(Sample.batch([TailSample.row(id, subject: id % 3)]))
      if id % 4 == 0 { try await store.flush() }
    }
    return store
  }

  @Test func theyStayWhileSomebodyNeedsThemAndGoWhenNobodyDoes() async throws {
    let disk = SimulatedDisk()
    let store = try await Self.store(disk, commits: 22)
    let all = TailSample.pastLogs(disk)
    #expect(all.count >= 5)
    for needed in [1, 2, 4, 5, 9, 20, 22] as [UInt64] {
      try store.dropPastLogs(before: needed, keepingBytes: .max)
      var follower = TailFollower(position: TailPosition(commit: needed - 1, row: .max))
      try follower.read(store, limit: 3)
      #expect(follower.ids == Array(Int(needed)...22) && follower.missed == 0, "from \(needed)")
    }
    #expect(TailSample.pastLogs(disk).count < all.count && !TailSample.pastLogs(disk).isEmpty)
    try store.dropPastLogs(before: nil, keepingBytes: .max)
    #expect(TailSample.pastLogs(disk).isEmpty)
    await store.stop()
  }

  @Test func aGapIsToldOnceAndByItsLength() async throws {
    let disk = SimulatedDisk()
    let store = try await Self.store(disk, commits: 22)
    let sizes = disk.files
    let bytes = TailSample.pastLogs(disk).suffix(2).reduce(0) { $0 + (sizes[Self.directory.path + "/" + $1]?.count ?? 0) }
    // The oldest go, though somebody needs them.
    try store.dropPastLogs(before: 1, keepingBytes: bytes)
    #expect(TailSample.pastLogs(disk).count == 2)
    var follower = TailFollower()
    try follower.read(store, limit: 2)
    let first = try #require(follower.ids.first)
    #expect(first > 1 && follower.ids == Array(first...22))
    #expect(follower.missed == UInt64(first - 1))
    // Whoever is in the middle of what went is told of the rest.
    var late = TailFollower(position: TailPosition(commit: 3, row: .max))
    try late.read(store, limit: 100)
    #expect(late.ids == follower.ids && late.missed == UInt64(first - 4))
    // All of it gone: nothing comes, and nothing comes again.
    try store.dropPastLogs(before: nil, keepingBytes: 0)
    var last = TailFollower()
    try last.read(store, limit: 100)
    #expect(last.missed == 20 && last.ids == [21, 22])
    await store.stop()
  }

  @Test func nothingIsKeptWhereNobodyFollows() async throws {
    let disk = SimulatedDisk()
    var store = try await Self.store(disk, commits: 10)
    #expect(!TailSample.pastLogs(disk).isEmpty)
    await store.stop()
    var options = Self.options(disk)
    options.keepsPastLogs = false
    store = try await SegmentStore.open(directory: Self.directory, options: options)
    #expect(TailSample.pastLogs(disk).isEmpty)
    for id in 11...20 { _ = try await store.append(Sample.batch([TailSample.row(id, subject: 1)])) }
    try await store.flush()
    #expect(TailSample.pastLogs(disk).isEmpty)
    // Somebody begins to follow: from now on they stay.
    store.keepPastLogs(true)
    let begin = TailPosition(commit: store.committed, row: .max)
    for id in 21...30 { _ = try await store.append(Sample.batch([TailSample.row(id, subject: 1)])) }
    try await store.flush()
    var follower = TailFollower(position: begin)
    try follower.read(store, limit: 4)
    #expect(follower.ids == Array(21...30) && follower.missed == 0)
    await store.stop()
  }

  /// They are no part of the store: it opens and is whole without them, and with damaged ones.
  @Test func theStoreNeedsNoneOfThem() async throws {
    let disk = SimulatedDisk()
    var store = try await Self.store(disk, commits: 12)
    try await store.close()
    for damage in [true, false] {
      var files = disk.files
      for name in TailSample.pastLogs(disk) {
        files[Self.directory.path + "/" + name] = damage ? [UInt8](repeating: 7, count: 60) : nil
      }
      let other = SimulatedDisk(files: files)
      #expect(try SegmentStore.check(directory: Self.directory, disk: other) == [])
      store = try await SegmentStore.open(directory: Self.directory, options: Self.options(other))
      #expect(try await FaultTests.ids(store) == Array(1...12))
      // One that does not read holds up no clearing away.
      try store.dropPastLogs(before: 13, keepingBytes: 0)
      #expect(TailSample.pastLogs(other).isEmpty)
      await store.stop()
    }
  }

  /// The header of one in the middle is gone: those behind it, which somebody needs, stay.
  @Test func aDamagedOneTakesNoOtherAlong() async throws {
    let disk = SimulatedDisk()
    var store = try await Self.store(disk, commits: 22)
    await store.stop()
    let names = TailSample.pastLogs(disk)
    var files = disk.files
    files[Self.directory.path + "/" + names[2]] = []
    let other = SimulatedDisk(files: files)
    store = try await SegmentStore.open(directory: Self.directory, options: Self.options(other))
    try store.dropPastLogs(before: 6, keepingBytes: .max)
    #expect(
      !TailSample.pastLogs(other).contains(names[0]) && TailSample.pastLogs(other).contains(names[1]), "the sixth commit is in the second")
    var follower = TailFollower(position: TailPosition(commit: 5, row: .max))
    try follower.read(store, limit: 2)
    #expect(follower.missed == 4 && follower.ids == [6, 7, 8] + Array(13...22))
    await store.stop()
  }

  /// A crash at any step, that of a rename and of a removal too, takes from a follower nothing that it had not read.
  @Test(arguments: 0..<8) func aCrashTakesNothingFromAFollower(part: UInt64) async throws {
    for round in 0..<40 as Range<UInt64> {
      let seed = 9_000_000 + part * 1_000 + round
      var generator = SeededGenerator(seed: seed)
      var disk = SimulatedDisk()
      var follower = TailFollower()
      var (acknowledged, next) = (Set<Int>(), 0)
      // Crash after crash over the same files.
      for _ in 0..<4 {
        disk.fail(
          after: Int.random(in: 1...120, using: &generator), as: [.crash, .crash, .full].randomElement(using: &generator) ?? .crash)
        let options = TailSample.options(
          disk, logBytes: Int.random(in: 200...1_500, using: &generator), memoryRows: Int.random(in: 3...15, using: &generator))
        if let store = try? await SegmentStore.open(directory: Self.directory, options: options) {
          for _ in 0..<12 {
            let rows = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
              next += 1
              return TailSample.row(next, subject: next % 4)
            }
            guard (try? await store.append(Sample.batch(rows))) != nil else { break }
            acknowledged.formUnion(rows.map(FaultTests.id))
            if Int.random(in: 0..<4, using: &generator) == 0 { try? await store.flush() }
            if Int.random(in: 0..<3, using: &generator) == 0 {
              try follower.read(store, limit: Int.random(in: 1...6, using: &generator), pages: 2)
              try? store.dropPastLogs(before: follower.needed, keepingBytes: .max)
            }
          }
          await store.stop()
        }
        disk = disk.restarted(powerLoss: Bool.random(using: &generator), using: &generator)
      }
      let store = try await SegmentStore.open(directory: Self.directory, options: TailSample.options(disk))
      try follower.read(store, limit: 7)
      #expect(follower.missed == 0, "seed \(seed)")
      #expect(Set(follower.ids).count == follower.ids.count, "seed \(seed): an event came twice")
      #expect(Set(follower.ids).isSuperset(of: acknowledged), "seed \(seed): lost \(acknowledged.subtracting(follower.ids).sorted())")
      #expect(follower.ids == follower.ids.sorted(), "seed \(seed): out of order")
      // No more and no less than the store itself shows.
      #expect(try await FaultTests.ids(store) == follower.ids, "seed \(seed)")
      await store.stop()
    }
  }

  /// Whatever stands in a log file that was put aside, there are right events, a gap or an error.
  @Test func fuzzDamagedPastLogs() async throws {
    let disk = SimulatedDisk()
    var store = try await Self.store(disk, commits: 30)
    await store.stop()
    let files = disk.files
    let names = TailSample.pastLogs(disk).map { Self.directory.path + "/" + $0 }
    let end = Fuzzing.seconds.map { ContinuousClock.now + .seconds($0) }
    var generator = Fuzzing.generator(11)
    var (round, errors) = (0, 0)
    while end.map({ ContinuousClock.now < $0 }) ?? (round < 400) {
      round += 1
      var changed = files
      let name = try #require(names.randomElement(using: &generator))
      var bytes = try #require(changed[name])
      generator.alter(&bytes, telling: Array("FRAM".utf8) + SeededGenerator.edges)
      if bytes == changed[name] { continue }
      changed[name] = bytes
      store = try await SegmentStore.open(
        directory: Self.directory, options: Self.options(SimulatedDisk(files: changed)))
      var follower = TailFollower()
      do {
        try follower.read(store, limit: Int.random(in: 1...40, using: &generator))
        #expect(follower.ids.last == 30, "round \(round): it stands still without a word")
        #expect(follower.ids.count + Int(follower.missed) == 30, "round \(round): \(follower.ids), \(follower.missed) missed")
      } catch is StoreError {
        errors += 1
      }
      #expect(follower.ids == follower.ids.sorted() && Set(follower.ids).count == follower.ids.count, "round \(round)")
      try store.dropPastLogs(before: 31, keepingBytes: 0)
      await store.stop()
    }
    #expect(errors > 0, "damage is told as such")
  }
}
