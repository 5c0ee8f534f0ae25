package struct FlowsReport: Sendable, Hashable {
  package enum Node: Sendable, Hashable {
    case event(String)
    /// An expanded event: one of its values, `none`, or `other` for the values that the limit folded.
    case value(event: String, ReportGroup)
    /// Folded by `nodesPerColumn`.
    case other
    /// Between two anchors: the events that have no column.
    case more
    /// Nothing further (forward) or nothing before (backward) inside the window and the session; behind the end anchor.
    case end
  }
  package struct Column: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
      package var node: Node
      package var count: Int
      package init(node: Node, count: Int) {
        self.node = node
        self.count = count
      }
    }
    /// ..., -1, 0 (the anchor), 1, ...
    package var position: Int
    /// Largest first, then other, more, end. They add up to the entrants.
    package var entries: [Entry]
    package init(position: Int, entries: [Entry]) {
      self.position = position
      self.entries = entries
    }
  }
  /// How many go from a node in column `position` to one in `position + 1`.
  package struct Edge: Sendable, Hashable {
    package var position: Int
    package var from: Node
    package var to: Node
    package var count: Int
    package init(position: Int, from: Node, to: Node, count: Int) {
      self.position = position
      self.from = from
      self.to = to
      self.count = count
    }
  }
  /// A whole path in the order of time, without the end.
  package struct Path: Sendable, Hashable {
    package var nodes: [Node]
    package var count: Int
    package init(nodes: [Node], count: Int) {
      self.nodes = nodes
      self.count = count
    }
    package init(events: [String], count: Int) { self.init(nodes: events.map { .event($0) }, count: count) }

    /// Event names only.
    package var events: [String] { nodes.compactMap(\.event) }
  }
  package var entrants: Int
  package var columns: [Column]
  package var edges: [Edge]
  /// From the anchor on, at most `forward` nodes after it.
  package var paths: [Path]
  /// Up to the anchor, at most `backward` nodes before it; empty where nobody asked what was before.
  package var backwardPaths: [Path]
  package init(entrants: Int, columns: [Column], edges: [Edge], paths: [Path], backwardPaths: [Path] = []) {
    self.entrants = entrants
    self.columns = columns
    self.edges = edges
    self.paths = paths
    self.backwardPaths = backwardPaths
  }
}

extension FlowsReport.Node {
  /// The event's name, whatever its value.
  package var event: String? {
    switch self {
    case .event(let name), .value(let name, _): name
    case .other, .more, .end: nil
    }
  }

  /// The value by which an expanded event is told apart.
  package var group: ReportGroup? {
    if case .value(_, let group) = self { group } else { nil }
  }
}

extension FlowsReport {
  var json: JSONValue {
    [
      "entrants": .number(Double(entrants)),
      "columns": .list(
        columns.map {
          [
            "position": .number(Double($0.position)),
            "entries": .list($0.entries.map { ["node": $0.node.json, "count": .number(Double($0.count))] }),
          ]
        }),
      "edges": .list(
        edges.map {
          ["position": .number(Double($0.position)), "from": $0.from.json, "to": $0.to.json, "count": .number(Double($0.count))]
        }),
      "paths": .list(paths.map(\.json)), "backward_paths": .list(backwardPaths.map(\.json)),
    ]
  }
}

extension FlowsReport.Path {
  /// Plain events by their names, other nodes as in columns.
  var json: JSONValue {
    let steps = nodes.map { node -> JSONValue in if case .event(let name) = node { .string(name) } else { node.json } }
    return ["events": .list(steps), "count": .number(Double(count))]
  }
}
