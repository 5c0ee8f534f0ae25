internal import Journeys

/// Retention of first starts, for all subjects of a band: from the first start on, a subject's rows are followed as far as its columns
/// reach, into the next partitions where needed.
struct RetentionBand {
  private let frame: RetentionFrame
  private let table: BucketTable
  private let isRolling: Bool
  private let everythingReturns: Bool
  private let periods: Int
  private let columnOfPeriod: [UInt8]
  /// By local number: the cohort of the first start, `none` before it, `outside` if it lies outside of the range.
  private let cohorts: UnsafeMutablePointer<Int32>
  private let starts: UnsafeMutablePointer<Int64>
  private let columns: UnsafeMutablePointer<UInt64>
  /// By local number: whether its columns reach behind the rows that were seen.
  private let isOpen: UnsafeMutablePointer<Bool>
  private var openCount = 0

  private static let none: Int32 = -1
  private static let outside: Int32 = -2

  init(frame: RetentionFrame, table: BucketTable, isRolling: Bool, everythingReturns: Bool, periods: Int) {
    self.frame = frame
    self.table = table
    self.isRolling = isRolling
    self.everythingReturns = everythingReturns
    self.periods = periods
    columnOfPeriod = frame.columnOfPeriod
    cohorts = .allocate(capacity: Band.limit)
    starts = .allocate(capacity: Band.limit)
    columns = .allocate(capacity: Band.limit)
    isOpen = .allocate(capacity: Band.limit)
  }

  func free() {
    cohorts.deallocate()
    starts.deallocate()
    columns.deallocate()
    isOpen.deallocate()
  }

  mutating func begin(_ count: Int) {
    cohorts.initialize(repeating: Self.none, count: count)
    isOpen.initialize(repeating: false, count: count)
    openCount = 0
  }

  mutating func take(_ part: BandPart) {
    if openCount > 0 { resume(part) }
    var opened = 0
    let view = part.view.pointee
    let (cohorts, from, to) = (cohorts, frame.from, frame.to)
    part.forEachRow(view.primary) { row, index in
      let local = part.local(index)
      guard cohorts[local] == Self.none else { return }
      let time = view.time(row)
      guard time >= from, time < to else {
        cohorts[local] = Self.outside
        return
      }
      cohorts[local] = Int32(truncatingIfNeeded: table.reader.bucket(time))
      starts[local] = time
      columns[local] = 0
      if follow(view, row, Int(part.starts[index &+ 1]), local) {
        isOpen[local] = true
        opened &+= 1
      }
    }
    openCount += opened
  }

  /// Goes on with those whose columns reach into this part.
  private mutating func resume(_ part: BandPart) {
    let view = part.view.pointee
    for index in part.first..<part.end where isOpen[part.local(index)] {
      let local = part.local(index)
      if !follow(view, Int(part.starts[index]), Int(part.starts[index &+ 1]), local) {
        isOpen[local] = false
        openCount -= 1
      }
    }
  }

  /// Adds the columns of some rows. False if the last column is behind.
  @inline(__always) private func follow(_ view: BlockView, _ first: Int, _ end: Int, _ local: Int) -> Bool {
    let start = starts[local]
    let cohort = Int(cohorts[local])
    let last = isRolling ? start &+ Int64(periods &+ 1) &* frame.period : frame.buckets.edges[cohort &+ periods &+ 1]
    let reader = table.reader
    var found = columns[local]
    defer { columns[local] = found }
    var word = first >> 6
    let lastWord = (end &- 1) >> 6
    var bits = view.bits[word] & (~0 &<< UInt64(first & 63))
    while true {
      if word == lastWord { bits &= ~0 &>> UInt64(63 &- ((end &- 1) & 63)) }
      while bits != 0 {
        let row = word << 6 &+ bits.trailingZeroBitCount
        bits &= bits &- 1
        var period = 0
        if !isRolling, let buckets = view.buckets {
          let bucket = buckets[Int(view.slots[row])]
          if bucket == BucketTable.outside { return false }
          period = Int(bucket) &- cohort
          if period > periods { return false }
          // Before its start: of a subject whose rows are not in order here, and which is visited again.
          if period < 0 { continue }
        } else {
          let time = view.time(row)
          if time >= last { return false }
          if time < start { continue }
          period = isRolling ? Int((time &- start) / frame.period) : reader.bucket(time) &- cohort
        }
        if everythingReturns || view.mask(row) & 2 != 0 {
          let column = columnOfPeriod.storage[period]
          if column != RetentionFrame.noColumn { found |= 1 &<< UInt64(column) }
        }
      }
      if word == lastWord { return true }
      word &+= 1
      bits = view.bits[word]
    }
  }

  /// The cohort of a subject's first start and the columns in which it came back; nil if it is in no cohort.
  @inline(__always) func outcome(_ local: Int) -> (cohort: Int, start: Int64, columns: UInt64)? {
    let cohort = cohorts[local]
    // Column 0 is not something to come back in.
    return cohort < 0 ? nil : (Int(cohort), starts[local], columns[local] & ~1)
  }
}
