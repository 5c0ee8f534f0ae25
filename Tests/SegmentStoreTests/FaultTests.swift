import Events
import Foundation
import Journeys
import SegmentStore
import TestSupport
import Testing

/// Never an acknowledged event lost, never one doubled, whatever fails and whenever.
@Suite struct FaultTests {
  static let directory = URL(fileURLWithPath: "/simulated")

  static func options(_ disk: SimulatedDisk) -> StoreOptions {
    var options = StoreOptions(disk: disk)
    options.memoryRows = 12
    options.mergeWidth = 2
    options.stateFileWidth = 2
    options.now = { 3 * 86_400_000 }
    options.deletionDelayMilliseconds = 0
    return options
  }

  /// Batches of events with an id of their own, ids, links, profiles and refused sends among them.
  static func batches(_ generator: inout SeededGenerator) -> [[StoredRow]] {
    var next = 0
    return (0..<Int.random(in: 4...14, using: &generator)).map { _ in
      (0..<Int.random(in: 1...5, using: &generator)).map { _ in
        next += 1
        let subject = Int.random(in: 0..<6, using: &generator)
        return Sample.row(
          "e\(next % 3)", subject, Int64.random(in: 0..<200_000_000, using: &generator), key: UInt64(next) &* 0x9E37_79B9_7F4A_7C15,
          day: Int32(next % 3), link: subject == 0 ? (100 + next % 4, next % 2) : nil,
          properties: [("id", .number(Double(next))), ("p\(next % 4)", .string("v\(next % 5)"))])
      }
    }
  }

  static func ids(_ store: SegmentStore) async throws -> [Int] {
    let snapshot = try await store.snapshot()
    var ids: [Int] = []
    for run in snapshot.runs {
      for block in run.blocks.indices {
        guard let column = try run.column("id", block) else { continue }
        for row in 0..<column.count where column[row] > 0 {
          if case .number(let id) = column.value(column[row]) { ids.append(Int(id)) }
        }
      }
    }
    return ids.sorted()
  }

  static func send(_ rows: [StoredRow], to store: SegmentStore) async -> Bool {
    let update = StoredUpdate(
      target: Sample.subject(1), operation: .set([ProfileOperation.Assignment("last", rows[0].properties[0].value)]),
      time: Timestamp(milliseconds: 0), isVerified: true)
    do throws(StoreError) {
      _ = try await store.append(Sample.batch(rows, updates: [update]))
      return true
    } catch {
      return false
    }
  }

  /// Those of the ids whose events should be there.
  static func kept(_ ids: Set<Int>, _ gone: Gone, _ batches: [[StoredRow]]) -> Set<Int> {
    let expired = gone.isExpired ? Set(batches.joined().filter { $0.time.milliseconds < 86_400_000 }.map(id)) : []
    return ids.subtracting(gone.deleted).subtracting(expired)
  }

  static func id(_ row: StoredRow) -> Int { if case .number(let id)? = row.properties.first?.value { Int(id) } else { 0 } }

  /// What a schedule knows of deletion and expiry.
  struct Gone {
    /// Ids of events whose deletion was acknowledged.
    var deleted = Set<Int>()
    /// Ids of events of the deletion that was not acknowledged.
    var unsure = Set<Int>()
    var isExpired = false
  }

  /// Deletes a subject, or lets the first day expire; false if that was not acknowledged.
  static func remove(_ store: SegmentStore, _ sent: [StoredRow], _ gone: inout Gone, _ generator: inout SeededGenerator) async -> Bool {
    do throws(StoreError) {
      if !gone.isExpired, Int.random(in: 0..<8, using: &generator) == 0 {
        // A rule of a name that nobody sends must not change anything.
        try await store.setRetention(days: 2, events: ["other": 1])
        gone.isExpired = true
      } else {
        let subject = Sample.subject(Int.random(in: 0..<6, using: &generator))
        let ids = Set(sent.filter { $0.actor == subject }.map(id))
        gone.unsure = ids.subtracting(gone.deleted)
        _ = try await store.deleteSubjects([subject.pseudonym])
        gone.deleted.formUnion(ids)
        gone.unsure = []
        if Int.random(in: 0..<3, using: &generator) == 0 { try await store.compact() }
      }
      return true
    } catch {
      return false
    }
  }

  /// More with `SEALANE_SCHEDULES`, as `make soak` has it.
  static let schedules = ProcessInfo.processInfo.environment["SEALANE_SCHEDULES"].flatMap(UInt64.init) ?? 1_000

  @Test(arguments: 0..<8) func acknowledgedEventsSurviveAnyFault(part: UInt64) async throws {
    for round in 0..<(Self.schedules / 8) {
      let seed = part * 1_000_000 + round
      var generator = SeededGenerator(seed: seed)
      let batches = Self.batches(&generator)
      let fault = [SimulatedDisk.Fault.crash, .crash, .full, .failingSync].randomElement(using: &generator) ?? .crash
      var disk = SimulatedDisk()
      disk.fail(after: Int.random(in: 1...400, using: &generator), as: fault)
      var acknowledged = Set<Int>()
      var sent = Set<Int>()
      var sentRows: [StoredRow] = []
      var gone = Gone()
      if let store = try? await SegmentStore.open(directory: Self.directory, options: Self.options(disk)) {
        for rows in batches {
          sent.formUnion(rows.map(Self.id))
          sentRows += rows
          guard await Self.send(rows, to: store) else { break }
          acknowledged.formUnion(rows.map(Self.id))
          if Int.random(in: 0..<4, using: &generator) == 0 {
            let seen = try? await Self.ids(store)
            if let seen {
              #expect(Set(seen).isSuperset(of: Self.kept(acknowledged, gone, batches)), "seed \(seed)")
              #expect(Set(seen).isDisjoint(with: gone.deleted), "seed \(seed): a deleted event shows")
            }
          }
          if Int.random(in: 0..<4, using: &generator) == 0 {
            guard await Self.remove(store, sentRows, &gone, &generator) else { break }
          }
        }
        await store.stop()
      }
      // Recovery may be interrupted too.
      for _ in 0..<2 {
        disk = disk.restarted(powerLoss: fault == .crash || Bool.random(using: &generator), using: &generator)
        disk.fail(after: Int.random(in: 1...12, using: &generator), as: .crash)
        if let store = try? await SegmentStore.open(directory: Self.directory, options: Self.options(disk)) { await store.stop() }
      }
      disk = disk.restarted(powerLoss: true, using: &generator)
      #expect(try SegmentStore.check(directory: Self.directory, disk: disk) == [], "seed \(seed)")
      var store = try await SegmentStore.open(directory: Self.directory, options: Self.options(disk))
      let found = try await Self.ids(store)
      if !gone.isExpired { gone.isExpired = store.retentionDays != nil }
      // Deleted as a whole or not at all.
      let visible = Self.kept(gone.unsure.intersection(acknowledged), gone, batches)
      if Set(found).isDisjoint(with: visible) {
        gone.deleted.formUnion(gone.unsure)
      } else {
        #expect(Set(found).isSuperset(of: visible), "seed \(seed): half of a deletion")
      }
      #expect(Set(found).isDisjoint(with: gone.deleted), "seed \(seed): a deleted event is there again")
      #expect(Set(found).count == found.count, "seed \(seed): an event is there twice")
      #expect(Set(found).isSuperset(of: Self.kept(acknowledged, gone, batches)), "seed \(seed): an acknowledged event is lost")
      #expect(sent.isSuperset(of: found), "seed \(seed)")
      // The sender repeats what was not acknowledged, and more.
      for rows in batches { #expect(await Self.send(rows, to: store), "seed \(seed)") }
      let all = Self.kept(Set(batches.flatMap { $0.map(Self.id) }), gone, batches).sorted()
      #expect(try await Self.ids(store) == all, "seed \(seed)")
      try await store.close()
      #expect(try SegmentStore.check(directory: Self.directory, disk: disk) == [], "seed \(seed)")
      store = try await SegmentStore.open(directory: Self.directory, options: Self.options(disk))
      #expect(try await Self.ids(store) == all, "seed \(seed)")
      await store.stop()
    }
  }

  @Test func aFailedSyncEndsIntake() async throws {
    let disk = SimulatedDisk()
    let store = try await SegmentStore.open(directory: Self.directory, options: StoreOptions(disk: disk))
    disk.fail(after: 1, as: .failingSync)
    #expect(await Self.send([Sample.row("a", 1, 1, properties: [("id", .number(1))])], to: store) == false)
    await #expect(throws: StoreError.poisoned("Cannot synchronize /simulated/log-0000000000000001: Input/output error.")) {
      _ = try await store.append(Sample.batch([Sample.row("a", 1, 1)]))
    }
    #expect(try await store.timeline(of: Sample.pseudonym(1), before: nil, limit: 1).isEmpty)
    await store.stop()
  }
}
