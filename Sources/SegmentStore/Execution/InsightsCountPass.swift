internal import Events
internal import Journeys

/// The commonest questions of all, in one tight loop: how many events of one kind there were, or how many different subjects had any, by
/// bucket and by the group of a column. Counts for all series at once, since they look at the same events.
struct InsightsCountPass: DivisibleVisitor {
  var needsOrder: Bool { false }
  let codes: BreakdownCodes?
  private let table: BucketTable
  /// Cells of a group: its buckets, then the whole range.
  private let width: Int
  private(set) var groupCount: Int
  private var totals: UnsafeMutablePointer<Int>
  private var subjects: UnsafeMutablePointer<Int>
  /// Ordinal of the last subject that a cell counted.
  private var lastSeen: UnsafeMutablePointer<UInt32>
  private var withoutActorTotals = 0
  /// Whether there were more groups than are kept with all their buckets: the figures are of no use then.
  private(set) var isFull = false

  /// Cells that are kept at most.
  private static let cellLimit = 1 << 21

  init(codes: BreakdownCodes?, table: BucketTable) {
    self.codes = codes
    self.table = table
    width = table.count + 1
    groupCount = 0
    totals = .allocate(capacity: 1)
    subjects = .allocate(capacity: 1)
    lastSeen = .allocate(capacity: 1)
    grow(to: codes == nil ? 1 : 64)
  }

  func free() {
    totals.deallocate()
    subjects.deallocate()
    lastSeen.deallocate()
  }

  func fork() -> InsightsCountPass { InsightsCountPass(codes: codes?.fork(), table: table) }

  mutating func join(_ other: InsightsCountPass) {
    isFull = isFull || other.isFull
    grow(to: other.groupCount)
    for cell in 0..<other.groupCount * width {
      totals[cell] += other.totals[cell]
      subjects[cell] += other.subjects[cell]
    }
    withoutActorTotals += other.withoutActorTotals
    other.free()
  }

  @inline(never) private mutating func grow(to groups: Int) {
    guard groups > groupCount else { return }
    let wanted = max(groups, groupCount * 2)
    let (old, new) = (groupCount * width, wanted * width)
    func larger<Element>(_ memory: UnsafeMutablePointer<Element>, _ zero: Element) -> UnsafeMutablePointer<Element> {
      let copy = UnsafeMutablePointer<Element>.allocate(capacity: new)
      copy.initialize(from: memory, count: old)
      (copy + old).initialize(repeating: zero, count: new - old)
      memory.deallocate()
      return copy
    }
    totals = larger(totals, 0)
    subjects = larger(subjects, 0)
    lastSeen = larger(lastSeen, 0)
    groupCount = wanted
  }

  mutating func visit(_ journey: Journey) {
    for piece in journey.pieces {
      if codes == nil { count(piece, journey.ordinal) } else { countGroups(piece, journey) }
    }
  }

  /// Only their number matters.
  mutating func visitWithoutActor(_ journey: Journey) {
    for piece in journey.pieces { countWithoutActor(piece, journey) }
  }

  @inline(__always) private func forEachRow(_ piece: Journey.Piece, _ body: (Int) -> Void) {
    let bits = piece.view.pointee.bits
    var word = piece.first >> 6
    let last = (piece.end - 1) >> 6
    var rest = bits[word] & (~0 &<< UInt64(piece.first & 63))
    while true {
      if word == last { rest &= ~0 &>> UInt64(63 &- ((piece.end - 1) & 63)) }
      while rest != 0 {
        body(word << 6 &+ rest.trailingZeroBitCount)
        rest &= rest &- 1
      }
      if word == last { return }
      word &+= 1
      rest = bits[word]
    }
  }

  /// The bucket of a row; negative outside of the range.
  @inline(__always) private func bucket(_ view: UnsafePointer<BlockView>, _ buckets: UnsafePointer<UInt16>?, _ row: Int) -> Int {
    if let buckets {
      let bucket = buckets[Int(view.pointee.slots[row])]
      return bucket == BucketTable.outside ? -1 : Int(bucket)
    }
    let time = view.pointee.time(row)
    return time < table.from || time >= table.to ? -1 : table.reader.bucket(time)
  }

  @inline(__always) private func count(_ piece: Journey.Piece, _ ordinal: UInt32) {
    let view = piece.view
    let buckets = view.pointee.buckets
    let (totals, subjects, lastSeen) = (totals, subjects, lastSeen)
    let whole = width &- 1
    var counted = 0
    forEachRow(piece) { row in
      let bucket = bucket(view, buckets, row)
      if bucket < 0 { return }
      totals[bucket] &+= 1
      counted &+= 1
      if lastSeen[bucket] != ordinal {
        lastSeen[bucket] = ordinal
        subjects[bucket] &+= 1
      }
    }
    if counted == 0 { return }
    totals[whole] &+= counted
    if lastSeen[whole] != ordinal {
      lastSeen[whole] = ordinal
      subjects[whole] &+= 1
    }
  }

  @inline(__always) private mutating func countGroups(_ piece: Journey.Piece, _ journey: Journey) {
    guard let codes else { return }
    let view = piece.view
    let buckets = view.pointee.buckets
    let ordinal = journey.ordinal
    let width = width
    forEachRow(piece) { row in
      let bucket = bucket(view, buckets, row)
      if bucket < 0 { return }
      let group = codes.code(Journey.Place(view: view, row: row), subject: journey.subject)
      if group >= UInt32(groupCount) && !makeRoom(group) { return countList(group, bucket, ordinal) }
      let first = Int(group) &* width
      add(first &+ bucket, ordinal)
      add(first &+ width &- 1, ordinal)
    }
  }

  @inline(__always) private func add(_ cell: Int, _ ordinal: UInt32) {
    totals[cell] &+= 1
    if lastSeen[cell] != ordinal {
      lastSeen[cell] = ordinal
      subjects[cell] &+= 1
    }
  }

  /// False for a list of groups, or where there are too many.
  @inline(never) private mutating func makeRoom(_ group: UInt32) -> Bool {
    guard group & BreakdownCodes.listBit == 0 else { return false }
    if (Int(group) + 1) * width > Self.cellLimit {
      isFull = true
      return false
    }
    grow(to: Int(group) + 1)
    return true
  }

  @inline(never) private mutating func countList(_ code: UInt32, _ bucket: Int, _ ordinal: UInt32) {
    guard code & BreakdownCodes.listBit != 0, let codes else { return }
    for group in codes.groups(code) where group < UInt32(groupCount) || makeRoom(group) {
      add(Int(group) * width + bucket, ordinal)
      add(Int(group) * width + width - 1, ordinal)
    }
  }

  private mutating func countWithoutActor(_ piece: Journey.Piece, _ journey: Journey) {
    let view = piece.view
    forEachRow(piece) { row in
      let bucket = bucket(view, view.pointee.buckets, row)
      if bucket < 0 { return }
      withoutActorTotals += 1
      var groups: [UInt32] = [0]
      if let codes { groups = codes.groups(codes.code(Journey.Place(view: view, row: row), subject: journey.subject)) }
      for group in groups where group < UInt32(groupCount) || makeRoom(group) {
        totals[Int(group) * width + bucket] += 1
        totals[Int(group) * width + width - 1] += 1
      }
    }
  }

  // MARK: - Figures

  /// Events that count in no series of subjects.
  var withoutActor: Int { withoutActorTotals }

  func isEmpty(_ group: Int, _ measure: InsightsQuery.Measure) -> Bool { value(group, width - 1, measure) == 0 }

  func figures(_ group: Int, _ measure: InsightsQuery.Measure) -> [Double?] { (0..<width).map { Double(value(group, $0, measure)) } }

  private func value(_ group: Int, _ cell: Int, _ measure: InsightsQuery.Measure) -> Int {
    guard group < groupCount else { return 0 }
    return measure == .unique ? subjects[group * width + cell] : totals[group * width + cell]
  }
}
