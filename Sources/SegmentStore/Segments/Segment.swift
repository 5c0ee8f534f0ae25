internal import Events
import Synchronization

/// A sorted, immutable file of events: a run for each partition that it has rows of. Chunks are read when a query needs them.
final class Segment: Sendable {
  struct Run: Sendable, Equatable {
    var partition: Partition
    var blocks: [ColumnRun.Block]
  }

  /// What the segment knows about one event name.
  struct EventStatistics: Sendable, Equatable {
    var name: String
    var count: Int
    /// Indexes of the properties that occur with it.
    var properties: [Int]
  }

  let file: SectionFileReader
  let journalVersion: UInt64
  let runs: [Run]
  let rowCount: Int
  let statistics: [EventStatistics]
  let properties: [String]
  /// UTC days of which it holds fingerprints.
  let days: Set<Int32>
  private let columnRuns = Mutex<[ColumnRun]?>(nil)
  let visible = Mutex<Visible?>(nil)
  /// By run, once somebody asked.
  let present = Mutex<[Int: [Bool]]>([:])

  /// The runs without hidden rows, and of which state of the store that is.
  struct Visible {
    var state: String
    var runs: [ColumnRun]
  }

  init(disk: any Disk, directory: String, reference: FileReference) throws(StoreError) {
    let file = try SectionFileReader(disk: disk, directory: directory, reference: reference)
    guard file.version >= 2 else { throw .unsupported(file: reference.name, version: file.version) }
    self.file = file
    let meta = try file.read(SegmentSection.meta) { reader in try Meta(reading: &reader) }
    journalVersion = meta.journalVersion
    runs = meta.runs
    let rowCount = runs.reduce(0) { $0 + $1.blocks.reduce(0) { $0 + $1.rowCount } }
    self.rowCount = rowCount
    days = Set(file.sections.compactMap { $0.name.hasPrefix("f:") ? Int32($0.name.dropFirst(2)) : nil })
    (properties, statistics) = try file.read(SegmentSection.statistics) { reader in
      var properties: [String] = []
      for _ in 0..<(try reader.count()) { properties.append(try reader.string()) }
      guard Set(properties).count == properties.count else { throw FormatError("a property occurs twice") }
      var list: [EventStatistics] = []
      var total = 0
      for _ in 0..<(try reader.count()) {
        let name = try reader.string()
        let count = try reader.number(through: rowCount)
        total += count
        var indexes: [Int] = []
        for _ in 0..<(try reader.count()) { indexes.append(try reader.number(through: max(0, properties.count - 1))) }
        list.append(EventStatistics(name: name, count: count, properties: indexes))
      }
      guard total == rowCount, properties.count > 0 || list.allSatisfy({ $0.properties.isEmpty }) else {
        throw FormatError("the counts do not add up")
      }
      return (properties, list)
    }
  }

  /// What the first section says.
  private struct Meta {
    var journalVersion: UInt64
    var runs: [Run] = []

    init(reading reader: inout ByteReader) throws(FormatError) {
      journalVersion = try reader.varint()
      for _ in 0..<(try reader.count()) {
        let month = try reader.signedVarint()
        guard Partition.months.contains(Int(month)) else { throw FormatError("a month is out of range") }
        let partition = Partition(month: Int(month))
        if let last = runs.last, last.partition >= partition { throw FormatError("its months are out of order") }
        let length = Int(partition.end - partition.base)
        var blocks: [ColumnRun.Block] = []
        var previous: UInt32 = 0
        for _ in 0..<(try reader.count(of: 11)) {
          let block = ColumnRun.Block(
            rowCount: try reader.number(through: ColumnRun.blockRows), firstSubject: try reader.integer(),
            lastSubject: try reader.integer(),
            firstTime: partition.base + Int64(try reader.number(through: length - 1)),
            lastTime: partition.base + Int64(try reader.number(through: length - 1)))
          guard block.rowCount > 0, block.firstSubject >= previous, block.lastSubject >= block.firstSubject,
            block.lastTime >= block.firstTime
          else { throw FormatError("a block is out of order") }
          previous = block.lastSubject
          blocks.append(block)
        }
        guard !blocks.isEmpty else { throw FormatError("a month has no block") }
        runs.append(Run(partition: partition, blocks: blocks))
      }
    }
  }

  /// The fingerprints of a UTC day, ascending; nil if there are none.
  func fingerprints(of day: Int32) throws(StoreError) -> [UInt64]? {
    guard days.contains(day) else { return nil }
    return try file.read(SegmentSection.fingerprints(day)) { reader in
      try reader.array(UInt64.self, count: reader.remaining / 8)
    }
  }

  /// The same, kept in memory for the next time where there is room.
  func fingerprints(of day: Int32, cache: BlockCache) throws(StoreError) -> [UInt64]? {
    guard days.contains(day) else { return nil }
    let kept: Cached<[UInt64]> = try cache.value(
      BlockCache.Key(file: file.reference.number, section: SegmentSection.fingerprints(day))
    ) { () throws(StoreError) in
      let list = try fingerprints(of: day) ?? []
      return (Cached(list), cost: list.count * MemoryLayout<UInt64>.stride)
    }
    return kept.value
  }

  /// The segment as queries see it.
  ///
  /// - Parameter codes: store-wide event codes by name; holds every name of `statistics`.
  func columnRuns(codes: [String: UInt16], cache: BlockCache) throws(StoreError) -> [ColumnRun] {
    if let known = columnRuns.withLock({ $0 }) { return known }
    var storeCodes: [UInt16] = []
    for event in statistics {
      guard let code = codes[event.name] else { throw .corrupt(file: file.name, reason: "an event name is unknown") }
      storeCodes.append(code)
    }
    let names = Set(properties)
    let made = runs.enumerated().map { number, run in
      ColumnRun(
        partition: run.partition, journalVersion: journalVersion, blocks: run.blocks, eventCodes: storeCodes, properties: names,
        source: CachedChunks(segment: self, run: number, cache: cache))
    }
    columnRuns.withLock { $0 = made }
    return made
  }
}

/// Decoding, without a cache.
extension Segment {
  func keys(_ run: Int, _ block: Int) throws(StoreError) -> KeyChunk {
    let summary = runs[run].blocks[block]
    return try readPacked(SegmentSection.keys(run, block)) { reader throws(FormatError) in
      let count = try reader.count(of: 2)
      var subjects: [UInt32] = []
      var starts: [UInt32] = [0]
      subjects.reserveCapacity(count)
      starts.reserveCapacity(count + 1)
      var subject = 0
      var row = 0
      for index in 0..<count {
        let distance = try reader.number(through: Int(UInt32.max))
        guard index == 0 || distance > 0 else { throw FormatError("a subject occurs twice") }
        subject += distance
        let length = try reader.number(through: summary.rowCount - row)
        guard subject <= Int(UInt32.max), length > 0 else { throw FormatError("a subject is out of range") }
        row += length
        subjects.append(UInt32(subject))
        starts.append(UInt32(row))
      }
      guard row == summary.rowCount, subjects.first == summary.firstSubject, subjects.last == summary.lastSubject else {
        throw FormatError("the subjects are not those of the block")
      }
      var rawRuns: [KeyChunk.RawRun] = []
      row = 0
      for _ in 0..<(try reader.count(of: 6)) {
        row += try reader.number(through: summary.rowCount - row)
        let length = try reader.number(through: summary.rowCount - row)
        guard length > 0 else { throw FormatError("an exception is empty") }
        rawRuns.append(.init(start: UInt32(row), count: UInt32(length), raw: try reader.integer()))
        row += length
      }
      return KeyChunk(subjects: subjects, starts: starts, rawRuns: rawRuns)
    }
  }

  func events(_ run: Int, _ block: Int) throws(StoreError) -> EventChunk {
    let count = runs[run].blocks[block].rowCount
    let names = statistics.count
    return try file.read(SegmentSection.events(run, block)) { reader in
      let form = try reader.byte()
      guard form == 2 ? names > 256 : form < 4 && names <= 256 else { throw FormatError("event codes are in an unknown form") }
      if form != 2 {
        let codes =
          switch form {
          case 0: try CodeList.unpackBytes(count: count, limit: names - 1, from: &reader)
          case 1: try reader.array(UInt8.self, count: count)
          default: try Compression.unpack(&reader)
          }
        guard codes.count == count else { throw FormatError("event codes are fewer or more than rows") }
        guard form == 0 || codes.allSatisfy({ Int($0) < names }) else { throw FormatError("an event code is out of range") }
        return EventChunk(narrow: codes)
      }
      let codes = try reader.array(UInt16.self, count: count)
      guard codes.allSatisfy({ Int($0) < names }) else { throw FormatError("an event code is out of range") }
      return EventChunk(wide: codes)
    }
  }

  func slots(_ run: Int, _ block: Int, keys: KeyChunk) throws(StoreError) -> SlotChunk {
    let count = runs[run].blocks[block].rowCount
    return try readPacked(SegmentSection.slots(run, block)) { reader throws(FormatError) in
      var slots: [UInt16] = []
      slots.reserveCapacity(count)
      for subject in keys.subjects.indices {
        var slot: UInt64 = 0
        for _ in keys.starts[subject]..<keys.starts[subject + 1] {
          slot &+= try reader.varint()
          guard slot < UInt64(Partition.slotLimit) else { throw FormatError("a time is outside of its month") }
          slots.append(UInt16(truncatingIfNeeded: slot))
        }
      }
      return SlotChunk(slots: slots)
    }
  }

  func times(_ run: Int, _ block: Int, slots: SlotChunk) throws(StoreError) -> TimeChunk {
    let count = runs[run].blocks[block].rowCount
    let remainders = try file.read(SegmentSection.remainders(run, block)) { reader in
      try CodeList.unpack(count: count, limit: Int(Partition.slotMilliseconds) - 1, from: &reader)
    }
    let slots = slots.slots
    return TimeChunk(
      offsets: [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
        for row in 0..<count { buffer[row] = UInt32(slots[row]) &* UInt32(Partition.slotMilliseconds) &+ remainders[row] }
        initialized = count
      })
  }

  /// How many rows of a run each event has in each slot; nil where the segment does not say.
  func counts(_ run: Int) throws(StoreError) -> EventCounts? {
    guard file.contains(SegmentSection.counts(run)) else { return nil }
    let rowCount = runs[run].blocks.reduce(0) { $0 + $1.rowCount }
    return try readPacked(SegmentSection.counts(run)) { reader throws(FormatError) in
      var starts: [Int] = [0]
      var slots: [UInt16] = []
      var counts: [UInt32] = []
      var total = 0
      for _ in statistics {
        var slot = 0
        for index in 0..<(try reader.count(of: 2)) {
          let distance = try reader.number(through: Partition.slotLimit - 1 - slot)
          guard index == 0 || distance > 0 else { throw FormatError("a slot is counted twice") }
          slot += distance
          let count = try reader.number(through: rowCount - total)
          guard count > 0, count <= Int(UInt32.max) else { throw FormatError("a count is out of range") }
          total += count
          slots.append(UInt16(slot))
          counts.append(UInt32(count))
        }
        starts.append(slots.count)
      }
      guard total == rowCount else { throw FormatError("the counts by slot do not add up") }
      return EventCounts(starts: starts, slots: slots, counts: counts)
    }
  }

  /// The values that all blocks share.
  func sharedValues(_ property: Int) throws(StoreError) -> ValueBytes {
    try readPacked(SegmentSection.values(property)) { reader throws(FormatError) in try ValueBytes(reading: &reader) }
  }

  /// How many values all blocks share.
  func sharedValueCount(_ property: Int) throws(StoreError) -> Int {
    try readPacked(SegmentSection.values(property)) { reader throws(FormatError) in
      let count = try reader.count()
      _ = try reader.raw(reader.remaining)
      return count
    }
  }

  /// A property's codes and the block's own values, as they stand in the file; nil if no row of the block has it.
  ///
  /// - Parameter events: the block's, where they are at hand.
  func rawColumn(
    _ property: Int, _ run: Int, _ block: Int, shared: Int, events: (() throws(StoreError) -> EventChunk)? = nil
  ) throws(StoreError) -> (codes: [UInt32], own: ValueBytes)? {
    let name = SegmentSection.column(property, run, block)
    guard file.contains(name) else { return nil }
    let count = runs[run].blocks[block].rowCount
    let (column, own) = try readPacked(name) { reader throws(FormatError) in
      let own = try ValueBytes(reading: &reader)
      // From version 3 on there is one code more: for first occurrences.
      let limit = shared + own.count + (hasMarkedFirsts && own.count > 0 ? 1 : 0)
      return (try CodeList.column(count: count, limit: limit, from: &reader), own)
    }
    let chunk: EventChunk?
    if column.needsEvents { chunk = if let events { try events() } else { try self.events(run, block) } } else { chunk = nil }
    do throws(FormatError) {
      let codes = try column.codes(of: chunk)
      guard hasMarkedFirsts, own.count > 0 else { return (codes, own) }
      return (try CodeList.resolvingFirsts(codes, shared: UInt32(shared), own: own.count), own)
    } catch {
      throw .corrupt(file: file.name, reason: "in a chunk, \(error)")
    }
  }

  private var hasMarkedFirsts: Bool { file.version >= 3 }

  private func readPacked<Result>(_ name: String, _ body: (inout ByteReader) throws(FormatError) -> Result) throws(StoreError) -> Result {
    let bytes = try file.read(name) { reader in try Compression.unpack(&reader) }
    do throws(FormatError) {
      return try Self.read(bytes, body)
    } catch {
      throw .corrupt(file: file.name, reason: "in a chunk, \(error)")
    }
  }

  private static func read<Result>(_ bytes: [UInt8], _ body: (inout ByteReader) throws(FormatError) -> Result) throws(FormatError)
    -> Result
  {
    var outcome: Swift.Result<Result, FormatError>?
    bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      do throws(FormatError) {
        let result = try body(&reader)
        try reader.expectEnd()
        outcome = .success(result)
      } catch { outcome = .failure(error) }
    }
    guard let outcome else { throw FormatError("nothing was read") }
    return try outcome.get()
  }
}

/// A run's chunks by way of the cache.
private struct CachedChunks: ChunkSource {
  let segment: Segment
  let run: Int
  let cache: BlockCache

  private func cached<Chunk: AnyObject & Sendable>(_ name: String, _ make: () throws(StoreError) -> (Chunk, cost: Int)) throws(StoreError)
    -> Chunk
  {
    try cache.value(BlockCache.Key(file: segment.file.reference.number, section: name), make: make)
  }

  func keys(_ block: Int) throws(StoreError) -> KeyChunk {
    try cached(SegmentSection.keys(run, block)) { () throws(StoreError) in
      let keys = try segment.keys(run, block)
      return (keys, keys.subjects.count * 8 + keys.rawRuns.count * 12 + keys.startBits.count * 8)
    }
  }

  func events(_ block: Int) throws(StoreError) -> EventChunk {
    try cached(SegmentSection.events(run, block)) { () throws(StoreError) in
      let events = try segment.events(run, block)
      return (events, events.narrow.count + events.wide.count * 2)
    }
  }

  func slots(_ block: Int) throws(StoreError) -> SlotChunk {
    let keys = try keys(block)
    return try cached(SegmentSection.slots(run, block)) { () throws(StoreError) in
      let slots = try segment.slots(run, block, keys: keys)
      return (slots, slots.slots.count * 2)
    }
  }

  func times(_ block: Int) throws(StoreError) -> TimeChunk {
    let slots = try slots(block)
    return try cached(SegmentSection.remainders(run, block)) { () throws(StoreError) in
      let times = try segment.times(run, block, slots: slots)
      return (times, times.offsets.count * 4)
    }
  }

  func column(_ property: String, _ block: Int) throws(StoreError) -> ColumnChunk? {
    guard let index = segment.properties.firstIndex(of: property),
      segment.file.contains(SegmentSection.column(index, run, block))
    else { return nil }
    let shared = try cached(SegmentSection.values(index)) { () throws(StoreError) in
      let values = try values(try segment.sharedValues(index))
      return (values, values.footprint)
    }
    return try cached(SegmentSection.column(index, run, block)) { () throws(StoreError) in
      let raw = try segment.rawColumn(index, run, block, shared: shared.count) { () throws(StoreError) in try events(block) }
      guard let (codes, own) = raw else {
        throw .corrupt(file: segment.file.name, reason: "a chunk of a property is missing")
      }
      let chunk = ColumnChunk(codes: codes, shared: shared, own: try values(own))
      return (chunk, chunk.narrow.count + chunk.wide.count * 4 + chunk.own.footprint)
    }
  }

  func eventCounts() throws(StoreError) -> EventCounts? {
    guard segment.file.contains(SegmentSection.counts(run)) else { return nil }
    return try cached(SegmentSection.counts(run)) { () throws(StoreError) in
      guard let counts = try segment.counts(run) else { throw .corrupt(file: segment.file.name, reason: "its counts are missing") }
      return (counts, counts.starts.count * 8 + counts.slots.count * 6)
    }
  }

  func derived(_ block: Int, _ name: String, _ make: () throws(StoreError) -> RowSet) throws(StoreError) -> RowSet {
    try cached("\(run).\(block).\(name)") { () throws(StoreError) in
      let set = try make()
      return (set, set.bits.count * 8)
    }
  }

  private func values(_ bytes: ValueBytes) throws(StoreError) -> ValueList {
    if bytes.count == 0 { return .empty }
    do throws(FormatError) {
      return try ValueList(checking: bytes)
    } catch {
      throw .corrupt(file: segment.file.name, reason: "in a dictionary, \(error)")
    }
  }
}
