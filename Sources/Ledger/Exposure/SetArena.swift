/// Sets of ordinals, one behind the other in blocks of memory: gaps between ascending ordinals as LEB128, so that a set of ten thousand in a
/// million takes a byte each. Within a budget: the oldest blocks go first, and their sets are read from the disk when asked for.
struct SetArena: Sendable {
  struct Place: Sendable {
    var block: UInt32
    var offset: UInt32
    var count: UInt32
  }

  private struct Block: Sendable {
    var bytes: [UInt8]
    /// The last entry with a set in it.
    var lastEntry: UInt64
  }

  static let blockBytes = 1 << 20

  private let budget: Int
  private var blocks: [Block] = []
  /// Blocks that are gone.
  private var dropped: UInt32 = 0
  private(set) var bytes = 0

  init(budget: Int) { self.budget = budget }

  func holds(_ place: Place) -> Bool { place.block >= dropped }

  /// - Parameters:
  ///   - ordinals: ascending, each once.
  ///   - readable: entries before this one can be read from the disk again.
  mutating func append(_ ordinals: [UInt32], of entry: UInt64, readable: UInt64) -> Place {
    if blocks.last.map({ $0.bytes.count + ordinals.count * 2 > Self.blockBytes }) ?? true {
      // Room for what may come; a set larger than a block has one of its own.
      var block = Block(bytes: [], lastEntry: entry)
      block.bytes.reserveCapacity(Self.blockBytes)
      blocks.append(block)
    }
    let last = blocks.count - 1
    let place = Place(block: dropped + UInt32(last), offset: UInt32(blocks[last].bytes.count), count: UInt32(ordinals.count))
    var previous: UInt32 = 0
    for ordinal in ordinals {
      var gap = ordinal &- previous
      previous = ordinal
      while gap >= 0x80 {
        blocks[last].bytes.append(UInt8(truncatingIfNeeded: gap) | 0x80)
        gap >>= 7
      }
      blocks[last].bytes.append(UInt8(gap))
    }
    blocks[last].lastEntry = entry
    bytes += blocks[last].bytes.count - Int(place.offset)
    drop(before: readable)
    return place
  }

  mutating func drop(before readable: UInt64) {
    while bytes > budget, let first = blocks.first, first.lastEntry < readable {
      bytes -= first.bytes.count
      blocks.removeFirst()
      dropped += 1
    }
  }

  /// Makes what the set said unreadable in memory: its details were erased.
  mutating func wipe(_ place: Place) {
    guard holds(place) else { return }
    let block = Int(place.block - dropped)
    var (position, left) = (Int(place.offset), place.count)
    while left > 0 {
      if blocks[block].bytes[position] < 0x80 { left -= 1 }
      blocks[block].bytes[position] = 0
      position += 1
    }
  }

  /// Of a set that is held.
  @inline(__always) func forEach(_ place: Place, _ body: (UInt32) -> Void) {
    blocks[Int(place.block - dropped)].bytes.withUnsafeBufferPointer { bytes in
      var position = Int(place.offset)
      var ordinal: UInt32 = 0
      for _ in 0..<place.count {
        var byte = bytes[position]
        position += 1
        var gap = UInt32(byte & 0x7F)
        var shift: UInt32 = 7
        while byte >= 0x80 {
          byte = bytes[position]
          position += 1
          gap |= UInt32(byte & 0x7F) << shift
          shift += 7
        }
        ordinal &+= gap
        body(ordinal)
      }
    }
  }
}
