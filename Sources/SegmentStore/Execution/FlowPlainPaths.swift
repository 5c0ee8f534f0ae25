internal import Journeys

/// Reads forward paths where they stand: without repeats to collapse or anything to leave out, a path is the rows behind its anchor.
struct FlowPlainPaths {
  private let range: Range<Int64>
  private let window: Int64
  private let forward: Int
  private let isFirst: Bool
  private let dropsIncomplete: Bool
  /// The paths of a journey, until it is known that none of its milliseconds needs an order of its own.
  private var words: UnsafeMutablePointer<UInt64>
  private var capacity = 256
  private var count = 0

  /// A path is one word here.
  static func suffices(_ query: FlowsQuery, _ labels: FlowLabels) -> Bool {
    query.backward == 0 && query.forward <= 3 && !query.collapsesRepeats && query.hidden.isEmpty && query.to == nil && !labels.expands
      && query.sessionGapSeconds == nil && query.filter == nil
  }

  init(_ query: FlowsQuery, range: Range<Int64>) {
    self.range = range
    window = query.windowSeconds * 1000
    forward = query.forward
    isFirst = query.anchors == .first
    dropsIncomplete = query.incomplete == .dropped
    words = .allocate(capacity: capacity)
  }

  func free() { words.deallocate() }

  /// - Returns: false where equal times need an order of their own: then nothing was counted.
  mutating func walk(_ journey: Journey, _ paths: inout FlowPathCounts, _ incomplete: inout Int) -> Bool {
    count = 0
    var dropped = 0
    guard collect(journey, &dropped) else { return false }
    incomplete &+= dropped
    var index = 0
    while index < count {
      paths.addWord(words[index])
      index &+= 1
    }
    return true
  }

  @inline(__always) private mutating func collect(_ journey: Journey, _ dropped: inout Int) -> Bool {
    let from = range.lowerBound
    let to = range.upperBound
    var number = 0
    while number < journey.pieces.count {
      let piece = journey.pieces[number]
      let view = piece.view
      var word = piece.first >> 6
      let last = (piece.end &- 1) >> 6
      var bits = view.pointee.primary[word] & (~0 &<< UInt64(piece.first & 63))
      while true {
        if word == last { bits &= ~0 &>> UInt64(63 &- ((piece.end &- 1) & 63)) }
        while bits != 0 {
          let row = word << 6 &+ bits.trailingZeroBitCount
          bits &= bits &- 1
          let time = view.pointee.time(row)
          if time < from { continue }
          if time >= to { return true }
          if row > piece.first {
            if view.pointee.time(row &- 1) == time { return false }
          } else if number > 0, journey.pieces[number &- 1].lastTime == time {
            return false
          }
          guard take(journey, number, row, time, &dropped) else { return false }
          if isFirst { return true }
        }
        if word == last { break }
        word &+= 1
        bits = view.pointee.primary[word]
      }
      number &+= 1
    }
    return true
  }

  /// The path behind an anchor. False if two of its events, or the last and the one behind it, share a millisecond.
  @inline(__always) private mutating func take(_ journey: Journey, _ number: Int, _ anchor: Int, _ time: Int64, _ dropped: inout Int)
    -> Bool
  {
    var number = number
    var piece = journey.pieces[number]
    var row = anchor
    var before = time
    var path = UInt64.max << 16 | UInt64(piece.view.pointee.event(row))
    var column = 0
    while true {
      row &+= 1
      while row >= piece.end, number &+ 1 < journey.pieces.count {
        number &+= 1
        piece = journey.pieces[number]
        row = piece.first
      }
      guard row < piece.end, piece.view.pointee.isShown(row) else { break }
      let next = piece.view.pointee.time(row)
      if next == before { return false }
      if column == forward || next &- time > window { break }
      before = next
      column &+= 1
      let shift = UInt64(column &* 16)
      path ^= (0xFFFF ^ UInt64(piece.view.pointee.event(row))) &<< shift
    }
    if dropsIncomplete && column < forward {
      dropped &+= 1
      return true
    }
    if count == capacity { grow() }
    words[count] = path
    count &+= 1
    return true
  }

  @inline(never) private mutating func grow() {
    let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity * 2)
    larger.initialize(from: words, count: count)
    words.deallocate()
    words = larger
    capacity *= 2
  }
}
