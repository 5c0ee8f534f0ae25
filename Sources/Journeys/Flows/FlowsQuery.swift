/// What happens before and after an anchor event, or between two (A.8, the Sankey around an anchor).
package struct FlowsQuery: Sendable, Hashable {
  /// Each subject's first anchor in the range, every one, or the first of each session.
  package enum Anchors: String, Sendable, Hashable, Codable, CaseIterable { case first, every, session }
  /// What becomes of paths that do not fill every column.
  package enum Incomplete: String, Sendable, Hashable, Codable, CaseIterable { case kept, dropped }
  /// Events that are told apart by a property too.
  package struct Expansion: Sendable, Hashable {
    /// Nil: every event that no other expansion names.
    package var event: String?
    package var property: PropertyReference
    /// Values an event is split into; the rest is the event's "other".
    package var limit: Int
    package init(event: String?, property: PropertyReference, limit: Int = 5) {
      self.event = event
      self.property = property
      self.limit = limit
    }
  }
  package var range: DateRange
  package var level = Level.subject
  package var anchor: EventSelector
  /// Paths end at the first event that matches; who does not get there inside the window is no entrant.
  package var to: EventSelector?
  /// Columns after and before the anchor, 0...8 each.
  package var forward: Int
  package var backward: Int
  /// Elapsed seconds from the anchor in either direction. Default 7 days.
  package var windowSeconds: Int64
  /// Paths stay inside the anchor's session, which a gap of more than this ends; nil: no sessions.
  package var sessionGapSeconds: Int64?
  /// Named nodes a column; the rest is "other".
  package var nodesPerColumn: Int
  package var collapsesRepeats: Bool
  /// Event names that are taken out before paths are built.
  package var hidden: [String]
  package var expand: [Expansion]
  package var anchors: Anchors
  package var incomplete: Incomplete
  /// Events that do not pass are on no path.
  package var filter: Filter?
  /// How many whole paths are listed.
  package var pathLimit: Int
  package init(
    range: DateRange, anchor: EventSelector, to: EventSelector? = nil, forward: Int = 3, backward: Int = 0, windowSeconds: Int64 = 604_800,
    sessionGapSeconds: Int64? = nil, nodesPerColumn: Int = 5, collapsesRepeats: Bool = true, hidden: [String] = [],
    expand: [Expansion] = [], anchors: Anchors = .first, incomplete: Incomplete = .kept, filter: Filter? = nil, pathLimit: Int = 50
  ) {
    self.range = range
    self.anchor = anchor
    self.to = to
    self.forward = forward
    self.backward = backward
    self.windowSeconds = windowSeconds
    self.sessionGapSeconds = sessionGapSeconds ?? (anchors == .session ? Self.standardGapSeconds : nil)
    self.nodesPerColumn = nodesPerColumn
    self.collapsesRepeats = collapsesRepeats
    self.hidden = hidden
    self.expand = expand
    self.anchors = anchors
    self.incomplete = incomplete
    self.filter = filter
    self.pathLimit = pathLimit
  }

  package static let standardGapSeconds: Int64 = 1_800
  /// No session is longer (A.10).
  package static let longestSessionSeconds: Int64 = 86_400
}
