internal import Journeys

/// One pass over all journeys of a snapshot, in ascending order of the canonical subject number.
///
/// Runs are walked side by side: partitions follow each other in time, so a journey is the pieces of its partitions one after the other.
/// Where two runs of one partition have the subject, or a merge newer than a run moved it, its rows are put together in order of time
/// first. Rows later than the instant are left out.
struct JourneyScan {
  private static let subjectsPerCancellationCheck = 4_096

  let snapshot: StoreSnapshot
  let selectors: Selectors
  /// Number of properties that the selectors show.
  let columnCount: Int
  /// Partitions outside are not read.
  let times: Range<Int64>

  /// - Throws: `QueryError` (`cancelled`) when the task was cancelled.
  func run(_ visitor: inout some JourneyVisitor) throws(QueryError) {
    // Views point into the tables of the selectors.
    defer { withExtendedLifetime(selectors) {} }
    var walk = JourneyWalk(self)
    try walk.begin()
    var ordinal: UInt32 = 0
    var untilCheck = Self.subjectsPerCancellationCheck
    while let subject = walk.next() {
      untilCheck -= 1
      if untilCheck == 0 {
        untilCheck = Self.subjectsPerCancellationCheck
        try Self.checkCancellation()
      }
      try walk.take(subject)
      if walk.isOfInterest {
        ordinal += 1
        walk.withPieces { visitor.visit(Journey(subject: subject, ordinal: ordinal, pieces: $0)) }
      }
      walk.letGo()
    }
    for index in wantedRuns {
      for block in snapshot.runs[index].blocks.indices where snapshot.runs[index].blocks[block].lastSubject == ColumnRun.noActor {
        try Self.checkCancellation()
        try walk.takeWithoutActor(run: index, block: block)
        walk.withPieces { visitor.visitWithoutActor(Journey(subject: ColumnRun.noActor, ordinal: 0, pieces: $0)) }
        walk.letGo()
      }
    }
  }

  /// Runs in the order of their partitions, then of arrival.
  var wantedRuns: [Int] {
    snapshot.runs.indices.filter { index in
      let run = snapshot.runs[index]
      return run.rowCount > 0 && run.firstTime < times.upperBound && run.lastTime >= times.lowerBound
    }.sorted { (snapshot.runs[$0].partition, $0) < (snapshot.runs[$1].partition, $1) }
  }

  static func checkCancellation() throws(QueryError) {
    if Task.isCancelled { throw QueryError(.cancelled, "The query was cancelled before it was finished; ask again.") }
  }

  /// How many rows of a range of time match the selectors but are later than an instant. Reads only blocks that reach so far.
  static func countLate(_ selectors: Selectors, in counted: Range<Int64>, after instant: Int64, snapshot: StoreSnapshot) throws(QueryError)
    -> Int
  {
    var late = 0
    let frame = BlockFrame(rows: snapshot.largestBlock, selectors: selectors.count, columns: 0)
    for (index, run) in snapshot.runs.enumerated() where run.lastTime > instant {
      for (block, summary) in run.blocks.enumerated() where summary.lastTime > instant {
        try checkCancellation()
        guard summary.lastTime >= counted.lowerBound, summary.firstTime < counted.upperBound else { continue }
        try selectors.show(frame, run: index, block: block)
        let view = UnsafePointer(frame.view)
        let piece = Journey.Piece(view: view, first: 0, end: summary.rowCount)
        withUnsafePointer(to: piece) { piece in
          Journey(subject: ColumnRun.noActor, ordinal: 0, pieces: UnsafeBufferPointer(start: piece, count: 1)).forEachRow { view, row in
            let time = view.pointee.time(row)
            if time > instant, counted.contains(time) { late += 1 }
            return true
          }
        }
      }
    }
    return late
  }
}

/// The walk over the runs, subject by subject.
private struct JourneyWalk {
  private struct Cursor {
    let run: Int
    let partition: Partition
    let blockCount: Int
    var block = 0
    var frame: BlockFrame
    var subjects: UnsafePointer<UInt32>
    var starts: UnsafePointer<UInt32>
    var count = 0
    var position = 0
    /// Subjects that a newer merge moved away, ascending: the walk leaves them out.
    var moved: [UInt32] = []
    var nextMoved = 0
  }

  private let scan: JourneyScan
  private let snapshot: StoreSnapshot
  private let blockRows: Int
  private var cursors: [Cursor] = []
  /// By cursor: the subject that it stands at; `noActor` where it has none left.
  private var heads: [UInt32] = []
  private var moves: [MoveIndex.Entry] = []
  private var nextMove = 0
  private var pieces: [Journey.Piece] = []
  private var runsOfPieces: [Int] = []
  /// Frames that pieces point into and that no cursor stands on any more.
  private var held: [BlockFrame] = []
  private var spare: [BlockFrame] = []
  private var merger: PieceMerger
  private var needsMerge = false

  init(_ scan: JourneyScan) {
    self.scan = scan
    snapshot = scan.snapshot
    blockRows = scan.snapshot.largestBlock
    merger = PieceMerger(scan.snapshot)
  }

  mutating func begin() throws(QueryError) {
    let wanted = scan.wantedRuns
    let index = try MoveIndex.of(snapshot)
    let isWanted = Set(wanted)
    moves = index.entries.filter { isWanted.contains($0.run) }
    for run in wanted {
      var cursor = Cursor(
        run: run, partition: snapshot.runs[run].partition, blockCount: snapshot.runs[run].blocks.count, frame: freshFrame(),
        subjects: UnsafePointer(bitPattern: 4).unsafelyUnwrapped, starts: UnsafePointer(bitPattern: 4).unsafelyUnwrapped)
      cursor.moved = index.moved[run]
      cursors.append(cursor)
      heads.append(ColumnRun.noActor)
      try open(cursors.count - 1)
    }
  }

  private mutating func freshFrame() -> BlockFrame {
    spare.popLast() ?? BlockFrame(rows: blockRows, selectors: scan.selectors.count, columns: scan.columnCount)
  }

  /// Stands the cursor at the first subject of its block.
  private mutating func open(_ index: Int) throws(QueryError) {
    let run = cursors[index].run
    guard cursors[index].block < cursors[index].blockCount,
      snapshot.runs[run].blocks[cursors[index].block].firstSubject != ColumnRun.noActor
    else {
      cursors[index].block = cursors[index].blockCount
      heads[index] = ColumnRun.noActor
      return
    }
    try scan.selectors.show(cursors[index].frame, run: run, block: cursors[index].block)
    guard let keys = cursors[index].frame.keys else { return }
    cursors[index].subjects = keys.subjects.storage
    cursors[index].starts = keys.starts.storage
    cursors[index].count = keys.subjects.count
    cursors[index].position = 0
    heads[index] = keys.subjects[0]
    if !cursors[index].moved.isEmpty { try skipMoved(index) }
  }

  /// Leaves out subjects whose rows are visited elsewhere.
  private mutating func skipMoved(_ index: Int) throws(QueryError) {
    while heads[index] != ColumnRun.noActor {
      while cursors[index].nextMoved < cursors[index].moved.count, cursors[index].moved[cursors[index].nextMoved] < heads[index] {
        cursors[index].nextMoved += 1
      }
      guard cursors[index].nextMoved < cursors[index].moved.count, cursors[index].moved[cursors[index].nextMoved] == heads[index] else {
        return
      }
      cursors[index].position += 1
      if cursors[index].position < cursors[index].count {
        heads[index] = cursors[index].subjects[cursors[index].position]
      } else {
        // Pieces of the subject at hand may point into the block that is left.
        held.append(cursors[index].frame)
        cursors[index].frame = freshFrame()
        cursors[index].block += 1
        // Opening skips again, so there is nothing left to do here.
        return try open(index)
      }
    }
  }

  /// The smallest canonical number that is left.
  @inline(__always) func next() -> UInt32? {
    var smallest = nextMove < moves.count ? moves[nextMove].canonical : ColumnRun.noActor
    for head in heads { smallest = min(smallest, head) }
    return smallest == ColumnRun.noActor ? nil : smallest
  }

  /// All rows of that subject, which is left behind.
  @inline(__always) mutating func take(_ subject: UInt32) throws(QueryError) {
    for index in 0..<heads.count where heads[index] == subject {
      let position = cursors[index].position
      add(
        Journey.Piece(
          view: UnsafePointer(cursors[index].frame.view), first: Int(cursors[index].starts[position]),
          end: Int(cursors[index].starts[position + 1])), cursor: index)
      if position + 1 < cursors[index].count {
        cursors[index].position = position + 1
        heads[index] = cursors[index].subjects[position + 1]
        if !cursors[index].moved.isEmpty { try skipMoved(index) }
      } else {
        try takeNextBlock(index, subject)
      }
    }
    if nextMove < moves.count, moves[nextMove].canonical == subject { try takeMoved(subject) }
    if needsMerge { merge() }
  }

  @inline(__always) private mutating func add(_ piece: Journey.Piece, cursor: Int) {
    if let last = runsOfPieces.last, last != cursor, cursors[last].partition == cursors[cursor].partition { needsMerge = true }
    pieces.append(piece)
    runsOfPieces.append(cursor)
  }

  /// The cursor leaves its block; the subject may go on in the next ones.
  @inline(never) private mutating func takeNextBlock(_ index: Int, _ subject: UInt32) throws(QueryError) {
    while true {
      held.append(cursors[index].frame)
      cursors[index].frame = freshFrame()
      cursors[index].block += 1
      try open(index)
      if heads[index] != subject { return }
      let end = Int(cursors[index].starts[1])
      add(Journey.Piece(view: UnsafePointer(cursors[index].frame.view), first: 0, end: end), cursor: index)
      if cursors[index].count > 1 {
        cursors[index].position = 1
        heads[index] = cursors[index].subjects[1]
        if !cursors[index].moved.isEmpty { try skipMoved(index) }
        return
      }
    }
  }

  @inline(never) private mutating func takeMoved(_ subject: UInt32) throws(QueryError) {
    needsMerge = true
    while nextMove < moves.count, moves[nextMove].canonical == subject {
      let move = moves[nextMove]
      nextMove += 1
      let frame = freshFrame()
      try scan.selectors.show(frame, run: move.run, block: move.block)
      held.append(frame)
      guard let keys = frame.keys else { continue }
      pieces.append(
        Journey.Piece(view: UnsafePointer(frame.view), first: Int(keys.starts[move.index]), end: Int(keys.starts[move.index + 1])))
    }
  }

  @inline(never) private mutating func merge() {
    pieces = merger.merged(pieces)
    needsMerge = false
  }

  var isOfInterest: Bool {
    @inline(__always) get {
      for piece in pieces where piece.isOfInterest { return true }
      return false
    }
  }

  @inline(__always) func withPieces(_ body: (UnsafeBufferPointer<Journey.Piece>) -> Void) { pieces.withUnsafeBufferPointer(body) }

  @inline(__always) mutating func letGo() {
    pieces.removeAll(keepingCapacity: true)
    runsOfPieces.removeAll(keepingCapacity: true)
    if !held.isEmpty {
      spare.append(contentsOf: held)
      held.removeAll(keepingCapacity: true)
    }
  }

  mutating func takeWithoutActor(run: Int, block: Int) throws(QueryError) {
    let frame = freshFrame()
    try scan.selectors.show(frame, run: run, block: block)
    held.append(frame)
    guard let keys = frame.keys, keys.subjects.last == ColumnRun.noActor else { return }
    let last = keys.subjects.count - 1
    pieces.append(Journey.Piece(view: UnsafePointer(frame.view), first: Int(keys.starts[last]), end: Int(keys.starts[last + 1])))
  }
}

/// Puts the pieces of one subject into one order of time, a partition at a time.
private struct PieceMerger {
  private struct Row {
    var time: Int64
    var order: Int
    var place: Journey.Place
  }

  /// Rows of one partition, put together. Kept for the next subject.
  private final class Scratch {
    let view = UnsafeMutablePointer<BlockView>.allocate(capacity: 1)
    var slots: [UInt16] = []
    var remainders: [UInt32] = []
    var events: [UInt16] = []
    var masks: [UInt32] = []
    var places: [Journey.Place] = []
    var bits: [UInt64] = []
    var primary: [UInt64] = []
    let storeCodes: [UInt16]
    init(storeCodes: [UInt16]) { self.storeCodes = storeCodes }
    deinit { view.deallocate() }
  }

  private let snapshot: StoreSnapshot
  /// Merged rows carry the store's own codes.
  private let storeCodes: [UInt16]
  private var scratches: [Scratch] = []

  init(_ snapshot: StoreSnapshot) {
    self.snapshot = snapshot
    storeCodes = snapshot.merges.isEmpty && snapshot.runs.count < 2 ? [] : snapshot.eventNames.indices.map { UInt16($0) }
  }

  mutating func merged(_ pieces: [Journey.Piece]) -> [Journey.Piece] {
    let sorted = pieces.sorted {
      ($0.view.pointee.base, $0.view.pointee.run, $0.first) < ($1.view.pointee.base, $1.view.pointee.run, $1.first)
    }
    var result: [Journey.Piece] = []
    var first = 0
    var used = 0
    while first < sorted.count {
      var end = first + 1
      while end < sorted.count, sorted[end].view.pointee.base == sorted[first].view.pointee.base { end += 1 }
      if end == first + 1 {
        result.append(sorted[first])
      } else {
        if used == scratches.count { scratches.append(Scratch(storeCodes: storeCodes)) }
        if let piece = Self.fill(scratches[used], sorted[first..<end]) {
          result.append(piece)
          used += 1
        }
      }
      first = end
    }
    return result
  }

  /// Nil if no row of the pieces takes part.
  private static func fill(_ scratch: Scratch, _ pieces: ArraySlice<Journey.Piece>) -> Journey.Piece? {
    var rows: [Row] = []
    for piece in pieces {
      for row in piece.first..<piece.end where piece.view.pointee.isShown(row) {
        rows.append(Row(time: piece.view.pointee.time(row), order: rows.count, place: Journey.Place(view: piece.view, row: row)))
      }
    }
    guard !rows.isEmpty, let first = pieces.first else { return nil }
    rows.sort { ($0.time, $0.order) < ($1.time, $1.order) }
    let words = (rows.count + 63) / 64
    scratch.slots.removeAll(keepingCapacity: true)
    scratch.remainders.removeAll(keepingCapacity: true)
    scratch.events.removeAll(keepingCapacity: true)
    scratch.masks.removeAll(keepingCapacity: true)
    scratch.places.removeAll(keepingCapacity: true)
    scratch.bits = [UInt64](repeating: 0, count: words)
    scratch.primary = scratch.bits
    for (index, row) in rows.enumerated() {
      let view = row.place.view.pointee
      scratch.slots.append(view.slots[row.place.row])
      scratch.remainders.append(view.remainders[row.place.row])
      scratch.events.append(view.event(row.place.row))
      scratch.masks.append(view.mask(row.place.row))
      scratch.places.append(row.place)
      scratch.bits[index / 64] |= 1 << UInt64(index % 64)
      if view.primary[row.place.row / 64] >> UInt64(row.place.row % 64) & 1 == 1 { scratch.primary[index / 64] |= 1 << UInt64(index % 64) }
    }
    var view = first.view.pointee
    view.narrowEvents = nil
    view.wideEvents = scratch.events.storage
    view.eventCodes = scratch.storeCodes.storage
    view.slots = scratch.slots.storage
    view.remainders = scratch.remainders.storage
    view.rowMasks = scratch.masks.storage
    view.places = scratch.places.storage
    view.bits = UnsafeMutablePointer(mutating: scratch.bits.storage)
    view.primary = UnsafeMutablePointer(mutating: scratch.primary.storage)
    scratch.view.initialize(to: view)
    return Journey.Piece(view: UnsafePointer(scratch.view), first: 0, end: rows.count)
  }
}

extension BlockView {
  /// Whether a row takes part.
  @inline(__always) func isShown(_ row: Int) -> Bool { bits[row >> 6] >> UInt64(row & 63) & 1 == 1 }
}
