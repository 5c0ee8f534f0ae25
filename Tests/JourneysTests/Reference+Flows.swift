import Events
import Journeys

extension Reference {
  func flows(_ query: FlowsQuery) throws -> Report {
    let interval = try calendar.interval(query.range)
    let from = interval.lowerBound.milliseconds
    let to = interval.upperBound.milliseconds
    let window = query.windowSeconds * 1000
    /// Names before and after; nil beyond the end.
    var paths: [(before: [String], anchor: String, after: [String])] = []
    for subject in subjects {
      let journey = events.filter { $0.subject == subject && !query.hidden.contains($0.name) }.sorted { left, right in
        if left.time != right.time { return left.time < right.time }
        if left.name != right.name { return Array(left.name.utf8).lexicographicallyPrecedes(Array(right.name.utf8)) }
        return matches(left, query.anchor) && !matches(right, query.anchor)
      }
      var anchors = journey.indices.filter { matches(journey[$0], query.anchor) && journey[$0].time >= from && journey[$0].time < to }
      if query.anchors == .first { anchors = Array(anchors.prefix(1)) }
      for anchor in anchors {
        let name = journey[anchor].name
        func names(_ events: [Event], _ count: Int) -> [String] {
          var names: [String] = [name]
          for event in events where abs(event.time - journey[anchor].time) <= window {
            if query.collapsesRepeats && names.last == event.name { continue }
            names.append(event.name)
          }
          return Array(names.dropFirst().prefix(count))
        }
        paths.append(
          (names(journey[..<anchor].reversed(), query.backward), name, names(Array(journey[(anchor + 1)...]), query.forward)))
      }
    }
    func name(_ path: (before: [String], anchor: String, after: [String]), _ position: Int) -> String? {
      if position == 0 { return path.anchor }
      let side = position < 0 ? path.before : path.after
      return abs(position) <= side.count ? side[abs(position) - 1] : nil
    }
    func ranked(_ counts: [String: Int]) -> [String] {
      counts.keys.sorted { left, right in
        let a = counts[left] ?? 0
        let b = counts[right] ?? 0
        return a != b ? a > b : Array(left.utf8).lexicographicallyPrecedes(Array(right.utf8))
      }
    }
    let positions = Array(-query.backward...query.forward)
    var kept: [Int: [String]] = [:]
    var columns: [FlowsReport.Column] = []
    for position in positions {
      var counts: [String: Int] = [:]
      for path in paths { if let name = name(path, position) { counts[name, default: 0] += 1 } }
      let names = Array(ranked(counts).prefix(query.nodesPerColumn))
      kept[position] = names
      var entries = names.map { FlowsReport.Column.Entry(node: .event($0), count: counts[$0] ?? 0) }
      let other = counts.filter { !names.contains($0.key) }.values.reduce(0, +)
      if other > 0 { entries.append(.init(node: .other, count: other)) }
      let ended = paths.filter { name($0, position) == nil }.count
      if ended > 0 { entries.append(.init(node: .end, count: ended)) }
      columns.append(.init(position: position, entries: entries))
    }
    func node(_ path: (before: [String], anchor: String, after: [String]), _ position: Int) -> FlowsReport.Node {
      guard let name = name(path, position) else { return .end }
      return kept[position]?.contains(name) == true ? .event(name) : .other
    }
    var edges: [FlowsReport.Edge] = []
    for position in positions.dropLast() {
      var counts: [[FlowsReport.Node]: Int] = [:]
      for path in paths { counts[[node(path, position), node(path, position + 1)], default: 0] += 1 }
      counts[[.end, .end]] = nil
      func order(_ position: Int) -> [FlowsReport.Node] { (kept[position] ?? []).map { .event($0) } + [.other, .end] }
      var found: [FlowsReport.Edge] = []
      for from in order(position) {
        for to in order(position + 1) {
          if let count = counts[[from, to]] { found.append(.init(position: position, from: from, to: to, count: count)) }
        }
      }
      // Stable: equal counts stay in the order of the columns.
      edges += found.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element)
    }
    var whole: [[String]: Int] = [:]
    for path in paths { whole[[path.anchor] + path.after, default: 0] += 1 }
    let listed = whole.map { FlowsReport.Path(events: $0.key, count: $0.value) }.sorted { left, right in
      left.count != right.count
        ? left.count > right.count
        : left.events.map { Array($0.utf8) }.lexicographicallyPrecedes(right.events.map { Array($0.utf8) }) {
          $0.lexicographicallyPrecedes($1)
        }
    }
    let counted = (from - (query.backward > 0 ? window : 0))..<(to + (query.forward > 0 ? window : 0))
    return Report(
      content: .flows(FlowsReport(entrants: paths.count, columns: columns, edges: edges, paths: Array(listed.prefix(query.pathLimit)))),
      notes: notes([
        ("no_actor", events.filter { $0.subject == nil && $0.time >= from && $0.time < to && matches($0, query.anchor) }.count),
        ("after_evaluation", late.filter { counted.contains($0.time) }.count),
      ]))
  }
}
