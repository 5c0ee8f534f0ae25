import Events
import Journeys

extension Reference {
  private typealias Node = FlowsReport.Node

  /// What stands before and after an anchor, nearest first.
  private struct FlowPath {
    var subject: UInt32
    var before: [Node]
    var anchor: Node
    var after: [Node]

    /// Nil beyond the end.
    func node(_ position: Int) -> Node? {
      if position == 0 { return anchor }
      let side = position < 0 ? before : after
      return abs(position) <= side.count ? side[abs(position) - 1] : nil
    }
    func mapped(_ change: (Node) -> Node) -> FlowPath {
      FlowPath(subject: subject, before: before.map(change), anchor: change(anchor), after: after.map(change))
    }
  }

  func flows(_ query: FlowsQuery) throws -> Report {
    let interval = try calendar.interval(query.range)
    let from = interval.lowerBound.milliseconds
    let to = interval.upperBound.milliseconds
    let window = query.windowSeconds * 1000
    var paths: [FlowPath] = []
    var notReached = 0
    var incomplete = 0
    for subject in subjects {
      let all = events.filter { $0.subject == subject }.sorted { $0.time < $1.time }
      // Equal times are in one session.
      var sessions: [Int64: Int] = [:]
      var (session, start, last) = (0, Int64.min, Int64.min)
      for event in all {
        if let gap = query.sessionGapSeconds, last == .min || event.time - last > gap * 1000 || event.time - start > 86_400_000 {
          session += 1
          start = event.time
        }
        last = event.time
        sessions[event.time] = session
      }
      let visible = all.filter { event in
        !query.hidden.contains(event.name) && (query.filter.map { passes(event, $0) } ?? true)
      }
      let journey = visible.sorted { orderKey($0, query).lexicographicallyPrecedes(orderKey($1, query)) }
      var anchors = journey.indices.filter { matches(journey[$0], query.anchor) && journey[$0].time >= from && journey[$0].time < to }
      switch query.anchors {
      case .first: anchors = Array(anchors.prefix(1))
      case .every: break
      case .session:
        anchors = anchors.filter { anchor in
          !anchors.contains { $0 < anchor && sessions[journey[$0].time] == sessions[journey[anchor].time] }
        }
      }
      for anchor in anchors {
        let opening = journey[anchor]
        func reaches(_ event: Event) -> Bool {
          abs(event.time - opening.time) <= window && sessions[event.time] == sessions[opening.time]
        }
        /// Labels of some events, collapsed if asked for, the anchor's own first.
        func labels(_ events: [Event]) -> [Node] {
          var labels = [label(opening, query)]
          for event in events {
            if query.collapsesRepeats && labels.last == label(event, query) { continue }
            labels.append(label(event, query))
          }
          return Array(labels.dropFirst())
        }
        let behind = Array(journey[(anchor + 1)...]).filter(reaches)
        if let end = query.to {
          guard let reached = behind.firstIndex(where: { matches($0, end) }) else {
            notReached += 1
            continue
          }
          let last = label(behind[reached], query)
          var middle = labels(Array(behind[..<reached]))
          if query.collapsesRepeats && middle.last == last { middle.removeLast() }
          if middle.count > query.forward - 1 { middle = middle.prefix(query.forward - 2) + [.more] }
          paths.append(FlowPath(subject: subject, before: [], anchor: label(opening, query), after: middle + [last]))
          continue
        }
        let path = FlowPath(
          subject: subject, before: Array(labels(journey[..<anchor].reversed().filter(reaches)).prefix(query.backward)),
          anchor: label(opening, query),
          after: Array(labels(behind).prefix(query.forward)))
        if query.incomplete == .dropped, path.before.count < query.backward || path.after.count < query.forward {
          incomplete += 1
        } else {
          paths.append(path)
        }
      }
    }
    let merged: Int
    (paths, merged) = folded(paths, query)

    func ranked(_ counts: [Node: Int]) -> [Node] {
      counts.keys.sorted { left, right in
        let a = counts[left] ?? 0
        let b = counts[right] ?? 0
        return a != b ? a > b : Self.nodeKey(left).lexicographicallyPrecedes(Self.nodeKey(right))
      }
    }
    let positions = Array(-query.backward...query.forward)
    var kept: [Int: [Node]] = [:]
    var columns: [FlowsReport.Column] = []
    for position in positions {
      var counts: [Node: Int] = [:]
      for path in paths { if let node = path.node(position) { counts[node, default: 0] += 1 } }
      let more = counts.removeValue(forKey: .more) ?? 0
      var names = Array(ranked(counts).filter { (counts[$0] ?? 0) >= smallest }.prefix(query.nodesPerColumn))
      func rest() -> Int { counts.filter { !names.contains($0.key) }.values.reduce(0, +) }
      while rest() > 0, rest() < smallest, !names.isEmpty { names.removeLast() }
      kept[position] = names
      var entries = names.map { FlowsReport.Column.Entry(node: $0, count: counts[$0] ?? 0) }
      let other = counts.filter { !names.contains($0.key) }.values.reduce(0, +)
      if other > 0 { entries.append(.init(node: .other, count: other)) }
      if more > 0 { entries.append(.init(node: .more, count: more)) }
      let ended = paths.filter { $0.node(position) == nil }.count
      if ended > 0 { entries.append(.init(node: .end, count: ended)) }
      columns.append(.init(position: position, entries: entries))
    }
    func node(_ path: FlowPath, _ position: Int) -> Node {
      guard let node = path.node(position) else { return .end }
      return node == .more || kept[position]?.contains(node) == true ? node : .other
    }
    var edges: [FlowsReport.Edge] = []
    for position in positions.dropLast() {
      var counts: [[Node]: Int] = [:]
      for path in paths { counts[[node(path, position), node(path, position + 1)], default: 0] += 1 }
      counts[[.end, .end]] = nil
      func order(_ position: Int) -> [Node] { (kept[position] ?? []) + [.other, .more, .end] }
      var found: [FlowsReport.Edge] = []
      for from in order(position) {
        for to in order(position + 1) {
          if let count = counts[[from, to]] { found.append(.init(position: position, from: from, to: to, count: count)) }
        }
      }
      // Stable: equal counts stay in the order of the columns.
      edges += found.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element)
    }
    func listed(_ nodes: (FlowPath) -> [Node]) -> [FlowsReport.Path] {
      var whole: [[Node]: Int] = [:]
      for path in paths { whole[nodes(path), default: 0] += 1 }
      let paths = whole.map { FlowsReport.Path(nodes: $0.key, count: $0.value) }.sorted { left, right in
        left.count != right.count
          ? left.count > right.count
          : left.nodes.map(Self.nodeKey).lexicographicallyPrecedes(right.nodes.map(Self.nodeKey)) { $0.lexicographicallyPrecedes($1) }
      }
      return Array(paths.filter { $0.count >= smallest }.prefix(query.pathLimit))
    }
    let counted = (from - (query.backward > 0 ? window : 0))..<(to + (query.forward > 0 ? window : 0))
    func isSeen(_ event: Event) -> Bool { query.filter.map { passes(event, $0) } ?? true }
    return Report(
      content: .flows(
        FlowsReport(
          entrants: paths.count, columns: columns, edges: edges, paths: listed { [$0.anchor] + $0.after },
          backwardPaths: query.backward > 0 ? listed { $0.before.reversed() + [$0.anchor] } : [])),
      notes: notes([
        (
          "no_actor",
          events.filter { $0.subject == nil && $0.time >= from && $0.time < to && matches($0, query.anchor) && isSeen($0) }.count
        ), ("end_not_reached", notReached), ("incomplete", incomplete),
        ("after_evaluation", late.filter { counted.contains($0.time) && isSeen($0) }.count), ("small_group", merged),
      ]))
  }

  /// What an event is called on a path.
  private func label(_ event: Event, _ query: FlowsQuery) -> Node {
    guard let expansion = query.expand.first(where: { $0.event == event.name }) ?? query.expand.first(where: { $0.event == nil }) else {
      return .event(event.name)
    }
    // A list stands for its first element.
    let value = groups(event, Breakdown(property: expansion.property))[0]
    return .value(event: event.name, value.map { .value($0) } ?? .none)
  }

  /// Equal times by name, anchors first, then by value; between two anchors starts before anything else and ends behind.
  private func orderKey(_ event: Event, _ query: FlowsQuery) -> [UInt8] {
    let isAnchor = matches(event, query.anchor)
    var key: [UInt8] = (0..<8).map { (index: Int) -> UInt8 in UInt8(truncatingIfNeeded: (event.time + (1 << 60)) >> Int64(56 - 8 * index)) }
    if let end = query.to { key.append(UInt8((isAnchor ? 0 : 2) + (matches(event, end) ? 1 : 0))) }
    key += Array(event.name.utf8).map { $0 == 255 ? 255 : $0 + 1 } + [0]
    return key + [isAnchor ? 0 : 1] + Self.nodeKey(label(event, query))
  }

  /// Of each expanded event the values that are met most on all paths, the rest as its "other".
  private func folded(_ paths: [FlowPath], _ query: FlowsQuery) -> (paths: [FlowPath], merged: Int) {
    var counts: [String: [StoredValue: Int]] = [:]
    var actors: [String: [StoredValue?: Set<UInt32>]] = [:]
    for path in paths {
      for node in path.before + [path.anchor] + path.after {
        guard case .value(let event, let group) = node else { continue }
        var value: StoredValue?
        if case .value(let named) = group { value = named }
        counts[event, default: [:]][value ?? .null, default: 0] += value == nil ? 0 : 1
        actors[event, default: [:]][value, default: []].insert(path.subject)
      }
    }
    var shown: [String: [StoredValue?]] = [:]
    var merged = 0
    for (event, values) in counts {
      let expansion = query.expand.first { $0.event == event } ?? query.expand.first { $0.event == nil }
      let ordered = values.keys.filter { $0 != .null }.sorted { left, right in
        let a = values[left] ?? 0
        let b = values[right] ?? 0
        return a != b ? a > b : Self.sortKey(left).lexicographicallyPrecedes(Self.sortKey(right))
      }
      let parts = split(
        ordered, hasNone: actors[event]?[nil] != nil, limit: expansion?.limit ?? 0, actors: actors[event].map { [$0] } ?? [])
      shown[event] = parts.shown
      merged += parts.merged
    }
    let changed = paths.map { path in
      path.mapped { node in
        guard case .value(let event, let group) = node else { return node }
        var value: StoredValue?
        if case .value(let named) = group { value = named }
        return shown[event]?.contains(value) == false ? .value(event: event, .other) : node
      }
    }
    return (changed, merged)
  }

  /// By name, then missing, values, other; what has no column comes last.
  private static func nodeKey(_ node: FlowsReport.Node) -> [UInt8] {
    func name(_ event: String) -> [UInt8] { [0] + Array(event.utf8).map { $0 == 255 ? 255 : $0 + 1 } + [0] }
    switch node {
    case .event(let event): return name(event)
    case .value(let event, .value(let value)): return name(event) + [1] + sortKey(value)
    case .value(let event, .other): return name(event) + [2]
    case .value(let event, _): return name(event)
    case .other, .more, .end: return [1]
    }
  }
}
