package struct FlowsReport: Sendable, Hashable {
  package enum Node: Sendable, Hashable {
    case event(String)
    /// Folded by `nodesPerColumn`.
    case other
    /// Nothing further (forward) or nothing before (backward) inside the window.
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
    /// Largest first, then other, then end. They add up to the entrants.
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
  /// A whole path of event names from the anchor on, forward only, at most `forward` names after the anchor.
  package struct Path: Sendable, Hashable {
    package var events: [String]
    package var count: Int
    package init(events: [String], count: Int) {
      self.events = events
      self.count = count
    }
  }
  package var entrants: Int
  package var columns: [Column]
  package var edges: [Edge]
  package var paths: [Path]
  package init(entrants: Int, columns: [Column], edges: [Edge], paths: [Path]) {
    self.entrants = entrants
    self.columns = columns
    self.edges = edges
    self.paths = paths
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
      "paths": .list(paths.map { ["events": .list($0.events.map { .string($0) }), "count": .number(Double($0.count))] }),
    ]
  }
}
