/// Puts the pieces of one subject into one order of time, a partition at a time. Its memory is freed by `free`.
struct PieceMerger {
  /// Rows of one partition, put together. Kept for the next subject.
  private struct Scratch {
    let view = UnsafeMutablePointer<BlockView>.allocate(capacity: 1)
    var capacity = 0
    var slots = UnsafeMutablePointer<UInt16>.allocate(capacity: 1)
    var offsets = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
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
      offsets.deallocate()
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
      offsets = .allocate(capacity: capacity)
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
        scratch.offsets[count] = view.pointee.offsets[row]
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
    view.offsets = UnsafePointer(scratch.offsets)
    view.rowMasks = UnsafePointer(scratch.masks)
    view.places = UnsafePointer(scratch.places)
    view.bits = scratch.bits
    view.primary = scratch.primary
    scratch.view.initialize(to: view)
    return Journey.Piece(view: UnsafePointer(scratch.view), first: 0, end: count)
  }
}
