/// An immutable, sorted piece of a store: rows of one partition by (canonical subject as of `journalVersion`, time, number under which they
/// arrived, arrival), in blocks. A part of the memory and a part of a segment on disk both are one.
///
/// Blocks are decoded when somebody asks for them, column by column, so that a run may be larger than memory.
package final class ColumnRun: Sendable {
  /// The subject of events without an actor. It is the last one where it occurs.
  package static let noActor = UInt32.max
  /// Rows of a full block.
  package static let blockRows = 65_536

  /// What is known of a block without reading it.
  package struct Block: Sendable, Hashable {
    package var rowCount: Int
    package var firstSubject: UInt32
    package var lastSubject: UInt32
    /// Of any row.
    package var firstTime: Int64
    package var lastTime: Int64
    package init(rowCount: Int, firstSubject: UInt32, lastSubject: UInt32, firstTime: Int64, lastTime: Int64) {
      self.rowCount = rowCount
      self.firstSubject = firstSubject
      self.lastSubject = lastSubject
      self.firstTime = firstTime
      self.lastTime = lastTime
    }
  }

  package let partition: Partition
  /// Merges newer than this are not applied in the order of the rows.
  package let journalVersion: UInt64
  package let blocks: [Block]
  /// The store's code of each event code of the run.
  package let eventCodes: [UInt16]
  package let properties: Set<String>
  private let source: any ChunkSource

  package let rowCount: Int
  package let firstTime: Int64
  package let lastTime: Int64

  package init(
    partition: Partition, journalVersion: UInt64, blocks: [Block], eventCodes: [UInt16], properties: Set<String>, source: any ChunkSource
  ) {
    self.partition = partition
    self.journalVersion = journalVersion
    self.blocks = blocks
    self.eventCodes = eventCodes
    self.properties = properties
    self.source = source
    rowCount = blocks.reduce(0) { $0 + $1.rowCount }
    firstTime = blocks.reduce(.max) { min($0, $1.firstTime) }
    lastTime = blocks.reduce(.min) { max($0, $1.lastTime) }
  }

  package func keys(_ block: Int) throws(StoreError) -> KeyChunk { try source.keys(block) }
  package func events(_ block: Int) throws(StoreError) -> EventChunk { try source.events(block) }
  package func slots(_ block: Int) throws(StoreError) -> SlotChunk { try source.slots(block) }
  package func times(_ block: Int) throws(StoreError) -> TimeChunk { try source.times(block) }
  /// Nil if no row of the run has the property.
  package func column(_ property: String, _ block: Int) throws(StoreError) -> ColumnChunk? {
    properties.contains(property) ? try source.column(property, block) : nil
  }

  /// Nil where the run has none.
  func eventCounts() throws(StoreError) -> EventCounts? { try source.eventCounts() }

  /// What follows from other chunks of a block, kept with them where the source keeps any.
  func derived(_ block: Int, _ name: String, _ make: () throws(StoreError) -> RowSet) throws(StoreError) -> RowSet {
    try source.derived(block, name, make)
  }

  /// The blocks that may hold a subject.
  func blocks(of subject: UInt32) -> Range<Int> {
    let first = blocks.firstIndex(fromWhich: { $0.lastSubject >= subject })
    let end = blocks.firstIndex(fromWhich: { $0.firstSubject > subject })
    return first..<max(first, end)
  }
}

/// Where a run's blocks come from. Called from any thread, often for the same chunk.
package protocol ChunkSource: Sendable {
  func keys(_ block: Int) throws(StoreError) -> KeyChunk
  func events(_ block: Int) throws(StoreError) -> EventChunk
  func slots(_ block: Int) throws(StoreError) -> SlotChunk
  func times(_ block: Int) throws(StoreError) -> TimeChunk
  /// Called for properties of the run only.
  func column(_ property: String, _ block: Int) throws(StoreError) -> ColumnChunk?
  func derived(_ block: Int, _ name: String, _ make: () throws(StoreError) -> RowSet) throws(StoreError) -> RowSet
  func eventCounts() throws(StoreError) -> EventCounts?
}

extension ChunkSource {
  package func eventCounts() throws(StoreError) -> EventCounts? { nil }

  /// Keeps nothing.
  package func derived(_ block: Int, _ name: String, _ make: () throws(StoreError) -> RowSet) throws(StoreError) -> RowSet { try make() }
}
