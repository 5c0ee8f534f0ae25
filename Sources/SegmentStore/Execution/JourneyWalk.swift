internal import Journeys

/// The walk over the runs, subject by subject. Its memory is freed by `end`.
struct JourneyWalk {
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
  /// Whose journeys it follows.
  private let subjects: Range<UInt32>
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

  init(_ scan: JourneyScan, subjects: Range<UInt32>) {
    self.scan = scan
    self.subjects = subjects
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
      let blocks = runs[run].blocks
      let first = blocks.firstIndex { $0.lastSubject >= subjects.lowerBound } ?? blocks.count
      let end = blocks.firstIndex { $0.firstSubject >= subjects.upperBound } ?? blocks.count
      let source = Source(
        run: run, blockCount: max(first, end), block: first, frame: freshFrame(), moved: run < moved.count ? moved[run] : [])
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
    cursors[index].count = end(of: keys)
    let first =
      keys.subjects.first ?? 0 >= subjects.lowerBound ? 0 : keys.subjects.firstIndex { $0 >= subjects.lowerBound } ?? cursors[index].count
    guard first < cursors[index].count else {
      sources[index].block = sources[index].blockCount
      heads[index] = ColumnRun.noActor
      return
    }
    cursors[index].position = first
    heads[index] = keys.subjects[first]
    if cursors[index].hasMoved { try skipMoved(index) }
  }

  /// How many of a block's subjects the walk reaches.
  private func end(of keys: KeyChunk) -> Int {
    guard let last = keys.subjects.last, last >= subjects.upperBound else { return keys.subjects.count }
    return keys.subjects.firstIndex { $0 >= subjects.upperBound } ?? keys.subjects.count
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
