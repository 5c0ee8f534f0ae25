internal import Journeys

/// Optimised re-entry, as Mixpanel calls it: of the entries behind which an attempt goes on in the same way, the last one counts.
extension FunnelPass {
  /// The attempt that counts, where the one to judge by was entered at `index`; leaves its step times in the rules.
  ///
  /// - Parameter regardless: judged as if there were no exclusions.
  @inline(__always) mutating func reported(at index: Int, _ journey: Journey, regardless: Bool = false) -> FunnelAttempt {
    entry == .lastBeforeNext ? reentered(at: index, journey, regardless) : best(at: index, journey, regardless: regardless)
  }

  @inline(never) private mutating func reentered(at index: Int, _ journey: Journey, _ regardless: Bool) -> FunnelAttempt {
    let times = judgedTimes(at: index, journey, regardless)
    var chosen = index
    if times.count > 1 {
      // Backwards from the second step: nearly always the first entry that is met there.
      var last = events.index(of: times[1] + 1) - 1
      while last >= 0, events.times[last] > times[0] {
        let tie = events.tie(to: last)
        if let other = tie.first(where: { rules.isEntry(events, $0) }),
          judgedTimes(at: other, journey, regardless).dropFirst() == times.dropFirst()
        {
          chosen = other
          break
        }
        last = tie.lowerBound - 1
      }
    }
    return best(at: chosen, journey, regardless: regardless)
  }

  /// When the steps were reached, those included that an exclusion takes away where it is not to be regarded.
  private mutating func judgedTimes(at index: Int, _ journey: Journey, _ regardless: Bool) -> [Int64] {
    var attempt = best(at: index, journey, regardless: regardless)
    if regardless, attempt.isExcluded {
      let tie = events.tie(to: attempt.entry).lowerBound..<events.tie(from: attempt.entry).upperBound
      attempt = rules.followRegardless(events, entry: attempt.entry, tie: tie)
    }
    return Array(rules.stepTimes.prefix(attempt.depth))
  }
}
