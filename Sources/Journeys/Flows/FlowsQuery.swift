/// What happens before and after an anchor event (A.8, the Sankey around an anchor).
package struct FlowsQuery: Sendable, Hashable {
  /// Each subject's first anchor in the range, or every one.
  package enum Anchors: String, Sendable, Hashable, Codable, CaseIterable { case first, every }
  package var range: DateRange
  package var level = Level.subject
  package var anchor: EventSelector
  /// Columns after and before the anchor, 0...8 each.
  package var forward: Int
  package var backward: Int
  /// Elapsed seconds from the anchor in either direction. Default 7 days.
  package var windowSeconds: Int64
  /// Named nodes a column; the rest is "other".
  package var nodesPerColumn: Int
  package var collapsesRepeats: Bool
  /// Event names that are taken out before paths are built.
  package var hidden: [String]
  package var anchors: Anchors
  /// How many whole paths are listed.
  package var pathLimit: Int
  package init(
    range: DateRange, anchor: EventSelector, forward: Int = 3, backward: Int = 0, windowSeconds: Int64 = 604_800, nodesPerColumn: Int = 5,
    collapsesRepeats: Bool = true, hidden: [String] = [], anchors: Anchors = .first, pathLimit: Int = 50
  ) {
    self.range = range
    self.anchor = anchor
    self.forward = forward
    self.backward = backward
    self.windowSeconds = windowSeconds
    self.nodesPerColumn = nodesPerColumn
    self.collapsesRepeats = collapsesRepeats
    self.hidden = hidden
    self.anchors = anchors
    self.pathLimit = pathLimit
  }
}
