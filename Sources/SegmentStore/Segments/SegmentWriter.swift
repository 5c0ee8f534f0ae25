/// Writes a segment block by block, so that it may be larger than memory (docs/FORMATS.md, "Segment").
struct SegmentWriter {
  /// Values that all blocks share at most; those met later stand in the blocks that have them.
  static let sharedValues = 65_535
  /// The same where values repeat: then a shared one costs less than one in every block.
  static let sharedRepeatingValues = 262_143

  /// - Parameters:
  ///   - distinct: different values of a property.
  ///   - rows: that have it.
  static func sharedLimit(distinct: Int, rows: Int) -> Int { distinct <= rows / 4 ? sharedRepeatingValues : sharedValues }

  /// The codes of a block's rows for one property: 0 missing, then the shared values, then `own`.
  struct Column {
    var codes: [UInt32]
    var own: ValueBytes?
  }

  /// Of a dictionary of any length, the values that all blocks share: the first ones.
  static func shared(_ dictionary: ValueDictionary, limit: Int = sharedValues) -> ValueBytes {
    let values = dictionary.values
    if values.count <= limit { return values }
    let ends = values.ends[..<limit]
    return ValueBytes(bytes: Array(values.bytes[..<Int(ends.last ?? 0)]), ends: Array(ends))
  }

  private var file: SectionFileWriter
  private let journalVersion: UInt64
  private let names: [String]
  /// By the store's event code: the file's.
  private let local: [UInt32]
  private let properties: [String]
  /// By property: how many values all blocks share.
  private var sharedCounts: [UInt32] = []
  private var counts: [Int]
  private var present: [Set<Int>]
  private var runs: [(partition: Partition, blocks: [ColumnRun.Block])] = []
  /// Of the run at hand: how many rows each event has in each slot; empty where there are too many names.
  private var slotCounts: [UInt32] = []

  /// - Parameters:
  ///   - numbering: of the events that occur.
  ///   - eventNames: by the store's code.
  ///   - shared: the values of a property (by its place) that all blocks share; asked for once, in order, and not kept.
  init(
    disk: any Disk, directory: String, number: UInt64, journalVersion: UInt64, numbering: EventNumbering, eventNames: [String],
    properties: [String], shared: (Int) throws -> ValueBytes
  ) throws {
    file = try SectionFileWriter(disk: disk, directory: directory, kind: .segment, number: number)
    self.journalVersion = journalVersion
    names = numbering.storeCodes.map { eventNames[Int($0)] }
    local = numbering.number
    self.properties = properties
    counts = [Int](repeating: 0, count: names.count)
    present = [Set<Int>](repeating: [], count: names.count)
    for property in properties.indices {
      let values = try shared(property)
      sharedCounts.append(UInt32(values.count))
      var bytes = ByteWriter()
      values.write(to: &bytes)
      try file.section(SegmentSection.values(property), Compression.pack(bytes.bytes))
    }
  }

  /// Blocks of one partition follow each other, partitions ascend.
  mutating func begin(_ partition: Partition) throws(DiskError) {
    try endPartition()
    runs.append((partition, []))
    if names.count <= EventCounts.nameLimit { slotCounts = [UInt32](repeating: 0, count: names.count * Partition.slotLimit) }
  }

  /// A partition of which no row was left has no run.
  private mutating func endPartition() throws(DiskError) {
    if let last = runs.last, last.blocks.isEmpty { runs.removeLast() } else { try writeCounts() }
  }

  /// What day series are answered from without a scan.
  private mutating func writeCounts() throws(DiskError) {
    guard let run = runs.indices.last, !slotCounts.isEmpty else { return }
    var bytes = ByteWriter()
    for event in names.indices {
      let row = slotCounts[(event * Partition.slotLimit)..<((event + 1) * Partition.slotLimit)]
      bytes.varint(row.count { $0 > 0 })
      var previous = 0
      for (slot, count) in row.enumerated() where count > 0 {
        bytes.varint(slot - previous)
        bytes.varint(UInt64(count))
        previous = slot
      }
    }
    try file.section(SegmentSection.counts(run), Compression.pack(bytes.bytes))
  }

  /// - Parameter column: called once for each property, in order; nil where no row has it.
  mutating func block<Failure: Error>(_ rows: BlockRows, column: (Int) throws(Failure) -> Column?) throws {
    guard let run = runs.indices.last, rows.count > 0 else { return }
    let block = runs[run].blocks.count
    let base = runs[run].partition.base
    runs[run].blocks.append(rows.summary)
    let events = rows.events.map { local[Int($0)] }
    for event in events { counts[Int(event)] += 1 }
    try writeKeys(rows.keys, SegmentSection.keys(run, block))
    var eventBytes = ByteWriter()
    eventBytes.byte(names.count <= 256 ? 3 : 2)
    if names.count <= 256 {
      eventBytes.raw(Compression.pack(events.map { UInt8(truncatingIfNeeded: $0) }).bytes)
    } else {
      eventBytes.array(events.map { UInt16(truncatingIfNeeded: $0) })
    }
    try file.section(SegmentSection.events(run, block), eventBytes)
    try writeTimes(rows, events, base: base, run: run, block: block)
    for index in properties.indices {
      guard let column = try column(index), column.codes.contains(where: { $0 != 0 }) else { continue }
      var bytes = ByteWriter()
      (column.own ?? ValueBytes()).write(to: &bytes)
      let codes = column.own.map { _ in CodeList.markingFirsts(column.codes, shared: sharedCounts[index]) } ?? column.codes
      codes.withUnsafeBufferPointer { CodeList.write($0, events: events, names: names.count, to: &bytes) }
      try file.section(SegmentSection.column(index, run, block), Compression.pack(bytes.bytes))
      var seen = [Bool](repeating: false, count: names.count)
      for (row, code) in column.codes.enumerated() where code != 0 { seen[Int(events[row])] = true }
      for (event, isSeen) in seen.enumerated() where isSeen { present[event].insert(index) }
    }
  }

  private mutating func writeKeys(_ keys: KeyChunk, _ name: String) throws(DiskError) {
    var bytes = ByteWriter()
    bytes.varint(keys.subjects.count)
    var previous: UInt32 = 0
    for (index, subject) in keys.subjects.enumerated() {
      bytes.varint(UInt64(subject - previous))
      bytes.varint(UInt64(keys.starts[index + 1] - keys.starts[index]))
      previous = subject
    }
    bytes.varint(keys.rawRuns.count)
    var row: UInt32 = 0
    for run in keys.rawRuns {
      bytes.varint(UInt64(run.start - row))
      bytes.varint(UInt64(run.count))
      bytes.integer(run.raw)
      row = run.start + run.count
    }
    try file.section(name, Compression.pack(bytes.bytes))
  }

  /// Slots ascend within a subject: the first as it is, then the distances.
  private mutating func writeTimes(_ rows: BlockRows, _ events: [UInt32], base: Int64, run: Int, block: Int) throws(DiskError) {
    let slots = rows.slots(base: base)
    if !slotCounts.isEmpty {
      for (event, slot) in zip(events, slots) { slotCounts[Int(event) * Partition.slotLimit + Int(slot)] += 1 }
    }
    var bytes = ByteWriter()
    bytes.reserve(slots.count + slots.count / 4)
    for row in slots.indices {
      let isFirst = row == 0 || rows.labels[row] != rows.labels[row - 1]
      bytes.varint(UInt64(isFirst ? slots[row] : slots[row] - slots[row - 1]))
    }
    try file.section(SegmentSection.slots(run, block), Compression.pack(bytes.bytes))
    var remainders = ByteWriter()
    rows.remainders(base: base).withUnsafeBufferPointer {
      CodeList.pack($0, largest: UInt32(Partition.slotMilliseconds - 1), to: &remainders)
    }
    try file.section(SegmentSection.remainders(run, block), remainders)
  }

  /// - Parameters:
  ///   - days: UTC days of which there are fingerprints.
  ///   - fingerprints: those of a day, in any order; asked for once, and not kept.
  mutating func finish(days: some Sequence<Int32>, fingerprints: (Int32) throws -> [UInt64]) throws -> FileReference {
    try endPartition()
    var meta = ByteWriter()
    meta.varint(journalVersion)
    meta.varint(runs.count)
    for run in runs {
      meta.signedVarint(Int64(run.partition.month))
      meta.varint(run.blocks.count)
      for block in run.blocks {
        meta.varint(block.rowCount)
        meta.integer(block.firstSubject)
        meta.integer(block.lastSubject)
        meta.varint(UInt64(block.firstTime - run.partition.base))
        meta.varint(UInt64(block.lastTime - run.partition.base))
      }
    }
    try file.section(SegmentSection.meta, meta)
    var statistics = ByteWriter()
    statistics.varint(properties.count)
    for property in properties { statistics.string(property) }
    statistics.varint(names.count)
    for (event, name) in names.enumerated() {
      statistics.string(name)
      statistics.varint(counts[event])
      statistics.varint(present[event].count)
      for property in present[event].sorted() { statistics.varint(property) }
    }
    try file.section(SegmentSection.statistics, statistics)
    for day in days.sorted() {
      var section = ByteWriter()
      section.array(try fingerprints(day).sorted())
      try file.section(SegmentSection.fingerprints(day), section)
    }
    return try file.finish()
  }
}

/// Names of a segment's sections. Runs, blocks and properties are numbered from 0.
enum SegmentSection {
  static let meta = "meta"
  static let statistics = "stats"
  static func values(_ property: Int) -> String { "v\(property)" }
  static func keys(_ run: Int, _ block: Int) -> String { "\(run).\(block).keys" }
  static func counts(_ run: Int) -> String { "\(run).counts" }
  static func events(_ run: Int, _ block: Int) -> String { "\(run).\(block).events" }
  static func slots(_ run: Int, _ block: Int) -> String { "\(run).\(block).slots" }
  static func remainders(_ run: Int, _ block: Int) -> String { "\(run).\(block).ms" }
  static func column(_ property: Int, _ run: Int, _ block: Int) -> String { "\(run).\(block).p\(property)" }
  static func fingerprints(_ day: Int32) -> String { "f:\(day)" }
}

extension SegmentWriter.Column {
  /// Rows whose codes (+ 1, 0 where missing) are of a dictionary of any length, of which `SegmentWriter.shared` is shared.
  init(_ codes: [UInt32], of dictionary: ValueDictionary, limit: Int = SegmentWriter.sharedValues) {
    self.init(codes: codes, own: nil)
    guard dictionary.count > limit else { return }
    var own = ValueDictionary()
    for (row, code) in codes.enumerated() where Int(code) > limit {
      self.codes[row] = own.code(of: Int(code) - 1, in: dictionary) + UInt32(limit) + 1
    }
    self.own = own.values
  }
}
