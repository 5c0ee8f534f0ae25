import Crypto
import Events
import Foundation
import Ledger
import Testing

/// The ledger's keys follow one another without a break: whoever knows any of the signing keys verifies the whole log.
struct SuccessionTests {
  private static let origin = "sealane.test/ledger"

  /// Keys of repeated bytes; the last of `sets` is in force.
  private static func keys(_ seed: UInt8, sets: [UInt8] = [9]) throws -> LedgerKeys {
    try LedgerKeys(
      origin: origin, signingSeed: [UInt8](repeating: seed, count: 32),
      setsKeys: sets.map { SymmetricKey(data: [UInt8](repeating: $0, count: 32)) })
  }

  private static func open(_ disk: any LedgerFiles, _ keys: LedgerKeys) throws(LedgerError) -> Ledger {
    try Ledger.open(files: disk, keys: keys, publishInterval: .seconds(3600), clock: Sample.clock())
  }

  /// As the server does it.
  private static func rotate(_ ledger: Ledger, from old: LedgerKeys, to new: LedgerKeys) async throws {
    try await ledger.record(.signingKeyRotated(try old.succession(to: new)), by: Sample.owner)
    try await ledger.publish()
    try await ledger.adopt(new)
  }

  @Test func theNoteIsThatOfTheFormatsPage() throws {
    let made = try Self.keys(7).succession(to: Self.keys(8))
    let page = try String(contentsOf: StrangerTests.root.appendingPathComponent("docs/FORMATS.md"), encoding: .utf8)
    #expect(page.contains("```\n\(made.note)```"))
    #expect(Succession(note: made.note) == made)
  }

  @Test("a succession is signed by both keys, or it is none")
  func malformed() throws {
    let good = try Self.keys(7).succession(to: Self.keys(8)).note
    var lines = good.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines.count == 7)
    #expect(Succession(note: good.replacing("v1", with: "v2")) == nil)
    #expect(Succession(note: lines.filter { !$0.hasPrefix("\u{2014}") }.joined(separator: "\n")) == nil)
    for gone in [4, 5] {
      var some = lines
      some.remove(at: gone)
      #expect(Succession(note: some.joined(separator: "\n")) == nil, "without signature \(gone - 3)")
    }
    // A third key's name in the place of the second.
    lines[2] = "\(try Self.keys(1).publicKey)"
    #expect(Succession(note: lines.joined(separator: "\n")) == nil)
    #expect(throws: LedgerError.self) { try Self.keys(7).succession(to: Self.keys(7)) }
  }

  @Test("every key of the chain verifies the whole log, and checkpoints of every time")
  func chain() async throws {
    let disk = SimulatedDisk()
    let (first, second, third) = (try Self.keys(7), try Self.keys(8), try Self.keys(6))
    let ledger = try Self.open(disk, first)
    for _ in 0..<300 { _ = try await Sample.disclose(ledger) }
    let old = try await ledger.publish()
    try await Self.rotate(ledger, from: first, to: second)
    #expect(ledger.publicKey == second.publicKey)
    #expect(try await ledger.checkpoint().size == old.size + 1)
    for _ in 0..<300 { _ = try await Sample.disclose(ledger) }
    try await Self.rotate(ledger, from: second, to: third)
    _ = try await Sample.disclose(ledger)
    try await ledger.close()
    for keys in [first, second, third] {
      let result = Ledger.verify(files: disk, publicKey: keys.publicKey, keys: keys, older: old)
      #expect(result.firstProblem == nil && result.size == 603 && result.unfinishedSuccession == nil)
    }
    #expect(!Ledger.verify(files: disk, publicKey: try Self.keys(1).publicKey).isSound)
    let chain = try await Self.open(disk, third).signingChain()
    #expect(chain.keys(with: second.publicKey) == [first, second, third].map(\.publicKey))
    #expect(chain.keys(with: try Self.keys(1).publicKey) == [try Self.keys(1).publicKey])
  }

  @Test("a key that was replaced opens nothing any more, and the error says why")
  func replacedKey() async throws {
    let disk = SimulatedDisk()
    let (first, second) = (try Self.keys(7), try Self.keys(8))
    let ledger = try Self.open(disk, first)
    try await Self.rotate(ledger, from: first, to: second)
    try await ledger.close()
    let error = #expect(throws: LedgerError.self) { try Self.open(disk, first) }
    #expect(error?.code == .refused && error?.message.contains("newer signing key") == true)
    #expect(throws: LedgerError.self) { try Self.open(disk, try Self.keys(1)) }
  }

  @Test("a checkpoint by a key that handed over is named, and nobody takes over by an entry alone")
  func takingOver() async throws {
    let disk = SimulatedDisk()
    let (first, second) = (try Self.keys(7), try Self.keys(8))
    let ledger = try Self.open(disk, first)
    // Somebody else's succession, entered by whoever can write entries.
    try await ledger.record(.signingKeyRotated(try Self.keys(1).succession(to: Self.keys(2))), by: Sample.owner)
    try await ledger.publish()
    await #expect(throws: LedgerError.self) { try await ledger.adopt(try Self.keys(2)) }
    #expect(Ledger.verify(files: disk, publicKey: first.publicKey).firstProblem?.contains("handed the ledger over") == true)
    #expect(!Ledger.verify(files: disk, publicKey: try Self.keys(2).publicKey).isSound)

    // Entered, and not taken into use yet: sound, and said.
    let other = SimulatedDisk()
    let rotating = try Self.open(other, first)
    try await rotating.record(.signingKeyRotated(try first.succession(to: second)), by: Sample.owner)
    try await rotating.publish()
    #expect(Ledger.verify(files: other, publicKey: first.publicKey).unfinishedSuccession == 0)
    #expect(try Self.open(other.copy(), second).publicKey == second.publicKey)
    // Whoever has the old key goes on after the handing over, and hands over to another: the chain is broken.
    try await rotating.record(.signingKeyRotated(try first.succession(to: try Self.keys(5))), by: Sample.owner)
    try await rotating.publish()
    let forged = Ledger.verify(files: other, publicKey: first.publicKey)
    #expect(forged.firstProblem?.contains("Entry 1 hands the ledger over") == true)
  }

  @Test("whatever step the disk fails or the power goes at, the old or the new key opens the log, and it verifies")
  func everyFault() async throws {
    let (first, second) = (try Self.keys(7), try Self.keys(8))
    let base = SimulatedDisk()
    do {
      let ledger = try Self.open(base, first)
      for _ in 0..<5 { _ = try await Sample.disclose(ledger) }
      try await ledger.close()
    }
    let clean = base.copy()
    try await Self.rotate(try Self.open(clean, first), from: first, to: second)
    let steps = clean.operations
    try #require(steps > 5)
    var outcomes: Set<Bool> = []
    for step in 1...steps {
      for fault in SimulatedDisk.Fault.allCases {
        let failing = base.copy()
        let ledger = try Self.open(failing, first)
        failing.fail(at: step, fault)
        try? await Self.rotate(ledger, from: first, to: second)
        let survivor = failing.afterPowerCut(seed: UInt64(step))
        // What the server does at its start: an entry decides which key it is.
        let isEntered = try Ledger.keyEntries(files: survivor).contains { $0.kind == "ledger_signing_key_rotated" }
        outcomes.insert(isEntered)
        let reopened = try Self.open(survivor, isEntered ? second : first)
        _ = try await Sample.disclose(reopened)
        try await reopened.close()
        let result = Ledger.verify(files: survivor, publicKey: first.publicKey, keys: first)
        #expect(result.firstProblem == nil && result.unfinishedSuccession == nil, "step \(step), \(fault)")
      }
    }
    #expect(outcomes == [true, false])
  }

  @Test("details are sealed under the newest key; every key opens what was sealed under it")
  func setsKeys() async throws {
    let disk = SimulatedDisk()
    let ledger = try Self.open(disk, try Self.keys(7))
    _ = try await Sample.disclose(ledger)
    let both = try Self.keys(7, sets: [9, 10])
    try await ledger.record(.setsKeyRotated(number: 2, id: "0123456789abcdef"), by: Sample.owner)
    try await ledger.adopt(both)
    _ = try await Sample.disclose(ledger)
    try await ledger.close()
    let reopened = try Self.open(disk.copy(), both)
    #expect(try await reopened.records(from: 0, limit: 10).allSatisfy { $0.detail != .erased })
    func problems(_ sets: [UInt8]) throws -> Int {
      Ledger.verify(files: disk, publicKey: both.publicKey, keys: try Self.keys(7, sets: sets)).problemCount
    }
    #expect(try problems([9, 10]) == 0)
    #expect(try problems([9]) == 1)
    #expect(try problems([10]) == 2)
  }

  @Test("a backup goes on under the newest key, and those before are read")
  func backups() async throws {
    let ledger = try Self.open(SimulatedDisk(), try Self.keys(7))
    _ = try await Sample.disclose(ledger)
    let target = SimulatedDisk()
    let root = URL(fileURLWithPath: "/ledger-backup")
    _ = try LedgerBackup(root, keys: try Self.keys(7)).write(try await ledger.image(), name: "1", to: target)
    let rotated = LedgerBackup(root, keys: try Self.keys(7, sets: [9, 10]))
    _ = try await Sample.disclose(ledger)
    _ = try rotated.write(try await ledger.image(), name: "2", to: target)
    #expect(try rotated.verify(target).map(\.entries) == [1, 2])
    #expect(throws: LedgerError.self) { try LedgerBackup(root, keys: try Self.keys(7)).verify(target) }
  }
}
