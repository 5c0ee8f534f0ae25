internal import Journeys

/// Finds the anchors of each journey and counts the paths around them.
struct FlowsPass: DivisibleVisitor {
  /// A column of the path (nil: any) with any of the labels.
  struct Door {
    var column: Int?
    var labels: Set<UInt16>
  }

  var needsOrder: Bool { true }
  private(set) var paths: FlowPathCounts
  private(set) var found: [UInt32] = []
  /// By label, where values have some: how many subjects have it on any of their paths.
  private(set) var subjects: [Int] = []
  private var lastSubjects: [UInt32] = []
  private(set) var withoutActor = 0
  /// Anchors that no end follows.
  private(set) var notReached = 0
  /// Anchors whose path was dropped, since it has empty columns.
  private(set) var incomplete = 0
  private let query: FlowsQuery
  private let range: Range<Int64>
  private let window: Int64
  private let door: Door?
  private var rows: FlowRows
  private let path: FlowPath
  private var plain: FlowPlainPaths?
  private var band: FlowBand?
  private let labels: FlowLabels
  private var middle: [UInt16] = []

  init(query: FlowsQuery, from: Int64, to: Int64, labels: FlowLabels, door: Door?) {
    self.query = query
    self.door = door
    range = from..<max(from, to)
    window = query.windowSeconds * 1000
    rows = FlowRows(query, labels: labels)
    let width = query.backward + 1 + query.forward
    paths = FlowPathCounts(width: width)
    path = FlowPath(width: width)
    self.labels = labels
    plain = door == nil && FlowPlainPaths.suffices(query, labels) ? FlowPlainPaths(query, range: range) : nil
    band = plain != nil && query.anchors == .every ? FlowBand(query, range: range, names: labels.names.count) : nil
  }

  func free() {
    path.free()
    plain?.free()
    band?.free()
  }

  /// Labels of values are numbered as they are met, by one thread.
  var isDivisible: Bool { !labels.expands }

  func fork() -> FlowsPass {
    FlowsPass(query: query, from: range.lowerBound, to: range.upperBound, labels: labels, door: door)
  }

  mutating func join(_ other: FlowsPass) {
    var other = other
    other.pour()
    paths.add(other.paths)
    found += other.found
    withoutActor += other.withoutActor
    notReached += other.notReached
    incomplete += other.incomplete
    other.free()
  }

  /// To be called when everything was visited.
  mutating func pour() { band?.pour(into: &paths) }

  var takesBands: Bool { band != nil }

  mutating func begin(_ next: Band) { band?.begin(next.count) }

  mutating func take(_ part: BandPart) { band?.take(part) }

  mutating func endParts(_ ended: Band) { band?.end(ended, &paths, &incomplete) }

  mutating func finish(_ subject: UInt32, _ local: Int) -> Bool { band?.isDone(local) ?? false }

  mutating func visit(_ journey: Journey) {
    if plain?.walk(journey, &paths, &incomplete) == true { return }
    let first = range.lowerBound - (query.backward > 0 ? window : 0)
    let last = range.upperBound - 1 + (query.forward > 0 ? window : 0)
    guard rows.gather(journey, first...max(first, last), range: range) else { return }
    var isFound = false
    var session: Int32 = -1
    for index in rows.rows.indices {
      let row = rows.rows[index]
      guard row.isAnchor && range.contains(row.time) else { continue }
      if query.anchors == .session {
        if row.session == session { continue }
        session = row.session
      }
      if make(index) {
        paths.add(path)
        if let door, passes(door) { isFound = true }
        if labels.expands { countSubjects(journey.ordinal) }
      }
      if query.anchors == .first { break }
    }
    if isFound { found.append(journey.subject) }
  }

  mutating func visitWithoutActor(_ journey: Journey) {
    journey.forEachRow { view, row in
      if view.pointee.mask(row) & 1 != 0 && range.contains(view.pointee.time(row)) { withoutActor += 1 }
      return true
    }
  }

  private func passes(_ door: Door) -> Bool {
    if let column = door.column { return door.labels.contains(path.labels[column]) }
    return (0..<path.width).contains { door.labels.contains(path.labels[$0]) }
  }

  private mutating func countSubjects(_ ordinal: UInt32) {
    for column in 0..<path.width {
      let label = Int(path.labels[column])
      if label >= Int(FlowPath.more) { continue }
      if label >= subjects.count {
        subjects += [Int](repeating: 0, count: label + 64 - subjects.count)
        lastSubjects += [UInt32](repeating: .max, count: label + 64 - lastSubjects.count)
      }
      if lastSubjects[label] == ordinal { continue }
      lastSubjects[label] = ordinal
      subjects[label] += 1
    }
  }

  /// Whether a row may stand on the path of an anchor.
  @inline(__always) private func reaches(_ index: Int, _ anchor: FlowRows.Row) -> Bool {
    let row = rows.rows[index]
    return abs(row.time - anchor.time) <= window && row.session == anchor.session
  }

  /// Makes the path around an anchor. False if it does not count.
  private mutating func make(_ anchor: Int) -> Bool {
    let row = rows.rows[anchor]
    path.clear()
    path.labels[query.backward] = row.label
    if query.to != nil { return makeBetween(anchor, row) }
    let count = rows.rows.count
    var index = anchor
    for column in 0..<query.forward {
      index = rows.after(index)
      guard index < count, reaches(index, row) else { break }
      path.labels[query.backward + 1 + column] = rows.rows[index].label
    }
    index = anchor
    for column in 0..<query.backward {
      index = rows.before(index)
      guard index >= 0, reaches(index, row) else { break }
      path.labels[query.backward - 1 - column] = rows.rows[index].label
    }
    if query.incomplete == .dropped, path.labels[0] == FlowPath.end || path.labels[path.width - 1] == FlowPath.end {
      incomplete += 1
      return false
    }
    return true
  }

  /// To the first end; what lies between and has no column is one node.
  private mutating func makeBetween(_ anchor: Int, _ row: FlowRows.Row) -> Bool {
    let end = rows.end(after: anchor)
    guard end < rows.rows.count, reaches(end, row) else {
      notReached += 1
      return false
    }
    let last = rows.rows[end].label
    middle.removeAll(keepingCapacity: true)
    var index = rows.after(anchor)
    // One more than there can be columns for, since a repeat of the end may yet go.
    while index < end && middle.count <= query.forward {
      middle.append(rows.rows[index].label)
      index = rows.after(index)
    }
    if query.collapsesRepeats && index >= end && middle.last == last { middle.removeLast() }
    if middle.count < query.forward {
      for (column, label) in middle.enumerated() { path.labels[1 + column] = label }
      path.labels[1 + middle.count] = last
    } else {
      for column in 0..<(query.forward - 2) { path.labels[1 + column] = middle[column] }
      path.labels[query.forward - 1] = FlowPath.more
      path.labels[query.forward] = last
    }
    return true
  }
}
