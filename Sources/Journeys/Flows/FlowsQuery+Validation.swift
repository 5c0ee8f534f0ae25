extension FlowsQuery {
  func validate() throws(QueryError) {
    try Query.check(forward, "forward", in: QueryLimits.flowColumns)
    try Query.check(backward, "backward", in: QueryLimits.flowColumns)
    guard forward + backward > 0 else {
      throw QueryError(.invalid, "`forward` and `backward` are both 0; ask for at least one column beside the anchor.", field: "forward")
    }
    try Query.check(Int(clamping: windowSeconds), "window_seconds", in: QueryLimits.windowSeconds)
    try Query.check(nodesPerColumn, "nodes_per_column", in: QueryLimits.flowNodes)
    try Query.check(pathLimit, "path_limit", in: QueryLimits.flowPaths)
    try Query.check(hidden.count, "hidden", in: 0...QueryLimits.hiddenEvents)
    if let event = anchor.event, hidden.contains(event) {
      throw QueryError(.invalid, "`hidden` contains the anchor's own event; take one of the two away.", field: "hidden")
    }
    if let sessionGapSeconds {
      try Query.check(Int(clamping: sessionGapSeconds), "session_gap_seconds", in: QueryLimits.sessionGapSeconds)
    } else if anchors == .session {
      throw QueryError(.invalid, "`anchors` is `session`, but there is no `session_gap_seconds`.", field: "session_gap_seconds")
    }
    try validateEnd()
    try validateExpansions()
  }

  private func validateEnd() throws(QueryError) {
    guard let to else { return }
    guard forward >= 2, backward == 0 else {
      throw QueryError(
        .invalid,
        "With `to`, `forward` must be from 2 to \(QueryLimits.flowColumns.upperBound) and `backward` 0: the last column is the end.",
        field: forward < 2 ? "forward" : "backward")
    }
    guard incomplete == .kept else {
      throw QueryError(.invalid, "With `to`, every path is complete where it ends; leave `incomplete` out.", field: "incomplete")
    }
    if let event = to.event, hidden.contains(event) {
      throw QueryError(.invalid, "`hidden` contains the event that paths end with; take one of the two away.", field: "hidden")
    }
  }

  private func validateExpansions() throws(QueryError) {
    try Query.check(expand.count, "expand", in: 0...QueryLimits.expansions)
    for (index, expansion) in expand.enumerated() {
      try Query.check(expansion.limit, "expand[\(index)].limit", in: QueryLimits.flowNodes)
      if expand[..<index].contains(where: { $0.event == expansion.event }) {
        throw QueryError(
          .invalid, "`expand` has two entries for the same event; an event has one property.", field: "expand[\(index)].event")
      }
    }
  }
}
