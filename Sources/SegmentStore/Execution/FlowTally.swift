internal import Journeys

/// Columns, edges and whole paths out of the counted paths.
struct FlowTally {
  private let paths: FlowPathCounts
  private let nodes: FlowNodes
  private let query: FlowsQuery
  /// Whole paths of fewer are not listed, nor are events of fewer in a column.
  private let smallest: Int
  /// The label of each row and column as its node's number.
  private let numbers: [UInt16]
  /// For each column: named nodes, largest first; how many go through each node, then through `more` and the end.
  private let named: [[UInt16]]
  private let totals: [[Int]]

  init(_ paths: FlowPathCounts, nodes: FlowNodes, query: FlowsQuery, smallest: Int) {
    self.paths = paths
    self.smallest = smallest
    self.nodes = nodes
    self.query = query
    var numbers: [UInt16] = []
    numbers.reserveCapacity(paths.counts.count * paths.width)
    let size = nodes.nodes.count
    var totals = [[Int]](repeating: [Int](repeating: 0, count: size + 2), count: paths.width)
    for (row, count) in paths.counts.enumerated() {
      for column in 0..<paths.width {
        let number = nodes.number(paths.label(row, column))
        numbers.append(number)
        totals[column][number == FlowPath.end ? size + 1 : min(Int(number), size)] += count
      }
    }
    self.numbers = numbers
    self.totals = totals
    named = totals.map { total in
      let ranked = (0..<size).filter { total[$0] > 0 }.sorted { left, right in
        total[left] != total[right] ? total[left] > total[right] : left < right
      }
      var shown = Array(ranked.filter { total[$0] >= smallest }.prefix(query.nodesPerColumn))
      var other = ranked.reduce(0) { $0 + total[$1] } - shown.reduce(0) { $0 + total[$1] }
      while (1..<smallest).contains(other), let last = shown.popLast() { other += total[last] }
      return shown.map { UInt16($0) }
    }
  }

  /// The labels that a node of a column stands for, with the end.
  func labels(of node: FlowsReport.Node, column: Int) -> Set<UInt16> {
    var wanted: Set<UInt16> = []
    for row in 0..<paths.counts.count {
      let label = paths.label(row, column)
      if !wanted.contains(label), self.node(nodes.number(label), column) == node { wanted.insert(label) }
    }
    return wanted
  }

  private func node(_ number: UInt16, _ column: Int) -> FlowsReport.Node {
    if number == FlowPath.end { return .end }
    if Int(number) >= nodes.nodes.count { return .more }
    return named[column].contains(number) ? nodes.nodes[Int(number)] : .other
  }

  func report() -> FlowsReport {
    var columns: [FlowsReport.Column] = []
    var edges: [FlowsReport.Edge] = []
    for column in 0..<paths.width {
      var entries = named[column].map { FlowsReport.Column.Entry(node: nodes.nodes[Int($0)], count: totals[column][Int($0)]) }
      let more = totals[column][nodes.nodes.count]
      let end = totals[column][nodes.nodes.count + 1]
      let other = totals[column].reduce(0, +) - entries.reduce(0) { $0 + $1.count } - more - end
      if other > 0 { entries.append(.init(node: .other, count: other)) }
      if more > 0 { entries.append(.init(node: .more, count: more)) }
      if end > 0 { entries.append(.init(node: .end, count: end)) }
      columns.append(.init(position: column - query.backward, entries: entries))
      if column + 1 < paths.width { edges += self.edges(column) }
    }
    return FlowsReport(
      entrants: paths.counts.reduce(0, +), columns: columns, edges: edges,
      paths: whole(query.backward..<paths.width), backwardPaths: query.backward > 0 ? whole(0..<(query.backward + 1)) : [])
  }

  /// Largest first, then by the places of their ends in the columns. Nothing is drawn from one end to the next.
  private func edges(_ column: Int) -> [FlowsReport.Edge] {
    struct Ends: Hashable { var from: Int, to: Int }
    let size = nodes.nodes.count
    func place(_ number: UInt16, _ column: Int) -> Int {
      if number == FlowPath.end { return size + 2 }
      if Int(number) >= size { return size + 1 }
      return named[column].firstIndex(of: number) ?? size
    }
    func node(_ place: Int, _ column: Int) -> FlowsReport.Node {
      switch place - size {
      case 2: .end
      case 1: .more
      case 0: .other
      default: nodes.nodes[Int(named[column][place])]
      }
    }
    var counts: [Ends: Int] = [:]
    for (row, count) in paths.counts.enumerated() {
      let from = numbers[row * paths.width + column]
      let to = numbers[row * paths.width + column + 1]
      if from == FlowPath.end && to == FlowPath.end { continue }
      counts[Ends(from: place(from, column), to: place(to, column + 1)), default: 0] += count
    }
    return counts.sorted { left, right in
      left.value != right.value ? left.value > right.value : (left.key.from, left.key.to) < (right.key.from, right.key.to)
    }.map {
      FlowsReport.Edge(position: column - query.backward, from: node($0.key.from, column), to: node($0.key.to, column + 1), count: $0.value)
    }
  }

  /// The smallest of the `limit` largest counts: only what reaches it is brought into order.
  private static func smallest(of counts: some Sequence<Int>, among limit: Int) -> Int {
    // Ascending; most counts are small and never enter.
    var largest: [Int] = []
    for count in counts {
      if largest.count == limit {
        if count <= largest[0] { continue }
        largest.removeFirst()
      }
      var low = 0
      var high = largest.count
      while low < high {
        let middle = (low + high) / 2
        if largest[middle] < count { low = middle + 1 } else { high = middle }
      }
      largest.insert(count, at: low)
    }
    return largest.first ?? 0
  }

  /// The largest whole paths over some columns.
  private func whole(_ columns: Range<Int>) -> [FlowsReport.Path] {
    guard query.pathLimit > 0 else { return [] }
    func part(_ row: Int) -> ArraySlice<UInt16> {
      let part = numbers[(row * paths.width + columns.lowerBound)..<(row * paths.width + columns.upperBound)]
      // Forward the ends stand behind, backward before.
      return part.prefix { $0 != FlowPath.end }.isEmpty ? part.drop { $0 == FlowPath.end } : part.prefix { $0 != FlowPath.end }
    }
    var found: [(numbers: ArraySlice<UInt16>, count: Int)] = []
    if columns.count == paths.width && nodes.isOneToOne {
      let smallest = Self.smallest(of: paths.counts, among: query.pathLimit)
      for (row, count) in paths.counts.enumerated() where count >= smallest { found.append((part(row), count)) }
    } else {
      var counts: [ArraySlice<UInt16>: Int] = [:]
      for (row, count) in paths.counts.enumerated() { counts[part(row), default: 0] += count }
      let smallest = Self.smallest(of: counts.values, among: query.pathLimit)
      for (numbers, count) in counts where count >= smallest { found.append((numbers, count)) }
    }
    // Numbers are in the order of names and values, what has no column behind them all.
    found.sort { left, right in
      left.count != right.count ? left.count > right.count : left.numbers.lexicographicallyPrecedes(right.numbers)
    }
    return found.prefix { $0.count >= smallest }.prefix(query.pathLimit).map { path in
      FlowsReport.Path(
        nodes: path.numbers.map { Int($0) < nodes.nodes.count ? nodes.nodes[Int($0)] : .more }, count: path.count)
    }
  }
}
