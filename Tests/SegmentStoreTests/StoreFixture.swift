import Events
import Foundation
import SegmentStore
import TestSupport

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
