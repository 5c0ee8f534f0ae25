internal import Events
import Synchronization

/// A row of a snapshot that is to stand somewhere else: under another subject, or in the journey of an organization.
struct GatheredRow {
  /// Where it stands in the snapshot.
  struct Origin: Sendable {
    var run: Int32
    var block: Int32
    var row: Int32
  }

  /// Whose journey it belongs to now.
  var label: UInt32
  var raw: UInt32
  var time: Int64
  /// Code of the store.
  var event: UInt16
  var origin: Origin
}

extension ColumnRun {
  /// - Parameters:
  ///   - runs: what the rows' origins count in.
  ///   - keepsOwners: the raw numbers are the rows' own subjects, in journeys of organizations.
  convenience init(
    gathering unordered: [GatheredRow], of partition: Partition, journalVersion: UInt64, from runs: [ColumnRun], keepsOwners: Bool = false
  ) {
    let rows = unordered.sorted { left, right in
      if left.label != right.label { return left.label < right.label }
      if left.time != right.time { return left.time < right.time }
      if left.raw != right.raw { return left.raw < right.raw }
      return (left.origin.run, left.origin.block, left.origin.row) < (right.origin.run, right.origin.block, right.origin.row)
    }
    let numbering = EventNumbering(rows.lazy.map(\.event))
    var blocks: [GatheredChunks.Block] = []
    var summaries: [ColumnRun.Block] = []
    for range in rows.indices.cut(every: ColumnRun.blockRows) {
      var content = BlockRows()
      content.reserve(range.count)
      for row in rows[range] { content.append(label: row.label, raw: row.raw, time: row.time, event: row.event) }
      summaries.append(content.summary)
      blocks.append(
        GatheredChunks.Block(
          keys: keepsOwners ? content.keysWithOwners : content.keys,
          events: EventChunk(
            codes: content.events.lazy.map { UInt16(numbering.number[Int($0)]) }, names: numbering.storeCodes.count),
          slots: SlotChunk(slots: content.slots(base: partition.base)),
          times: TimeChunk(offsets: content.offsets(base: partition.base)), origins: rows[range].map(\.origin)))
    }
    let sources = Dictionary(Set(rows.map { Int($0.origin.run) }).map { ($0, runs[$0]) }, uniquingKeysWith: { first, _ in first })
    self.init(
      partition: partition, journalVersion: journalVersion, blocks: summaries, eventCodes: numbering.storeCodes,
      properties: sources.values.reduce(into: []) { $0.formUnion($1.properties) }, source: GatheredChunks(blocks: blocks, sources: sources))
  }
}

/// The chunks of a run of gathered rows: columns are gathered when asked for.
private final class GatheredChunks: ChunkSource {
  struct Block: Sendable {
    let keys: KeyChunk
    let events: EventChunk
    let slots: SlotChunk
    let times: TimeChunk
    let origins: [GatheredRow.Origin]
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
  func times(_ block: Int) -> TimeChunk { blocks[block].times }

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
