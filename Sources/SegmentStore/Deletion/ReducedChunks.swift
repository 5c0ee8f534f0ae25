import Synchronization

/// The chunks of a run without its hidden rows: taken over where a block has none of them, otherwise gathered when asked for.
final class ReducedChunks: ChunkSource {
  struct Place: Sendable {
    /// Of the whole run.
    var block: Int
    /// Rows that are left, ascending; nil: all of them.
    var kept: [Range<Int>]?
  }

  /// Where gathered chunks of a segment are kept.
  struct Cache: Sendable {
    let cache: BlockCache
    let file: UInt64
    /// Different for every set of hidden rows and every run of the file.
    let prefix: String
  }

  private let base: ColumnRun
  private let places: [Place]
  private let cache: Cache?
  /// What a run in memory gathered.
  private let made = Mutex<[String: any AnyObject & Sendable]>([:])

  init(base: ColumnRun, places: [Place], cache: Cache?) {
    self.base = base
    self.places = places
    self.cache = cache
  }

  private func kept<Chunk: AnyObject & Sendable>(_ name: String, _ make: () throws(StoreError) -> (Chunk, cost: Int)) throws(StoreError)
    -> Chunk
  {
    if let cache { return try cache.cache.value(BlockCache.Key(file: cache.file, section: cache.prefix + name), make: make) }
    if let known = made.withLock({ $0[name] }) as? Chunk { return known }
    let chunk = try make().0
    made.withLock { $0[name] = chunk }
    return chunk
  }

  private static func gather<Element>(_ elements: [Element], _ rows: [Range<Int>]) -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(rows.reduce(0) { $0 + $1.count })
    for range in rows { result += elements[range] }
    return result
  }

  func keys(_ block: Int) throws(StoreError) -> KeyChunk {
    let place = places[block]
    guard let rows = place.kept else { return try base.keys(place.block) }
    return try kept("\(block).keys") { () throws(StoreError) in
      let whole = try base.keys(place.block)
      var subjects: [UInt32] = []
      var starts: [UInt32] = []
      var runs: [KeyChunk.RawRun] = []
      var subject = 0
      var count: UInt32 = 0
      for row in rows.joined() {
        while Int(whole.starts[subject + 1]) <= row { subject += 1 }
        let label = whole.subjects[subject]
        if subjects.last != label || count == 0 {
          subjects.append(label)
          starts.append(count)
        }
        let raw = whole.raw(of: row, subject: label)
        if raw != label {
          if let last = runs.last, last.raw == raw, last.start + last.count == count {
            runs[runs.count - 1].count += 1
          } else {
            runs.append(.init(start: count, count: 1, raw: raw))
          }
        }
        count += 1
      }
      starts.append(count)
      return (KeyChunk(subjects: subjects, starts: starts, rawRuns: runs), subjects.count * 8 + runs.count * 12 + Int(count) / 8)
    }
  }

  func events(_ block: Int) throws(StoreError) -> EventChunk {
    let place = places[block]
    guard let rows = place.kept else { return try base.events(place.block) }
    return try kept("\(block).events") { () throws(StoreError) in
      let whole = try base.events(place.block)
      let chunk =
        whole.wide.isEmpty
        ? EventChunk(narrow: Self.gather(whole.narrow, rows)) : EventChunk(wide: Self.gather(whole.wide, rows))
      return (chunk, chunk.narrow.count + chunk.wide.count * 2)
    }
  }

  func slots(_ block: Int) throws(StoreError) -> SlotChunk {
    let place = places[block]
    guard let rows = place.kept else { return try base.slots(place.block) }
    return try kept("\(block).slots") { () throws(StoreError) in
      let chunk = SlotChunk(slots: Self.gather(try base.slots(place.block).slots, rows))
      return (chunk, chunk.slots.count * 2)
    }
  }

  func times(_ block: Int) throws(StoreError) -> TimeChunk {
    let place = places[block]
    guard let rows = place.kept else { return try base.times(place.block) }
    return try kept("\(block).ms") { () throws(StoreError) in
      let chunk = TimeChunk(offsets: Self.gather(try base.times(place.block).offsets, rows))
      return (chunk, chunk.offsets.count * 4)
    }
  }

  func column(_ property: String, _ block: Int) throws(StoreError) -> ColumnChunk? {
    let place = places[block]
    guard let whole = try base.column(property, place.block), let rows = place.kept else { return try base.column(property, place.block) }
    return try kept("\(block).p.\(property)") { () throws(StoreError) in
      let codes = rows.joined().map { UInt32(whole[$0]) }
      let chunk = ColumnChunk(codes: codes, shared: whole.shared, own: whole.own)
      return (chunk, chunk.narrow.count + chunk.wide.count * 4 + whole.own.footprint)
    }
  }

  func derived(_ block: Int, _ name: String, _ make: () throws(StoreError) -> RowSet) throws(StoreError) -> RowSet {
    let place = places[block]
    guard place.kept != nil else { return try base.derived(place.block, name, make) }
    return try kept("\(block).d.\(name)") { () throws(StoreError) in
      let set = try make()
      return (set, set.bits.count * 8)
    }
  }
}
