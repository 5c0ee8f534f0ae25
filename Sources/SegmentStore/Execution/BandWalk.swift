internal import Journeys

/// The walk over the runs, band by band. Its memory is freed by `end`.
struct BandWalk {
  private struct Source {
    let run: Int
    let blockCount: Int
    var block = 0
    var frame: BlockFrame
    /// Index of the subject at which it stands, and that subject; `noActor` where none is left.
    var position = 0
    var head = ColumnRun.noActor
    /// Subjects that a newer merge moved away, ascending: the walk leaves them out.
    let moved: [UInt32]
    var nextMoved = 0
  }

  private let scan: JourneyScan
  /// Whose rows it follows.
  private let subjects: Range<UInt32>
  private let runs: [ColumnRun]
  private let blockRows: Int
  private var sources: [Source] = []
  /// Of the band at hand, by partition, then run, then block.
  private(set) var parts: [BandPart] = []
  /// By local number: the subject.
  private let members: UnsafeMutablePointer<UInt32>
  /// From a subject to its local number: open addressing, in the order of the numbers. They are spread evenly (`NumberPermutation`).
  private let table: UnsafeMutablePointer<UInt32>
  private let tableLocals: UnsafeMutablePointer<UInt16>
  private static let tableSize = 2 * Band.limit
  /// Of all parts, one after the other.
  private var locals: UnsafeMutablePointer<UInt16>
  private var localCapacity = Band.limit
  /// By local number: whether the subject's rows lie in several parts of a partition that overlap in time.
  private let unordered: UnsafeMutablePointer<Bool>
  private var isAnyUnordered = false
  /// For partitions of several parts: see `BandPart.shares`.
  private var shares: [UnsafeMutablePointer<UInt8>] = []
  private let lastTimes: UnsafeMutablePointer<Int64>
  /// Frames that parts point into and that no source stands on any more.
  private var held: [BlockFrame] = []
  private var spare: [BlockFrame] = []
  private var merger: PieceMerger
  private var pieces: UnsafeMutablePointer<Journey.Piece>
  private var pieceCapacity = 16

  init(_ scan: JourneyScan, subjects: Range<UInt32>) {
    self.scan = scan
    self.subjects = subjects
    runs = scan.selectors.runs
    blockRows = scan.selectors.runs.reduce(0) { $1.blocks.reduce($0) { max($0, $1.rowCount) } }
    merger = PieceMerger(scan.selectors.runs, names: scan.snapshot.eventNames.count)
    members = .allocate(capacity: Band.limit)
    table = .allocate(capacity: Self.tableSize)
    tableLocals = .allocate(capacity: Self.tableSize)
    locals = .allocate(capacity: localCapacity)
    unordered = .allocate(capacity: Band.limit)
    unordered.initialize(repeating: false, count: Band.limit)
    lastTimes = .allocate(capacity: Band.limit)
    lastTimes.initialize(repeating: .min, count: Band.limit)
    pieces = .allocate(capacity: pieceCapacity)
  }

  func end() {
    for counts in shares { counts.deallocate() }
    members.deallocate()
    table.deallocate()
    tableLocals.deallocate()
    locals.deallocate()
    unordered.deallocate()
    lastTimes.deallocate()
    pieces.deallocate()
    merger.free()
  }

  mutating func begin() throws(QueryError) {
    let moved = try MovedRuns.of(scan.snapshot).moved
    for run in scan.wantedRuns {
      let blocks = runs[run].blocks
      let first = blocks.firstIndex { $0.lastSubject >= subjects.lowerBound } ?? blocks.count
      let end = blocks.firstIndex { $0.firstSubject >= subjects.upperBound } ?? blocks.count
      sources.append(
        Source(run: run, blockCount: max(first, end), block: first, frame: freshFrame(), moved: run < moved.count ? moved[run] : []))
      try open(sources.count - 1)
    }
  }

  private mutating func freshFrame() -> BlockFrame {
    spare.popLast() ?? BlockFrame(rows: blockRows, selectors: scan.selectors.count, columns: scan.columnCount)
  }

  /// Stands the source at the first subject of its block that the walk follows.
  private mutating func open(_ index: Int) throws(QueryError) {
    sources[index].head = ColumnRun.noActor
    let block = sources[index].block
    let run = sources[index].run
    guard block < sources[index].blockCount, runs[run].blocks[block].firstSubject < subjects.upperBound else {
      sources[index].block = sources[index].blockCount
      return
    }
    try scan.selectors.show(sources[index].frame, run: run, block: block)
    guard let keys = sources[index].frame.keys else { return }
    let position = keys.subjects.firstIndex(fromWhich: { $0 >= subjects.lowerBound })
    guard position < keys.subjects.count, keys.subjects[position] < subjects.upperBound else {
      sources[index].block = sources[index].blockCount
      return
    }
    sources[index].position = position
    sources[index].head = keys.subjects[position]
  }

  /// The next band that has rows, with its parts; nil at the end.
  mutating func next(ordered: Bool) throws(QueryError) -> Band? {
    leave()
    var first = ColumnRun.noActor
    for source in sources { first = min(first, source.head) }
    guard first != ColumnRun.noActor else { return nil }
    let end = self.end(from: first)
    for index in sources.indices where sources[index].head < end { try collect(index, end) }
    let band = Band(count: number(from: first, to: end), unordered: UnsafePointer(unordered))
    share(band, ordered: ordered)
    return band
  }

  /// The number up to which the sources' blocks have a band's worth of subjects.
  private func end(from first: UInt32) -> UInt32 {
    let limit = min(scan.snapshot.bandSubjects, Band.limit)
    var end = subjects.upperBound
    for source in sources where source.head != ColumnRun.noActor {
      guard let keys = source.frame.keys, let last = keys.subjects.last else { continue }
      let position = source.position &+ limit
      // Who goes on in the next block has all of its rows in this band.
      end = min(end, position < keys.subjects.count ? keys.subjects[position] : last == ColumnRun.noActor ? last : last &+ 1)
    }
    while end &- first > 1 {
      var entries = 0
      for source in sources where source.head < end {
        guard let keys = source.frame.keys else { continue }
        entries += Self.index(in: keys, from: source.position, of: end) - source.position
      }
      if entries <= limit { break }
      end = first &+ max(1, min(end &- first &- 1, UInt32(UInt64(end &- first) * UInt64(limit) * 15 / 16 / UInt64(entries))))
    }
    return end
  }

  /// Index of the first subject from `position` on that is not below `end`.
  private static func index(in keys: KeyChunk, from position: Int, of end: UInt32) -> Int {
    let subjects = keys.subjects.storage
    var low = position
    var high = keys.subjects.count
    // Mostly it is near.
    var step = 64
    while low &+ step < high, subjects[low &+ step] < end {
      low &+= step
      step &*= 2
    }
    high = min(high, low &+ step)
    while low < high {
      let middle = (low &+ high) >> 1
      if subjects[middle] < end { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  /// Gives the subjects of all parts their local numbers; returns how many there are.
  private mutating func number(from first: UInt32, to end: UInt32) -> Int {
    var entries = 0
    for part in parts { entries += part.end - part.first }
    if entries > localCapacity {
      locals.deallocate()
      localCapacity = entries * 2
      locals = .allocate(capacity: localCapacity)
    }
    let (table, tableLocals, members) = (table, tableLocals, members)
    table.update(repeating: ColumnRun.noActor, count: Self.tableSize)
    let scale = (UInt64(Self.tableSize) << 32) / UInt64(max(1, end &- first))
    let mask = Self.tableSize &- 1
    var count = 0
    var next = locals
    for part in parts.indices {
      let subjects = parts[part].subjects
      parts[part].locals = UnsafePointer(next - parts[part].first)
      for index in parts[part].first..<parts[part].end {
        let subject = subjects[index]
        var slot = Int(truncatingIfNeeded: (UInt64(subject &- first) &* scale) &>> 32) & mask
        while table[slot] != subject {
          if table[slot] == ColumnRun.noActor {
            table[slot] = subject
            tableLocals[slot] = UInt16(truncatingIfNeeded: count)
            members[count] = subject
            count &+= 1
            break
          }
          slot = (slot &+ 1) & mask
        }
        next.initialize(to: tableLocals[slot])
        next += 1
      }
    }
    return count
  }

  @inline(__always) func subject(_ local: Int) -> UInt32 { members[local] }

  private mutating func collect(_ index: Int, _ end: UInt32) throws(QueryError) {
    while sources[index].head < end {
      guard let keys = sources[index].frame.keys else { return }
      let first = sources[index].position
      let behind = Self.index(in: keys, from: first, of: end)
      if sources[index].frame.view.pointee.hasRows { addParts(index, keys, first..<behind) }
      if behind < keys.subjects.count {
        sources[index].position = behind
        sources[index].head = keys.subjects[behind] < subjects.upperBound ? keys.subjects[behind] : ColumnRun.noActor
        return
      }
      held.append(sources[index].frame)
      sources[index].frame = freshFrame()
      sources[index].block += 1
      try open(index)
    }
  }

  /// Without the subjects whose rows are visited elsewhere.
  private mutating func addParts(_ index: Int, _ keys: KeyChunk, _ range: Range<Int>) {
    var first = range.lowerBound
    while first < range.upperBound {
      var end = range.upperBound
      if sources[index].nextMoved < sources[index].moved.count {
        while sources[index].nextMoved < sources[index].moved.count, sources[index].moved[sources[index].nextMoved] < keys.subjects[first] {
          sources[index].nextMoved += 1
        }
        if sources[index].nextMoved < sources[index].moved.count {
          let moved = sources[index].moved[sources[index].nextMoved]
          if moved == keys.subjects[first] {
            first += 1
            continue
          }
          if moved <= keys.subjects[end - 1] { end = min(end, keys.subjects.firstIndex(fromWhich: { $0 >= moved })) }
        }
      }
      parts.append(
        BandPart(
          view: UnsafePointer(sources[index].frame.view), subjects: keys.subjects.storage, starts: keys.starts.storage,
          startBits: keys.startBits.storage, first: first, end: end, locals: UnsafePointer(locals),
          partitionEnd: runs[sources[index].run].partition.end))
      first = end
    }
  }

  /// Finds the subjects that have rows in several parts of a partition.
  private mutating func share(_ band: Band, ordered: Bool) {
    var first = 0
    var group = 0
    while first < parts.count {
      var end = first + 1
      while end < parts.count, parts[end].view.pointee.base == parts[first].view.pointee.base { end += 1 }
      if end - first > 1, count(first..<end, band, in: group) {
        if ordered { compareTimes(first..<end, band, shares[group]) }
        group += 1
      }
      first = end
    }
  }

  /// False if nobody is in several.
  private mutating func count(_ range: Range<Int>, _ band: Band, in group: Int) -> Bool {
    if group == shares.count { shares.append(.allocate(capacity: Band.limit)) }
    let counts = shares[group]
    counts.initialize(repeating: 0, count: band.count)
    var several = false
    for part in range {
      let part = parts[part]
      for index in part.first..<part.end {
        let local = part.local(index)
        if counts[local] < .max { counts[local] &+= 1 }
        several = several || counts[local] > 1
      }
    }
    guard several else { return false }
    for part in range { parts[part].shares = UnsafePointer(counts) }
    return true
  }

  private mutating func compareTimes(_ range: Range<Int>, _ band: Band, _ counts: UnsafePointer<UInt8>) {
    lastTimes.update(repeating: .min, count: band.count)
    for part in range {
      let part = parts[part]
      let view = part.view
      for index in part.first..<part.end {
        let local = part.local(index)
        guard counts[local] > 1 else { continue }
        if view.pointee.time(Int(part.starts[index])) <= lastTimes[local] {
          unordered[local] = true
          isAnyUnordered = true
        }
        lastTimes[local] = max(lastTimes[local], view.pointee.time(Int(part.starts[index &+ 1]) &- 1))
      }
    }
  }

  private mutating func leave() {
    parts.removeAll(keepingCapacity: true)
    if isAnyUnordered { unordered.update(repeating: false, count: Band.limit) }
    isAnyUnordered = false
    if !held.isEmpty {
      spare.append(contentsOf: held)
      held.removeAll(keepingCapacity: true)
    }
  }

  /// The journey of a subject of the band, in order if that is asked for; empty if nothing of it is of interest. Valid until the next
  /// call.
  @inline(never) mutating func journey(_ subject: UInt32, ordered: Bool) -> UnsafeBufferPointer<Journey.Piece> {
    if parts.count > pieceCapacity {
      pieces.deallocate()
      pieceCapacity = parts.count * 2
      pieces = .allocate(capacity: pieceCapacity)
    }
    var count = 0
    var isOfInterest = false
    var overlaps = false
    for part in parts {
      var low = part.first
      var high = part.end
      while low < high {
        let middle = (low &+ high) >> 1
        if part.subjects[middle] < subject { low = middle &+ 1 } else { high = middle }
      }
      guard low < part.end, part.subjects[low] == subject else { continue }
      let piece = Journey.Piece(view: part.view, first: Int(part.starts[low]), end: Int(part.starts[low &+ 1]))
      if count > 0, pieces[count - 1].view.pointee.base == piece.view.pointee.base { overlaps = true }
      isOfInterest = isOfInterest || piece.isOfInterest
      pieces[count] = piece
      count += 1
    }
    guard isOfInterest else { return UnsafeBufferPointer(start: pieces, count: 0) }
    if ordered && overlaps { count = merger.merge(pieces, count: count) }
    return UnsafeBufferPointer(start: pieces, count: count)
  }
}
