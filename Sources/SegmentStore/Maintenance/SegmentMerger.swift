/// Writes the rows of neighbouring segments as one. In memory are a few blocks of each, what every property's shared values are in the
/// output, the rows of the subject at hand, some of the rows of moved subjects, and of a month the places of its events without an actor.
///
/// Subjects are walked side by side, as a query does. A subject whose rows are consecutive in one input is taken over as it is; otherwise
/// its rows are put into their order first.
final class SegmentMerger {
  private struct Source {
    let segment: Segment
    /// Its place among the inputs.
    let input: Int
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

  /// A block of a source, or taken out rows of moved subjects.
  private struct Place: Hashable {
    static let moved = -1
    /// `moved`, or the number of the source.
    var source: Int
    /// The number of the block, or of the taken out rows.
    var block: Int
  }

  /// Where an output row comes from.
  private struct Origin {
    /// Its number among `places`.
    var place: Int32
    var row: Int32
  }

  private struct Row {
    var time: Int64
    var raw: UInt32
    /// Of arrival, among the rows that are put into their order together.
    var order: Int32
    /// The store's code.
    var event: UInt16
    var place: Place
    /// There.
    var row: Int
  }

  /// Rows of a subject that stand together in an input.
  private struct Piece {
    var source: Int
    var block: Int
    /// In the block's `keys.subjects`.
    var index: Int
    /// Its number among `moves`.
    var move: Int?
  }

  /// Bytes that taken out rows may take, about.
  private static let movedBytes = 64 << 20
  /// Bytes of decoded columns that may stay for the next output block, about.
  private static let keptBytes = 64 << 20

  private let inputs: [Segment]
  /// By input: rows that are left out; nil where there are none.
  private let hidden: [HiddenRows?]
  /// By input: what its other rows use, where some are left out.
  private let used: [UsedValues?]
  private let journal: MergeJournal
  private let names: [String]
  private let codes: [String: UInt16]
  private let blockRows: Int
  private let shouldStop: () -> Bool
  private var properties: MergedColumns

  private var sources: [Source] = []
  private var decoded: [Place: MergedBlock] = [:]
  /// In the order in which the walk takes them.
  private var moves: [MovedPiece] = []
  private var nextMove = 0
  /// By the number of the first of its moves.
  private var movedRows: [Int: MovedRows] = [:]
  private var takenOut = 0..<0
  /// By property: columns that the block before was made from too.
  private var kept: [[Place: MergedColumn?]] = []

  private var rows = BlockRows()
  private var origins: [Origin] = []
  /// Those that the rows of the block in the making come from.
  private var places: [Place] = []
  private var placeNumbers: [Place: Int32] = [:]
  private var latest: (place: Place, number: Int32)?

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
    let codes = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, UInt16($0)) })
    self.codes = codes
    var used: [UsedValues?] = []
    for (input, rows) in zip(inputs, hidden) {
      used.append(
        try rows.map { rows throws(StoreError) in
          try UsedValues(of: input, codes: try Self.eventCodes(of: input, codes), without: rows)
        })
    }
    self.used = used
    properties = MergedColumns(inputs, used: used)
    kept = [[Place: MergedColumn?]](repeating: [:], count: properties.names.count)
  }

  func write(disk: any Disk, directory: String, number: UInt64) throws -> FileReference {
    var used: [UInt16] = []
    for (input, inUse) in zip(inputs, self.used) {
      for (number, code) in try Self.eventCodes(of: input, codes).enumerated() where inUse?.events[number] ?? true { used.append(code) }
    }
    var writer = try SegmentWriter(
      disk: disk, directory: directory, number: number, journalVersion: journal.version, numbering: EventNumbering(used),
      eventNames: names, properties: properties.names
    ) { _ in try properties.share() }
    for partition in Set(inputs.flatMap { $0.runs.map(\.partition) }).sorted() {
      try writer.begin(partition)
      try begin(partition)
      while let subject = nextSubject() { try take(subject, to: &writer) }
      try takeWithoutActor(to: &writer)
      try writeBlock(&writer)
    }
    return try writer.finish(days: Set(inputs.flatMap(\.days))) { day in
      try inputs.flatMap { input in try input.fingerprints(of: day) ?? [] }
    }
  }

  /// The store's codes of a file's event names.
  private static func eventCodes(of input: Segment, _ codes: [String: UInt16]) throws(StoreError) -> [UInt16] {
    var result: [UInt16] = []
    for event in input.statistics {
      guard let code = codes[event.name] else { throw .corrupt(file: input.file.name, reason: "an event name is unknown") }
      result.append(code)
    }
    return result
  }

  // MARK: - The walk

  private func begin(_ partition: Partition) throws(StoreError) {
    sources = []
    decoded = [:]
    moves = []
    nextMove = 0
    movedRows = [:]
    takenOut = 0..<0
    for property in kept.indices { kept[property] = [:] }
    for (number, input) in inputs.enumerated() {
      guard let run = input.runs.firstIndex(where: { $0.partition == partition }) else { continue }
      let eventCodes = try Self.eventCodes(of: input, codes)
      var source = Source(segment: input, input: number, run: run, eventCodes: eventCodes, hidden: hidden[number])
      if input.journalVersion < journal.version {
        for block in source.blocks.indices {
          let keys = try input.keys(run, block)
          for (index, subject) in keys.subjects.enumerated() where subject != ColumnRun.noActor {
            let canonical = journal.canonical(subject)
            guard canonical != subject else { continue }
            let rowCount = Int(keys.starts[index + 1] - keys.starts[index])
            moves.append(MovedPiece(canonical: canonical, source: sources.count, block: block, index: index, rowCount: rowCount))
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

  private func take(_ subject: UInt32, to writer: inout SegmentWriter) throws {
    var pieces: [Piece] = []
    for index in sources.indices {
      while head(index) == subject {
        pieces.append(Piece(source: index, block: sources[index].block, index: sources[index].position))
        try advance(index)
      }
      try skipMoved(index)
    }
    var isOrdered = !pieces.contains { $0.source != pieces[0].source }
    while nextMove < moves.count, moves[nextMove].canonical == subject {
      let move = moves[nextMove]
      pieces.append(Piece(source: move.source, block: move.block, index: move.index, move: nextMove))
      isOrdered = false
      nextMove += 1
    }
    if isOrdered {
      for piece in pieces { try forEachRow(of: piece) { row in try add(subject, row, to: &writer) } }
      return
    }
    // Inputs stand in the order of arrival.
    pieces.sort { ($0.source, $0.block, $0.index) < ($1.source, $1.block, $1.index) }
    try addSorted(subject, pieces, to: &writer)
  }

  private func takeWithoutActor(to writer: inout SegmentWriter) throws {
    var pieces: [Piece] = []
    for index in sources.indices {
      while sources[index].keys != nil {
        pieces.append(Piece(source: index, block: sources[index].block, index: sources[index].position))
        try advance(index)
      }
    }
    try addSorted(ColumnRun.noActor, pieces, to: &writer)
  }

  /// By time, number under which it arrived, and arrival.
  private func addSorted(_ label: UInt32, _ pieces: [Piece], to writer: inout SegmentWriter) throws {
    var rows: [Row] = []
    for piece in pieces {
      try forEachRow(of: piece) { row in
        rows.append(row)
        rows[rows.count - 1].order = Int32(truncatingIfNeeded: rows.count)
      }
    }
    rows.sort { ($0.time, $0.raw, $0.order) < ($1.time, $1.raw, $1.order) }
    for row in rows { try add(label, row, to: &writer) }
  }

  // MARK: - Rows of the inputs

  /// Those that are not hidden.
  @inline(__always) private func forEachRow(of piece: Piece, _ body: (Row) throws -> Void) throws {
    let hidden = sources[piece.source].hidden
    if let move = piece.move {
      let (first, moved) = try takeOut(move)
      let place = Place(source: Place.moved, block: first)
      for row in moved.starts[move - first]..<moved.starts[move - first + 1] {
        let (raw, time) = (moved.raws[row], moved.times[row])
        if let hidden, hidden.contains(raw: raw, time: time, event: moved.events[row]) { continue }
        try body(Row(time: time, raw: raw, order: 0, event: moved.events[row], place: place, row: row))
      }
      return
    }
    let block = try block(piece.source, piece.block)
    let codes = sources[piece.source].eventCodes
    let place = Place(source: piece.source, block: piece.block)
    try block.forEachRow(of: piece.index) { row throws in
      if let hidden, hidden.contains(raw: row.raw, time: row.time, event: codes[row.event]) { return }
      try body(Row(time: row.time, raw: row.raw, order: 0, event: codes[row.event], place: place, row: row.row))
    }
  }

  private func block(_ source: Int, _ block: Int) throws(StoreError) -> MergedBlock {
    let key = Place(source: source, block: block)
    if let known = decoded[key] { return known }
    if decoded.count > 4 * sources.count + 16 { decoded.removeAll() }
    let made = try MergedBlock(sources[source].segment, sources[source].run, block)
    decoded[key] = made
    return made
  }

  /// The taken out rows that have those of a move, and the number of the first move there.
  private func takeOut(_ move: Int) throws(StoreError) -> (first: Int, MovedRows) {
    if takenOut.contains(move), let known = movedRows[takenOut.lowerBound] { return (takenOut.lowerBound, known) }
    let limit = max(blockRows, min(16 * blockRows, Self.movedBytes / (24 + 4 * properties.names.count)))
    var (end, count) = (move, 0)
    // All rows of a subject together: they are put into their order together.
    while end < moves.count, count < limit || moves[end].canonical == moves[end - 1].canonical {
      count += moves[end].rowCount
      end += 1
    }
    let made = try MovedRows(moves[move..<end], of: properties) { piece throws(StoreError) in
      if shouldStop() { throw .closed }
      let source = sources[piece.source]
      return (try MergedBlock(source.segment, source.run, piece.block), source.eventCodes)
    } column: { property, piece throws(StoreError) in
      if shouldStop() { throw .closed }
      let source = sources[piece.source]
      return try properties.column(property, input: source.input, run: source.run, block: piece.block)
    }
    takenOut = move..<end
    movedRows[move] = made
    return (move, made)
  }

  // MARK: - Output

  private func add(_ subject: UInt32, _ row: Row, to writer: inout SegmentWriter) throws {
    rows.append(label: subject, raw: row.raw, time: row.time, event: row.event)
    origins.append(Origin(place: number(of: row.place), row: Int32(row.row)))
    if rows.count == blockRows { try writeBlock(&writer) }
  }

  private func number(of place: Place) -> Int32 {
    if latest?.place == place, let latest { return latest.number }
    let number = placeNumbers[place] ?? Int32(places.count)
    if Int(number) == places.count {
      places.append(place)
      placeNumbers[place] = number
    }
    latest = (place, number)
    return number
  }

  private func writeBlock(_ writer: inout SegmentWriter) throws {
    guard rows.count > 0 else { return }
    // What was written so far is in no manifest: it is deleted at the next start.
    if shouldStop() { throw StoreError.closed }
    try writer.block(rows) { property throws(StoreError) in try column(property) }
    rows.removeAll()
    origins.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    placeNumbers.removeAll(keepingCapacity: true)
    latest = nil
    movedRows = movedRows.filter { $0.key == takenOut.lowerBound }
  }

  /// One property of the output block, from the columns that its rows come from.
  private func column(_ property: Int) throws(StoreError) -> SegmentWriter.Column? {
    var columns: [MergedColumn?] = []
    for place in places { columns.append(try load(property, place)) }
    keep(columns, property)
    guard columns.contains(where: { $0 != nil }) else { return nil }
    var codes = [UInt32](repeating: 0, count: origins.count)
    var own = ValueDictionary()
    let shared = UInt32(properties.sharedCounts[property])
    for (index, origin) in origins.enumerated() {
      guard let column = columns[Int(origin.place)] else { continue }
      codes[index] = column.code(Int(origin.row), shared: shared, own: &own)
    }
    return codes.contains { $0 != 0 } ? SegmentWriter.Column(codes: codes, own: own.values) : nil
  }

  /// Keeps of each source the block at which the next output block begins, most likely.
  private func keep(_ columns: [MergedColumn?], _ property: Int) {
    var last: [Int: Int] = [:]
    for (number, place) in places.enumerated() where place.source != Place.moved { last[place.source] = number }
    kept[property] = [:]
    var bytes = 0
    for number in last.values {
      bytes += columns[number]?.footprint ?? 0
      if bytes > Self.keptBytes / properties.names.count { return }
      kept[property][places[number]] = .some(columns[number])
    }
  }

  private func load(_ property: Int, _ place: Place) throws(StoreError) -> MergedColumn? {
    if place.source == Place.moved {
      let column = movedRows[place.block]?.column(property)
      column?.reset()
      return column
    }
    if let known = kept[property][place] {
      known?.reset()
      return known
    }
    let source = sources[place.source]
    return try properties.column(property, input: source.input, run: source.run, block: place.block)
  }
}
