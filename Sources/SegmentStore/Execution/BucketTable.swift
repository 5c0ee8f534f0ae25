internal import Journeys
import Synchronization

/// From an instant to its bucket in a few instructions: a table over slots of a quarter of an hour, where zones change their offset,
/// with a step forward for the rare bucket edge inside a slot.
///
/// `@unchecked Sendable`: what the addresses point to is written in the initialiser alone.
final class BucketTable: @unchecked Sendable {
  let from: Int64
  let to: Int64
  let count: Int
  private let base: Int64
  private let slots: UnsafeMutablePointer<UInt32>
  private let edges: UnsafeMutablePointer<Int64>

  init(_ buckets: Buckets) {
    from = buckets.from
    to = buckets.to
    count = buckets.count
    base = buckets.edges.first ?? 0
    let end = buckets.edges.last ?? base
    let slotCount = Int((end - base) / Partition.slotMilliseconds) + 1
    slots = .allocate(capacity: slotCount)
    edges = .allocate(capacity: buckets.edges.count)
    edges.initialize(from: buckets.edges, count: buckets.edges.count)
    var bucket = 0
    for index in 0..<slotCount {
      let instant = base + Int64(index) * Partition.slotMilliseconds
      while bucket + 1 < count && instant >= buckets.edges[bucket + 1] { bucket += 1 }
      (slots + index).initialize(to: UInt32(bucket))
    }
  }

  /// The first and the last millisecond of a bucket.
  func bounds(_ bucket: Int) -> (first: Int64, last: Int64) { (edges[bucket], edges[bucket + 1] - 1) }

  deinit {
    slots.deallocate()
    edges.deallocate()
  }

  /// A copy of the pointers for loops; valid while the table lives.
  struct Reader {
    let base: Int64
    let slots: UnsafeMutablePointer<UInt32>
    let edges: UnsafeMutablePointer<Int64>

    /// - Precondition: `first edge <= time < last edge`.
    @inline(__always) func bucket(_ time: Int64) -> Int {
      var bucket = Int(slots[Int(UInt64(bitPattern: time &- base) / UInt64(Partition.slotMilliseconds))])
      while time >= edges[bucket + 1] { bucket += 1 }
      return bucket
    }
  }

  /// In `bySlot`: no bucket of the range.
  static let outside = UInt16.max
  private let partitions = Mutex<[Partition: [UInt16]]>([:])

  /// The bucket of each slot of a partition, or `outside`; nil where a bucket or the range begins inside a slot.
  func bySlot(_ partition: Partition) -> UnsafePointer<UInt16>? {
    // An array stays in the dictionary and is never changed, so its address is good as long as this table is.
    partitions.withLock { partitions in
      if partitions[partition] == nil { partitions[partition] = makeSlots(partition) }
      return partitions[partition].flatMap { $0.isEmpty ? nil : $0.storage }
    }
  }

  private func makeSlots(_ partition: Partition) -> [UInt16] {
    var table: [UInt16] = []
    let base = partition.base
    let end = partition.end
    let inside = (0...count).filter { edges[$0] > base && edges[$0] < end }.map { edges[$0] } + [from, to].filter { $0 > base && $0 < end }
    if count < Int(Self.outside), inside.allSatisfy({ ($0 - base) % Partition.slotMilliseconds == 0 }) {
      table = (0..<Partition.slotLimit).map { slot in
        let time = base + Int64(slot) * Partition.slotMilliseconds
        return time >= from && time < to ? UInt16(reader.bucket(time)) : Self.outside
      }
    }
    return table
  }

  var reader: Reader { Reader(base: base, slots: slots, edges: edges) }
}
