internal import Events
internal import Journeys
import Synchronization

/// The days of a time zone as tables over the slots of partitions.
///
/// Of the events of one subject on one day, the first says as much as all of them where a question is only whether there was any: scans
/// that ask so look at the first row of each day.
final class ZoneDays: Sendable {
  let zone: String
  private let calendar: ProjectCalendar
  private let tables = Mutex<[Partition: [UInt8]?]>([:])

  init(_ calendar: ProjectCalendar) {
    zone = calendar.zone
    self.calendar = calendar
  }

  /// Number of the day that each slot falls into; nil where a day begins inside a slot (zones of old times).
  private func table(_ partition: Partition) -> [UInt8]? {
    if let known = tables.withLock({ $0[partition] }) { return known }
    let made = make(partition)
    tables.withLock { $0[partition] = .some(made) }
    return made
  }

  private func make(_ partition: Partition) -> [UInt8]? {
    guard let first = try? calendar.date(of: Timestamp(milliseconds: partition.base)) else { return nil }
    var table = [UInt8](repeating: 0, count: Partition.slotLimit)
    var slot = 0
    for day in 0...40 {
      guard let next = try? calendar.start(of: first.advanced(byDays: day + 1)).milliseconds - partition.base else { return nil }
      let length = partition.end - partition.base
      guard next % Partition.slotMilliseconds == 0 || next >= length else { return nil }
      let end = Int(min(next, Int64(Partition.slotLimit) * Partition.slotMilliseconds) / Partition.slotMilliseconds)
      while slot < end {
        table[slot] = UInt8(day)
        slot += 1
      }
      if next >= length { return table }
    }
    return nil
  }

  /// A bit for each row of a block that is its subject's first on its day; nil where the zone has no table.
  func firsts(_ run: ColumnRun, _ block: Int) throws(StoreError) -> RowSet? {
    guard let table = table(run.partition) else { return nil }
    return try run.derived(block, "days:" + zone) { () throws(StoreError) in
      let keys = try run.keys(block)
      let slots = try run.slots(block).slots
      var bits = keys.startBits
      slots.withUnsafeBufferPointer { slots in
        table.withUnsafeBufferPointer { table in
          var previous = UInt8.max
          for row in slots.indices {
            let day = table[Int(slots[row])]
            bits[row >> 6] |= (day != previous ? 1 : 0) << UInt64(row & 63)
            previous = day
          }
        }
      }
      // Events without an actor are counted one by one.
      if keys.subjects.last == ColumnRun.noActor {
        for row in Int(keys.starts[keys.subjects.count - 1])..<keys.rowCount { bits[row >> 6] |= 1 << UInt64(row & 63) }
      }
      return RowSet(bits)
    }
  }
}
