internal import Journeys

/// A path while it is being made: a label for each column, four to a word, so that paths are compared and hashed by words.
struct FlowPath {
  /// Nothing further. Labels stay below.
  static let end = UInt16.max
  /// Between two anchors: what has no column.
  static let more = UInt16.max - 1

  let width: Int
  let wordCount: Int
  let labels: UnsafeMutablePointer<UInt16>

  init(width: Int) {
    self.width = width
    wordCount = (width + 3) / 4
    let memory = UnsafeMutableRawPointer.allocate(byteCount: wordCount * 8, alignment: 8)
    labels = memory.bindMemory(to: UInt16.self, capacity: wordCount * 4)
    labels.initialize(repeating: Self.end, count: wordCount * 4)
  }

  func free() { UnsafeMutableRawPointer(labels).deallocate() }

  @inline(__always) func clear() { for column in 0..<width { labels[column] = Self.end } }

  @inline(__always) func word(_ index: Int) -> UInt64 { UnsafeRawPointer(labels).load(fromByteOffset: index &* 8, as: UInt64.self) }
}

/// Counts equal paths: an open-addressing table over their words.
struct FlowPathCounts {
  /// Different paths that one question may tell apart.
  private static let limit = 4_000_000

  let width: Int
  let wordCount: Int
  private(set) var words: [UInt64] = []
  private(set) var counts: [Int] = []
  private var slots = [Int32](repeating: -1, count: 1024)
  private var isFull = false

  init(width: Int) {
    self.width = width
    wordCount = (width + 3) / 4
  }

  func label(_ row: Int, _ column: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: words[row * wordCount + column / 4] >> UInt64(column % 4 * 16))
  }

  /// - Throws: `QueryError` (`too_large`) if there were too many: the figures are of no use then.
  func check() throws(QueryError) {
    guard isFull else { return }
    throw QueryError(
      .tooLarge, "There are more than \(Self.limit) different paths; ask for fewer columns, hide events or expand less.", field: "forward")
  }

  @inline(__always) mutating func add(_ path: FlowPath, count: Int = 1) {
    if wordCount == 1 { return addWord(path.word(0), count: count) }
    add(count: count) { path.word($0) }
  }

  /// A path of at most four columns.
  @inline(__always) mutating func addWord(_ word: UInt64, count: Int = 1) {
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: Self.mix(0, word)) & mask
    while slots[slot] >= 0 {
      let row = Int(slots[slot])
      if words[row] == word {
        counts[row] &+= count
        return
      }
      slot = (slot &+ 1) & mask
    }
    insert(slot, count) { _ in word }
  }

  /// Adds those of another thread.
  mutating func add(_ other: FlowPathCounts) {
    isFull = isFull || other.isFull
    for (row, count) in other.counts.enumerated() { add(count: count) { other.words[row &* other.wordCount &+ $0] } }
  }

  private mutating func add(count: Int, _ word: (Int) -> UInt64) {
    let mask = slots.count &- 1
    var hash: UInt64 = 0
    for index in 0..<wordCount { hash = Self.mix(hash, word(index)) }
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] >= 0 {
      let row = Int(slots[slot])
      if (0..<wordCount).allSatisfy({ words[row &* wordCount &+ $0] == word($0) }) {
        counts[row] &+= count
        return
      }
      slot = (slot &+ 1) & mask
    }
    insert(slot, count, word)
  }

  @inline(never) private mutating func insert(_ slot: Int, _ count: Int, _ word: (Int) -> UInt64) {
    guard counts.count < Self.limit else {
      isFull = true
      return
    }
    slots[slot] = Int32(counts.count)
    counts.append(count)
    for index in 0..<wordCount { words.append(word(index)) }
    if counts.count * 2 > slots.count { grow() }
  }

  @inline(__always) private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: 0xFF51_AFD7_ED55_8CCD)
    return product.high ^ product.low
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 4)
    let mask = slots.count - 1
    for row in 0..<counts.count {
      var hash: UInt64 = 0
      for index in 0..<wordCount { hash = Self.mix(hash, words[row * wordCount + index]) }
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(row)
    }
  }
}
