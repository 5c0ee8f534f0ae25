/// Writes the rows of neighbouring segments as one. In memory are a few blocks of each, what every property's shared values are in the
/// output, the rows of the subject at hand, and of a month the places of its events without an actor.
///
/// Subjects are walked side by side, as a query does. A subject whose rows are consecutive in one input is taken over as it is; otherwise
/// its rows are put into their order first.
final class SegmentMerger {
  private struct Source {
    let segment: Segment
    let run: Int
    /// The store's code by the file's.
    let eventCodes: [UInt16]
    let hidden: HiddenRows?
    var block = 0
    var keys: KeyChunk?
    var position = 0
    /// Subjects of this run whose canonical number is another one now, ascending: taken under that.
    var moved: [UInt32] = []
    var nextMoved = 0

    var blocks: [ColumnRun.Block] { segment.runs[run].blocks }
  }

  /// Where an output row comes from.
  private struct Origin {
    var source: Int32
    var block: Int32
    var row: Int32
  }

  private struct Move {
    var canonical: UInt32
    var source: Int
    var block: Int
    var index: Int
  }

  /// The key columns of an input block.
  private final class Decoded {
    let keys: KeyChunk
    let events: EventChunk
    let slots: SlotChunk
    let remainders: RemainderChunk
    init(_ segment: Segment, _ run: Int, _ block: Int) throws(StoreError) {
      keys = try segment.keys(run, block)
      events = try segment.events(run, block)
      slots = try segment.slots(run, block, keys: keys)
      remainders = try segment.remainders(run, block)
    }
  }

  private struct BlockKey: Hashable {
    var source: Int
    var block: Int
  }

  private let inputs: [Segment]
  /// By input: rows that are left out; nil where there are none.
  private let hidden: [HiddenRows?]
  /// By input: what its other rows use, where some are left out, so that nothing of those comes into the output by a dictionary.
  private var used: [Used?] = []

  /// What the rows of an input that are kept use of its lists.
  private struct Used {
    var events: [Bool]
    var properties: [Bool]
    /// By property, of the shared values.
    var values: [[Bool]]
  }
  private let journal: MergeJournal
  private let names: [String]
  private let codes: [String: UInt16]
  private let blockRows: Int
  private let shouldStop: () -> Bool
  private let properties: [String]
  private var shared: [ValueDictionary] = []
  /// By property and input: the output's code of each of the input's shared values, 0 where it has none.
  private var mapped: [[[UInt32]]] = []
  /// By property and input, where not all of them are among the output's.
  private var inputShared: [[ValueDictionary?]] = []
  /// By property and input: how many shared values it has.
  private var sharedCounts: [[Int]] = []

  private var sources: [Source] = []
  private var moves: [Move] = []
  private var nextMove = 0
  private var decoded: [BlockKey: Decoded] = [:]
  private var rows = BlockRows()
  private var origins: [Origin] = []

  init(
    _ inputs: [Segment], hidden: [HiddenRows?], journal: MergeJournal, names: [String], blockRows: Int,
    shouldStop: @escaping () -> Bool
  ) throws(StoreError) {
    self.hidden = hidden
    self.inputs = inputs
    self.journal = journal
    self.names = names
    self.blockRows = blockRows
    self.shouldStop = shouldStop
    codes = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, UInt16($0)) })
    var used: [Used?] = []
    for (input, rows) in zip(inputs, hidden) { used.append(try rows.map { rows throws(StoreError) in try Self.used(of: input, rows) }) }
    self.used = used
    properties = Set(
      zip(inputs, used).flatMap { input, used in
        input.properties.enumerated().filter { used?.properties[$0.offset] ?? true }.map(\.element)
      }
    ).sorted()
    for property in properties {
      var dictionary = ValueDictionary()
      var maps: [[UInt32]] = []
      sharedCounts.append([])
      var dictionaries: [ValueDictionary?] = []
      for (number, input) in inputs.enumerated() {
        let isUsed = used[number]
        guard let index = input.properties.firstIndex(of: property) else {
          maps.append([])
          dictionaries.append(nil)
          sharedCounts[sharedCounts.count - 1].append(0)
          continue
        }
        let values = try input.sharedValues(index)
        maps.append(
          (0..<values.count).map { code in
            isUsed?.values[index][code] ?? true && dictionary.count < SegmentWriter.sharedValues
              ? dictionary.code(of: code, in: values) + 1 : 0
          })
        // Kept only where some of its values do not fit among the shared ones.
        dictionaries.append(maps[maps.count - 1].contains(0) ? values : nil)
        sharedCounts[sharedCounts.count - 1].append(values.count)
      }
      shared.append(dictionary)
      mapped.append(maps)
      inputShared.append(dictionaries)
    }
  }

  func write(disk: any Disk, directory: String, number: UInt64) throws -> FileReference {
    var used: [UInt16] = []
    for (input, inUse) in zip(inputs, self.used) {
      for (number, event) in input.statistics.enumerated() where inUse?.events[number] ?? true {
        used.append(try code(of: event.name, in: input))
      }
    }
    var writer = try SegmentWriter(
      disk: disk, directory: directory, number: number, journalVersion: journal.version, numbering: EventNumbering(used),
      eventNames: names, properties: Array(zip(properties, shared).map { (name: $0, shared: $1) }))
    for partition in Set(inputs.flatMap { $0.runs.map(\.partition) }).sorted() {
      try writer.begin(partition)
      try begin(partition)
      while let subject = nextSubject() { try take(subject, partition: partition, to: &writer) }
      try takeWithoutActor(partition, to: &writer)
      try writeBlock(&writer)
      decoded.removeAll()
    }
    var fingerprints: [Int32: [UInt64]] = [:]
    for input in inputs {
      for day in input.days { fingerprints[day, default: []] += try input.fingerprints(of: day) ?? [] }
    }
    return try writer.finish(fingerprints: fingerprints)
  }

  /// Goes through all of an input's rows.
  private static func used(of input: Segment, _ hidden: HiddenRows) throws(StoreError) -> Used {
    var used = Used(
      events: [Bool](repeating: false, count: input.statistics.count),
      properties: [Bool](repeating: false, count: input.properties.count), values: [])
    for property in input.properties.indices {
      used.values.append([Bool](repeating: false, count: try input.sharedValues(property).count))
    }
    for (number, run) in input.runs.enumerated() where run.partition.end > hidden.cutoff {
      for block in run.blocks.indices {
        let decoded = try Decoded(input, number, block)
        var kept: [Int] = []
        var subject = 0
        for row in 0..<run.blocks[block].rowCount {
          while Int(decoded.keys.starts[subject + 1]) <= row { subject += 1 }
          let time =
            run.partition.base + Int64(decoded.slots.slots[row]) * Partition.slotMilliseconds
            + Int64(decoded.remainders.milliseconds[row])
          if hidden.contains(raw: decoded.keys.raw(of: row, subject: decoded.keys.subjects[subject]), time: time) { continue }
          kept.append(row)
          used.events[decoded.events[row]] = true
        }
        for property in input.properties.indices {
          let shared = used.values[property].count
          guard let (codes, _) = try input.rawColumn(property, number, block, shared: shared) else { continue }
          for row in kept where codes[row] != 0 {
            used.properties[property] = true
            if Int(codes[row]) <= shared { used.values[property][Int(codes[row]) - 1] = true }
          }
        }
      }
    }
    return used
  }

  private func code(of name: String, in input: Segment) throws(StoreError) -> UInt16 {
    guard let code = codes[name] else { throw .corrupt(file: input.file.name, reason: "an event name is unknown") }
    return code
  }

  // MARK: - The walk

  private func begin(_ partition: Partition) throws(StoreError) {
    sources = []
    moves = []
    nextMove = 0
    for (input, hidden) in zip(inputs, hidden) {
      guard let run = input.runs.firstIndex(where: { $0.partition == partition }) else { continue }
      var eventCodes: [UInt16] = []
      for event in input.statistics { eventCodes.append(try code(of: event.name, in: input)) }
      var source = Source(segment: input, run: run, eventCodes: eventCodes, hidden: hidden)
      if input.journalVersion < journal.version {
        for block in source.blocks.indices {
          let keys = try input.keys(run, block)
          for (index, subject) in keys.subjects.enumerated() where subject != ColumnRun.noActor {
            let canonical = journal.canonical(subject)
            guard canonical != subject else { continue }
            moves.append(Move(canonical: canonical, source: sources.count, block: block, index: index))
            if source.moved.last != subject { source.moved.append(subject) }
          }
        }
      }
      source.keys = try input.keys(run, 0)
      sources.append(source)
    }
    moves.sort { ($0.canonical, $0.source, $0.block, $0.index) < ($1.canonical, $1.source, $1.block, $1.index) }
    for index in sources.indices { try skipMoved(index) }
  }

  /// The subject that a source stands at; nil at its end.
  private func head(_ index: Int) -> UInt32? {
    guard let keys = sources[index].keys else { return nil }
    let subject = keys.subjects[sources[index].position]
    return subject == ColumnRun.noActor ? nil : subject
  }

  private func advance(_ index: Int) throws(StoreError) {
    guard let keys = sources[index].keys else { return }
    sources[index].position += 1
    if sources[index].position < keys.subjects.count { return }
    sources[index].position = 0
    sources[index].block += 1
    let block = sources[index].block
    sources[index].keys = block < sources[index].blocks.count ? try sources[index].segment.keys(sources[index].run, block) : nil
  }

  private func skipMoved(_ index: Int) throws(StoreError) {
    guard !sources[index].moved.isEmpty else { return }
    while let head = head(index) {
      while sources[index].nextMoved < sources[index].moved.count, sources[index].moved[sources[index].nextMoved] < head {
        sources[index].nextMoved += 1
      }
      guard sources[index].nextMoved < sources[index].moved.count, sources[index].moved[sources[index].nextMoved] == head else { return }
      try advance(index)
    }
  }

  private func nextSubject() -> UInt32? {
    var smallest = nextMove < moves.count ? moves[nextMove].canonical : ColumnRun.noActor
    for index in sources.indices { if let head = head(index) { smallest = min(smallest, head) } }
    return smallest == ColumnRun.noActor ? nil : smallest
  }

  private func take(_ subject: UInt32, partition: Partition, to writer: inout SegmentWriter) throws {
    var pieces: [(source: Int, block: Int, rows: Range<Int>)] = []
    for index in sources.indices {
      while head(index) == subject, let keys = sources[index].keys {
        let position = sources[index].position
        pieces.append((index, sources[index].block, Int(keys.starts[position])..<Int(keys.starts[position + 1])))
        try advance(index)
      }
      try skipMoved(index)
    }
    var isOrdered = !pieces.contains { $0.source != pieces[0].source }
    while nextMove < moves.count, moves[nextMove].canonical == subject {
      let move = moves[nextMove]
      nextMove += 1
      isOrdered = false
      let keys = try block(move.source, move.block).keys
      pieces.append((move.source, move.block, Int(keys.starts[move.index])..<Int(keys.starts[move.index + 1])))
    }
    if isOrdered {
      for piece in pieces { for row in piece.rows { try add(subject, Int32(piece.source), piece.block, row, partition, to: &writer) } }
      return
    }
    // By time, number under which it arrived, and arrival: inputs stand in the order of arrival.
    var keys: [(time: Int64, raw: UInt32, order: Int, origin: Origin)] = []
    for piece in pieces.sorted(by: { ($0.source, $0.block, $0.rows.lowerBound) < ($1.source, $1.block, $1.rows.lowerBound) }) {
      let from = try block(piece.source, piece.block)
      for row in piece.rows {
        keys.append(
          (
            time(from, row, partition), rawNumber(from, row), keys.count,
            Origin(source: Int32(piece.source), block: Int32(piece.block), row: Int32(row))
          ))
      }
    }
    keys.sort { ($0.time, $0.raw, $0.order) < ($1.time, $1.raw, $1.order) }
    for key in keys { try add(subject, key.origin.source, Int(key.origin.block), Int(key.origin.row), partition, to: &writer) }
  }

  private func takeWithoutActor(_ partition: Partition, to writer: inout SegmentWriter) throws {
    var keys: [(time: Int64, order: Int, origin: Origin)] = []
    for index in sources.indices {
      while let chunk = sources[index].keys {
        let position = sources[index].position
        let from = try block(index, sources[index].block)
        for row in Int(chunk.starts[position])..<Int(chunk.starts[position + 1]) {
          keys.append(
            (
              time(from, row, partition), keys.count,
              Origin(source: Int32(index), block: Int32(sources[index].block), row: Int32(row))
            ))
        }
        try advance(index)
      }
    }
    keys.sort { ($0.time, $0.order) < ($1.time, $1.order) }
    for key in keys {
      try add(ColumnRun.noActor, key.origin.source, Int(key.origin.block), Int(key.origin.row), partition, to: &writer)
    }
  }

  private func time(_ block: Decoded, _ row: Int, _ partition: Partition) -> Int64 {
    partition.base + Int64(block.slots.slots[row]) * Partition.slotMilliseconds + Int64(block.remainders.milliseconds[row])
  }

  private func block(_ source: Int, _ block: Int) throws(StoreError) -> Decoded {
    let key = BlockKey(source: source, block: block)
    if let known = decoded[key] { return known }
    if decoded.count > 4 * sources.count + 16 { decoded.removeAll() }
    let made = try Decoded(sources[source].segment, sources[source].run, block)
    decoded[key] = made
    return made
  }

  // MARK: - Output

  private func add(_ subject: UInt32, _ source: Int32, _ block: Int, _ row: Int, _ partition: Partition, to writer: inout SegmentWriter)
    throws
  {
    let from = try self.block(Int(source), block)
    let (raw, time) = (rawNumber(from, row), time(from, row, partition))
    if let hidden = sources[Int(source)].hidden, hidden.contains(raw: raw, time: time) { return }
    rows.append(
      label: subject, raw: raw, time: time, event: sources[Int(source)].eventCodes[from.events[row]])
    origins.append(Origin(source: source, block: Int32(block), row: Int32(row)))
    if rows.count == blockRows { try writeBlock(&writer) }
  }

  private func rawNumber(_ block: Decoded, _ row: Int) -> UInt32 {
    block.keys.raw(of: row, subject: block.keys.subjects[block.keys.index(containing: row)])
  }

  private func writeBlock(_ writer: inout SegmentWriter) throws {
    guard rows.count > 0 else { return }
    // What was written so far is in no manifest: it is deleted at the next start.
    if shouldStop() { throw StoreError.closed }
    try writer.block(rows) { property throws(StoreError) in try column(property) }
    rows.removeAll()
    origins.removeAll(keepingCapacity: true)
  }

  /// One property of the output block, from the input blocks that its rows come from.
  private func column(_ property: Int) throws(StoreError) -> SegmentWriter.Column? {
    var column = SegmentWriter.Column(codes: [UInt32](repeating: 0, count: origins.count))
    var own = ValueDictionary()
    var loaded: [BlockKey: InputColumn?] = [:]
    var isPresent = false
    var lastKey: BlockKey?
    var last: InputColumn?
    for (index, origin) in origins.enumerated() {
      let key = BlockKey(source: Int(origin.source), block: Int(origin.block))
      if key != lastKey {
        if loaded[key] == nil { loaded[key] = .some(try load(property, key)) }
        last = loaded[key] ?? nil
        lastKey = key
      }
      guard let input = last else { continue }
      let code = input.code(Int(origin.row), shared: UInt32(shared[property].count), own: &own)
      column.codes[index] = code
      if code != 0 { isPresent = true }
    }
    column.own = own
    return isPresent ? column : nil
  }

  /// An input block's codes, and what they are in the output: its values come into the block's own as rows need them.
  private final class InputColumn {
    private let codes: [UInt32]
    /// Of the input's shared values; 0 where the output does not share it.
    private let mapped: [UInt32]
    private let values: ValueDictionary?
    private let own: ValueDictionary
    /// Where a value got a code of the output block's own.
    private var taken: [UInt32: UInt32] = [:]

    init(codes: [UInt32], mapped: [UInt32], values: ValueDictionary?, own: ValueDictionary) {
      self.codes = codes
      self.mapped = mapped
      self.values = values
      self.own = own
    }

    func code(_ row: Int, shared: UInt32, own output: inout ValueDictionary) -> UInt32 {
      let code = codes[row]
      if code == 0 { return 0 }
      let index = Int(code) - 1
      if index < mapped.count, mapped[index] != 0 { return mapped[index] }
      if let known = taken[code] { return known }
      let made: UInt32
      if index >= mapped.count {
        made = shared + 1 + output.code(of: index - mapped.count, in: own)
      } else if let values {
        made = shared + 1 + output.code(of: index, in: values)
      } else {
        made = 0
      }
      taken[code] = made
      return made
    }
  }

  private func load(_ property: Int, _ key: BlockKey) throws(StoreError) -> InputColumn? {
    let source = sources[key.source]
    guard let index = source.segment.properties.firstIndex(of: properties[property]),
      let input = inputs.firstIndex(where: { $0 === source.segment }),
      let (codes, own) = try source.segment.rawColumn(index, source.run, key.block, shared: sharedCounts[property][input])
    else { return nil }
    return InputColumn(codes: codes, mapped: mapped[property][input], values: inputShared[property][input], own: own)
  }
}
