internal import Journeys

/// Counts the different subjects of each group and bucket, and of each group over the whole range, in a band: a bit for each cell and
/// subject. What is new is written down as well, so that the subjects of groups that a report folds into "other" can be counted once
/// without reading the events again.
struct InsightsGroupBand {
  /// More cells than this do not stay in the nearest caches.
  private static let cellLimit = 8_192
  /// What a subject and a cell are written down as: ten bits of the local number under the cell.
  private static let localBits: UInt32 = 10
  private static let wordsPerCell = Band.limit / 64

  private let codes: BreakdownCodes
  private let table: BucketTable
  /// Cells of a group: its buckets, then the whole range.
  private let width: Int
  private var groupCount = 0
  private var bits: UnsafeMutablePointer<UInt64>
  /// By cell: the last band for which its bits were cleared.
  private var stamps: UnsafeMutablePointer<UInt32>
  private var band: UInt32 = 0
  /// Whether there were more groups than there is room for: nothing is of use then.
  private(set) var isFull = false
  /// Each cell and subject once, in the order of the bands: see `localBits`. Then the ends of the bands.
  private var record: [UInt32] = []
  /// Entries of the record at most.
  private let recordLimit: Int
  private var recordEnds: [Int] = []
  private var isRecorded = true
  /// What is new in the part at hand.
  private var fresh: UnsafeMutablePointer<UInt32>
  private var freshCapacity = 1

  /// - Parameter memory: bytes that the record may take.
  init?(_ codes: BreakdownCodes, _ table: BucketTable, memory: Int) {
    guard (table.count + 1) * 64 <= Self.cellLimit else { return nil }
    self.codes = codes
    self.table = table
    width = table.count + 1
    recordLimit = memory / MemoryLayout<UInt32>.stride
    bits = .allocate(capacity: 1)
    stamps = .allocate(capacity: 1)
    fresh = .allocate(capacity: 1)
    makeRoom(63)
  }

  func free() {
    bits.deallocate()
    stamps.deallocate()
    fresh.deallocate()
  }

  /// False if the group does not fit any more.
  @inline(never) @discardableResult private mutating func makeRoom(_ group: Int) -> Bool {
    guard (group + 1) * width <= Self.cellLimit else {
      isFull = true
      return false
    }
    let (old, new) = (groupCount * width, min(max(group + 1, groupCount * 2), Self.cellLimit / width) * width)
    let moreStamps = UnsafeMutablePointer<UInt32>.allocate(capacity: new)
    moreStamps.initialize(from: stamps, count: old)
    (moreStamps + old).initialize(repeating: 0, count: new - old)
    let moreBits = UnsafeMutablePointer<UInt64>.allocate(capacity: new * Self.wordsPerCell)
    moreBits.initialize(from: bits, count: old * Self.wordsPerCell)
    (moreBits + old * Self.wordsPerCell).initialize(repeating: 0, count: (new - old) * Self.wordsPerCell)
    stamps.deallocate()
    bits.deallocate()
    (stamps, bits, groupCount) = (moreStamps, moreBits, new / width)
    return true
  }

  mutating func begin() { band &+= 1 }

  /// - Parameter counts: cells of rows, and of different subjects, with room for any group.
  mutating func take(_ part: BandPart, _ counts: inout InsightsCells) {
    guard !isFull else { return }
    let view = part.view.pointee
    let (buckets, width, band, table) = (view.buckets, width, band, table)
    // A row is new in its bucket and over the whole range at most; lists are met one element at a time.
    let rows = part.endRow - part.firstRow
    if rows * 2 > freshCapacity {
      fresh.deallocate()
      freshCapacity = rows * 4
      fresh = .allocate(capacity: freshCapacity)
    }
    var known = codes.groups(of: part.view)
    var cells = Cells(counts, limit: min(groupCount, counts.groupCount), stamps: stamps, bits: bits, fresh: fresh)
    part.forEachSubject(view.bits) { index, rows in
      let local = part.local(index)
      // Mostly a subject's rows are of one group and bucket.
      var (first, bucket, count) = (0, 0, 0)
      rows.visit { row in
        var next = 0
        if let buckets {
          let code = buckets[Int(view.slots[row])]
          if code == BucketTable.outside { return }
          next = Int(code)
        } else {
          let time = view.time(row)
          if time < table.from || time >= table.to { return }
          next = table.reader.bucket(time)
        }
        guard let group = known?.group(row), Int(group) < cells.limit else {
          addSlowly(part, row, index, next, &cells, &counts)
          known = codes.groups(of: part.view)
          return
        }
        let start = Int(group) &* width
        if start == first, next == bucket {
          count &+= 1
          return
        }
        if count > 0 { cells.count(count, first, bucket, width &- 1, local, band) }
        (first, bucket, count) = (start, next, 1)
      }
      if count > 0 { cells.count(count, first, bucket, width &- 1, local, band) }
    }
    keep(cells)
  }

  /// The memory of the cells, for a loop.
  private struct Cells {
    let totals: UnsafeMutablePointer<Int>
    let subjects: UnsafeMutablePointer<Int>
    let stamps: UnsafeMutablePointer<UInt32>
    let bits: UnsafeMutablePointer<UInt64>
    let fresh: UnsafeMutablePointer<UInt32>
    /// Groups below have their cells.
    let limit: Int
    var freshCount = 0

    init(
      _ counts: InsightsCells, limit: Int, stamps: UnsafeMutablePointer<UInt32>, bits: UnsafeMutablePointer<UInt64>,
      fresh: UnsafeMutablePointer<UInt32>
    ) {
      (totals, subjects) = (counts.totals, counts.subjects)
      (self.stamps, self.bits, self.fresh, self.limit) = (stamps, bits, fresh, limit)
    }

    /// Rows of a group whose cells begin at `first`.
    @inline(__always) mutating func count(_ rows: Int, _ first: Int, _ bucket: Int, _ whole: Int, _ local: Int, _ band: UInt32) {
      totals[first &+ bucket] &+= rows
      // Who was seen in the bucket was seen in the whole range.
      if mark(first &+ bucket, local, band) { _ = mark(first &+ whole, local, band) }
    }

    /// False if the cell knows the subject.
    @inline(__always) private mutating func mark(_ cell: Int, _ local: Int, _ band: UInt32) -> Bool {
      let words = bits + cell &* InsightsGroupBand.wordsPerCell
      if stamps[cell] != band {
        stamps[cell] = band
        words.update(repeating: 0, count: InsightsGroupBand.wordsPerCell)
      }
      let bit: UInt64 = 1 &<< UInt64(local & 63)
      let word = words[local >> 6]
      if word & bit != 0 { return false }
      words[local >> 6] = word | bit
      subjects[cell] &+= 1
      fresh[freshCount] =
        UInt32(truncatingIfNeeded: cell) &<< InsightsGroupBand.localBits | UInt32(truncatingIfNeeded: local)
      freshCount &+= 1
      return true
    }
  }

  /// Values that are met for the first time, and lists.
  @inline(never) private mutating func addSlowly(
    _ part: BandPart, _ row: Int, _ index: Int, _ bucket: Int, _ cells: inout Cells, _ counts: inout InsightsCells
  ) {
    let code = codes.code(Journey.Place(view: part.view, row: row), subject: part.subjects[index])
    let groups = code & BreakdownCodes.listBit == 0 ? [code] : codes.groups(code)
    for group in groups {
      keep(cells)
      cells.freshCount = 0
      let group = Int(group)
      if group >= groupCount && !makeRoom(group) { continue }
      if group >= counts.groupCount { counts.grow(to: group + 1) }
      cells = Cells(counts, limit: min(groupCount, counts.groupCount), stamps: stamps, bits: bits, fresh: fresh)
      cells.count(1, group * width, bucket, width - 1, part.local(index), band)
    }
  }

  private mutating func keep(_ cells: Cells) {
    if isRecorded { record.append(contentsOf: UnsafeBufferPointer(start: cells.fresh, count: cells.freshCount)) }
  }

  mutating func end() {
    guard isRecorded else { return }
    recordEnds.append(record.count)
    if record.count > recordLimit || isFull { forget() }
  }

  private mutating func forget() {
    isRecorded = false
    record = []
    recordEnds = []
  }

  /// Takes over the record of another thread.
  mutating func join(_ other: InsightsGroupBand) {
    isFull = isFull || other.isFull
    guard isRecorded, other.isRecorded, record.count + other.record.count <= recordLimit else { return forget() }
    let shift = record.count
    record += other.record
    recordEnds += other.recordEnds.map { $0 + shift }
  }

  /// The different subjects that any of some groups counts, by bucket and then over the whole range; nil where that was not recorded.
  func subjects(ofAny isMeant: (_ group: Int) -> Bool) -> [Int]? {
    guard isRecorded else { return nil }
    let groups = (record.max().map { Int($0 >> Self.localBits) / width } ?? 0) + 1
    let meant = (0..<groups * width).map { isMeant($0 / width) }
    let columns = (0..<groups * width).map { $0 % width }
    var counts = [Int](repeating: 0, count: width)
    var seen = [UInt64](repeating: 0, count: width * Self.wordsPerCell)
    var entry = 0
    for end in recordEnds {
      var isAny = false
      while entry < end {
        let cell = Int(record[entry] >> Self.localBits)
        if meant[cell] {
          isAny = true
          let column = columns[cell]
          let local = Int(record[entry] & (1 << Self.localBits - 1))
          let bit: UInt64 = 1 &<< UInt64(local & 63)
          if seen[column &* Self.wordsPerCell &+ local >> 6] & bit == 0 {
            seen[column &* Self.wordsPerCell &+ local >> 6] |= bit
            counts[column] &+= 1
          }
        }
        entry += 1
      }
      if isAny { for word in seen.indices { seen[word] = 0 } }
    }
    return counts
  }
}

/// How many rows, and how many different subjects, each cell has: of every group its buckets, then the whole range. Rows are counted by
/// bucket alone.
struct InsightsCells {
  let width: Int
  private(set) var groupCount = 0
  private(set) var totals: UnsafeMutablePointer<Int>
  private(set) var subjects: UnsafeMutablePointer<Int>

  init(width: Int, groups: Int) {
    self.width = width
    totals = .allocate(capacity: 1)
    subjects = .allocate(capacity: 1)
    grow(to: groups)
  }

  func free() {
    totals.deallocate()
    subjects.deallocate()
  }

  @inline(never) mutating func grow(to groups: Int) {
    guard groups > groupCount else { return }
    let wanted = max(groups, groupCount * 2)
    totals = Self.larger(totals, groupCount * width, wanted * width)
    subjects = Self.larger(subjects, groupCount * width, wanted * width)
    groupCount = wanted
  }

  private static func larger(_ memory: UnsafeMutablePointer<Int>, _ old: Int, _ new: Int) -> UnsafeMutablePointer<Int> {
    let copy = UnsafeMutablePointer<Int>.allocate(capacity: new)
    copy.initialize(from: memory, count: old)
    (copy + old).initialize(repeating: 0, count: new - old)
    memory.deallocate()
    return copy
  }

  mutating func add(_ other: InsightsCells) {
    grow(to: other.groupCount)
    for cell in 0..<other.groupCount * width {
      totals[cell] += other.totals[cell]
      subjects[cell] += other.subjects[cell]
    }
  }
}
