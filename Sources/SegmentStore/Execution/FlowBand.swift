internal import Journeys

/// Plain forward paths (`FlowPlainPaths`) of all subjects of a band: a path is read off the rows behind its anchor, and counted in a table
/// with a cell for every path that there can be, where that is not too large.
struct FlowBand {
  private struct Found {
    /// Of the table; the path's word where there is none; `dropped` for one that does not count.
    var cell: UInt64
    var local: Int
  }

  private static let dropped = UInt64.max

  private let range: Range<Int64>
  private let window: Int64
  private let forward: Int
  private let dropsIncomplete: Bool
  /// Labels of a column: the events, then the end.
  private let base: Int
  /// Nil where there can be too many paths.
  private let cells: UnsafeMutablePointer<Int>?
  private let cellCount: Int
  /// The paths of the band, with the local number of their subject: they count once it is known that none of its milliseconds needs an
  /// order of its own.
  private var found: UnsafeMutablePointer<Found>
  private var foundCount = 0
  private var foundCapacity = 4_096
  private let isWhole: UnsafeMutablePointer<Bool>
  /// With a table all anchors are the same event.
  private var anchor: UInt16?

  private static let cellLimit = 1 << 21

  init(_ query: FlowsQuery, range: Range<Int64>, names: Int) {
    self.init(
      range: range, window: query.windowSeconds * 1000, forward: query.forward, dropsIncomplete: query.incomplete == .dropped,
      base: names + 1, hasCells: query.anchor.event != nil)
  }

  private init(range: Range<Int64>, window: Int64, forward: Int, dropsIncomplete: Bool, base: Int, hasCells: Bool) {
    self.range = range
    self.window = window
    self.forward = forward
    self.dropsIncomplete = dropsIncomplete
    self.base = base
    var count = 1
    for _ in 0..<forward where count <= Self.cellLimit { count *= base }
    cellCount = hasCells && count <= Self.cellLimit ? count : 0
    cells = cellCount == 0 ? nil : .allocate(capacity: cellCount)
    cells?.initialize(repeating: 0, count: cellCount)
    isWhole = .allocate(capacity: Band.limit)
    found = .allocate(capacity: foundCapacity)
  }

  func fork() -> FlowBand {
    FlowBand(
      range: range, window: window, forward: forward, dropsIncomplete: dropsIncomplete, base: base, hasCells: cells != nil)
  }

  func free() {
    cells?.deallocate()
    isWhole.deallocate()
    found.deallocate()
  }

  mutating func begin(_ count: Int) {
    isWhole.initialize(repeating: false, count: count)
    foundCount = 0
  }

  mutating func take(_ part: BandPart) {
    let view = part.view.pointee
    let (isWhole, forward, window, dropsIncomplete) = (isWhole, forward, window, dropsIncomplete)
    let (from, to) = (range.lowerBound, range.upperBound)
    reserve(part.count(of: view.primary))
    let (hasCells, base, found) = (cells != nil, UInt64(base), found)
    var count = foundCount
    var anchorEvent: UInt16?
    part.forEachRow(view.primary) { anchor, index in
      let local = part.local(index)
      if isWhole[local] { return }
      var before = view.time(anchor)
      if before < from || before >= to { return }
      let begin = before
      let end = Int(part.starts[index &+ 1])
      if part.shares.map({ $0[local] > 1 }) == true || (anchor > Int(part.starts[index]) && view.time(anchor &- 1) == begin) {
        isWhole[local] = true
        return
      }
      // A word of labels; or, with a table, its cell: the first column is its lowest digit, and the end the largest.
      var path = hasCells ? 0 : UInt64.max << 16 | UInt64(view.event(anchor))
      var scale: UInt64 = 1
      var column = 0
      var row = anchor &+ 1
      while true {
        guard row < end else {
          // What follows in the next partition may belong to the path.
          if column < forward, begin &+ window >= part.partitionEnd { isWhole[local] = true }
          break
        }
        guard view.isShown(row) else { break }
        let next = view.time(row)
        if next == before {
          isWhole[local] = true
          break
        }
        if column == forward || next &- begin > window { break }
        before = next
        column &+= 1
        if hasCells {
          path &+= UInt64(view.event(row)) &* scale
          scale &*= base
        } else {
          path ^= (0xFFFF ^ UInt64(view.event(row))) &<< UInt64(column &* 16)
        }
        row &+= 1
      }
      if column < forward {
        if dropsIncomplete {
          path = Self.dropped
        } else if hasCells {
          while column < forward {
            path &+= (base &- 1) &* scale
            scale &*= base
            column &+= 1
          }
        }
      }
      anchorEvent = view.event(anchor)
      found[count] = Found(cell: path, local: local)
      count &+= 1
    }
    foundCount = count
    if hasCells, let anchorEvent { self.anchor = anchorEvent }
  }

  private mutating func reserve(_ more: Int) {
    guard foundCount + more > foundCapacity else { return }
    foundCapacity = (foundCount + more) * 2
    let larger = UnsafeMutablePointer<Found>.allocate(capacity: foundCapacity)
    larger.initialize(from: found, count: foundCount)
    found.deallocate()
    found = larger
  }

  mutating func end(_ band: Band, _ paths: inout FlowPathCounts, _ incomplete: inout Int) {
    let isWhole = isWhole
    for index in 0..<foundCount {
      let path = found[index]
      if isWhole[path.local] || band.unordered[path.local] { continue }
      if path.cell == Self.dropped {
        incomplete &+= 1
      } else if let cells {
        cells[Int(path.cell)] &+= 1
      } else {
        paths.addWord(path.cell)
      }
    }
  }

  func isDone(_ local: Int) -> Bool { !isWhole[local] }

  /// Hands over what the table has counted.
  func pour(into paths: inout FlowPathCounts) {
    guard let cells, let anchor else { return }
    for cell in 0..<cellCount where cells[cell] > 0 {
      var word = UInt64.max << 16 | UInt64(anchor)
      var rest = cell
      for column in 1..<(forward + 1) {
        let label = rest % base
        rest /= base
        if label < base - 1 { word ^= (0xFFFF ^ UInt64(label)) << UInt64(column * 16) }
      }
      paths.addWord(word, count: cells[cell])
      cells[cell] = 0
    }
  }
}
