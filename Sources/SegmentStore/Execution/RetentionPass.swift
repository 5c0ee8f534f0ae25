internal import Events
internal import Journeys

/// Goes from each journey to its cohorts and the columns in which it came back. A subject is asked from its first start on: what was
/// before it says nothing.
struct RetentionPass: DivisibleVisitor {
  enum Task {
    /// Only the sizes of the breakdown's groups.
    case rank
    /// Only how many subjects are in any of some groups, by group number.
    case reach([Bool])
    /// Matrix 0 is everybody's; a group's matrix is its slot + 1.
    case count(slots: [Int32])
    /// The subjects of one cell; slot nil: of everybody.
    case find(cohort: Int, column: Int, slot: Int32?, slots: [Int32])
  }

  private struct Start {
    var cohort: Int
    var time: Int64
    var code: UInt32
  }

  var needsOrder: Bool { true }
  let frame: RetentionFrame
  let table: BucketTable
  /// By group number.
  private(set) var sizes: [Int] = []
  /// By group number: different subjects, whatever the number of their cohorts.
  private(set) var subjects: [Int] = []
  private(set) var reached = 0
  private(set) var found: [UInt32] = []
  private(set) var withoutActor = 0
  private let rule: RetentionRule
  private let codes: BreakdownCodes?
  private let task: Task
  private let isRolling: Bool
  private let isFirstTime: Bool
  /// Whether every row that is seen is a return.
  private let everythingReturns: Bool
  private let periods: Int
  private let columnOfPeriod: [UInt8]
  private var matrices = UnsafeMutablePointer<Int>.allocate(capacity: 1)
  private var matrixCount = 0
  private var starts: [Start] = []
  /// Calendar: buckets. Rolling: times. Ascending.
  private var returns: [Int64] = []
  private let query: RetentionQuery
  /// For first starts without a breakdown.
  private var band: RetentionBand?

  init(query: RetentionQuery, frame: RetentionFrame, codes: BreakdownCodes?, task: Task) {
    self.frame = frame
    self.codes = codes
    self.task = task
    var seen = frame.buckets
    // The table over slots must know the buckets behind the range too.
    if query.mode == .calendar { seen.to = max(seen.to, frame.horizon) }
    table = BucketTable(seen)
    rule = RetentionRule(criterion: query.criterion, width: frame.width)
    isRolling = query.mode == .rolling
    isFirstTime = query.cohorts == .firstTime
    everythingReturns = query.return.event == nil && query.return.filter == nil
    periods = query.periods
    columnOfPeriod = frame.columnOfPeriod
    self.query = query
    band =
      isFirstTime && codes == nil
      ? RetentionBand(frame: frame, table: table, isRolling: isRolling, everythingReturns: everythingReturns, periods: periods) : nil
  }

  func fork() -> RetentionPass {
    var other = RetentionPass(query: query, frame: frame, codes: codes?.fork(), task: task)
    other.makeRoom(matrices: matrixCount)
    return other
  }

  mutating func join(_ other: RetentionPass) {
    for cell in 0..<matrixCount * frame.cohortCount * frame.width { matrices[cell] += other.matrices[cell] }
    if sizes.count < other.sizes.count { sizes += [Int](repeating: 0, count: other.sizes.count - sizes.count) }
    for (group, size) in other.sizes.enumerated() { sizes[group] += size }
    if subjects.count < other.subjects.count { subjects += [Int](repeating: 0, count: other.subjects.count - subjects.count) }
    for (group, count) in other.subjects.enumerated() { subjects[group] += count }
    reached += other.reached
    found += other.found
    withoutActor += other.withoutActor
    other.free()
  }

  mutating func makeRoom(matrices count: Int) {
    matrices.deallocate()
    matrixCount = count
    matrices = .allocate(capacity: max(count * frame.cohortCount * frame.width, 1))
    matrices.initialize(repeating: 0, count: count * frame.cohortCount * frame.width)
  }

  func free() {
    matrices.deallocate()
    band?.free()
  }

  var takesBands: Bool { band != nil }

  mutating func begin(_ next: Band) { band?.begin(next.count) }

  mutating func take(_ part: BandPart) { band?.take(part) }

  mutating func finish(_ subject: UInt32, _ local: Int) -> Bool {
    guard let found = band?.outcome(local) else { return band != nil }
    if case .find(let wanted, _, _, _) = task, wanted != found.cohort { return true }
    record(subject, Start(cohort: found.cohort, time: found.start, code: BreakdownCodes.none), found.columns)
    return true
  }

  func count(matrix: Int, cohort: Int, column: Int) -> Int { row(matrix, cohort)[column] }

  private func row(_ matrix: Int, _ cohort: Int) -> UnsafeMutablePointer<Int> {
    matrices + (matrix &* frame.cohortCount &+ cohort) &* frame.width
  }

  func finish() {
    for matrix in 0..<matrixCount { for cohort in 0..<frame.cohortCount { rule.finish(row(matrix, cohort)) } }
  }

  mutating func visit(_ journey: Journey) {
    if isFirstTime { visitFirst(journey) } else { visitEvery(journey) }
  }

  mutating func visitWithoutActor(_ journey: Journey) {
    journey.forEachRow { view, row in
      if view.pointee.time(row) >= frame.from && view.pointee.time(row) < frame.to { withoutActor += 1 }
      return true
    }
  }

  // MARK: - One start

  /// The subject's first start ever opens its only row; nothing is kept but the columns.
  private mutating func visitFirst(_ journey: Journey) {
    guard let first = journey.firstPrimary(from: .min) else { return }
    let piece = journey.pieces[first.piece]
    let time = piece.view.pointee.time(first.row)
    // A first start before the range is in no cohort.
    guard time >= frame.from, time < frame.to else { return }
    let cohort = table.reader.bucket(time)
    let code = codes == nil ? 0 : self.code(journey, first, time)
    if codes != nil, ranks([code]) { return }
    if case .find(let wanted, _, _, _) = task, wanted != cohort { return }
    record(journey.subject, Start(cohort: cohort, time: time, code: code), columns(journey, first, cohort, time))
  }

  @inline(__always) private func columns(_ journey: Journey, _ first: (piece: Int, row: Int), _ cohort: Int, _ start: Int64) -> UInt64 {
    var columns: UInt64 = 0
    let isRolling = isRolling
    let everythingReturns = everythingReturns
    let periods = periods
    let length = frame.period
    let reader = table.reader
    let last = isRolling ? start &+ Int64(periods + 1) &* length : frame.buckets.edges[cohort + periods + 1]
    columnOfPeriod.withUnsafeBufferPointer { columnOfPeriod in
      journey.forEachRow(from: first) { view, row in
        var period = 0
        if !isRolling, let buckets = view.pointee.buckets {
          let bucket = buckets[Int(view.pointee.slots[row])]
          if bucket == BucketTable.outside { return false }
          period = Int(bucket) &- cohort
          if period > periods { return false }
        } else {
          let time = view.pointee.time(row)
          if time >= last { return false }
          period = isRolling ? Int((time &- start) / length) : reader.bucket(time) &- cohort
        }
        if everythingReturns || view.pointee.mask(row) & 2 != 0 {
          let column = columnOfPeriod[period]
          if column != RetentionFrame.noColumn { columns |= 1 &<< UInt64(column) }
        }
        return true
      }
    }
    // Period 0 is not something to come back in.
    return columns & ~1
  }

  // MARK: - Every start

  private mutating func visitEvery(_ journey: Journey) {
    guard let first = journey.firstPrimary(from: frame.from) else { return }
    gather(journey, first)
    if codes != nil, ranks(starts.map(\.code)) { return }
    var next = 0
    for start in starts {
      if case .find(let wanted, _, _, _) = task, wanted != start.cohort { continue }
      let begin = isRolling ? start.time : Int64(start.cohort)
      while next < returns.count && returns[next] < begin { next += 1 }
      var columns: UInt64 = 0
      for index in next..<returns.count {
        let distance = returns[index] - begin
        let period = isRolling ? Int(distance / frame.period) : Int(distance)
        if period > periods { break }
        let column = columnOfPeriod[period]
        if column != RetentionFrame.noColumn { columns |= 1 &<< UInt64(column) }
      }
      record(journey.subject, start, columns & ~1)
    }
  }

  /// The first start of each cohort, and the returns.
  private mutating func gather(_ journey: Journey, _ first: (piece: Int, row: Int)) {
    starts.removeAll(keepingCapacity: true)
    returns.removeAll(keepingCapacity: true)
    let to = frame.to
    let horizon = frame.horizon
    let reader = table.reader
    let isRolling = isRolling
    let codes = codes
    var smallest: StoredValue?
    var lastReturn: Int64 = -1
    journey.forEachRow(from: first) { view, row in
      let time = view.pointee.time(row)
      if time >= horizon { return false }
      let mask = view.pointee.mask(row)
      if mask & 1 != 0 && time < to {
        let cohort = reader.bucket(time)
        if cohort != starts.last?.cohort {
          let place = Journey.Place(view: view, row: row)
          starts.append(Start(cohort: cohort, time: time, code: codes?.code(place, subject: journey.subject) ?? 0))
          smallest = codes?.value(place, subject: journey.subject)
        } else if let codes, starts[starts.count - 1].time == time {
          let place = Journey.Place(view: view, row: row)
          let value = codes.value(place, subject: journey.subject)
          if ValueOrder.precedes(value, smallest) {
            smallest = value
            starts[starts.count - 1].code = codes.code(place, subject: journey.subject)
          }
        }
      }
      if mask & 2 != 0 {
        let value = isRolling ? time : Int64(reader.bucket(time))
        if value != lastReturn {
          lastReturn = value
          returns.append(value)
        }
      }
      return true
    }
  }

  // MARK: - Groups and figures

  /// Of starts in one millisecond, the smallest value counts.
  @inline(never) private func code(_ journey: Journey, _ first: (piece: Int, row: Int), _ time: Int64) -> UInt32 {
    guard let codes else { return 0 }
    var code: UInt32?
    var smallest: StoredValue?
    journey.forEachRow(from: first) { view, row in
      if view.pointee.time(row) != time { return false }
      if view.pointee.mask(row) & 1 == 0 { return true }
      let place = Journey.Place(view: view, row: row)
      let value = codes.value(place, subject: journey.subject)
      if code == nil || ValueOrder.precedes(value, smallest) {
        code = codes.code(place, subject: journey.subject)
        smallest = value
      }
      return true
    }
    return code ?? BreakdownCodes.none
  }

  /// The starts of one subject, where only their groups matter. False where more does.
  private mutating func ranks(_ starts: [UInt32]) -> Bool {
    switch task {
    case .rank:
      guard let codes else { return true }
      if sizes.count < codes.groupCount {
        let missing = max(codes.groupCount - sizes.count, sizes.count)
        sizes += [Int](repeating: 0, count: missing)
        subjects += [Int](repeating: 0, count: missing)
      }
      var seen: [UInt32] = []
      for code in starts {
        for group in codes.groups(code) {
          sizes[Int(group)] += 1
          if seen.contains(group) { continue }
          seen.append(group)
          subjects[Int(group)] += 1
        }
      }
      return true
    case .reach(let wanted):
      guard let codes else { return true }
      if starts.contains(where: { codes.groups($0).contains { wanted[Int($0)] } }) { reached += 1 }
      return true
    case .count, .find: return false
    }
  }

  @inline(__always) private mutating func record(_ subject: UInt32, _ start: Start, _ columns: UInt64) {
    switch task {
    case .rank, .reach: break
    case .count(let slots):
      add(columns, row(0, start.cohort))
      if codes != nil { addToGroups(start, columns, slots) }
    case .find(_, let column, let slot, let slots):
      guard column == 0 || rule.isRetained(columns, in: column) else { return }
      if let slot, let codes, !codes.groups(start.code).contains(where: { slots[Int($0)] == slot }) { return }
      found.append(subject)
    }
  }

  @inline(__always) private func add(_ columns: UInt64, _ row: UnsafeMutablePointer<Int>) {
    row[0] &+= 1
    rule.add(columns, to: row)
  }

  /// Once in a matrix, however many elements of a list "other" holds.
  private func addToGroups(_ start: Start, _ columns: UInt64, _ slots: [Int32]) {
    guard let codes else { return }
    if start.code & BreakdownCodes.listBit == 0 {
      let slot = slots[Int(start.code)]
      if slot >= 0 { add(columns, row(Int(slot) + 1, start.cohort)) }
      return
    }
    var taken: Set<Int32> = []
    for group in codes.groups(start.code) {
      let slot = slots[Int(group)]
      if slot >= 0, taken.insert(slot).inserted { add(columns, row(Int(slot) + 1, start.cohort)) }
    }
  }
}
