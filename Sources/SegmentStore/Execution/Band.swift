/// A stretch of subject numbers whose rows are looked at together, run by run instead of journey by journey.
///
/// What is known of its subjects stands in arrays by `local` number: 0, 1, 2 … in the order in which they are met. They are small enough to
/// stay in the nearest caches, and the rows of a run are met in the order in which they lie.
struct Band {
  /// No band has more subjects.
  static let limit = 1_024

  /// How many subjects it has.
  let count: Int
  /// By local number: whether the subject's rows lie in several runs of a partition that overlap in time.
  let unordered: UnsafePointer<Bool>
}

/// Rows of one block of one run that belong to subjects of a band. The pointers are valid until the band is left.
struct BandPart {
  let view: UnsafePointer<BlockView>
  /// The block's subjects, the row at which each begins, and a bit for each such row.
  let subjects: UnsafePointer<UInt32>
  let starts: UnsafePointer<UInt32>
  let startBits: UnsafePointer<UInt64>
  /// Of the subjects: those of the band, by index.
  let first: Int
  let end: Int
  /// By index: the local number of each.
  var locals: UnsafePointer<UInt16>
  /// First millisecond behind the partition.
  let partitionEnd: Int64
  /// By local number: in how many parts of the partition the subject has rows; nil where nobody has rows in several.
  var shares: UnsafePointer<UInt8>?

  var firstRow: Int { Int(starts[first]) }
  var endRow: Int { Int(starts[end]) }

  @inline(__always) func local(_ index: Int) -> Int { Int(locals[index]) }

  /// Index of the subject that a row belongs to.
  func index(of row: Int) -> Int {
    var low = first
    var high = end
    while low < high {
      let middle = (low &+ high) >> 1
      if Int(starts[middle]) <= row { low = middle &+ 1 } else { high = middle }
    }
    return low &- 1
  }

  /// How many of its rows have their bit set.
  func count(of bits: UnsafePointer<UInt64>) -> Int {
    let (first, last) = (firstRow, endRow - 1)
    let head: UInt64 = ~0 << UInt64(first & 63)
    let tail: UInt64 = ~0 >> UInt64(63 - (last & 63))
    if first >> 6 == last >> 6 { return (bits[first >> 6] & head & tail).nonzeroBitCount }
    var count = (bits[first >> 6] & head).nonzeroBitCount + (bits[last >> 6] & tail).nonzeroBitCount
    for word in (first >> 6 + 1)..<(last >> 6) { count += bits[word].nonzeroBitCount }
    return count
  }

  /// Calls `body` with each row whose bit is set, in order, and the index of its subject.
  @inline(__always) func forEachRow(_ bits: UnsafePointer<UInt64>, _ body: (_ row: Int, _ index: Int) -> Void) {
    let (firstRow, endRow) = (firstRow, endRow)
    var word = firstRow >> 6
    let last = (endRow &- 1) >> 6
    let head: UInt64 = ~0 &<< UInt64(firstRow & 63)
    var rest = bits[word] & head
    // Index of the last subject that began before the word.
    var index = first &- (startBits[word] & ~(head &<< 1)).nonzeroBitCount
    while true {
      if word == last { rest &= ~0 &>> UInt64(63 &- ((endRow &- 1) & 63)) }
      let begun = startBits[word]
      while rest != 0 {
        let lowest = rest & (0 &- rest)
        let row = word << 6 &+ rest.trailingZeroBitCount
        rest ^= lowest
        body(row, index &+ (begun & (lowest | (lowest &- 1))).nonzeroBitCount)
      }
      if word == last { return }
      index &+= begun.nonzeroBitCount
      word &+= 1
      rest = bits[word]
    }
  }

  /// The rows of a subject whose bit is set.
  struct Rows {
    fileprivate let bits: UnsafePointer<UInt64>
    fileprivate let word: Int
    fileprivate let lastWord: Int
    fileprivate let head: UInt64
    fileprivate let tail: UInt64

    @inline(__always) func visit(_ body: (_ row: Int) -> Void) {
      var (word, rest) = (word, head)
      while true {
        while rest != 0 {
          body(word << 6 &+ rest.trailingZeroBitCount)
          rest &= rest &- 1
        }
        if word == lastWord { return }
        word &+= 1
        rest = bits[word]
        if word == lastWord { rest &= tail }
      }
    }
  }

  /// Calls `body` with the index of each subject that may have rows whose bit is set, and those.
  @inline(__always) func forEachSubject(_ bits: UnsafePointer<UInt64>, _ body: (_ index: Int, _ rows: Rows) -> Void) {
    for index in first..<end {
      let firstRow = Int(starts[index])
      let lastRow = Int(starts[index &+ 1]) &- 1
      let (word, lastWord) = (firstRow >> 6, lastRow >> 6)
      let tail: UInt64 = ~0 &>> UInt64(63 &- (lastRow & 63))
      var head = bits[word] & (~0 &<< UInt64(firstRow & 63))
      if word == lastWord {
        head &= tail
        if head == 0 { continue }
      }
      body(index, Rows(bits: bits, word: word, lastWord: lastWord, head: head, tail: tail))
    }
  }
}
