import Events
import Foundation
import SegmentStore

/// Ids, rows and directories for tests.
enum Sample {
  static func pseudonym(_ number: Int) -> Pseudonym {
    // Spread over both words, as a keyed hash would be.
    var generator = SeededGenerator(seed: UInt64(number) &+ 1)
    return Pseudonym(high: generator.next(), low: generator.next())
  }

  static func subject(_ number: Int) -> StoredIdentity { StoredIdentity(pseudonym(number)) }

  static func row(
    _ name: String, _ subject: Int?, _ time: Int64, key: UInt64? = nil, day: Int32 = 0, link: (Int, Int)? = nil,
    properties: [(String, StoredValue)] = []
  ) -> StoredRow {
    StoredRow(
      name: name, time: Timestamp(milliseconds: time), actor: subject.map { Self.subject($0) },
      link: link.map { StoredRow.Link(device: Self.subject($0.0), user: Self.subject($0.1)) },
      duplicateKey: key.map { StoredRow.DuplicateKey(day: day, fingerprint: $0) },
      properties: properties.map { StoredProperty($0.0, $0.1) })
  }

  static func batch(_ rows: [StoredRow], updates: [StoredUpdate] = []) -> IncomingBatch {
    var batch = IncomingBatch()
    for row in rows { batch.add(row) }
    for update in updates { batch.add(update) }
    return batch
  }

  static func directory() -> URL {
    FileManager.default.temporaryDirectory.appendingPathComponent("sealane-store-\(UUID().uuidString)", isDirectory: true)
  }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
