import Events
import Foundation
import Journeys
import SegmentStore
import TestSupport
import Testing

/// What a follower reads is what was acknowledged: in order, each event once, whatever becomes of the files meanwhile.
@Suite struct TailTests {
  static let directory = TailSample.directory

  @Test(arguments: 0..<8) func whatIsReadIsWhatWasAcknowledged(part: UInt64) async throws {
    for round in 0..<25 as Range<UInt64> {
      let seed = 7_000_000 + part * 1_000 + round
      var generator = SeededGenerator(seed: seed)
      let disk = SimulatedDisk()
      let options = TailSample.options(
        disk, logBytes: Int.random(in: 200...3_000, using: &generator), memoryRows: Int.random(in: 5...60, using: &generator))
      var store = try await SegmentStore.open(directory: Self.directory, options: options)
      var expected: [Int] = []
      var sent: [StoredRow] = []
      var followers = (0..<3).map { _ in TailFollower() }
      for _ in 0..<Int.random(in: 5...25, using: &generator) {
        var rows: [StoredRow] = []
        for _ in 0..<Int.random(in: 1...9, using: &generator) {
          if !sent.isEmpty, Int.random(in: 0..<5, using: &generator) == 0, let again = sent.randomElement(using: &generator) {
            rows.append(again)
            continue
          }
          let id = sent.count + 1
          let subject = Int.random(in: 0..<7, using: &generator)
          let row = TailSample.row(
            id, subject: subject == 6 ? nil : subject, name: "e\(id % 3)",
            time: Int64.random(in: 86_400_000..<180_000_000, using: &generator),
            link: subject == 0 ? (100 + id % 4, id % 2) : nil)
          rows.append(row)
          sent.append(row)
          expected.append(id)
        }
        _ = try await store.append(Sample.batch(rows))
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: try await store.flush()
        case 1: try await store.compact()
        case 2, 3:
          if Bool.random(using: &generator) { try await store.close() } else { await store.stop() }
          store = try await SegmentStore.open(directory: Self.directory, options: options)
        default: break
        }
        let reading = Int.random(in: 0..<5, using: &generator)
        if followers.indices.contains(reading) {
          try followers[reading].read(
            store, limit: Int.random(in: 1...12, using: &generator), pages: Int.random(in: 1...4, using: &generator))
          let ids = followers[reading].ids
          #expect(ids == Array(expected.prefix(ids.count)), "seed \(seed)")
        }
        // What everybody has read may go; nobody misses it.
        if Int.random(in: 0..<4, using: &generator) == 0 {
          try store.dropPastLogs(before: followers.map(\.needed).min(), keepingBytes: .max)
        }
      }
      for index in followers.indices {
        try followers[index].read(store, limit: Int.random(in: 1...30, using: &generator))
        #expect(followers[index].ids == expected && followers[index].missed == 0, "seed \(seed), follower \(index)")
        #expect(followers[index].position == TailPosition(commit: store.committed, row: .max), "seed \(seed)")
      }
      await store.stop()
    }
  }

  /// A page may end within a commit, and the next process begins there: nothing twice, nothing left out.
  @Test func everyPlaceIsABeginning() async throws {
    let disk = SimulatedDisk()
    let store = try await SegmentStore.open(directory: Self.directory, options: TailSample.options(disk, memoryRows: 9))
    var id = 0
    for size in [1, 5, 2, 7, 3] {
      _ = try await store.append(
        Sample.batch(
          (0..<size).map { _ in
            id += 1
            return TailSample.row(id, subject: id % 3)
          }))
    }
    var all = TailFollower()
    try all.read(store, limit: 100)
    #expect(all.ids == Array(1...18))
    for (index, event) in all.events.enumerated() {
      for limit in [1, 2, 3, 4, 100] {
        var follower = TailFollower(position: event.position)
        try follower.read(store, limit: limit)
        #expect(follower.ids == Array((index + 1)...18), "from \(event.position), by \(limit)")
      }
    }
    // Behind the last one there is nothing, however often one asks.
    var end = TailFollower(position: all.position)
    try end.read(store, limit: 1)
    #expect(end.ids.isEmpty && end.position == all.position)
    await store.stop()
  }

  @Test func onlyWhatIsSelectedComesAndTheRestIsPassedOver() async throws {
    let store = try await SegmentStore.open(directory: Self.directory, options: TailSample.options(SimulatedDisk()))
    for id in 1...20 { _ = try await store.append(Sample.batch([TailSample.row(id, subject: 1, name: id % 5 == 0 ? "yes" : "no")])) }
    var follower = TailFollower()
    try follower.read(store, events: ["yes"], limit: 3)
    #expect(follower.ids == [5, 10, 15, 20] && follower.position == TailPosition(commit: 20, row: .max))
    await store.stop()
  }

  // MARK: Who is not told of

  @Test func heldNamesAreLeftOutUntilTheyAreReleased() async throws {
    let store = try await SegmentStore.open(directory: Self.directory, options: TailSample.options(SimulatedDisk()))
    try await store.hold(["new"], days: 30)
    _ = try await store.append(Sample.batch([TailSample.row(1, subject: 1, name: "new"), TailSample.row(2, subject: 1, name: "known")]))
    var early = TailFollower()
    try early.read(store, limit: 10)
    #expect(early.ids == [2])
    try await store.setRetention(days: nil, releases: .only(["new"]))
    _ = try await store.append(Sample.batch([TailSample.row(3, subject: 1, name: "new")]))
    try early.read(store, limit: 10)
    #expect(early.ids == [2, 3], "what was held when one came by does not come later")
    var late = TailFollower()
    try late.read(store, limit: 10)
    #expect(late.ids == [1, 2, 3])
    await store.stop()
  }

  /// A follower who is behind must not get what the store itself shows nobody any more.
  @Test func whatExpiredOrWasDiscardedIsLeftOut() async throws {
    let disk = SimulatedDisk()
    let store = try await SegmentStore.open(directory: Self.directory, options: TailSample.options(disk))
    let day: Int64 = 86_400_000
    try await store.hold(["odd"], days: 30)
    _ = try await store.append(
      Sample.batch([
        TailSample.row(1, subject: 1, time: day / 2), TailSample.row(2, subject: 1, time: 2 * day + 1),
        TailSample.row(3, subject: 1, name: "odd", time: 2 * day + 2),
      ]))
    try await store.flush()
    // It is the third day: the first one expires.
    try await store.setRetention(days: 2, releases: .only(["odd"]), discards: ["odd"])
    _ = try await store.append(Sample.batch([TailSample.row(4, subject: 1, name: "odd", time: 3 * day + 5)]))
    var follower = TailFollower()
    try follower.read(store, limit: 10)
    #expect(follower.ids == [2, 4])
    await store.stop()
  }

  @Test func whoWasDeletedIsNeverToldOfAgain() async throws {
    let disk = SimulatedDisk()
    var store = try await SegmentStore.open(directory: Self.directory, options: TailSample.options(disk))
    _ = try await store.append(
      Sample.batch([
        TailSample.row(1, subject: 1), TailSample.row(2, subject: 2), TailSample.row(3, subject: 7, link: (7, 1)),
        TailSample.row(4, subject: 7),
        TailSample.row(5, subject: nil),
      ]))
    // Both ids that count as the first subject.
    _ = try await store.deleteSubjects([Sample.pseudonym(1)])
    _ = try await store.append(Sample.batch([TailSample.row(6, subject: 1), TailSample.row(7, subject: 2)]))
    var follower = TailFollower()
    try follower.read(store, limit: 2)
    #expect(follower.ids == [2, 5, 7])
    try await store.compact()
    try await store.close()
    store = try await SegmentStore.open(directory: Self.directory, options: TailSample.options(disk))
    follower = TailFollower()
    try follower.read(store, limit: 2)
    #expect(follower.ids == [2, 5, 7], "after the files were written anew")
    await store.stop()
  }

  @Test func pseudonymsAreThoseThatCountNow() async throws {
    let disk = SimulatedDisk()
    var store = try await SegmentStore.open(directory: Self.directory, options: TailSample.options(disk, memoryRows: 4))
    _ = try await store.append(
      Sample.batch([TailSample.row(1, subject: 100), TailSample.row(2, subject: 1), TailSample.row(3, subject: 2)]))
    func read() throws -> [TailEvent] {
      var follower = TailFollower()
      try follower.read(store, limit: 10)
      return follower.events
    }
    let before = try read()
    #expect(before.map(\.pseudonym) == [Sample.pseudonym(100), Sample.pseudonym(1), Sample.pseudonym(2)])
    _ = try await store.append(Sample.batch([TailSample.row(4, subject: 100, link: (100, 1))]))
    for turn in 0..<3 {
      let after = try read()
      #expect(after.prefix(3).map(\.subject) == before.map(\.subject), "numbers stay as they arrived")
      #expect(Set([after[0], after[1], after[3]].map(\.pseudonym)).count == 1, "turn \(turn): one person, one pseudonym")
      #expect(after[2].pseudonym == Sample.pseudonym(2))
      for event in after { #expect(event.subject.flatMap { store.canonicalPseudonym(of: $0) } == event.pseudonym) }
      try await store.compact()
      if turn == 1 {
        try await store.close()
        store = try await SegmentStore.open(directory: Self.directory, options: TailSample.options(disk, memoryRows: 4))
      }
    }
    await store.stop()
  }
}
