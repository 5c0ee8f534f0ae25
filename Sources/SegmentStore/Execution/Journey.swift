internal import CRowBits

/// A block as a pass sees it: addresses of its columns, and which rows take part. Valid while its `BlockFrame` is held.
struct BlockView {
  /// First millisecond of the partition.
  var base: Int64
  /// Exactly one of the two holds the run's event codes.
  var narrowEvents: UnsafePointer<UInt8>?
  var wideEvents: UnsafePointer<UInt16>?
  var slots: UnsafePointer<UInt16>
  /// Milliseconds since then.
  var offsets: UnsafePointer<UInt32>
  /// A bit for each row: whether it is visible and matches any selector (or is to be seen all the same).
  var bits: UnsafeMutablePointer<UInt64>
  /// The same for the selectors without which a journey is of no interest.
  var primary: UnsafeMutablePointer<UInt64>
  /// By event code of the run: the selectors that name it. A selector with a filter of its own holds only where its filter's bit is set.
  var masks: UnsafePointer<UInt32>
  var filtered: UInt32
  /// By selector, for those of `filtered`.
  var filterBits: UnsafePointer<UnsafeMutablePointer<UInt64>>
  /// By event code of the run: the store's code.
  var eventCodes: UnsafePointer<UInt16>
  /// By slot: the bucket of the question's `BucketTable`; nil where a slot may have two.
  var buckets: UnsafePointer<UInt16>?
  /// By number of the property asked for.
  var columns: UnsafePointer<ColumnView>
  var run: Int32
  /// Rows that were put together from several blocks: what they match, and where they come from.
  var rowMasks: UnsafePointer<UInt32>?
  var places: UnsafePointer<Journey.Place>?
  /// In journeys of organizations: whose event each row is.
  var owners: UnsafePointer<UInt32>?
  /// Whether any row takes part. Otherwise nothing but the subjects may be looked at.
  var hasRows = true
  /// Whether the rows that take part are exactly the first ones of each subject and day (`ZoneDays`).
  var isFirsts = false

  @inline(__always) func time(_ row: Int) -> Int64 {
    base &+ Int64(offsets[row])
  }

  /// Event code of the run.
  @inline(__always) func localEvent(_ row: Int) -> Int {
    if let narrowEvents { return Int(narrowEvents[row]) }
    return Int(wideEvents.unsafelyUnwrapped[row])
  }

  /// Event code of the store.
  @inline(__always) func event(_ row: Int) -> UInt16 { eventCodes[localEvent(row)] }

  /// One bit for each selector that a row matches, for a row of `bits`.
  @inline(__always) func mask(_ row: Int) -> UInt32 {
    if let rowMasks { return rowMasks[row] }
    let mask = masks[localEvent(row)]
    return mask & filtered == 0 ? mask : filteredMask(mask, row)
  }

  @inline(never) private func filteredMask(_ mask: UInt32, _ row: Int) -> UInt32 {
    var mask = mask
    var rest = mask & filtered
    while rest != 0 {
      let selector = rest.trailingZeroBitCount
      rest &= rest &- 1
      if filterBits[selector][row >> 6] >> UInt64(row & 63) & 1 == 0 { mask &= ~(1 << UInt32(selector)) }
    }
    return mask
  }
}

/// One property of a block.
struct ColumnView {
  /// Codes of `chunk`; both nil where no row of the block's run has the property.
  var narrow: UnsafePointer<UInt8>?
  var wide: UnsafePointer<UInt32>?
  var chunk: Unmanaged<ColumnChunk>?

  @inline(__always) func code(_ row: Int) -> Int {
    if let narrow { return Int(narrow[row]) }
    if let wide { return Int(wide[row]) }
    return 0
  }
}

/// The events of one canonical subject in time order, as a visitor of the scan sees them. The pointers are valid during the visit only.
struct Journey {
  /// Rows of one block that follow each other.
  struct Piece {
    var view: UnsafePointer<BlockView>
    var first: Int
    var end: Int
  }

  /// Where an event stands: for property look-ups.
  struct Place {
    var view: UnsafePointer<BlockView>
    var row: Int

    /// The row in its block, where this one was put together from several.
    @inline(__always) var original: Place {
      if let places = view.pointee.places { return places[row] }
      return self
    }

    /// Whose event it is, given whose journey.
    @inline(__always) func owner(_ journey: UInt32) -> UInt32 {
      let place = original
      if let owners = place.view.pointee.owners { return owners[place.row] }
      return journey
    }
  }

  /// `ColumnRun.noActor` for rows without an actor.
  let subject: UInt32
  /// 1, 2, 3 … in the order of visits.
  let ordinal: UInt32
  let pieces: UnsafeBufferPointer<Piece>

  var rowCount: Int { pieces.reduce(0) { $0 + $1.end - $1.first } }

  /// Calls `body` for each row of `BlockView.bits`, in time order, until it answers false.
  @inline(__always) func forEachRow(_ body: (UnsafePointer<BlockView>, Int) -> Bool) {
    for piece in pieces {
      var word = piece.first >> 6
      let last = (piece.end - 1) >> 6
      var bits = piece.view.pointee.bits[word] & (~0 &<< UInt64(piece.first & 63))
      while true {
        if word == last { bits &= ~0 &>> UInt64(63 &- ((piece.end - 1) & 63)) }
        while bits != 0 {
          let row = word << 6 &+ bits.trailingZeroBitCount
          bits &= bits &- 1
          if !body(piece.view, row) { return }
        }
        if word == last { break }
        word += 1
        bits = piece.view.pointee.bits[word]
      }
    }
  }
}

extension Journey.Piece {
  /// The first row that is not earlier than an instant; `end` if all are.
  func firstRow(notBefore instant: Int64) -> Int {
    var low = first
    var high = end
    while low < high {
      let middle = (low &+ high) >> 1
      if view.pointee.time(middle) < instant { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  var lastTime: Int64 { view.pointee.time(end - 1) }

  /// Whether any row of `BlockView.primary` is among them.
  @inline(__always) var isOfInterest: Bool {
    let bits = view.pointee.primary
    let word = first >> 6
    let last = (end - 1) >> 6
    let head = bits[word] & (~0 &<< UInt64(first & 63))
    let tail: UInt64 = ~0 &>> UInt64(63 &- ((end - 1) & 63))
    if word == last { return head & tail != 0 }
    if head != 0 || bits[last] & tail != 0 { return true }
    var middle = word + 1
    while middle < last {
      if bits[middle] != 0 { return true }
      middle += 1
    }
    return false
  }
}

/// What a pass over all journeys does with each.
protocol JourneyVisitor {
  /// Whether rows must come in the order of time; otherwise each run's rows may come for themselves.
  var needsOrder: Bool { get }
  mutating func visit(_ journey: Journey)
  /// Rows that have no actor: in no order across calls.
  mutating func visitWithoutActor(_ journey: Journey)

  /// Whether nothing that is still to come can matter: the walk ends.
  var isFinished: Bool { get }
  /// Whether rows are taken run by run, for a band of subjects at a time; otherwise every journey is visited by itself.
  var takesBands: Bool { get }
  mutating func begin(_ band: Band)
  /// Parts come by partition, then run. Where a visitor needs order, a subject whose rows lie in several runs of a partition that
  /// overlap in time is visited as a journey afterwards: what its rows did here is of no use then.
  mutating func take(_ part: BandPart)
  /// All parts of the band were taken.
  mutating func endParts(_ band: Band)
  /// The end of a subject of the band: once for each local number, in no order of subjects.
  ///
  /// - Returns: false if its journey has to be visited as a whole.
  mutating func finish(_ subject: UInt32, _ local: Int) -> Bool
}

extension DivisibleVisitor {
  var isDivisible: Bool { true }
}

extension JourneyVisitor {
  var isFinished: Bool { false }
  var takesBands: Bool { false }
  mutating func begin(_ band: Band) {}
  mutating func take(_ part: BandPart) {}
  mutating func endParts(_ band: Band) {}
  mutating func finish(_ subject: UInt32, _ local: Int) -> Bool { false }
}

/// A visitor whose work can be cut in two by subjects.
protocol DivisibleVisitor: JourneyVisitor, SendableMetatype {
  /// False where it cannot be done after all.
  var isDivisible: Bool { get }
  /// One that has seen nothing yet, for later subjects; shares nothing with this one that either changes.
  func fork() -> Self
  /// Takes over what another one has seen of later subjects. The other is of no use afterwards: what it holds is freed or taken.
  mutating func join(_ other: Self)
}

extension BlockView {
  /// Whether a row takes part.
  @inline(__always) func isShown(_ row: Int) -> Bool { bits[row >> 6] >> UInt64(row & 63) & 1 == 1 }
}
