import Events
import Foundation
import Ledger
import TestSupport
import Testing

struct VerificationTests {
  /// 520 entries, two full tiles and a partial one, an erased detail, three entries in the journal.
  static func sample() async throws -> SimulatedDisk {
    let disk = SimulatedDisk()
    let ledger = try Sample.open(disk)
    for _ in 0..<519 { _ = try await Sample.disclose(ledger) }
    try await ledger.eraseDetail(of: 300, by: Sample.owner)
    for _ in 0..<3 { _ = try await Sample.disclose(ledger) }
    return disk.copy()
  }

  static func verify(_ disk: SimulatedDisk, older: VerifiedCheckpoint? = nil) throws -> LedgerVerification {
    Ledger.verify(files: disk, publicKey: try Sample.keys().publicKey, keys: try Sample.keys(), older: older)
  }

  @Test("one flipped bit anywhere is found, and the place is named")
  func everyFlip() async throws {
    let disk = try await Self.sample()
    let sound = try Self.verify(disk)
    #expect(sound.firstProblem == nil)
    #expect(sound.size == 520)
    #expect(sound.waiting == 3)
    #expect(sound.detailsErased == 1)
    var generator = SeededGenerator(seed: 11)
    for path in disk.paths {
      let original = try #require(disk.contents(path))
      // The lock and drafts hold nothing; partial tiles of an earlier checkpoint are for readers of that one only.
      guard !original.isEmpty, !path.hasSuffix(".new"), isCurrent(path) else { continue }
      for _ in 0..<12 {
        let position = Int.random(in: 0..<original.count, using: &generator)
        var bytes = original
        bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        disk.replaceContents(path, bytes)
        let result = try Self.verify(disk)
        // A flip in the journal's last record looks as if a crash tore it, and its entries were not covered by a checkpoint yet.
        #expect(!result.isSound || path == "journal" && result.tornBytes > 0, "byte \(position) of \(path)")
      }
      disk.replaceContents(path, original)
    }
    #expect(try Self.verify(disk).isSound)
  }

  private func isCurrent(_ path: String) -> Bool { !path.contains(".p/") || path.hasSuffix(".p/8") || path.hasSuffix(".p/2") }

  @Test("removed files, removed details, a swapped order and a missing checkpoint are found")
  func removals() async throws {
    let base = try await Self.sample()
    for path in base.paths where isCurrent(path) && path != "journal" && !path.hasSuffix(".new") {
      let disk = base.copy()
      disk.replaceContents(path, nil)
      #expect(try !Self.verify(disk).isSound, "\(path) removed")
    }
    let without = base.copy()
    for path in without.paths where path.hasPrefix("details/") { without.replaceContents(path, nil) }
    #expect(try Self.verify(without).firstProblem?.contains("no details here at all") == true)
    let disk = base.copy()
    let bundle = try #require(disk.contents("tile/entries/000"))
    let length = Int(bundle[0]) << 8 | Int(bundle[1])
    disk.replaceContents(
      "tile/entries/000", Array(bundle[(length + 2)..<(2 * length + 4)]) + bundle[..<(length + 2)] + bundle[(2 * length + 4)...])
    #expect(try Self.verify(disk).firstProblem?.contains("Entry 0 ") == true)
  }

  @Test func anErasureThatNobodyEnteredIsFound() async throws {
    let disk = try await Self.sample()
    let bytes = try #require(disk.contents("details/000"))
    let length = Int(bytes[8]) | Int(bytes[9]) << 8 | Int(bytes[10]) << 16
    disk.replaceContents("details/000", bytes[..<8] + [0, 0, 0, 0] + bytes[(12 + length)...])
    #expect(try Self.verify(disk).firstProblem?.contains("entry 0 ") == true)
  }

  @Test("a fork and a roll-back contradict a checkpoint that was kept elsewhere")
  func forks() async throws {
    func log(_ count: Int, subject: UInt32) async throws -> (SimulatedDisk, VerifiedCheckpoint) {
      let disk = SimulatedDisk()
      let ledger = try Sample.open(disk)
      for _ in 0..<count { _ = try await Sample.disclose(ledger, subjects: [subject]) }
      try await ledger.close()
      return (disk, try await ledger.checkpoint())
    }
    let (disk, kept) = try await log(5, subject: 1)
    #expect(try Self.verify(disk, older: kept).isSound)
    #expect(try Self.verify(try await log(7, subject: 2).0, older: kept).firstProblem?.contains("rewritten") == true)
    #expect(try Self.verify(try await log(3, subject: 1).0, older: kept).firstProblem?.contains("removed") == true)
  }

  @Test func withoutTheKeyAnOutsiderStillChecksTheLog() async throws {
    let disk = try await Self.sample()
    let result = Ledger.verify(files: disk, publicKey: try Sample.keys().publicKey)
    #expect(result.isSound)
    #expect(!result.areCommitmentsChecked)
    let wrong = Ledger.verify(files: disk, publicKey: try Sample.keys().publicKey, keys: try Sample.keys(sets: 1))
    #expect(!wrong.isSound)
    #expect(!Ledger.verify(files: disk, publicKey: try Sample.keys(seed: 1).publicKey).isSound)
  }
}
