import Events
import Ledger
import Testing

struct DurabilityTests {
  /// What a run was told: entries that were acknowledged.
  struct Run: Sendable {
    var receipts: [LedgerReceipt] = []
    var isFinished = false
  }

  /// Crosses a full tile, publishes several times and erases: every step of every write.
  static func run(on disk: SimulatedDisk) async -> Run {
    var run = Run()
    do {
      let ledger = try Sample.open(disk)
      for _ in 0..<2 { run.receipts.append(try await Sample.disclose(ledger)) }
      try await ledger.publish()
      for _ in 0..<4 { run.receipts.append(try await Sample.disclose(ledger)) }
      try await ledger.publish()
      try await ledger.eraseDetail(of: 253, by: Sample.owner)
      run.receipts.append(try await Sample.disclose(ledger))
      try await ledger.close()
      run.isFinished = true
    } catch {}
    return run
  }

  @Test("whatever step the disk fails or the power goes at, no acknowledged entry is lost and the log is sound")
  func everyFault() async throws {
    let base = SimulatedDisk()
    let ledger = try Sample.open(base)
    var before: [LedgerReceipt] = []
    for _ in 0..<254 { before.append(try await Sample.disclose(ledger)) }
    try await ledger.close()

    let clean = base.copy()
    #expect(await Self.run(on: clean).isFinished)
    let steps = clean.operations
    try #require(steps > 40)
    for step in 1...steps {
      for fault in SimulatedDisk.Fault.allCases {
        let disk = base.copy()
        disk.fail(at: step, fault)
        let run = await Self.run(on: disk)
        for seed in [UInt64(step), UInt64(step) << 20, UInt64(step) << 40] {
          try await Self.judge(disk.afterPowerCut(seed: seed), before + run.receipts, "step \(step), \(fault), seed \(seed)")
        }
      }
    }
  }

  @Test("so it is with a ledger that is only being made")
  func everyFaultOfTheFirstStart() async throws {
    let clean = SimulatedDisk()
    _ = try Sample.open(clean)
    for step in 1...clean.operations {
      for fault in SimulatedDisk.Fault.allCases {
        let disk = SimulatedDisk()
        disk.fail(at: step, fault)
        _ = try? Sample.open(disk)
        for seed in 0..<8 { try await Self.judge(disk.afterPowerCut(seed: UInt64(seed)), [], "step \(step), \(fault), seed \(seed)") }
      }
    }
  }

  static func judge(_ disk: SimulatedDisk, _ acknowledged: [LedgerReceipt], _ what: Comment) async throws {
    let ledger: Ledger
    do {
      ledger = try Sample.open(disk)
    } catch {
      Issue.record("\(what): \(error)")
      return
    }
    let entries = try await ledger.entries(from: 0, limit: 1000)
    #expect(entries.count >= acknowledged.count, what)
    #expect(entries.count <= acknowledged.count + 2, what)
    let checkpoint = try await ledger.checkpoint()
    for receipt in acknowledged.suffix(8) {
      let (size, proof) = try await ledger.inclusionProof(of: receipt.index)
      #expect(throws: Never.self, what) {
        try MerkleProof.verifyInclusion(
          leaf: receipt.leaf.bytes, index: receipt.index, size: size, proof: proof.map(\.bytes), root: checkpoint.root.bytes)
      }
    }
    _ = try await Sample.disclose(ledger)
    try await ledger.close()
    let verification = Ledger.verify(files: disk, publicKey: ledger.publicKey, keys: try Sample.keys())
    #expect(verification.firstProblem == nil, what)
    #expect(verification.size == UInt64(entries.count + 1), what)
  }

  @Test func aFailedWritePoisonsTheLedger() async throws {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    _ = try await Sample.disclose(ledger)
    disk.fail(at: disk.operations + 2, .failsWithoutEffect)
    await #expect(throws: LedgerError.self) { try await Sample.disclose(ledger) }
    for _ in 0..<3 {
      do {
        _ = try await Sample.disclose(ledger)
        Issue.record("a poisoned ledger disclosed")
      } catch {
        #expect(error.code == .poisoned)
      }
    }
    #expect(ledger.refusal?.code == .poisoned)
  }

  @Test func aFullDiskDisclosesNothing() async throws {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    disk.fill()
    await withTaskGroup { group in
      for _ in 0..<50 {
        group.addTask { (try? await Sample.disclose(ledger)) == nil }
      }
      for await wasRefused in group { #expect(wasRefused) }
    }
  }

  @Test("a torn tail is cut byte by byte, and damage before the tail is not")
  func tornTail() async throws {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    _ = try await Sample.disclose(ledger)
    let first = try #require(disk.contents("journal")).count
    _ = try await Sample.disclose(ledger)
    let journal = try #require(disk.contents("journal"))
    for length in stride(from: first, to: journal.count, by: 7) {
      for padding in [0, 40] {
        let torn = disk.copy()
        torn.replaceContents("journal", Array(journal[..<length]) + [UInt8](repeating: 0, count: padding))
        let reopened = try Sample.open(torn)
        #expect(try await reopened.count() == 1)
      }
    }
    for position in stride(from: 0, to: first, by: 5) {
      let damaged = disk.copy()
      var bytes = journal
      bytes[position] ^= 1
      damaged.replaceContents("journal", bytes)
      do {
        _ = try Sample.open(damaged)
        Issue.record("a damaged record at byte \(position) was taken for a torn one")
      } catch {
        #expect(error.code == .damaged)
      }
    }
  }
}
