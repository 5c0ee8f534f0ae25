/// Which rules of a funnel go together.
extension FunnelQuery {
  func validateEntry() throws(QueryError) {
    guard entry == .lastBeforeNext else { return }
    guard order == .sequential else {
      throw QueryError(
        .invalid, "`entry` last_before_next needs `order` sequential: only there may a first step come again before the second.",
        field: "entry")
    }
    guard counting != .totals else {
      throw QueryError(
        .invalid,
        "`entry` last_before_next needs `counting` unique or sessions: counting totals, the first step opens an attempt, and when it comes again it belongs to that.",
        field: "entry")
    }
  }

  func validateHopWindow() throws(QueryError) {
    guard let seconds = hopWindowSeconds else { return }
    try Query.check(Int(clamping: seconds), "hop_window_seconds", in: QueryLimits.windowSeconds)
    guard order == .sequential else {
      throw QueryError(
        .invalid, "`hop_window_seconds` needs `order` sequential: only there does one step wait for the next.", field: "hop_window_seconds")
    }
  }

  func validateGrace() throws(QueryError) {
    try Query.check(graceMilliseconds, "grace_ms", in: QueryLimits.graceMilliseconds)
    guard graceMilliseconds > 0 else { return }
    func refuse(_ why: String) -> QueryError { QueryError(.invalid, "`grace_ms` \(why)", field: "grace_ms") }
    guard order == .sequential else {
      throw refuse("needs `order` sequential: strict funnels go by every event's exact place, and in `any` order none is needed.")
    }
    guard exclusions.isEmpty else {
      throw refuse("does not go with `exclusions`: whether an event lies between two steps that may change places cannot be said.")
    }
    guard attribution == .entry || attribution == .firstEntry else {
      throw refuse("needs `attribution` entry or first_entry: a later step may be told by an event that lies before it.")
    }
    guard Int64(graceMilliseconds) <= min(windowSeconds, hopWindowSeconds ?? windowSeconds) * 1_000 else {
      throw refuse("must not be longer than `window_seconds` and `hop_window_seconds`.")
    }
  }
}
