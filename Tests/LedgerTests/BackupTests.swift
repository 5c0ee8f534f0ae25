import Foundation
import Ledger
import Testing

@Suite struct LedgerBackupTests {
  private let root = URL(fileURLWithPath: "/ledger-backup")

  @Test("whatever step the disk fails or the power goes at, the backups that there were stay whole") func everyFault() async throws {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    for _ in 0..<255 { _ = try await Sample.disclose(ledger) }
    let backup = LedgerBackup(root, keys: try Sample.keys())
    let base = SimulatedDisk()
    let first = try await ledger.image()
    _ = try backup.write(first, name: "1", to: base)
    for _ in 0..<4 { _ = try await Sample.disclose(ledger) }
    let second = try await ledger.image()
    let clean = base.copy()
    let outcome = try backup.write(second, name: "2", to: clean)
    #expect(outcome.entries == 259 && outcome.reused == 0)
    let steps = clean.operations
    try #require(steps > 10)
    for step in 1...steps {
      for fault in SimulatedDisk.Fault.allCases {
        let failing = base.copy()
        failing.fail(at: step, fault)
        let isDone = (try? backup.write(second, name: "2", keep: 1, to: failing)) != nil
        let survivor = failing.afterPowerCut(seed: UInt64(step))
        let names = try survivor.names(in: "snapshots").filter { $0.hasSuffix(".list") }
        #expect(names.contains("1.list") || names.contains("2.list"), "step \(step), \(fault)")
        #expect(!isDone || names.contains("2.list"), "step \(step), \(fault)")
        for found in try backup.verify(survivor) { #expect([255, 259].contains(found.entries), "step \(step), \(fault)") }
      }
    }
  }

  @Test("what witnesses cosigned comes back with the ledger") func cosignatures() async throws {
    let (_, ledger) = try await WitnessingTests.sample()
    let place = try Sample.directory()
    defer { try? FileManager.default.removeItem(at: place) }
    let backup = LedgerBackup(place.appendingPathComponent("backup"), keys: try Sample.keys())
    _ = try backup.write(try await ledger.image(), name: "1")
    let home = place.appendingPathComponent("ledger")
    _ = try backup.restore(to: home)
    let restored = Ledger.verify(directory: home, publicKey: ledger.publicKey, keys: try Sample.keys())
    #expect(restored.isSound && restored.witnessed == 300, "\(restored)")
  }

  @Test("another key opens nothing, and says so") func anotherKey() async throws {
    let ledger = try Sample.open(SimulatedDisk())
    _ = try await Sample.disclose(ledger)
    let target = SimulatedDisk()
    let image = try await ledger.image()
    _ = try LedgerBackup(root, keys: try Sample.keys()).write(image, name: "1", to: target)
    let stranger = LedgerBackup(root, keys: try Sample.keys(sets: 8))
    #expect(throws: LedgerError.self) { try stranger.verify(target) }
    #expect(throws: LedgerError.self) { try stranger.write(image, name: "2", to: target) }
  }
}
