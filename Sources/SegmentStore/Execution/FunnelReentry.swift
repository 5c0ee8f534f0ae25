internal import Journeys

/// Optimised re-entry, as Mixpanel calls it: of the entries behind which an attempt goes on in the same way, the last one counts.
extension FunnelPass {
  /// The attempt that counts, where the one to judge by was entered at `index`; leaves its step times in the rules.
  ///
  /// - Parameter regardless: judged, and with its times, as if there were no exclusions; it says all the same whether they cut it short.
  @inline(__always) mutating func reported(at index: Int, _ journey: Journey, regardless: Bool = false) -> FunnelAttempt {
    guard regardless || entry == .lastBeforeNext else { return best(at: index, journey) }
    return judged(at: entry == .lastBeforeNext ? lastEntry(index, journey, regardless) : index, journey, regardless)
  }

  /// Index of the entry whose attempt is reported.
  @inline(never) private mutating func lastEntry(_ index: Int, _ journey: Journey, _ regardless: Bool) -> Int {
    let attempt = judged(at: index, journey, regardless)
    let times = Array(rules.stepTimes.prefix(attempt.depth))
    guard times.count > 1 else { return index }
    // Backwards from the second step: nearly always the first entry that is met there.
    var last = events.index(of: times[1] + 1) - 1
    while last >= 0, events.times[last] > times[0] {
      let tie = events.tie(to: last)
      if let other = tie.first(where: { rules.isEntry(events, $0) }) {
        let depth = judged(at: other, journey, regardless).depth
        if rules.stepTimes.prefix(depth).dropFirst() == times.dropFirst() { return other }
      }
      last = tie.lowerBound - 1
    }
    return index
  }

  private mutating func judged(at index: Int, _ journey: Journey, _ regardless: Bool) -> FunnelAttempt {
    var attempt = best(at: index, journey, regardless: regardless)
    guard regardless else { return attempt }
    let tie = events.tie(to: attempt.entry).lowerBound..<events.tie(from: attempt.entry).upperBound
    attempt.depth = rules.followRegardless(events, entry: attempt.entry, tie: tie).depth
    return attempt
  }
}

extension FunnelQuery {
  /// Whether one look at each event as it passes does not do.
  var needsWholeJourneys: Bool { entry == .lastBeforeNext || hopWindowSeconds != nil || graceMilliseconds > 0 }
}
