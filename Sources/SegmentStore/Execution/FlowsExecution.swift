internal import Events
internal import Journeys

/// Flows: what happens before and after an anchor (semantics A.8). One pass; equal paths are counted together as they are met.
struct FlowsExecution {
  let query: FlowsQuery
  let context: ExecutionContext

  func report() throws(QueryError) -> Report {
    let (pass, late) = try scan(door: nil)
    let tally = FlowTally(pass.paths, query: query, names: context.snapshot.eventNames)
    return Report(
      content: .flows(tally.report()), notes: context.notes([("no_actor", pass.withoutActor), ("after_evaluation", late)]))
  }

  /// The subjects with a path through a node of a column.
  func subjects(position: Int, node: FlowsReport.Node) throws(QueryError) -> [UInt32] {
    guard (-query.backward...query.forward).contains(position) else {
      throw QueryError(
        .invalid, "The report has the columns \(-query.backward) to \(query.forward); there is no column \(position).",
        field: "cell.position")
    }
    let tally = FlowTally(try scan(door: nil).0.paths, query: query, names: context.snapshot.eventNames)
    let codes = tally.codes(of: node, position: position)
    guard !codes.isEmpty else { return [] }
    return try scan(door: (position + query.backward, codes)).0.found
  }

  private func scan(door: (column: Int, codes: Set<UInt16>)?) throws(QueryError) -> (FlowsPass, late: Int) {
    let interval = try context.calendar.interval(query.range)
    let from = interval.lowerBound.milliseconds
    let to = interval.upperBound.milliseconds
    let times =
      (from - (query.backward > 0 ? query.windowSeconds * 1000 : 0))..<(to + (query.forward > 0 ? query.windowSeconds * 1000 : 0))
    // The second selector is every event that may stand on a path.
    let paths = [query.anchor, EventSelector(event: nil)]
    let selectors = try Selectors(paths, everything: nil, primary: 1, snapshot: context.snapshot, instant: context.instant)
    var pass = FlowsPass(query: query, from: from, to: to, names: context.snapshot.eventNames, door: door)
    try JourneyScan(snapshot: context.snapshot, selectors: selectors, columnCount: 0, times: times).run(&pass)
    let late = try context.late(paths, everything: nil, in: times)
    return (pass, late)
  }
}

/// A path as a row of event codes: `backward` columns, the anchor, `forward` columns.
enum FlowPath {
  /// Nothing further. Event codes stay below (names are capped at 65,535).
  static let end = UInt16.max

  /// By event code: its place among the names sorted by their bytes.
  static func ranks(_ names: [String]) -> [UInt16] {
    var rank = [UInt16](repeating: 0, count: names.count)
    for (place, code) in names.indices.sorted(by: { ValueOrder.precedes(names[$0], names[$1]) }).enumerated() { rank[code] = UInt16(place) }
    return rank
  }
}

/// Counts equal rows: an open-addressing table over rows that stand one behind the other.
struct FlowPathCounts {
  let width: Int
  private(set) var codes: [UInt16] = []
  private(set) var counts: [Int] = []
  private var slots = [Int32](repeating: -1, count: 1024)

  init(width: Int) { self.width = width }

  mutating func add(_ path: UnsafePointer<UInt16>) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash(path)) & mask
    while slots[slot] >= 0 {
      let row = Int(slots[slot])
      if isRow(row, path) {
        counts[row] += 1
        return
      }
      slot = (slot + 1) & mask
    }
    slots[slot] = Int32(counts.count)
    counts.append(1)
    for column in 0..<width { codes.append(path[column]) }
    if counts.count * 2 > slots.count { grow() }
  }

  @inline(__always) private func isRow(_ row: Int, _ path: UnsafePointer<UInt16>) -> Bool {
    codes.withUnsafeBufferPointer { codes in
      var column = 0
      while column < width {
        if codes[row &* width &+ column] != path[column] { return false }
        column &+= 1
      }
      return true
    }
  }

  @inline(__always) private func hash(_ path: UnsafePointer<UInt16>) -> UInt64 {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
    var column = 0
    while column < width {
      hash = (hash ^ UInt64(path[column])) &* 0xFF51_AFD7_ED55_8CCD
      hash ^= hash >> 32
      column &+= 1
    }
    return hash
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    let mask = slots.count - 1
    for row in 0..<counts.count {
      let hash = codes.withUnsafeBufferPointer { codes in codes.baseAddress.map { self.hash($0 + row * width) } ?? 0 }
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(row)
    }
  }
}

/// Finds the anchors of each journey and the paths around them.
private struct FlowsPass: JourneyVisitor {
  var needsOrder: Bool { true }
  let query: FlowsQuery
  let from: Int64
  let to: Int64
  let window: Int64
  let door: (column: Int, codes: Set<UInt16>)?
  /// By event code: whether it is taken out, and its place among the names sorted by their bytes (the order of equal times).
  private let isHidden: [Bool]
  private let rank: [UInt16]
  var paths: FlowPathCounts
  var found: [UInt32] = []
  var withoutActor = 0

  private struct Row {
    var time: Int64
    var event: UInt16
    var isAnchor: Bool
  }
  private var rows: [Row] = []
  /// With collapsed repeats: index of the next (previous) row of another name.
  private var next: [Int] = []
  private var previous: [Int] = []
  private var path: [UInt16]
  /// Paths are what stands behind the anchor, row by row.
  private let isPlain: Bool
  private var plainPaths: [UInt16] = []

  init(query: FlowsQuery, from: Int64, to: Int64, names: [String], door: (column: Int, codes: Set<UInt16>)?) {
    self.query = query
    self.from = from
    self.to = to
    self.door = door
    window = query.windowSeconds * 1000
    isHidden = names.map(query.hidden.contains)
    rank = FlowPath.ranks(names)
    let width = query.backward + 1 + query.forward
    paths = FlowPathCounts(width: width)
    path = [UInt16](repeating: FlowPath.end, count: width)
    isPlain = query.backward == 0 && !query.collapsesRepeats && query.hidden.isEmpty
  }

  /// Reads the paths where they stand. Equal times have an order of their own: then nothing is counted and the answer is false.
  private mutating func walkPlainly(_ journey: Journey) -> Bool {
    plainPaths.removeAll(keepingCapacity: true)
    let width = query.forward + 1
    let isFirst = query.anchors == .first
    for (number, piece) in journey.pieces.enumerated() {
      let view = piece.view
      var word = piece.first >> 6
      let last = (piece.end - 1) >> 6
      var bits = view.pointee.primary[word] & (~0 &<< UInt64(piece.first & 63))
      while true {
        if word == last { bits &= ~0 &>> UInt64(63 &- ((piece.end - 1) & 63)) }
        while bits != 0 {
          let row = word << 6 &+ bits.trailingZeroBitCount
          bits &= bits &- 1
          let time = view.pointee.time(row)
          if time < from { continue }
          if time >= to { return count(width) }
          if row > piece.first {
            if view.pointee.time(row - 1) == time { return false }
          } else if number > 0, journey.pieces[number - 1].lastTime == time {
            return false
          }
          guard take(journey, number, row, time) else { return false }
          if isFirst { return count(width) }
        }
        if word == last { break }
        word += 1
        bits = view.pointee.primary[word]
      }
    }
    return count(width)
  }

  private mutating func count(_ width: Int) -> Bool {
    plainPaths.withUnsafeBufferPointer { codes in
      guard let base = codes.baseAddress else { return }
      for start in stride(from: 0, to: codes.count, by: width) { paths.add(base + start) }
    }
    return true
  }

  /// The path behind an anchor. False if two of its events, or the last and the one behind it, share a millisecond.
  @inline(__always) private mutating func take(_ journey: Journey, _ number: Int, _ anchor: Int, _ time: Int64) -> Bool {
    var number = number
    var row = anchor
    var before = time
    plainPaths.append(journey.pieces[number].view.pointee.event(row))
    var column = 0
    while true {
      row &+= 1
      while row >= journey.pieces[number].end, number + 1 < journey.pieces.count {
        number += 1
        row = journey.pieces[number].first
      }
      guard row < journey.pieces[number].end, journey.pieces[number].view.pointee.isShown(row) else { break }
      let next = journey.pieces[number].view.pointee.time(row)
      if next == before { return false }
      if column == query.forward || next - time > window { break }
      before = next
      plainPaths.append(journey.pieces[number].view.pointee.event(row))
      column &+= 1
    }
    while column < query.forward {
      plainPaths.append(FlowPath.end)
      column &+= 1
    }
    return true
  }

  mutating func visit(_ journey: Journey) {
    if isPlain, door == nil, walkPlainly(journey) { return }
    guard gather(journey) else { return }
    if query.collapsesRepeats { link() }
    var isFound = false
    for index in 0..<rows.count where rows[index].isAnchor && rows[index].time >= from && rows[index].time < to {
      walk(from: index)
      path.withUnsafeBufferPointer { if let path = $0.baseAddress { paths.add(path) } }
      if let door, door.codes.contains(path[door.column]) { isFound = true }
      if query.anchors == .first { break }
    }
    if isFound { found.append(journey.subject) }
  }

  mutating func visitWithoutActor(_ journey: Journey) {
    journey.forEachRow { view, row in
      if view.pointee.mask(row) & 1 != 0 && view.pointee.time(row) >= from && view.pointee.time(row) < to { withoutActor += 1 }
      return true
    }
  }

  /// The visible events that a path may touch; equal times by name, anchors first.
  ///
  /// - Returns: whether there is an anchor among them.
  private mutating func gather(_ journey: Journey) -> Bool {
    rows.removeAll(keepingCapacity: true)
    let first = from - (query.backward > 0 ? window : 0)
    let last = to - 1 + window
    var hasTies = false
    var hasAnchor = false
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time < first { return true }
      if time > last { return false }
      let event = view.pointee.event(row)
      if isHidden[Int(event)] { return true }
      if let end = rows.last, end.time == time { hasTies = true }
      let isAnchor = view.pointee.mask(row) & 1 != 0
      if isAnchor && time >= from && time < to { hasAnchor = true }
      rows.append(Row(time: time, event: event, isAnchor: isAnchor))
      return true
    }
    guard hasAnchor && hasTies else { return hasAnchor }
    let rank = rank
    rows.sort { left, right in
      if left.time != right.time { return left.time < right.time }
      if left.event != right.event { return rank[Int(left.event)] < rank[Int(right.event)] }
      return left.isAnchor && !right.isAnchor
    }
    return true
  }

  private mutating func link() {
    next.removeAll(keepingCapacity: true)
    previous.removeAll(keepingCapacity: true)
    for index in 0..<rows.count {
      previous.append(index > 0 ? (rows[index - 1].event == rows[index].event ? previous[index - 1] : index - 1) : -1)
      next.append(rows.count)
    }
    for index in stride(from: rows.count - 2, through: 0, by: -1) {
      next[index] = rows[index + 1].event == rows[index].event ? next[index + 1] : index + 1
    }
  }

  private mutating func walk(from anchor: Int) {
    let time = rows[anchor].time
    for column in path.indices { path[column] = FlowPath.end }
    path[query.backward] = rows[anchor].event
    var index = anchor
    for column in 0..<query.forward {
      index = query.collapsesRepeats ? next[index] : index + 1
      guard index < rows.count, rows[index].time - time <= window else { break }
      path[query.backward + 1 + column] = rows[index].event
    }
    index = anchor
    for column in 0..<query.backward {
      index = query.collapsesRepeats ? previous[index] : index - 1
      guard index >= 0, time - rows[index].time <= window else { break }
      path[query.backward - 1 - column] = rows[index].event
    }
  }
}

/// Columns, edges and whole paths out of the counted rows.
struct FlowTally {
  private let paths: FlowPathCounts
  private let query: FlowsQuery
  private let names: [String]
  /// For each column: named codes, largest first, and how many go through each code.
  private let named: [[UInt16]]
  private let totals: [[UInt16: Int]]

  init(_ paths: FlowPathCounts, query: FlowsQuery, names: [String]) {
    self.paths = paths
    self.query = query
    self.names = names
    var totals = [[UInt16: Int]](repeating: [:], count: paths.width)
    for (row, count) in paths.counts.enumerated() {
      for column in 0..<paths.width { totals[column][paths.codes[row * paths.width + column], default: 0] += count }
    }
    self.totals = totals
    named = totals.map { total in
      let ranked = total.filter { $0.key != FlowPath.end }.sorted { left, right in
        left.value != right.value ? left.value > right.value : ValueOrder.precedes(names[Int(left.key)], names[Int(right.key)])
      }
      return ranked.prefix(query.nodesPerColumn).map(\.key)
    }
  }

  /// The event codes (or the end) behind a node.
  func codes(of node: FlowsReport.Node, position: Int) -> Set<UInt16> {
    let column = position + query.backward
    return Set(totals[column].keys.filter { self.node($0, column) == node })
  }

  private func node(_ code: UInt16, _ column: Int) -> FlowsReport.Node {
    if code == FlowPath.end { return .end }
    return named[column].contains(code) ? .event(names[Int(code)]) : .other
  }

  func report() -> FlowsReport {
    var columns: [FlowsReport.Column] = []
    var edges: [FlowsReport.Edge] = []
    for column in 0..<paths.width {
      var entries = named[column].map { FlowsReport.Column.Entry(node: .event(names[Int($0)]), count: totals[column][$0] ?? 0) }
      let end = totals[column][FlowPath.end] ?? 0
      let other = totals[column].values.reduce(0, +) - entries.reduce(0) { $0 + $1.count } - end
      if other > 0 { entries.append(.init(node: .other, count: other)) }
      if end > 0 { entries.append(.init(node: .end, count: end)) }
      columns.append(.init(position: column - query.backward, entries: entries))
      if column + 1 < paths.width { edges += self.edges(column) }
    }
    return FlowsReport(entrants: paths.counts.reduce(0, +), columns: columns, edges: edges, paths: wholePaths())
  }

  /// Largest first, then by the places of their ends in the columns. Nothing is drawn from one end to the next.
  private func edges(_ column: Int) -> [FlowsReport.Edge] {
    struct Ends: Hashable { var from: Int, to: Int }
    func place(_ code: UInt16, _ column: Int) -> Int {
      code == FlowPath.end ? Int(FlowPath.end) : named[column].firstIndex(of: code) ?? Int(FlowPath.end) - 1
    }
    func node(_ place: Int, _ column: Int) -> FlowsReport.Node {
      place == Int(FlowPath.end) ? .end : place == Int(FlowPath.end) - 1 ? .other : .event(names[Int(named[column][place])])
    }
    var counts: [Ends: Int] = [:]
    for (row, count) in paths.counts.enumerated() {
      let from = paths.codes[row * paths.width + column]
      let to = paths.codes[row * paths.width + column + 1]
      if from == FlowPath.end && to == FlowPath.end { continue }
      counts[Ends(from: place(from, column), to: place(to, column + 1)), default: 0] += count
    }
    return counts.sorted { left, right in
      left.value != right.value ? left.value > right.value : (left.key.from, left.key.to) < (right.key.from, right.key.to)
    }.map {
      FlowsReport.Edge(position: column - query.backward, from: node($0.key.from, column), to: node($0.key.to, column + 1), count: $0.value)
    }
  }

  private func wholePaths() -> [FlowsReport.Path] {
    guard query.pathLimit > 0 else { return [] }
    var found: [(codes: ArraySlice<UInt16>, count: Int)] = []
    if query.backward == 0 {
      found = paths.counts.enumerated().map { row, count in (forward(row), count) }
    } else {
      var counts: [ArraySlice<UInt16>: Int] = [:]
      for (row, count) in paths.counts.enumerated() { counts[forward(row), default: 0] += count }
      found = counts.map { ($0.key, $0.value) }
    }
    // Only what can be among the largest is brought into order.
    if found.count > query.pathLimit {
      let smallest = found.map(\.count).sorted(by: >)[query.pathLimit - 1]
      found.removeAll { $0.count < smallest }
    }
    let rank = FlowPath.ranks(names)
    found.sort { left, right in
      left.count != right.count
        ? left.count > right.count : left.codes.lexicographicallyPrecedes(right.codes) { rank[Int($0)] < rank[Int($1)] }
    }
    return found.prefix(query.pathLimit).map { FlowsReport.Path(events: $0.codes.map { names[Int($0)] }, count: $0.count) }
  }

  /// The forward part of a counted row.
  private func forward(_ row: Int) -> ArraySlice<UInt16> {
    let start = row * paths.width + query.backward
    return paths.codes[start..<(start + query.forward + 1)].prefix { $0 != FlowPath.end }
  }
}
