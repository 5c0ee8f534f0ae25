internal import Events
internal import Journeys
import Synchronization

/// The rows that merges newer than their run have moved to another subject, as runs of their own in the order of today: so a walk meets
/// them where they belong. Made once for a snapshot that has such merges; columns are gathered when asked for.
final class MovedRuns: Sendable {
  /// One for each partition that has such rows.
  let runs: [ColumnRun]
  /// For each run of the snapshot: the subjects whose rows are somebody else's now, ascending.
  let moved: [[UInt32]]

  private init(runs: [ColumnRun], moved: [[UInt32]]) {
    self.runs = runs
    self.moved = moved
  }

  /// Kept with the snapshot.
  final class Box: Sendable {
    fileprivate let made = Mutex<MovedRuns?>(nil)
    init() {}
  }

  static func of(_ snapshot: StoreSnapshot) throws(QueryError) -> MovedRuns {
    if let known = snapshot.movedRuns.made.withLock({ $0 }) { return known }
    do throws(StoreError) {
      let made = try make(snapshot)
      snapshot.movedRuns.made.withLock { $0 = made }
      return made
    } catch {
      throw QueryError(.unreadable, error.description)
    }
  }

  /// Where a row stands in the snapshot.
  fileprivate struct Origin: Sendable {
    var run: Int32
    var block: Int32
    var row: Int32
  }

  private struct Row {
    var canonical: UInt32
    var raw: UInt32
    var time: Int64
    /// Code of the store.
    var event: UInt16
    var origin: Origin
  }

  private static func make(_ snapshot: StoreSnapshot) throws(StoreError) -> MovedRuns {
    var moved = [[UInt32]](repeating: [], count: snapshot.runs.count)
    guard !snapshot.merges.isEmpty else { return MovedRuns(runs: [], moved: moved) }
    let numbers = snapshot.merges.keys.sorted()
    var rows: [Partition: [Row]] = [:]
    for (runIndex, run) in snapshot.runs.enumerated() {
      var next = 0
      for (block, summary) in run.blocks.enumerated() {
        while next < numbers.count, numbers[next] < summary.firstSubject { next += 1 }
        guard next < numbers.count, numbers[next] <= summary.lastSubject else { continue }
        let keys = try run.keys(block)
        // Both lists ascend.
        var position = 0
        var candidate = next
        var found: [Int] = []
        while candidate < numbers.count, position < keys.subjects.count {
          if numbers[candidate] < keys.subjects[position] {
            candidate += 1
          } else if numbers[candidate] > keys.subjects[position] {
            position += 1
          } else {
            found.append(position)
            candidate += 1
            position += 1
          }
        }
        guard !found.isEmpty else { continue }
        let (events, slots, remainders) = (try run.events(block), try run.slots(block).slots, try run.remainders(block).milliseconds)
        for index in found {
          let subject = keys.subjects[index]
          if moved[runIndex].last != subject { moved[runIndex].append(subject) }
          for row in Int(keys.starts[index])..<Int(keys.starts[index + 1]) {
            rows[run.partition, default: []].append(
              Row(
                canonical: snapshot.merges[subject] ?? subject, raw: keys.raw(of: row, subject: subject),
                time: run.partition.base + Int64(slots[row]) * Partition.slotMilliseconds + Int64(remainders[row]),
                event: run.eventCodes[events[row]], origin: Origin(run: Int32(runIndex), block: Int32(block), row: Int32(row))))
          }
        }
      }
    }
    let version = snapshot.runs.map(\.journalVersion).max() ?? 0
    let runs = rows.sorted { $0.key < $1.key }.map { partition, rows in
      run(partition, rows, version: version, snapshot: snapshot)
    }
    return MovedRuns(runs: runs, moved: moved)
  }

  private static func run(_ partition: Partition, _ unordered: [Row], version: UInt64, snapshot: StoreSnapshot) -> ColumnRun {
    let rows = unordered.sorted { left, right in
      if left.canonical != right.canonical { return left.canonical < right.canonical }
      if left.time != right.time { return left.time < right.time }
      if left.raw != right.raw { return left.raw < right.raw }
      return (left.origin.run, left.origin.block, left.origin.row) < (right.origin.run, right.origin.block, right.origin.row)
    }
    let numbering = EventNumbering(rows.lazy.map(\.event))
    var blocks: [MovedChunks.Block] = []
    var summaries: [ColumnRun.Block] = []
    for range in rows.indices.cut(every: ColumnRun.blockRows) {
      var content = BlockRows()
      content.reserve(range.count)
      for row in rows[range] { content.append(label: row.canonical, raw: row.raw, time: row.time, event: row.event) }
      summaries.append(content.summary)
      blocks.append(
        MovedChunks.Block(
          keys: content.keys,
          events: EventChunk(
            codes: content.events.lazy.map { UInt16(numbering.number[Int($0)]) }, names: numbering.storeCodes.count),
          slots: SlotChunk(slots: content.slots(base: partition.base)),
          remainders: RemainderChunk(milliseconds: content.remainders(base: partition.base)), origins: rows[range].map(\.origin)))
    }
    let sources = Dictionary(Set(rows.map { Int($0.origin.run) }).map { ($0, snapshot.runs[$0]) }, uniquingKeysWith: { first, _ in first })
    return ColumnRun(
      partition: partition, journalVersion: version, blocks: summaries, eventCodes: numbering.storeCodes,
      properties: sources.values.reduce(into: []) { $0.formUnion($1.properties) }, source: MovedChunks(blocks: blocks, sources: sources))
  }
}

/// The chunks of a run of moved rows.
private final class MovedChunks: ChunkSource {
  struct Block: Sendable {
    let keys: KeyChunk
    let events: EventChunk
    let slots: SlotChunk
    let remainders: RemainderChunk
    let origins: [MovedRuns.Origin]
  }

  private struct Key: Hashable {
    var property: String
    var block: Int
  }

  private let blocks: [Block]
  private let sources: [Int: ColumnRun]
  /// Nil where no row of the block has the property.
  private let columns = Mutex<[Key: ColumnChunk?]>([:])

  init(blocks: [Block], sources: [Int: ColumnRun]) {
    self.blocks = blocks
    self.sources = sources
  }

  func keys(_ block: Int) -> KeyChunk { blocks[block].keys }
  func events(_ block: Int) -> EventChunk { blocks[block].events }
  func slots(_ block: Int) -> SlotChunk { blocks[block].slots }
  func remainders(_ block: Int) -> RemainderChunk { blocks[block].remainders }

  func column(_ property: String, _ block: Int) throws(StoreError) -> ColumnChunk? {
    let key = Key(property: property, block: block)
    if let known = columns.withLock({ $0[key] }) { return known }
    let made = try gather(property, block)
    columns.withLock { $0[key] = .some(made) }
    return made
  }

  private func gather(_ property: String, _ block: Int) throws(StoreError) -> ColumnChunk? {
    struct Place: Hashable { var run: Int32, block: Int32 }
    let origins = blocks[block].origins
    var codes = [UInt32](repeating: 0, count: origins.count)
    var values: [StoredValue] = []
    var known: [StoredValue: UInt32] = [:]
    // Each block of the origin is read once.
    for (place, rows) in Dictionary(grouping: origins.indices, by: { Place(run: origins[$0].run, block: origins[$0].block) }) {
      guard let chunk = try sources[Int(place.run)]?.column(property, Int(place.block)) else { continue }
      var mapped: [Int: UInt32] = [:]
      for row in rows {
        let code = chunk[Int(origins[row].row)]
        if code == 0 { continue }
        if let there = mapped[code] {
          codes[row] = there
          continue
        }
        let value = chunk.value(code)
        let number = known[value] ?? UInt32(values.count + 1)
        if known[value] == nil {
          values.append(value)
          known[value] = number
        }
        mapped[code] = number
        codes[row] = number
      }
    }
    return values.isEmpty ? nil : ColumnChunk(codes: codes, shared: ValueList(values), own: .empty)
  }
}
