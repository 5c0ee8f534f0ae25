internal import Events
internal import Journeys

/// The nodes of a finished report: of each expanded event the values that are met most on its paths, the rest as the event's "other".
/// Nodes are numbered in the order that decides between equal counts: by name, then missing, values, other.
struct FlowNodes {
  /// By number.
  let nodes: [FlowsReport.Node]
  /// By label: the number of its node.
  private let numbers: [UInt16]
  /// Whether no two labels have become one node.
  let isOneToOne: Bool
  /// How many values stand in "other" not for the limit's sake, but because they are of few, or hide one that is.
  private(set) var merged = 0

  /// - Parameter sizes: by label: whose paths it is on.
  init(_ paths: FlowPathCounts, _ labels: FlowLabels, _ query: FlowsQuery, sizes: SmallGroups.View, smallest: Int) throws(QueryError) {
    var totals = [Int](repeating: 0, count: Int(UInt16.max) + 1)
    for (row, count) in paths.counts.enumerated() {
      for column in 0..<paths.width { totals[Int(paths.label(row, column))] += count }
    }
    totals[Int(FlowPath.end)] = 0
    if query.to != nil { totals[Int(FlowPath.more)] = 0 }
    let ordered = totals.indices.filter { totals[$0] > 0 }.map { UInt16($0) }.sorted { labels.precedes($0, $1) }
    var nodes: [FlowsReport.Node] = []
    var numbers = totals.indices.map { UInt16($0) }
    var first = 0
    while first < ordered.count {
      let event = labels.event(ordered[first])
      var end = first + 1
      while end < ordered.count && labels.event(ordered[end]) == event { end += 1 }
      let name = labels.names[Int(event)]
      guard let limit = labels.limit(event) else {
        numbers[Int(ordered[first])] = UInt16(nodes.count)
        nodes.append(.event(name))
        first = end
        continue
      }
      let shown = try Self.shown(
        ordered[first..<end], labels, totals, limit, sizes.of(ordered[first..<end].map(Int.init)), smallest, &merged)
      for label in ordered[first..<end] where shown.contains(label) {
        numbers[Int(label)] = UInt16(nodes.count)
        nodes.append(.value(event: name, labels.value(label).map { .value($0) } ?? .none))
      }
      if shown.count < end - first {
        for label in ordered[first..<end] where !shown.contains(label) { numbers[Int(label)] = UInt16(nodes.count) }
        nodes.append(.value(event: name, .other))
      }
      first = end
    }
    self.nodes = nodes
    self.numbers = numbers
    isOneToOne = nodes.count == ordered.count
  }

  /// Which labels of one event have nodes of their own.
  private static func shown(
    _ all: ArraySlice<UInt16>, _ labels: FlowLabels, _ totals: [Int], _ limit: Int, _ sizes: SmallGroups.View, _ smallest: Int,
    _ merged: inout Int
  ) throws(QueryError) -> Set<UInt16> {
    let ranked = all.filter { labels.value($0) != nil }.enumerated().sorted { left, right in
      let a = totals[Int(left.element)]
      let b = totals[Int(right.element)]
      return a != b ? a > b : left.offset < right.offset
    }
    let (shown, hidden) = try SmallGroups.shown(
      ranked: ranked.map { Int($0.element) }, limit: limit, missing: all.first { labels.value($0) == nil }.map(Int.init),
      hiding: SmallGroups(smallest, [sizes]))
    merged += hidden
    return Set(shown.map { UInt16($0) })
  }

  /// The number of a label's node; `FlowPath.end` and `.more` stand for themselves.
  func number(_ label: UInt16) -> UInt16 { numbers[Int(label)] }
}
