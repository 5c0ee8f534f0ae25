internal import CRowBits
internal import Events
internal import Journeys
import Synchronization

/// The selectors of a query made ready for a snapshot: says of each row of a block which of them it matches, by look-ups in tables over the
/// codes of its columns, so that no value is looked at while rows are read.
final class Selectors: Sendable {
  private indirect enum Node: Sendable {
    case all([Node])
    case any([Node])
    case not(Node)
    case event(property: String, EventTest)
    /// On whose event it is: the journey's actor, or, at the level of organizations, the row's own subject.
    case actor(ofJourney: Bool, @Sendable (UInt32) -> Bool)
  }

  /// A test with its verdict on each value of the dictionaries met so far.
  private final class EventTest: Sendable {
    let passes: @Sendable (StoredValue?) -> Bool
    private let tables = Mutex<[ObjectIdentifier: (list: ValueList, table: [UInt8])]>([:])
    init(_ passes: @escaping @Sendable (StoredValue?) -> Bool) { self.passes = passes }

    /// By code of the chunk: 1 where its value passes.
    func table(of chunk: ColumnChunk) -> [UInt8] {
      let shared = verdicts(chunk.shared)
      return chunk.own.count == 0 ? shared : shared + (0..<chunk.own.count).map { passes(chunk.own[$0]) ? 1 : 0 }
    }

    private func verdicts(_ list: ValueList) -> [UInt8] {
      if let known = tables.withLock({ $0[ObjectIdentifier(list)] }) { return known.table }
      let table = [passes(nil) ? 1 : 0] + (0..<list.count).map { passes(list[$0]) ? 1 : 0 as UInt8 }
      // The list is kept with its table: an identifier is good only as long as its object lives.
      tables.withLock { $0[ObjectIdentifier(list)] = (list, table) }
      return table
    }
  }

  /// Which event codes of a run matter.
  private enum Names: Sendable {
    case all, none
    /// A few codes below 256, and the same as a table for a chunk of wide codes.
    case few([UInt8], table: [UInt8])
    case table([UInt8])
  }

  private struct RunTables: Sendable {
    /// By event code of the run.
    var masks: [UInt32]
    /// Of selectors without a filter of their own; of the primary ones among them.
    var plain: Names
    var plainPrimary: Names
    /// Of selectors that name an event or are the interesting ones; only where `firsts` are enough for the others.
    var named: Names
    /// Of each selector with a filter, in the order of `filters`.
    var byFilter: [Names]
  }

  let count: Int
  private let snapshot: StoreSnapshot
  /// The snapshot's runs, then those of its moved rows.
  let runs: [ColumnRun]
  /// Selectors without which a journey is of no interest.
  private let primary: UInt32
  /// Whether rows that match nothing are seen too.
  private let seesAll: Bool
  private let everything: Node?
  private let filters: [(selector: Int, node: Node)]
  private let filtered: UInt32
  private let tables: [RunTables]
  private let properties: [String]
  private let buckets: BucketTable?
  /// For selectors of any event: the first of a subject's rows of a day is enough.
  private let firsts: ZoneDays?
  /// Events later than this are not seen.
  private let instant: Int64

  /// - Throws: `QueryError` (`unreadable`) if the moved rows cannot be read.
  /// - Parameters:
  ///   - everything: a filter that is added to every selector.
  ///   - primary: a bit for each selector that makes a journey worth a visit.
  ///   - seesAll: rows that match no selector are visited too, with an empty mask.
  ///   - properties: those that the visitor looks up.
  ///   - buckets: what `BlockView.buckets` points into.
  ///   - firsts: given where, of the rows that match only selectors of any event, the first of each subject and day is enough.
  ///   - seesLater: events later than the instant are seen too.
  init(
    _ selectors: [EventSelector], everything: Filter?, primary: UInt32 = .max, seesAll: Bool = false, properties: [String] = [],
    buckets: BucketTable? = nil, firsts: ZoneDays? = nil, seesLater: Bool = false, snapshot: StoreSnapshot, instant: Timestamp
  ) throws(QueryError) {
    self.snapshot = snapshot
    runs = snapshot.runs + (try MovedRuns.of(snapshot)).runs
    self.primary = primary
    self.seesAll = seesAll
    self.properties = properties
    self.buckets = buckets
    self.instant = seesLater ? .max : instant.milliseconds
    count = selectors.count
    self.everything = everything.map { Self.compile($0, snapshot, instant) }
    filters = selectors.enumerated().compactMap { index, selector in selector.filter.map { (index, Self.compile($0, snapshot, instant)) } }
    var filtered: UInt32 = 0
    for (selector, _) in filters { filtered |= 1 << UInt32(selector) }
    self.filtered = filtered
    var any: UInt32 = 0
    for (bit, selector) in selectors.enumerated() where selector.event == nil && selector.filter == nil { any |= 1 << UInt32(bit) }
    self.firsts = everything == nil && any != 0 ? firsts : nil
    let named = ~filtered & (~any | (primary == .max ? 0 : primary))
    var storeMasks = [UInt32](repeating: 0, count: snapshot.eventNames.count)
    for (bit, selector) in selectors.enumerated() {
      for (code, name) in snapshot.eventNames.enumerated() where selector.event == nil || selector.event == name {
        storeMasks[code] |= 1 << UInt32(bit)
      }
    }
    var tables: [RunTables] = []
    for run in runs {
      let masks = run.eventCodes.map { storeMasks[Int($0)] }
      tables.append(
        RunTables(
          masks: masks + (masks.isEmpty ? [0] : []), plain: Self.names(masks, of: ~filtered),
          plainPrimary: Self.names(masks, of: ~filtered & primary), named: Self.names(masks, of: named),
          byFilter: filters.map { Self.names(masks, of: 1 << UInt32($0.selector)) }
        ))
    }
    self.tables = tables
  }

  private static func compile(_ filter: Filter, _ snapshot: StoreSnapshot, _ instant: Timestamp) -> Node {
    func node(_ property: PropertyReference, _ test: ValueTest) -> Node {
      switch ActorSource(property, snapshot.level) {
      case .column(let name): .event(property: name, EventTest { test.passes($0) })
      case .groupColumn(let key): .event(property: key, EventTest { test.passes(snapshot.groupValue(of: $0, property.name)) })
      case .actor(let ofJourney):
        .actor(ofJourney: ofJourney) { test.passes($0 == ColumnRun.noActor ? nil : snapshot.profileValue($0, property.name)) }
      }
    }
    switch filter {
    case .all(let parts): return .all(parts.map { compile($0, snapshot, instant) })
    case .any(let parts): return .any(parts.map { compile($0, snapshot, instant) })
    case .not(let part): return .not(compile(part, snapshot, instant))
    case .comparison(let property, let comparison): return node(property, ValueTest(comparison, at: instant))
    case .everyElement(let property, let comparison): return node(property, ValueTest(comparison, isForEveryElement: true, at: instant))
    case .cohort(let cohort):
      // Every cohort of a query is evaluated before the query is.
      let members = snapshot.cohorts[cohort] ?? ActorSet(ascending: [])
      switch ActorSource(cohort.level, snapshot.level) {
      case .column(let key), .groupColumn(let key): return .event(property: key, EventTest { snapshot.names($0, anyOf: members) })
      case .actor(let ofJourney): return .actor(ofJourney: ofJourney) { members.contains($0) }
      }
    }
  }

  private static func names(_ masks: [UInt32], of selectors: UInt32) -> Names {
    let codes = masks.indices.filter { masks[$0] & selectors != 0 }
    if codes.isEmpty { return .none }
    if codes.count == masks.count { return .all }
    let table = masks.map { $0 & selectors != 0 ? 1 : 0 } + [UInt8](repeating: 0, count: max(0, 256 - masks.count))
    return codes.count <= 8 && masks.count <= 256 ? .few(codes.map { UInt8($0) }, table: table) : .table(table)
  }

  // MARK: - Blocks

  /// Makes a frame show a block: which rows take part, and the columns that a visitor needs.
  func show(_ frame: BlockFrame, run runIndex: Int, block: Int) throws(QueryError) {
    let run = runs[runIndex]
    do throws(StoreError) {
      try show(frame, run, runIndex, block)
    } catch {
      throw QueryError(.unreadable, error.description)
    }
  }

  private func show(_ frame: BlockFrame, _ run: ColumnRun, _ runIndex: Int, _ block: Int) throws(StoreError) {
    let keys = try run.keys(block)
    let events = try run.events(block)
    frame.begin(keys: keys)
    frame.hold(events)
    let rowCount = run.blocks[block].rowCount
    let words = (rowCount + 63) / 64
    let tables = tables[runIndex]
    var isFirsts = false
    if let set = try firsts?.firsts(run, block) {
      if case .none = tables.named { isFirsts = filters.isEmpty }
      fill(frame.bits, tables.named, events, rowCount)
      for word in 0..<words { frame.bits[word] |= set.bits[word] }
    } else {
      fill(frame.bits, tables.plain, events, rowCount)
    }
    let samePrimary = primary == .max && !seesAll
    if !samePrimary { fill(frame.primary, tables.plainPrimary, events, rowCount) }
    for (index, filter) in filters.enumerated() {
      fill(frame.scratch, tables.byFilter[index], events, rowCount)
      guard Self.hasAny(frame.scratch, words) else { continue }
      let passes = frame.filterBits[filter.selector]
      try evaluate(filter.node, run, block, keys, into: passes)
      for word in 0..<words {
        let hit = frame.scratch[word] & passes[word]
        frame.bits[word] |= hit
        if !samePrimary, primary & (1 << UInt32(filter.selector)) != 0 { frame.primary[word] |= hit }
      }
    }
    if let everything, Self.hasAny(frame.bits, words) {
      try evaluate(everything, run, block, keys, into: frame.scratch)
      for word in 0..<words { frame.bits[word] &= frame.scratch[word] }
      if !samePrimary { for word in 0..<words { frame.primary[word] &= frame.scratch[word] } }
    }
    // What is seen without a match gets an empty mask from the view, whatever `masks` says, so the two do not mix.
    var rowMasks: UnsafePointer<UInt32>?
    if seesAll {
      let masks = MaskList(count: rowCount)
      frame.hold(masks)
      for word in 0..<words {
        var rest = frame.bits[word]
        while rest != 0 {
          let row = word << 6 + rest.trailingZeroBitCount
          rest &= rest - 1
          masks.memory[row] = mask(tables, frame, events, row)
        }
      }
      rowMasks = UnsafePointer(masks.memory)
      rowbits_fill(frame.bits, rowCount)
    }
    var view = BlockView(
      base: run.partition.base, narrowEvents: events.wide.isEmpty ? events.narrow.storage : nil,
      wideEvents: events.wide.isEmpty ? nil : events.wide.storage, slots: UnsafePointer(bitPattern: 2).unsafelyUnwrapped,
      offsets: UnsafePointer(bitPattern: 4).unsafelyUnwrapped, bits: frame.bits, primary: samePrimary ? frame.bits : frame.primary,
      masks: self.tables[runIndex].masks.storage, filtered: filtered, filterBits: frame.filterBits, eventCodes: run.eventCodes.storage,
      buckets: buckets?.bySlot(run.partition), columns: frame.columns, run: Int32(runIndex), rowMasks: rowMasks,
      places: nil, owners: snapshot.level == .subject ? nil : keys.owners.storage, hasRows: Self.hasAny(frame.bits, words),
      isFirsts: isFirsts)
    if view.hasRows {
      let slots = try run.slots(block)
      let times = try run.times(block)
      frame.hold(slots)
      frame.hold(times)
      view.slots = slots.slots.storage
      view.offsets = times.offsets.storage
      hideLater(&view, run.blocks[block], words)
      for (index, property) in properties.enumerated() {
        frame.columns[index] = ColumnView()
        guard let chunk = try run.column(property, block) else { continue }
        frame.hold(chunk)
        frame.columns[index] = ColumnView(
          narrow: chunk.wide.isEmpty ? chunk.narrow.storage : nil, wide: chunk.wide.isEmpty ? nil : chunk.wide.storage,
          chunk: .passUnretained(chunk))
      }
    }
    frame.view.initialize(to: view)
  }

  private func mask(_ tables: RunTables, _ frame: BlockFrame, _ events: EventChunk, _ row: Int) -> UInt32 {
    var mask = tables.masks[events[row]]
    for (selector, _) in filters where mask & (1 << UInt32(selector)) != 0 {
      if frame.filterBits[selector][row / 64] >> UInt64(row % 64) & 1 == 0 { mask &= ~(1 << UInt32(selector)) }
    }
    return mask
  }

  private func hideLater(_ view: inout BlockView, _ block: ColumnRun.Block, _ words: Int) {
    guard block.lastTime > instant else { return }
    for word in 0..<words {
      var rest = view.bits[word] | view.primary[word]
      while rest != 0 {
        let bit = rest & (0 &- rest)
        rest ^= bit
        if view.time(word << 6 + bit.trailingZeroBitCount) > instant {
          view.bits[word] &= ~bit
          view.primary[word] &= ~bit
        }
      }
    }
  }

  private func fill(_ out: UnsafeMutablePointer<UInt64>, _ names: Names, _ events: EventChunk, _ rowCount: Int) {
    switch names {
    case .none: out.update(repeating: 0, count: (rowCount + 63) / 64)
    case .all: rowbits_fill(out, rowCount)
    case .few(let codes, _) where events.wide.isEmpty:
      rowbits_equal_u8(events.narrow, rowCount, codes, codes.count, out)
    case .table(let table), .few(_, let table):
      if events.wide.isEmpty {
        rowbits_table_u8(events.narrow, rowCount, table, out)
      } else {
        rowbits_table_u16(events.wide, rowCount, table, out)
      }
    }
  }

  private static func hasAny(_ bits: UnsafePointer<UInt64>, _ words: Int) -> Bool {
    for word in 0..<words where bits[word] != 0 { return true }
    return false
  }

  private func evaluate(_ node: Node, _ run: ColumnRun, _ block: Int, _ keys: KeyChunk, into out: UnsafeMutablePointer<UInt64>)
    throws(StoreError)
  {
    let rowCount = run.blocks[block].rowCount
    let words = (rowCount + 63) / 64
    switch node {
    case .not(let part):
      try evaluate(part, run, block, keys, into: out)
      for word in 0..<words { out[word] = ~out[word] }
      if words > 0 { out[words - 1] &= rowbits_tail_mask(rowCount) }
    case .all(let parts): try combine(parts, run, block, keys, into: out) { $0 & $1 }
    case .any(let parts): try combine(parts, run, block, keys, into: out) { $0 | $1 }
    case .event(let property, let test):
      guard let chunk = try run.column(property, block) else {
        if test.passes(nil) { rowbits_fill(out, rowCount) } else { out.update(repeating: 0, count: words) }
        return
      }
      let table = test.table(of: chunk)
      if chunk.wide.isEmpty {
        rowbits_table_u8(chunk.narrow, rowCount, table, out)
      } else {
        rowbits_table_u32(chunk.wide, rowCount, table, out)
      }
    case .actor(let ofJourney, let passes):
      out.update(repeating: 0, count: words)
      if ofJourney {
        for (index, number) in keys.subjects.enumerated() where passes(snapshot.merges[number] ?? number) {
          for row in Int(keys.starts[index])..<Int(keys.starts[index + 1]) { out[row / 64] |= 1 << UInt64(row % 64) }
        }
      } else {
        var verdicts: [UInt32: Bool] = [:]
        for row in 0..<rowCount {
          let owner = keys.owners[row]
          if verdicts[owner] == nil { verdicts[owner] = passes(owner) }
          if verdicts[owner] == true { out[row / 64] |= 1 << UInt64(row % 64) }
        }
      }
    }
  }

  private func combine(
    _ parts: [Node], _ run: ColumnRun, _ block: Int, _ keys: KeyChunk, into out: UnsafeMutablePointer<UInt64>,
    _ operation: (UInt64, UInt64) -> UInt64
  ) throws(StoreError) {
    guard let first = parts.first else { return }
    try evaluate(first, run, block, keys, into: out)
    let words = (run.blocks[block].rowCount + 63) / 64
    guard parts.count > 1 else { return }
    let scratch = UnsafeMutablePointer<UInt64>.allocate(capacity: max(words, 1))
    defer { scratch.deallocate() }
    for part in parts.dropFirst() {
      try evaluate(part, run, block, keys, into: scratch)
      for word in 0..<words { out[word] = operation(out[word], scratch[word]) }
    }
  }
}

/// A mask for each row of a block.
private final class MaskList {
  let memory: UnsafeMutablePointer<UInt32>
  init(count: Int) {
    memory = .allocate(capacity: max(count, 1))
    memory.initialize(repeating: 0, count: max(count, 1))
  }
  deinit { memory.deallocate() }
}
