internal import Events
internal import Journeys

/// The commonest questions of all, in one tight loop: how many events of one kind there were, or how many different subjects had any, by
/// bucket and by the group of a column. Counts for all series at once, since they look at the same events.
struct InsightsCountPass: DivisibleVisitor {
  var needsOrder: Bool { false }
  let codes: BreakdownCodes?
  private let table: BucketTable
  private let width: Int
  private var counts: InsightsCells
  /// By cell: ordinal of the last subject that it counted. Only where journeys are visited one by one.
  private var lastSeen: [UInt32] = []
  private var withoutActorTotals = 0
  /// Where subjects are counted band by band: without groups, and with them.
  private var band: InsightsBand?
  private var groupBand: InsightsGroupBand?
  private let bucketsAreDays: Bool
  private var isOver = false
  private let memory: Int

  /// Whether there were more groups than are kept with all their buckets: the figures are of no use then.
  var isFull: Bool { isOver || groupBand?.isFull ?? false }

  /// Cells that are kept at most.
  private static let cellLimit = 1 << 21

  /// - Parameters:
  ///   - bucketsAreDays: whether every bucket is a day of the project's time zone.
  ///   - inBands: false: journeys are visited one by one, whatever is asked.
  ///   - memory: bytes that it may take to remember whose events it saw.
  init(codes: BreakdownCodes?, table: BucketTable, bucketsAreDays: Bool, inBands: Bool, memory: Int) {
    self.memory = memory
    self.codes = codes
    self.table = table
    self.bucketsAreDays = bucketsAreDays
    width = table.count + 1
    counts = InsightsCells(width: width, groups: codes == nil ? 1 : 64)
    guard inBands else { return }
    if let codes {
      groupBand = InsightsGroupBand(codes, table, memory: memory)
    } else {
      band = InsightsBand(table, bucketsAreDays: bucketsAreDays)
    }
  }

  func free() {
    counts.free()
    band?.free()
    groupBand?.free()
  }

  func fork() -> InsightsCountPass {
    InsightsCountPass(codes: codes?.fork(), table: table, bucketsAreDays: bucketsAreDays, inBands: takesBands, memory: memory)
  }

  mutating func join(_ other: InsightsCountPass) {
    isOver = isOver || other.isOver
    counts.add(other.counts)
    if let found = other.groupBand { groupBand?.join(found) }
    withoutActorTotals += other.withoutActorTotals
    other.free()
  }

  var isFinished: Bool { isFull }

  var takesBands: Bool { band != nil || groupBand != nil }

  mutating func begin(_: Band) { groupBand?.begin() }

  mutating func take(_ part: BandPart) {
    band?.take(part, totals: counts.totals, subjects: counts.subjects)
    groupBand?.take(part, &counts)
  }

  mutating func endParts(_ ended: Band) {
    band?.end(ended.count, subjects: counts.subjects)
    groupBand?.end()
  }

  mutating func finish(_ subject: UInt32, _ local: Int) -> Bool { true }

  mutating func visit(_ journey: Journey) {
    if lastSeen.count < counts.groupCount * width {
      lastSeen += [UInt32](repeating: 0, count: counts.groupCount * width - lastSeen.count)
    }
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

  @inline(__always) private mutating func count(_ piece: Journey.Piece, _ ordinal: UInt32) {
    let view = piece.view
    let buckets = view.pointee.buckets
    forEachRow(piece) { row in
      let bucket = bucket(view, buckets, row)
      if bucket < 0 { return }
      add(0, bucket, ordinal)
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
      if group >= UInt32(counts.groupCount) && !makeRoom(group) { return countList(group, bucket, ordinal) }
      add(Int(group) &* width, bucket, ordinal)
    }
  }

  /// A row of a group whose cells begin at `first`.
  @inline(__always) private mutating func add(_ first: Int, _ bucket: Int, _ ordinal: UInt32) {
    let cell = first &+ bucket
    counts.totals[cell] &+= 1
    if lastSeen[cell] == ordinal { return }
    lastSeen[cell] = ordinal
    counts.subjects[cell] &+= 1
    let whole = first &+ width &- 1
    if lastSeen[whole] == ordinal { return }
    lastSeen[whole] = ordinal
    counts.subjects[whole] &+= 1
  }

  /// False for a list of groups, or where there are too many.
  @inline(never) private mutating func makeRoom(_ group: UInt32) -> Bool {
    guard group & BreakdownCodes.listBit == 0 else { return false }
    if (Int(group) + 1) * width > Self.cellLimit {
      isOver = true
      return false
    }
    counts.grow(to: Int(group) + 1)
    lastSeen += [UInt32](repeating: 0, count: counts.groupCount * width - lastSeen.count)
    return true
  }

  @inline(never) private mutating func countList(_ code: UInt32, _ bucket: Int, _ ordinal: UInt32) {
    guard code & BreakdownCodes.listBit != 0, let codes else { return }
    for group in codes.groups(code) where group < UInt32(counts.groupCount) || makeRoom(group) {
      add(Int(group) * width, bucket, ordinal)
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
      for group in groups where group < UInt32(counts.groupCount) || makeRoom(group) {
        counts.totals[Int(group) * width + bucket] += 1
      }
    }
  }

  // MARK: - Figures

  /// Events that count in no series of subjects.
  var withoutActor: Int { withoutActorTotals }

  func isEmpty(_ group: Int, _ measure: InsightsQuery.Measure) -> Bool { value(group, width - 1, measure) == 0 }

  /// Over the whole range.
  func overall(_ group: Int, _ measure: InsightsQuery.Measure) -> Double { Double(value(group, width - 1, measure)) }

  func figures(_ group: Int, _ measure: InsightsQuery.Measure) -> [Double?] { (0..<width).map { Double(value(group, $0, measure)) } }

  private func value(_ group: Int, _ cell: Int, _ measure: InsightsQuery.Measure) -> Int {
    guard group < counts.groupCount else { return 0 }
    if measure == .unique { return counts.subjects[group * width + cell] }
    let cells = group * width..<(group + 1) * width - 1
    return cell < width - 1 ? counts.totals[cells.lowerBound + cell] : cells.reduce(0) { $0 + counts.totals[$1] }
  }

  /// What several groups come to that a report shows as one; nil where only reading the events again can tell.
  func figures(ofAny groups: [Int], _ measure: InsightsQuery.Measure) -> [Double?]? {
    if measure == .total {
      // An event that names several of them counts once: lists are told apart no more.
      guard codes?.hasLists != true else { return nil }
      return (0..<width).map { cell in Double(groups.reduce(0) { $0 + value($1, cell, measure) }) }
    }
    let meant = Set(groups)
    return groupBand?.subjects { meant.contains($0) }?.map { Double($0) }
  }
}
