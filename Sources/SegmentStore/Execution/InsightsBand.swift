/// Counts the different subjects of each bucket, and of the whole range, in a band.
///
/// Where the rows that are seen are each subject's first ones of a day, and a bucket is a day, a row counts as it stands: nothing has to
/// be remembered. The exceptions are remembered by a bit for each subject and bucket: subjects with rows in several runs of a month,
/// and buckets that belong to two months.
struct InsightsBand {
  /// More buckets than this are counted journey by journey.
  private static let bucketLimit = 512

  private let table: BucketTable
  private let bucketsAreDays: Bool
  private let words: Int
  /// By local number: a bit for each bucket.
  private let seen: UnsafeMutablePointer<UInt64>
  /// By local number: whether there was any row in the range.
  private let isAny: UnsafeMutablePointer<Bool>
  /// By bucket: whether it lies in two partitions.
  private let straddles: UnsafeMutablePointer<Bool>
  /// Rows of such buckets.
  private var straddling: [Int] = []

  init?(_ table: BucketTable, bucketsAreDays: Bool) {
    guard table.count > 0, table.count <= Self.bucketLimit else { return nil }
    self.table = table
    self.bucketsAreDays = bucketsAreDays
    words = (table.count + 63) / 64
    seen = .allocate(capacity: words * Band.limit)
    seen.initialize(repeating: 0, count: words * Band.limit)
    isAny = .allocate(capacity: Band.limit)
    isAny.initialize(repeating: false, count: Band.limit)
    straddles = .allocate(capacity: table.count)
    for bucket in 0..<table.count {
      let (first, last) = table.bounds(bucket)
      (straddles + bucket).initialize(to: Partition(containing: first) != Partition(containing: last))
    }
  }

  func free() {
    seen.deallocate()
    isAny.deallocate()
    straddles.deallocate()
  }

  /// - Parameters:
  ///   - totals: rows by bucket. Where only firsts are seen, nobody asks for them.
  ///   - subjects: different subjects by bucket, then of the whole range.
  mutating func take(_ part: BandPart, totals: UnsafeMutablePointer<Int>, subjects: UnsafeMutablePointer<Int>) {
    if bucketsAreDays, part.view.pointee.isFirsts, let buckets = part.view.pointee.buckets {
      takeDays(part, buckets, subjects)
    } else {
      takeRows(part, totals)
    }
  }

  private func takeRows(_ part: BandPart, _ totals: UnsafeMutablePointer<Int>) {
    let view = part.view
    let (table, seen, isAny, words) = (table, seen, isAny, words)
    let buckets = view.pointee.buckets
    part.forEachRow(view.pointee.bits) { row, index in
      var bucket = 0
      if let buckets {
        let code = buckets[Int(view.pointee.slots[row])]
        if code == BucketTable.outside { return }
        bucket = Int(code)
      } else {
        let time = view.pointee.time(row)
        if time < table.from || time >= table.to { return }
        bucket = table.reader.bucket(time)
      }
      let local = part.local(index)
      totals[bucket] &+= 1
      seen[local &* words &+ bucket >> 6] |= 1 &<< UInt64(bucket & 63)
      isAny[local] = true
    }
  }

  private mutating func takeDays(_ part: BandPart, _ buckets: UnsafePointer<UInt16>, _ subjects: UnsafeMutablePointer<Int>) {
    let view = part.view
    let slots = view.pointee.slots
    let bits = view.pointee.bits
    let straddles = straddles
    var isWhole = true
    var word = part.firstRow >> 6
    let last = (part.endRow &- 1) >> 6
    var rest = bits[word] & (~0 &<< UInt64(part.firstRow & 63))
    while true {
      if word == last { rest &= ~0 &>> UInt64(63 &- ((part.endRow &- 1) & 63)) }
      while rest != 0 {
        let row = word << 6 &+ rest.trailingZeroBitCount
        rest &= rest &- 1
        let bucket = Int(buckets[Int(slots[row])])
        if bucket >= Int(BucketTable.outside) {
          isWhole = false
        } else if straddles[bucket] {
          straddling.append(row)
        } else {
          subjects[bucket] &+= 1
        }
      }
      if word == last { break }
      word &+= 1
      rest = bits[word]
    }
    markAny(part, buckets, isWhole: isWhole)
    if !straddling.isEmpty {
      for row in straddling { remember(row, of: part.local(part.index(of: row)), buckets, slots) }
      straddling.removeAll(keepingCapacity: true)
    }
    if let shares = part.shares { takeBack(part, shares, buckets, subjects) }
  }

  /// - Parameter isWhole: every row that is seen lies in the range.
  private func markAny(_ part: BandPart, _ buckets: UnsafePointer<UInt16>, isWhole: Bool) {
    let view = part.view
    let isAny = isAny
    if isWhole {
      // Each subject's first row is a first of its day; it is hidden only where all of its rows are later than the instant.
      for index in part.first..<part.end where view.pointee.isShown(Int(part.starts[index])) { isAny[part.local(index)] = true }
    } else {
      part.forEachRow(view.pointee.bits) { row, index in
        if buckets[Int(view.pointee.slots[row])] != BucketTable.outside { isAny[part.local(index)] = true }
      }
    }
  }

  private func remember(_ row: Int, of local: Int, _ buckets: UnsafePointer<UInt16>, _ slots: UnsafePointer<UInt16>) {
    let bucket = Int(buckets[Int(slots[row])])
    seen[local &* words &+ bucket >> 6] |= 1 &<< UInt64(bucket & 63)
  }

  /// Subjects that have rows elsewhere in the partition are counted by their bits after all.
  private func takeBack(
    _ part: BandPart, _ shares: UnsafePointer<UInt8>, _ buckets: UnsafePointer<UInt16>, _ subjects: UnsafeMutablePointer<Int>
  ) {
    let view = part.view
    for index in part.first..<part.end where shares[part.local(index)] > 1 {
      for row in Int(part.starts[index])..<Int(part.starts[index &+ 1]) where view.pointee.isShown(row) {
        let bucket = Int(buckets[Int(view.pointee.slots[row])])
        if bucket >= Int(BucketTable.outside) || straddles[bucket] { continue }
        subjects[bucket] &-= 1
        remember(row, of: part.local(index), buckets, view.pointee.slots)
      }
    }
  }

  mutating func end(_ count: Int, subjects: UnsafeMutablePointer<Int>) {
    for local in 0..<count where isAny[local] {
      isAny[local] = false
      subjects[table.count] &+= 1
      for word in 0..<words {
        var rest = seen[local &* words &+ word]
        if rest == 0 { continue }
        seen[local &* words &+ word] = 0
        while rest != 0 {
          subjects[word << 6 &+ rest.trailingZeroBitCount] &+= 1
          rest &= rest &- 1
        }
      }
    }
  }
}
