internal import Journeys

/// Chains without an excluded event between their steps, and with no step too long after the one before it (semantics A.6.4; A.21, 7
/// and 13). Where each step may wait for the next only so long, the earliest event is not always the right one either.
///
/// An exclusion is violated by one of its events that lies later than its first step and earlier than its last (or the last one reached);
/// what shares a millisecond with either end does not lie between. So whether a chain may go on depends on the millisecond in which it stands
/// and on which of its steps lie in that millisecond, not on how it came there: that makes the search linear in events times steps.
struct FunnelExclusions {
  private let steps: Int
  private let shift: UInt32
  /// By step that was reached: the exclusions that run from there to the next one.
  private let running: [UInt32]
  /// By step: the exclusions that begin before it.
  private let begunBefore: [UInt32]
  /// From each step to the next, milliseconds.
  private let hop: Int64
  private let isHopBound: Bool

  private static let never = Int64.max / 2

  /// - Parameter regardless: as if there were no exclusions.
  init(_ query: FunnelQuery, regardless: Bool = false) {
    steps = query.steps.count
    shift = UInt32(query.steps.count)
    isHopBound = query.hopWindowSeconds != nil
    hop = query.hopWindowSeconds.map { $0 * 1_000 } ?? Self.never / 2
    let exclusions = regardless ? [] : query.exclusions
    func mask(_ test: (FunnelQuery.Exclusion) -> Bool) -> UInt32 {
      var mask: UInt32 = 0
      for (bit, exclusion) in exclusions.enumerated() where test(exclusion) { mask |= 1 << UInt32(bit) }
      return mask
    }
    running = query.steps.indices.map { step in mask { $0.fromStep <= step && step < $0.toStep } }
    begunBefore = query.steps.indices.map { step in mask { $0.fromStep < step } }
  }

  /// A millisecond of the journey that matters.
  private struct Moment {
    var tie: Range<Int>
    var time: Int64
    var excluded: UInt32
    /// By first step served here, the earlier ones before: how many steps in a row it can serve, and how deep a chain gets from here.
    var runs: [UInt8]
    var depths: [UInt8]
  }

  struct Chain {
    /// Of the longest clean chain from an entry; of several, of those that are earliest step by step.
    var times: [Int64]
    /// The last moment to which any clean chain from there gets.
    var latest: Int64
  }

  func chain(_ events: FunnelEvents, entry: Int, tie: Range<Int>, window: Int64) -> Chain {
    var moments = moments(events, entry, tie, window)
    guard isHopBound else {
      measure(&moments)
      return Chain(times: earliest(moments, depth: moments[0].depths[0]), latest: moments[0].time)
    }
    measureWithinHops(&moments)
    return Chain(times: earliest(moments, depth: moments[0].depths[0]), latest: latest(moments))
  }

  private func measure(_ moments: inout [Moment]) {
    // By step: the furthest that a chain gets which has it next, among the later moments that can be reached.
    var ahead = [UInt8](repeating: 0, count: steps + 1)
    for index in moments.indices.reversed() {
      for first in index == 0 ? 0..<1 : 1..<steps where moments[index].runs[first] > 0 {
        let run = Int(moments[index].runs[first])
        var depth = UInt8(first + run)
        for last in first..<(first + run) where last + 1 < steps && mayLeave(moments[index], first, last) {
          depth = max(depth, ahead[last + 1])
        }
        moments[index].depths[first] = depth
      }
      for step in 1..<steps {
        // Beyond an excluded event nothing can be reached from before it; the moment itself still can.
        if moments[index].excluded & running[step - 1] != 0 { ahead[step] = 0 }
        ahead[step] = max(ahead[step], moments[index].depths[step])
      }
    }
  }

  /// The same where a later moment may be too far away.
  private func measureWithinHops(_ moments: inout [Moment]) {
    // By step and depth: the next of the later moments that has the step and leads to the depth, if it can be reached.
    let columns = steps + 1
    var ahead = [Int64](repeating: Self.never, count: columns * columns)
    for index in moments.indices.reversed() {
      let time = moments[index].time
      for first in index == 0 ? 0..<1 : 1..<steps where moments[index].runs[first] > 0 {
        let run = Int(moments[index].runs[first])
        var depth = first + run
        for last in first..<(first + run) where last + 1 < steps && mayLeave(moments[index], first, last) {
          let next = (last + 1) * columns
          var further = steps
          while further > depth && ahead[next + further] - time > hop { further -= 1 }
          depth = further
        }
        moments[index].depths[first] = UInt8(depth)
      }
      for step in 1..<steps {
        if moments[index].excluded & running[step - 1] != 0 {
          for depth in 0...steps { ahead[step * columns + depth] = Self.never }
        }
        for depth in 0...Int(moments[index].depths[step]) where depth > 0 { ahead[step * columns + depth] = time }
      }
    }
  }

  private func latest(_ moments: [Moment]) -> Int64 {
    // By step: when a chain last stood where it may come next.
    var left = [Int64](repeating: -Self.never, count: steps + 1)
    var latest = moments[0].time
    for (index, moment) in moments.enumerated() {
      var leaving: UInt32 = 0
      for first in index == 0 ? 0..<1 : 1..<steps where moment.runs[first] > 0 && (index == 0 || moment.time - left[first] <= hop) {
        latest = moment.time
        for last in first..<(first + Int(moment.runs[first])) where mayLeave(moment, first, last) { leaving |= 1 << UInt32(last + 1) }
      }
      for step in 1..<steps {
        if moment.excluded & running[step - 1] != 0 { left[step] = -Self.never }
        if leaving >> UInt32(step) & 1 != 0 { left[step] = moment.time }
      }
    }
    return latest
  }

  /// Whether a chain that took the steps `first...last` in a moment may take the next one later.
  private func mayLeave(_ moment: Moment, _ first: Int, _ last: Int) -> Bool {
    moment.excluded & running[last] & begunBefore[first] == 0
  }

  private func moments(_ events: FunnelEvents, _ entry: Int, _ tie: Range<Int>, _ window: Int64) -> [Moment] {
    var moments: [Moment] = []
    var tie = tie
    while true {
      var mask: UInt32 = 0
      for index in tie { mask |= events.masks[index] }
      if moments.isEmpty || mask != 0 {
        var runs = [UInt8](repeating: 0, count: steps)
        if moments.isEmpty {
          runs[0] = UInt8(1 + StepMatching.run(from: 1, of: steps, in: events.masks, tie, skipping: entry))
        } else {
          for first in 1..<steps where mask >> UInt32(first) & 1 != 0 {
            runs[first] = UInt8(StepMatching.run(from: first, of: steps, in: events.masks, tie))
          }
        }
        if let last = moments.last, events.times[tie.lowerBound] - last.time > hop { return moments }
        moments.append(
          Moment(
            tie: tie, time: events.times[tie.lowerBound], excluded: mask >> shift, runs: runs, depths: [UInt8](repeating: 0, count: steps)))
      }
      guard tie.upperBound < events.count, events.times[tie.upperBound] - events.times[entry] <= window else { return moments }
      tie = events.tie(from: tie.upperBound)
    }
  }

  /// As many steps as early as possible, without giving up the depth.
  private func earliest(_ moments: [Moment], depth: UInt8) -> [Int64] {
    var times: [Int64] = []
    var index = 0
    while true {
      let moment = moments[index]
      let first = times.count
      var next: Int?
      var last = min(first + Int(moment.runs[first]), Int(depth)) - 1
      while last + 1 < Int(depth) {
        next = mayLeave(moment, first, last) ? following(moments, index, step: last + 1, depth) : nil
        if next != nil || last == first { break }
        last -= 1
      }
      for _ in first...last { times.append(moment.time) }
      guard times.count < Int(depth), let next else { return times }
      index = next
    }
  }

  /// The next moment that can serve a step and from which the depth is reached.
  private func following(_ moments: [Moment], _ index: Int, step: Int, _ depth: UInt8) -> Int? {
    for next in (index + 1)..<max(moments.count, index + 1) where moments[next].time - moments[index].time <= hop {
      if moments[next].depths[step] >= depth { return next }
      if moments[next].excluded & running[step - 1] != 0 { return nil }
    }
    return nil
  }

  /// When an excluded attempt is over, for the next one to begin: at the first excluded event behind its entry that is not earlier than
  /// its last step. Nil if there is none.
  func end(_ events: FunnelEvents, of attempt: FunnelAttempt, lastStep: Int64) -> Int64? {
    var index = attempt.entry
    while index < events.count {
      let time = events.times[index]
      if time > attempt.entryTime && time >= lastStep && events.masks[index] >> shift != 0 { return time }
      index += 1
    }
    return nil
  }
}
