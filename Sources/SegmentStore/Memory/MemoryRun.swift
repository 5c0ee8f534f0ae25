internal import Events
import Synchronization

extension Memtable {
  /// Sorted rows of this memtable as runs, one a partition.
  func runs(_ order: RowOrder, events: [UInt16], properties: Set<String>, journalVersion: UInt64, blockRows: Int) -> [ColumnRun] {
    order.partitions.map { partition, keys in
      let pieces = keys.cut(every: blockRows).map { order.rows($0, events: events) }
      let codes = EventNumbering(pieces.lazy.flatMap(\.events))
      let source = MemoryChunks(
        table: self, rows: order.keys[keys].map(\.row), blockRows: blockRows, keys: pieces.map(\.keys),
        events: pieces.map { EventChunk(codes: $0.events.lazy.map { UInt16(codes.number[Int($0)]) }, names: codes.storeCodes.count) },
        slots: pieces.map { SlotChunk(slots: $0.slots(base: partition.base)) },
        times: pieces.map { TimeChunk(offsets: $0.offsets(base: partition.base)) })
      return ColumnRun(
        partition: partition, journalVersion: journalVersion, blocks: pieces.map(\.summary), eventCodes: codes.storeCodes,
        properties: properties, source: source)
    }
  }

  /// Code + 1 of each row below `count`, 0 where it lacks the property, and the values; nil if no row of the memtable has it.
  func dense(_ name: String, count: Int) throws(StoreError) -> (codes: [UInt32], values: ValueList)? {
    let taken: Result<(MemoryColumn, [StoredValue]), FormatError>? = with { content in
      guard let index = content.columnIndexes[name] else { return nil }
      do throws(FormatError) {
        let values = try content.columns[index].values()
        return .success((content.columns[index], values))
      } catch {
        return .failure(error)
      }
    }
    switch taken {
    case nil: return nil
    case .success((let column, let values)): return (column.dense(count: count), ValueList(values))
    case .failure(let error): throw .corrupt(file: "the memory of this process", reason: "\(error)")
    }
  }
}

/// Small numbers for the event codes that occur, in the order of the codes.
struct EventNumbering {
  /// By number: the store's code.
  private(set) var storeCodes: [UInt16] = []
  /// By the store's code: the number.
  private(set) var number: [UInt32] = []

  init(_ codes: some Sequence<UInt16>) {
    var occurs: [Bool] = []
    for code in codes {
      if Int(code) >= occurs.count { occurs += [Bool](repeating: false, count: Int(code) + 1 - occurs.count) }
      occurs[Int(code)] = true
    }
    number = [UInt32](repeating: 0, count: occurs.count)
    for (code, isUsed) in occurs.enumerated() where isUsed {
      number[code] = UInt32(storeCodes.count)
      storeCodes.append(UInt16(code))
    }
  }
}

/// The chunks of a run in memory; properties are gathered when first asked for.
private final class MemoryChunks: ChunkSource {
  private let table: Memtable
  private let rows: [UInt32]
  private let blockRows: Int
  private let keys: [KeyChunk]
  private let events: [EventChunk]
  private let slots: [SlotChunk]
  private let times: [TimeChunk]
  private let columns = Mutex<[String: [ColumnChunk]]>([:])

  init(
    table: Memtable, rows: [UInt32], blockRows: Int, keys: [KeyChunk], events: [EventChunk], slots: [SlotChunk],
    times: [TimeChunk]
  ) {
    self.table = table
    self.rows = rows
    self.blockRows = blockRows
    self.keys = keys
    self.events = events
    self.slots = slots
    self.times = times
  }

  func keys(_ block: Int) -> KeyChunk { keys[block] }
  func events(_ block: Int) -> EventChunk { events[block] }
  func slots(_ block: Int) -> SlotChunk { slots[block] }
  func times(_ block: Int) -> TimeChunk { times[block] }

  func column(_ property: String, _ block: Int) throws(StoreError) -> ColumnChunk? {
    if let known = columns.withLock({ $0[property] }) { return known.isEmpty ? nil : known[block] }
    var made: [ColumnChunk] = []
    if let (codes, values) = try table.dense(property, count: Int(rows.max() ?? 0) + 1) {
      made = rows.indices.cut(every: blockRows).map { range in
        ColumnChunk(codes: rows[range].map { codes[Int($0)] }, shared: values, own: .empty)
      }
    }
    columns.withLock { $0[property] = made }
    return made.isEmpty ? nil : made[block]
  }
}
