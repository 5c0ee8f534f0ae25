internal import Journeys

/// The events of one journey that paths may be made of, in the order in which paths see them.
struct FlowRows {
  struct Row {
    var time: Int64
    var label: UInt16
    var event: UInt16
    var isAnchor: Bool
    var isEnd: Bool
    var session: Int32
  }

  private(set) var rows: [Row] = []
  /// With collapsed repeats: index of the next (previous) row of another label.
  private var next: [Int] = []
  private var previous: [Int] = []
  /// Between two anchors: index of the first end behind each row.
  private var ends: [Int] = []
  private let collapses: Bool
  private let hasEnd: Bool
  private let labels: FlowLabels
  private let isHidden: [Bool]
  /// Milliseconds; nil without sessions.
  private let gap: Int64?

  init(_ query: FlowsQuery, labels: FlowLabels) {
    collapses = query.collapsesRepeats
    hasEnd = query.to != nil
    gap = query.sessionGapSeconds.map { $0 * 1000 }
    self.labels = labels
    isHidden = labels.names.map(query.hidden.contains)
  }

  /// Takes the visible events of a span of time. Sessions are cut by all events from the first on, visible or not.
  ///
  /// - Returns: whether an anchor of the range is among them.
  mutating func gather(_ journey: Journey, _ span: ClosedRange<Int64>, range: Range<Int64>) -> Bool {
    rows.removeAll(keepingCapacity: true)
    var hasTies = false
    var hasAnchor = false
    var session: Int32 = 0
    var sessionStart = Int64.min
    var before = Int64.min
    let gap = gap
    let labels = labels
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time > span.upperBound { return false }
      if let gap {
        if before == .min || time - before > gap || time - sessionStart > FlowsQuery.longestSessionSeconds * 1000 {
          session &+= 1
          sessionStart = time
        }
        before = time
      }
      if time < span.lowerBound { return true }
      let mask = view.pointee.mask(row)
      // Events that the filter takes off the paths are seen for the sake of sessions only.
      if mask & 2 == 0 { return true }
      let event = view.pointee.event(row)
      if isHidden[Int(event)] { return true }
      if let last = rows.last, last.time == time { hasTies = true }
      let isAnchor = mask & 1 != 0
      if isAnchor && range.contains(time) { hasAnchor = true }
      rows.append(
        Row(
          time: time, label: labels.label(Journey.Place(view: view, row: row), event, subject: journey.subject), event: event,
          isAnchor: isAnchor, isEnd: hasEnd && mask & 4 != 0, session: session))
      return true
    }
    guard hasAnchor else { return false }
    if hasTies { order() }
    if collapses { link() }
    if hasEnd { findEnds() }
    return true
  }

  /// Index of the row that a path goes on to.
  @inline(__always) func after(_ index: Int) -> Int { collapses ? next[index] : index + 1 }
  /// Index of the row that a path came from; -1 if none.
  @inline(__always) func before(_ index: Int) -> Int { collapses ? previous[index] : index - 1 }
  /// Index of the first end behind a row; the number of rows if none.
  @inline(__always) func end(after index: Int) -> Int { ends[index] }

  /// Equal times by name, anchors first, then by value. Between two anchors whatever starts comes first in its millisecond and whatever
  /// ends comes last, so that both of one millisecond are a path, as they are a funnel's steps.
  @inline(never) private mutating func order() {
    let labels = labels
    let hasEnd = hasEnd
    func phase(_ row: Row) -> Int { hasEnd ? (row.isAnchor ? 0 : 2) + (row.isEnd ? 1 : 0) : 0 }
    rows.sort { left, right in
      if left.time != right.time { return left.time < right.time }
      if hasEnd, phase(left) != phase(right) { return phase(left) < phase(right) }
      if left.event != right.event { return labels.ranks[Int(left.event)] < labels.ranks[Int(right.event)] }
      if left.isAnchor != right.isAnchor { return left.isAnchor }
      return left.label != right.label && labels.precedes(left.label, right.label)
    }
  }

  private mutating func link() {
    next.removeAll(keepingCapacity: true)
    previous.removeAll(keepingCapacity: true)
    for index in 0..<rows.count {
      previous.append(index > 0 ? (rows[index - 1].label == rows[index].label ? previous[index - 1] : index - 1) : -1)
      next.append(rows.count)
    }
    for index in stride(from: rows.count - 2, through: 0, by: -1) {
      next[index] = rows[index + 1].label == rows[index].label ? next[index + 1] : index + 1
    }
  }

  private mutating func findEnds() {
    ends.removeAll(keepingCapacity: true)
    ends += repeatElement(rows.count, count: rows.count)
    for index in stride(from: rows.count - 2, through: 0, by: -1) { ends[index] = rows[index + 1].isEnd ? index + 1 : ends[index + 1] }
  }
}
