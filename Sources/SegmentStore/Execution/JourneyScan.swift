internal import Journeys

/// One pass over all journeys of a snapshot, in ascending order of the canonical subject number.
///
/// Runs are walked side by side: partitions follow each other in time, so a journey is the pieces of its partitions one after the other.
/// Rows that a newer merge moved stand in runs of their own (`MovedRuns`). Where two runs of one partition have the subject, its rows are
/// put together in order of time first. Rows later than the instant are left out.
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
    defer { walk.end() }
    try walk.begin()
    var ordinal: UInt32 = 0
    var untilCheck = Self.subjectsPerCancellationCheck
    while true {
      let subject = walk.next()
      if subject == ColumnRun.noActor { break }
      untilCheck &-= 1
      if untilCheck == 0 {
        untilCheck = Self.subjectsPerCancellationCheck
        try Self.checkCancellation()
      }
      try walk.take(subject)
      if walk.isOfInterest {
        if visitor.needsOrder { walk.order() }
        ordinal &+= 1
        visitor.visit(Journey(subject: subject, ordinal: ordinal, pieces: walk.taken))
      }
      walk.letGo()
    }
    for index in wantedRuns {
      for block in selectors.runs[index].blocks.indices where selectors.runs[index].blocks[block].lastSubject == ColumnRun.noActor {
        try Self.checkCancellation()
        try walk.takeWithoutActor(run: index, block: block)
        visitor.visitWithoutActor(Journey(subject: ColumnRun.noActor, ordinal: 0, pieces: walk.taken))
        walk.letGo()
      }
    }
  }

  /// The same rows block by block, in no order and for nobody: for what does not depend on who did it.
  func runBlocks(_ body: (Journey) -> Void) throws(QueryError) {
    let frame = BlockFrame(rows: snapshot.largestBlock, selectors: selectors.count, columns: columnCount)
    defer { withExtendedLifetime((selectors, frame)) {} }
    for (index, run) in snapshot.runs.enumerated() where run.firstTime < times.upperBound && run.lastTime >= times.lowerBound {
      for (block, summary) in run.blocks.enumerated() where summary.firstTime < times.upperBound && summary.lastTime >= times.lowerBound {
        try Self.checkCancellation()
        try selectors.show(frame, run: index, block: block)
        let piece = Journey.Piece(view: UnsafePointer(frame.view), first: 0, end: summary.rowCount)
        withUnsafePointer(to: piece) {
          body(Journey(subject: ColumnRun.noActor, ordinal: 0, pieces: UnsafeBufferPointer(start: $0, count: 1)))
        }
      }
    }
  }

  /// Runs in the order of their partitions, then of arrival.
  var wantedRuns: [Int] {
    selectors.runs.indices.filter { index in
      let run = selectors.runs[index]
      return run.rowCount > 0 && run.firstTime < times.upperBound && run.lastTime >= times.lowerBound
    }.sorted { (selectors.runs[$0].partition, $0) < (selectors.runs[$1].partition, $1) }
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
    defer { withExtendedLifetime((selectors, frame)) {} }
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

/// The walk over the runs, subject by subject. Its memory is freed by `end`.
private struct JourneyWalk {
  private struct Cursor {
    var view: UnsafeMutablePointer<BlockView>
    var subjects: UnsafePointer<UInt32>
    var starts: UnsafePointer<UInt32>
    var count = 0
    var position = 0
    var month: Int
    /// Whether a newer merge moved any of the run's subjects away.
    var hasMoved: Bool
  }

  /// What a cursor needs when it comes to a new block.
  private struct Source {
    let run: Int
    let blockCount: Int
    var block = 0
    var frame: BlockFrame
    /// Subjects that a newer merge moved away, ascending: the walk leaves them out.
    let moved: [UInt32]
    var nextMoved = 0
  }

  private let scan: JourneyScan
  private let runs: [ColumnRun]
  private let blockRows: Int
  private var sources: [Source] = []
  private var cursorCount = 0
  private var cursors = UnsafeMutablePointer<Cursor>.allocate(capacity: 1)
  /// By cursor: the subject that it stands at; `noActor` where it has none left.
  private var heads = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
  private var pieces = UnsafeMutablePointer<Journey.Piece>.allocate(capacity: 16)
  private var pieceCapacity = 16
  private var pieceCount = 0
  /// Frames that pieces point into and that no cursor stands on any more.
  private var held: [BlockFrame] = []
  private var spare: [BlockFrame] = []
  private var merger: PieceMerger
  private var overlaps = false

  init(_ scan: JourneyScan) {
    self.scan = scan
    runs = scan.selectors.runs
    blockRows = scan.selectors.runs.reduce(0) { $1.blocks.reduce($0) { max($0, $1.rowCount) } }
    merger = PieceMerger(scan.selectors.runs, names: scan.snapshot.eventNames.count)
  }

  mutating func begin() throws(QueryError) {
    let wanted = scan.wantedRuns
    let moved = try MovedRuns.of(scan.snapshot).moved
    cursors.deallocate()
    heads.deallocate()
    cursors = .allocate(capacity: max(wanted.count, 1))
    heads = .allocate(capacity: max(wanted.count, 1))
    for run in wanted {
      let source = Source(run: run, blockCount: runs[run].blocks.count, frame: freshFrame(), moved: run < moved.count ? moved[run] : [])
      let none = UnsafePointer<UInt32>(bitPattern: 4).unsafelyUnwrapped
      (cursors + cursorCount).initialize(
        to: Cursor(
          view: source.frame.view, subjects: none, starts: none, month: runs[run].partition.month, hasMoved: !source.moved.isEmpty))
      (heads + cursorCount).initialize(to: ColumnRun.noActor)
      sources.append(source)
      cursorCount += 1
      try open(cursorCount - 1)
    }
    reserve(cursorCount)
  }

  func end() {
    cursors.deallocate()
    heads.deallocate()
    pieces.deallocate()
    merger.free()
  }

  private mutating func freshFrame() -> BlockFrame {
    spare.popLast() ?? BlockFrame(rows: blockRows, selectors: scan.selectors.count, columns: scan.columnCount)
  }

  private mutating func reserve(_ more: Int) {
    guard pieceCount + more > pieceCapacity else { return }
    let capacity = (pieceCount + more) * 2
    let larger = UnsafeMutablePointer<Journey.Piece>.allocate(capacity: capacity)
    larger.initialize(from: pieces, count: pieceCount)
    pieces.deallocate()
    pieces = larger
    pieceCapacity = capacity
  }

  /// Stands the cursor at the first subject of its block.
  private mutating func open(_ index: Int) throws(QueryError) {
    let run = sources[index].run
    guard sources[index].block < sources[index].blockCount,
      runs[run].blocks[sources[index].block].firstSubject != ColumnRun.noActor
    else {
      sources[index].block = sources[index].blockCount
      heads[index] = ColumnRun.noActor
      return
    }
    let frame = sources[index].frame
    try scan.selectors.show(frame, run: run, block: sources[index].block)
    guard let keys = frame.keys else { return }
    cursors[index].view = frame.view
    cursors[index].subjects = keys.subjects.storage
    cursors[index].starts = keys.starts.storage
    cursors[index].count = keys.subjects.count
    cursors[index].position = 0
    heads[index] = keys.subjects[0]
    if cursors[index].hasMoved { try skipMoved(index) }
  }

  /// Pieces of the subject at hand may point into the block that is left.
  private mutating func leaveBlock(_ index: Int) {
    held.append(sources[index].frame)
    sources[index].frame = freshFrame()
    sources[index].block += 1
  }

  /// Leaves out subjects whose rows are visited elsewhere.
  private mutating func skipMoved(_ index: Int) throws(QueryError) {
    while heads[index] != ColumnRun.noActor {
      while sources[index].nextMoved < sources[index].moved.count, sources[index].moved[sources[index].nextMoved] < heads[index] {
        sources[index].nextMoved += 1
      }
      guard sources[index].nextMoved < sources[index].moved.count, sources[index].moved[sources[index].nextMoved] == heads[index] else {
        return
      }
      cursors[index].position += 1
      if cursors[index].position < cursors[index].count {
        heads[index] = cursors[index].subjects[cursors[index].position]
      } else {
        leaveBlock(index)
        // Opening skips again, so there is nothing left to do here.
        return try open(index)
      }
    }
  }

  /// The smallest canonical number that is left; `noActor` at the end.
  @inline(__always) func next() -> UInt32 {
    var smallest = ColumnRun.noActor
    var index = 0
    while index < cursorCount {
      smallest = min(smallest, heads[index])
      index &+= 1
    }
    return smallest
  }

  /// All rows of that subject, which is left behind.
  @inline(__always) mutating func take(_ subject: UInt32) throws(QueryError) {
    var lastMonth = Int.min
    var index = 0
    while index < cursorCount {
      if heads[index] == subject {
        let cursor = cursors + index
        let position = cursor.pointee.position
        pieces[pieceCount] = Journey.Piece(
          view: UnsafePointer(cursor.pointee.view), first: Int(cursor.pointee.starts[position]),
          end: Int(cursor.pointee.starts[position &+ 1]))
        pieceCount &+= 1
        if cursor.pointee.month == lastMonth { overlaps = true }
        lastMonth = cursor.pointee.month
        if position &+ 1 < cursor.pointee.count {
          cursor.pointee.position = position &+ 1
          heads[index] = cursor.pointee.subjects[position &+ 1]
          if cursor.pointee.hasMoved { try skipMoved(index) }
        } else {
          try takeNextBlock(index, subject)
        }
      }
      index &+= 1
    }
  }

  /// The cursor leaves its block; the subject may go on in the next ones.
  @inline(never) private mutating func takeNextBlock(_ index: Int, _ subject: UInt32) throws(QueryError) {
    while true {
      leaveBlock(index)
      try open(index)
      if heads[index] != subject { return }
      reserve(cursorCount + 1)
      pieces[pieceCount] = Journey.Piece(view: UnsafePointer(cursors[index].view), first: 0, end: Int(cursors[index].starts[1]))
      pieceCount += 1
      if cursors[index].count > 1 {
        cursors[index].position = 1
        heads[index] = cursors[index].subjects[1]
        if cursors[index].hasMoved { try skipMoved(index) }
        return
      }
    }
  }

  /// Puts the rows of each partition into one order of time, where several runs have them.
  @inline(__always) mutating func order() {
    if overlaps { pieceCount = merger.merge(pieces, count: pieceCount) }
  }

  var isOfInterest: Bool {
    @inline(__always) get {
      var index = 0
      while index < pieceCount {
        if pieces[index].isOfInterest { return true }
        index &+= 1
      }
      return false
    }
  }

  @inline(__always) var taken: UnsafeBufferPointer<Journey.Piece> { UnsafeBufferPointer(start: pieces, count: pieceCount) }

  @inline(__always) mutating func letGo() {
    pieceCount = 0
    overlaps = false
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
    pieces[0] = Journey.Piece(view: UnsafePointer(frame.view), first: Int(keys.starts[last]), end: Int(keys.starts[last + 1]))
    pieceCount = 1
  }
}

/// Puts the pieces of one subject into one order of time, a partition at a time. Its memory is freed by `free`.
private struct PieceMerger {
  /// Rows of one partition, put together. Kept for the next subject.
  private struct Scratch {
    let view = UnsafeMutablePointer<BlockView>.allocate(capacity: 1)
    var capacity = 0
    var slots = UnsafeMutablePointer<UInt16>.allocate(capacity: 1)
    var remainders = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    var events = UnsafeMutablePointer<UInt16>.allocate(capacity: 1)
    var masks = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    var places = UnsafeMutablePointer<Journey.Place>.allocate(capacity: 1)
    var bits = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    var primary = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)

    func free() {
      view.deallocate()
      freeColumns()
    }

    private func freeColumns() {
      slots.deallocate()
      remainders.deallocate()
      events.deallocate()
      masks.deallocate()
      places.deallocate()
      bits.deallocate()
      primary.deallocate()
    }

    mutating func reserve(_ rows: Int) {
      guard rows > capacity else { return }
      freeColumns()
      capacity = rows * 2
      slots = .allocate(capacity: capacity)
      remainders = .allocate(capacity: capacity)
      events = .allocate(capacity: capacity)
      masks = .allocate(capacity: capacity)
      places = .allocate(capacity: capacity)
      bits = .allocate(capacity: capacity / 64 + 1)
      primary = .allocate(capacity: capacity / 64 + 1)
    }
  }

  /// The next row of a piece.
  private struct Reader {
    let view: UnsafePointer<BlockView>
    var row: Int
    let end: Int
    var time: Int64 = 0

    /// Goes to the first row at or behind `row` that takes part.
    @inline(__always) mutating func settle() {
      while row < end, !view.pointee.isShown(row) { row &+= 1 }
      time = row < end ? view.pointee.time(row) : .max
    }
  }

  /// Merged rows carry the store's own codes.
  private let storeCodes: [UInt16]
  private var scratches: [Scratch] = []
  private var readers: [Reader] = []

  init(_ runs: [ColumnRun], names: Int) {
    storeCodes = runs.count < 2 ? [] : (0..<names).map { UInt16($0) }
  }

  func free() { for scratch in scratches { scratch.free() } }

  /// - Parameter pieces: by partition, then run, then block.
  /// - Returns: how many pieces there are now.
  @inline(never) mutating func merge(_ pieces: UnsafeMutablePointer<Journey.Piece>, count: Int) -> Int {
    var kept = 0
    var used = 0
    var first = 0
    while first < count {
      var end = first + 1
      var isOneRun = true
      while end < count, pieces[end].view.pointee.base == pieces[first].view.pointee.base {
        if pieces[end].view.pointee.run != pieces[first].view.pointee.run { isOneRun = false }
        end += 1
      }
      if isOneRun {
        for index in first..<end {
          pieces[kept] = pieces[index]
          kept += 1
        }
      } else {
        if used == scratches.count { scratches.append(Scratch()) }
        if let piece = fill(used, pieces, first..<end) {
          pieces[kept] = piece
          kept += 1
          used += 1
        }
      }
      first = end
    }
    return kept
  }

  /// Nil if no row of the pieces takes part.
  private mutating func fill(_ index: Int, _ pieces: UnsafeMutablePointer<Journey.Piece>, _ range: Range<Int>) -> Journey.Piece? {
    readers.removeAll(keepingCapacity: true)
    var total = 0
    for piece in range {
      var reader = Reader(view: pieces[piece].view, row: pieces[piece].first, end: pieces[piece].end)
      total += reader.end - reader.row
      reader.settle()
      readers.append(reader)
    }
    scratches[index].reserve(total)
    let scratch = scratches[index]
    var count = 0
    readers.withUnsafeMutableBufferPointer { readers in
      while true {
        var best = 0
        var time = readers[0].time
        var candidate = 1
        while candidate < readers.count {
          if readers[candidate].time < time {
            time = readers[candidate].time
            best = candidate
          }
          candidate &+= 1
        }
        if time == .max { break }
        let row = readers[best].row
        let view = readers[best].view
        scratch.slots[count] = view.pointee.slots[row]
        scratch.remainders[count] = view.pointee.remainders[row]
        scratch.events[count] = view.pointee.event(row)
        scratch.masks[count] = view.pointee.mask(row)
        scratch.places[count] = Journey.Place(view: view, row: row)
        if count & 63 == 0 {
          scratch.bits[count >> 6] = 0
          scratch.primary[count >> 6] = 0
        }
        scratch.bits[count >> 6] |= 1 << UInt64(count & 63)
        scratch.primary[count >> 6] |= (view.pointee.primary[row >> 6] >> UInt64(row & 63) & 1) << UInt64(count & 63)
        count &+= 1
        readers[best].row &+= 1
        readers[best].settle()
      }
    }
    guard count > 0 else { return nil }
    var view = pieces[range.lowerBound].view.pointee
    view.narrowEvents = nil
    view.wideEvents = UnsafePointer(scratch.events)
    view.eventCodes = storeCodes.storage
    view.slots = UnsafePointer(scratch.slots)
    view.remainders = UnsafePointer(scratch.remainders)
    view.rowMasks = UnsafePointer(scratch.masks)
    view.places = UnsafePointer(scratch.places)
    view.bits = scratch.bits
    view.primary = scratch.primary
    scratch.view.initialize(to: view)
    return Journey.Piece(view: UnsafePointer(scratch.view), first: 0, end: count)
  }
}

extension BlockView {
  /// Whether a row takes part.
  @inline(__always) func isShown(_ row: Int) -> Bool { bits[row >> 6] >> UInt64(row & 63) & 1 == 1 }
}
