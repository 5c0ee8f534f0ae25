internal import Journeys

/// One pass over all journeys of a snapshot, in ascending order of the canonical subject number.
///
/// Where a single run has the subject and no newer merge touches it, the visitor gets pointers straight into the run; otherwise the
/// pieces are merged into scratch memory by time. Events later than the instant are cut off and counted.
struct JourneyScan {
  /// Rows whose masks are computed in one go: they stay in the second-level cache.
  private static let blockRows = 32_768
  private static let subjectsPerCancellationCheck = 4_096

  let snapshot: StoreSnapshot
  let selectors: Selectors
  /// Events later than this are not seen.
  let instant: Int64
  /// Among the events cut off, those in this range that match a selector are counted.
  let counted: Range<Int64>

  /// - Returns: how many matching events of `counted` are later than the instant.
  /// - Throws: `QueryError` (`cancelled`) when the task was cancelled.
  func run(_ visitor: inout some JourneyVisitor) throws(QueryError) -> Int {
    var cursor = ScanCursor(snapshot: snapshot, selectors: selectors)
    defer { cursor.free() }
    var late = 0
    var ordinal: UInt32 = 0
    var untilCheck = Self.subjectsPerCancellationCheck
    while let subject = cursor.next() {
      untilCheck -= 1
      if untilCheck == 0 {
        untilCheck = Self.subjectsPerCancellationCheck
        try Self.checkCancellation()
      }
      ordinal += 1
      let piece = cursor.take(subject)
      let count = seen(piece, &late)
      if count > 0 { visitor.visit(piece.journey(subject, ordinal: ordinal, count: count)) }
    }
    for index in snapshot.runs.indices {
      let rows = snapshot.runs[index].rowsWithoutActor
      var row = rows.lowerBound
      while row < rows.upperBound {
        try Self.checkCancellation()
        let piece = cursor.piece(index, row..<min(row + Self.blockRows, rows.upperBound))
        let count = seen(piece, &late)
        if count > 0 { visitor.visitWithoutActor(piece.journey(ColumnRun.noActor, ordinal: 0, count: count)) }
        row += Self.blockRows
      }
    }
    return late
  }

  static func checkCancellation() throws(QueryError) {
    if Task.isCancelled { throw QueryError(.cancelled, "The query was cancelled before it was finished; ask again.") }
  }

  @inline(__always) private func seen(_ piece: ScanCursor.Piece, _ late: inout Int) -> Int {
    var count = piece.count
    while count > 0 && piece.times[count - 1] > instant {
      count -= 1
      if piece.masks[count] != 0 && counted.contains(piece.times[count]) { late += 1 }
    }
    return count
  }
}

/// The k-way walk over the runs.
struct ScanCursor {
  struct Piece {
    var times: UnsafePointer<Int64>
    var events: UnsafePointer<UInt16>
    var masks: UnsafePointer<UInt32>
    var count: Int
    var run: Int
    var firstRow: Int
    var places: UnsafePointer<Journey.Place>?

    @inline(__always) func journey(_ subject: UInt32, ordinal: UInt32, count: Int) -> Journey {
      Journey(
        subject: subject, ordinal: ordinal, count: count, times: times, events: events, masks: masks, run: run, firstRow: firstRow,
        places: places)
    }
  }

  /// The pointers of a run's arrays. The arrays are `let`s of the run, which the snapshot keeps alive: their storage never moves.
  private struct RunState {
    var times: UnsafePointer<Int64>
    var events: UnsafePointer<UInt16>
    var subjects: UnsafePointer<UInt32>
    var starts: UnsafePointer<UInt32>
    var rowCount: Int
    /// Blocks with an actor.
    var blockCount: Int
    var block = 0
    /// Masks of the rows `maskedRows`.
    var masks: UnsafeMutablePointer<UInt32>
    var maskCapacity: Int
    var maskedRows = 0..<0
    /// Blocks that a newer merge moved, ascending: the walk leaves them out.
    var moved: [Int]
    var nextMoved = 0
  }

  private struct Moved {
    var canonical: UInt32
    var run: Int
    var block: Int
  }

  private static let blockRows = 32_768
  private let snapshot: StoreSnapshot
  private let selectors: Selectors
  private var runs: [RunState] = []
  private var moved: [Moved] = []
  private var nextMoved = 0
  private var merger = PieceMerger()

  init(snapshot: StoreSnapshot, selectors: Selectors) {
    self.snapshot = snapshot
    self.selectors = selectors
    for (index, run) in snapshot.runs.enumerated() {
      var movedBlocks: [Int] = []
      if !snapshot.merges.isEmpty {
        for block in run.blocks(movedBy: snapshot.merges) {
          movedBlocks.append(block)
          moved.append(Moved(canonical: snapshot.merges[run.subjects[block]] ?? run.subjects[block], run: index, block: block))
        }
      }
      runs.append(
        RunState(
          times: run.times.storage, events: run.events.storage, subjects: run.subjects.storage, starts: run.starts.storage,
          rowCount: run.rowCount, blockCount: run.subjects.count - (run.rowsWithoutActor.isEmpty ? 0 : 1),
          masks: .allocate(capacity: Self.blockRows), maskCapacity: Self.blockRows, moved: movedBlocks))
      skipMoved(index)
    }
    moved.sort { ($0.canonical, $0.run, $0.block) < ($1.canonical, $1.run, $1.block) }
  }

  mutating func free() {
    for run in runs { run.masks.deallocate() }
    runs = []
  }

  @inline(__always) private mutating func skipMoved(_ index: Int) {
    while runs[index].nextMoved < runs[index].moved.count && runs[index].moved[runs[index].nextMoved] == runs[index].block {
      runs[index].nextMoved += 1
      runs[index].block += 1
    }
  }

  /// The smallest canonical number that is left.
  @inline(__always) func next() -> UInt32? {
    var smallest = ColumnRun.noActor
    for index in 0..<runs.count where runs[index].block < runs[index].blockCount {
      smallest = min(smallest, runs[index].subjects[runs[index].block])
    }
    if nextMoved < moved.count { smallest = min(smallest, moved[nextMoved].canonical) }
    return smallest == ColumnRun.noActor ? nil : smallest
  }

  /// All events of that subject, which is left behind.
  @inline(__always) mutating func take(_ subject: UInt32) -> Piece {
    var holder = -1
    var holders = 0
    for index in 0..<runs.count where runs[index].block < runs[index].blockCount && runs[index].subjects[runs[index].block] == subject {
      holder = index
      holders += 1
    }
    if holders == 1 && (nextMoved == moved.count || moved[nextMoved].canonical != subject) {
      let rows = advance(holder)
      return piece(holder, rows)
    }
    return takeMerged(subject)
  }

  @inline(__always) private mutating func advance(_ index: Int) -> Range<Int> {
    let block = runs[index].block
    let rows = Int(runs[index].starts[block])..<Int(runs[index].starts[block + 1])
    runs[index].block += 1
    if !runs[index].moved.isEmpty { skipMoved(index) }
    return rows
  }

  /// Rows of one run as they stand, their masks computed a block ahead.
  @inline(__always) mutating func piece(_ index: Int, _ rows: Range<Int>) -> Piece {
    if rows.lowerBound < runs[index].maskedRows.lowerBound || rows.upperBound > runs[index].maskedRows.upperBound { mask(index, rows) }
    let run = runs[index]
    return Piece(
      times: run.times + rows.lowerBound, events: run.events + rows.lowerBound,
      masks: run.masks + (rows.lowerBound - run.maskedRows.lowerBound),
      count: rows.count, run: index, firstRow: rows.lowerBound, places: nil)
  }

  @inline(never) private mutating func mask(_ index: Int, _ rows: Range<Int>) {
    let end = max(rows.upperBound, min(rows.lowerBound + Self.blockRows, runs[index].rowCount))
    let wanted = rows.lowerBound..<end
    if wanted.count > runs[index].maskCapacity {
      runs[index].masks.deallocate()
      runs[index].masks = .allocate(capacity: wanted.count)
      runs[index].maskCapacity = wanted.count
    }
    selectors.fill(runs[index].masks, rows: wanted, of: index)
    runs[index].maskedRows = wanted
  }

  /// The slow path: several pieces, merged by (time, run, row).
  @inline(never) private mutating func takeMerged(_ subject: UInt32) -> Piece {
    merger.clear()
    for index in 0..<runs.count where runs[index].block < runs[index].blockCount && runs[index].subjects[runs[index].block] == subject {
      let rows = advance(index)
      let part = piece(index, rows)
      merger.add(part, of: index, from: rows.lowerBound)
    }
    while nextMoved < moved.count && moved[nextMoved].canonical == subject {
      let from = moved[nextMoved]
      nextMoved += 1
      let rows = Int(runs[from.run].starts[from.block])..<Int(runs[from.run].starts[from.block + 1])
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: max(rows.count, 1)) { buffer in
        guard let masks = buffer.baseAddress else { return }
        selectors.fill(masks, rows: rows, of: from.run)
        let part = Piece(
          times: runs[from.run].times + rows.lowerBound, events: runs[from.run].events + rows.lowerBound, masks: masks, count: rows.count,
          run: from.run, firstRow: rows.lowerBound, places: nil)
        merger.add(part, of: from.run, from: rows.lowerBound)
      }
    }
    return merger.merged()
  }
}

/// Collects pieces of one subject and puts them into one order of time.
private struct PieceMerger {
  private struct Row {
    var time: Int64
    var place: Journey.Place
    var mask: UInt32
    var event: UInt16
  }
  private var rows: [Row] = []
  private var times: [Int64] = []
  private var events: [UInt16] = []
  private var masks: [UInt32] = []
  private var places: [Journey.Place] = []

  mutating func clear() { rows.removeAll(keepingCapacity: true) }

  mutating func add(_ piece: ScanCursor.Piece, of run: Int, from firstRow: Int) {
    for index in 0..<piece.count {
      rows.append(
        Row(
          time: piece.times[index], place: Journey.Place(run: Int32(run), row: UInt32(firstRow + index)), mask: piece.masks[index],
          event: piece.events[index]))
    }
  }

  mutating func merged() -> ScanCursor.Piece {
    rows.sort { ($0.time, $0.place.run, $0.place.row) < ($1.time, $1.place.run, $1.place.row) }
    times.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)
    masks.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    for row in rows {
      times.append(row.time)
      events.append(row.event)
      masks.append(row.mask)
      places.append(row.place)
    }
    return ScanCursor.Piece(
      times: times.storage, events: events.storage, masks: masks.storage, count: rows.count, run: -1, firstRow: 0, places: places.storage)
  }
}

extension Array {
  /// The address of the elements. Valid only while this very array is neither changed nor freed, which the caller sees to; it saves
  /// a nest of closures in loops over many runs.
  var storage: UnsafePointer<Element> {
    withUnsafeBufferPointer { $0.baseAddress ?? UnsafePointer(bitPattern: MemoryLayout<Element>.alignment).unsafelyUnwrapped }
  }
}

extension ColumnRun {
  /// The rows of the last block, if it is that of the events without an actor.
  var rowsWithoutActor: Range<Int> {
    subjects.last == Self.noActor ? Int(starts[subjects.count - 1])..<rowCount : rowCount..<rowCount
  }

  /// Blocks whose subject a merge of the map has moved, ascending.
  func blocks(movedBy merges: [UInt32: UInt32]) -> [Int] {
    if merges.count * 16 < subjects.count {
      return merges.keys.compactMap { number in
        var low = 0
        var high = subjects.count
        while low < high {
          let middle = (low + high) / 2
          if subjects[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low < subjects.count && subjects[low] == number ? low : nil
      }.sorted()
    }
    return subjects.indices.filter { merges[subjects[$0]] != nil }
  }
}
