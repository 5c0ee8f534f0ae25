import Events
import Foundation
import Ledger
import Synchronization

/// A ledger's surroundings in tests.
enum Sample {
  static let owner = Principal(kind: .owner, id: "owner", credential: "ses_0123456789abcdef")
  static let project = ProjectID(1)

  static func keys(seed: UInt8 = 7, sets: UInt8 = 9) throws(LedgerError) -> LedgerKeys {
    try LedgerKeys(
      origin: "sealane.test/ledger", signingSeed: [UInt8](repeating: seed, count: 32), setsKey: [UInt8](repeating: sets, count: 32))
  }

  /// Publishes only when asked to, so that a slow machine changes nothing.
  static func open(_ files: any LedgerFiles, seed: UInt8 = 7) throws(LedgerError) -> Ledger {
    try Ledger.open(files: files, keys: keys(seed: seed), publishInterval: .seconds(3600), clock: clock())
  }

  /// A second later at every look.
  static func clock(from start: Int64 = 1_763_400_000_000) -> @Sendable () -> Timestamp {
    let clock = ManualClock(start)
    return { clock.advance(by: 1000) }
  }

  static func disclose(_ ledger: Ledger, subjects: [UInt32] = [3, 1, 2]) async throws(LedgerError) -> LedgerReceipt {
    try await ledger.disclose(
      "answer",
      Disclosure(
        .subjects(
          set: subjects.map { SubjectNumber($0) }, rows: subjects.count, queryDigest: Disclosure.digest(ofQuery: Array("{}".utf8)),
          dataVersion: 5),
        project: project, purpose: "test", fields: ["plan"]), to: owner
    ).receipt
  }

  static func directory() throws -> URL {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-ledger-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    return directory
  }
}

final class ManualClock: Sendable {
  private let milliseconds: Mutex<Int64>
  init(_ milliseconds: Int64) { self.milliseconds = Mutex(milliseconds) }
  func advance(by step: Int64) -> Timestamp {
    milliseconds.withLock { value in
      value += step
      return Timestamp(milliseconds: value)
    }
  }
}
