internal import Journeys

/// The events of one subject that a funnel looks at, in time order.
struct FunnelEvents {
  var times: UnsafeMutablePointer<Int64>
  var masks: UnsafeMutablePointer<UInt32>
  var places: UnsafeMutablePointer<Journey.Place>
  var count = 0
  private var capacity: Int

  init() {
    capacity = 256
    times = .allocate(capacity: capacity)
    masks = .allocate(capacity: capacity)
    places = .allocate(capacity: capacity)
  }

  func free() {
    times.deallocate()
    masks.deallocate()
    places.deallocate()
  }

  mutating func reserve(_ wanted: Int) {
    guard wanted > capacity else { return }
    free()
    capacity = wanted * 2
    times = .allocate(capacity: capacity)
    masks = .allocate(capacity: capacity)
    places = .allocate(capacity: capacity)
  }

  /// Some of them, in the same memory.
  func slice(_ range: Range<Int>) -> FunnelEvents {
    var slice = self
    slice.times += range.lowerBound
    slice.masks += range.lowerBound
    slice.places += range.lowerBound
    slice.count = range.count
    return slice
  }

  /// Index of the first event that is not earlier than an instant.
  func index(of time: Int64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The events with the same time as the one at `first`, from there on.
  @inline(__always) func tie(from first: Int) -> Range<Int> {
    var end = first + 1
    while end < count && times[end] == times[first] { end += 1 }
    return first..<end
  }

  /// The same backwards, `last` included.
  @inline(__always) func tie(to last: Int) -> Range<Int> {
    var start = last
    while start > 0 && times[start - 1] == times[last] { start -= 1 }
    return start..<(last + 1)
  }
}

/// One attempt at a funnel: the entry, how far it got and when.
struct FunnelAttempt {
  /// Index into `FunnelEvents`.
  var entry: Int
  var entryTime: Int64
  /// Steps reached, at least 1.
  var depth: Int
  /// Index of the first event behind the one at which the attempt ended (strict: at which it broke).
  var next: Int
  /// Whether it would have got further but for an exclusion.
  var isExcluded = false
  /// No later event can take it further, whatever its window.
  var end = Int64.max
}

/// The rules of funnels for one subject (semantics A.6; docs/QUERIES.md, "Funnel").
struct FunnelRules {
  let steps: Int
  let window: Int64
  let order: FunnelQuery.Order
  /// Entries lie before this; events before the range are not gathered at all.
  var rangeEnd: Int64
  /// And not before this; of a range that is looked at in parts.
  var rangeStart = Int64.min
  /// Times of the steps of the attempt that was followed last.
  private(set) var stepTimes: [Int64]
  /// Scratch of the two dynamic programmes, by step.
  private var forwards: [Int64]
  private var backwards: [Int64]
  /// A bit for each step; the bits above are exclusions.
  let stepMask: UInt32
  private let exclusions: FunnelExclusions?
  /// Where steps wait for each other only so long: without the exclusions.
  private let hops: FunnelExclusions?
  /// Where steps may come in either order.
  private var grace: FunnelGrace?
  private let hop: Int64

  init(_ query: FunnelQuery, rangeEnd: Int64) {
    steps = query.steps.count
    window = query.windowSeconds * 1000
    order = query.order
    self.rangeEnd = rangeEnd
    stepTimes = [Int64](repeating: 0, count: steps)
    forwards = [Int64](repeating: 0, count: steps + 1)
    backwards = [Int64](repeating: 0, count: steps + 2)
    stepMask = (1 << UInt32(steps)) - 1
    exclusions = query.exclusions.isEmpty ? nil : FunnelExclusions(query)
    hops = query.hopWindowSeconds == nil ? nil : FunnelExclusions(query, regardless: true)
    grace = query.graceMilliseconds == 0 ? nil : FunnelGrace(query)
    hop = query.hopWindowSeconds.map { $0 * 1_000 } ?? 0
  }

  /// Whether there were more ways to go on from some entry than are looked at: the attempts are of no use then.
  var isTangled: Bool { grace?.isTangled ?? false }

  @inline(__always) func isEntry(_ events: FunnelEvents, _ index: Int) -> Bool {
    events.times[index] < rangeEnd && events.times[index] >= rangeStart
      && (order == .any ? events.masks[index] != 0 : events.masks[index] & 1 != 0)
  }

  /// First entry at or behind `start`.
  func entry(_ events: FunnelEvents, from start: Int) -> Int? {
    var index = start
    while index < events.count && events.times[index] < rangeEnd {
      if isEntry(events, index) { return index }
      index += 1
    }
    return nil
  }

  /// Follows the attempt that begins with one event as far as it goes; leaves `stepTimes`.
  mutating func follow(_ events: FunnelEvents, entry: Int, tie: Range<Int>) -> FunnelAttempt {
    switch order {
    case .sequential:
      exclusions == nil && hops == nil && grace == nil ? followSequential(events, entry, tie) : followClean(events, entry, tie)
    case .strict: followStrict(events, entry, tie)
    case .any: followAny(events, entry, tie)
    }
  }

  /// The deepest chain without an excluded event in it.
  @inline(never) private mutating func followClean(_ events: FunnelEvents, _ entry: Int, _ tie: Range<Int>) -> FunnelAttempt {
    var attempt = followWhole(events, entry, tie)
    guard let exclusions, attempt.depth > 1 else { return attempt }
    let clean = exclusions.chain(events, entry: entry, tie: tie, window: window)
    attempt.isExcluded = clean.times.count < attempt.depth
    take(clean.times, clean.latest, &attempt)
    return attempt
  }

  /// The attempt from an entry as if there were no exclusions.
  mutating func followRegardless(_ events: FunnelEvents, entry: Int, tie: Range<Int>) -> FunnelAttempt {
    followWhole(events, entry, tie)
  }

  private mutating func followWhole(_ events: FunnelEvents, _ entry: Int, _ tie: Range<Int>) -> FunnelAttempt {
    var attempt = FunnelAttempt(entry: entry, entryTime: events.times[entry], depth: 1, next: events.count)
    if let chain = grace?.chain(events, entry: entry) {
      take(chain.times, chain.latest, &attempt)
    } else if let chain = hops?.chain(events, entry: entry, tie: tie, window: window) {
      take(chain.times, chain.latest, &attempt)
    } else {
      return followSequential(events, entry, tie)
    }
    return attempt
  }

  private mutating func take(_ times: [Int64], _ latest: Int64, _ attempt: inout FunnelAttempt) {
    attempt.depth = times.count
    if hops != nil { attempt.end = latest + hop }
    for (step, time) in times.enumerated() { stepTimes[step] = time }
  }

  /// Each step as early as possible. Taking as many steps as a tie offers is never worse later: what comes needs fewer.
  private mutating func followSequential(_ events: FunnelEvents, _ entry: Int, _ tie: Range<Int>) -> FunnelAttempt {
    let begin = events.times[entry]
    stepTimes[0] = begin
    var depth = 1
    var tie = tie
    var skipped = entry
    while true {
      let reached = StepMatching.run(from: depth, of: steps, in: events.masks, tie, skipping: skipped)
      for _ in 0..<reached {
        stepTimes[depth] = events.times[tie.lowerBound]
        depth += 1
      }
      skipped = -1
      if depth == steps { return FunnelAttempt(entry: entry, entryTime: begin, depth: depth, next: tie.upperBound) }
      var next = tie.upperBound
      let bit = UInt32(1) << UInt32(depth)
      while next < events.count && events.masks[next] & bit == 0 && events.times[next] - begin <= window { next += 1 }
      if next == events.count || events.times[next] - begin > window {
        return FunnelAttempt(entry: entry, entryTime: begin, depth: depth, next: events.count)
      }
      tie = events.tie(to: next).lowerBound..<events.tie(from: next).upperBound
    }
  }

  /// The very next events must be the next steps. What shares the entry's millisecond and is of no use comes before it, so how many steps
  /// that millisecond serves is open: more is not always better, since what follows must fit.
  private mutating func followStrict(_ events: FunnelEvents, _ entry: Int, _ tie: Range<Int>) -> FunnelAttempt {
    let offered = StepMatching.run(from: 1, of: steps, in: events.masks, tie, skipping: entry)
    var best = followStrict(events, entry, tie, taking: offered)
    guard offered > 0, best.depth < steps else { return best }
    var bestTimes = stepTimes
    for taken in stride(from: offered - 1, through: 0, by: -1) {
      let attempt = followStrict(events, entry, tie, taking: taken)
      if attempt.depth > best.depth { (best, bestTimes) = (attempt, stepTimes) }
    }
    stepTimes = bestTimes
    return best
  }

  /// - Parameter taken: steps behind the entry that its millisecond serves. Of a later tie, everything must be of use if the chain is to
  ///   go on behind it.
  private mutating func followStrict(_ events: FunnelEvents, _ entry: Int, _ tie: Range<Int>, taking taken: Int) -> FunnelAttempt {
    let begin = events.times[entry]
    for step in 0...taken { stepTimes[step] = begin }
    var depth = 1 + taken
    var tie = tie
    while true {
      if depth == steps { return FunnelAttempt(entry: entry, entryTime: begin, depth: depth, next: tie.upperBound) }
      guard tie.upperBound < events.count, events.times[tie.upperBound] - begin <= window else {
        return FunnelAttempt(entry: entry, entryTime: begin, depth: depth, next: tie.upperBound)
      }
      tie = events.tie(from: tie.upperBound)
      let reached = StepMatching.run(from: depth, of: steps, in: events.masks, tie)
      for _ in 0..<reached {
        stepTimes[depth] = events.times[tie.lowerBound]
        depth += 1
      }
      if reached < tie.count, depth < steps {
        return FunnelAttempt(entry: entry, entryTime: begin, depth: depth, next: reached == 0 ? tie.lowerBound : tie.upperBound)
      }
    }
  }

  /// As many different steps as different events from the entry on can serve.
  private mutating func followAny(_ events: FunnelEvents, _ entry: Int, _ tie: Range<Int>) -> FunnelAttempt {
    let begin = events.times[entry]
    var matching = StepMatching()
    _ = matching.add(events.masks[entry])
    stepTimes[0] = begin
    var offered = [Int](repeating: 0, count: steps)
    var index = tie.lowerBound
    while index < events.count && events.times[index] - begin <= window && matching.count < steps {
      let mask = events.masks[index]
      if index != entry && mask != 0 && Self.isUseful(mask, &offered, steps), matching.add(mask) {
        stepTimes[matching.count - 1] = events.times[index]
      }
      index += 1
    }
    return FunnelAttempt(entry: entry, entryTime: begin, depth: matching.count, next: index)
  }

  private static func isUseful(_ mask: UInt32, _ offered: inout [Int], _ steps: Int) -> Bool {
    var useful = false
    var rest = mask
    while rest != 0 {
      let step = rest.trailingZeroBitCount
      rest &= rest - 1
      if offered[step] <= steps { useful = true }
      offered[step] += 1
    }
    return useful
  }

  // MARK: - The longest attempt

  /// Time of the earliest entry whose attempt is the longest of all. Nil if there is no entry. Linear in the number of events.
  ///
  /// - Parameter regardless: as if there were no exclusions.
  mutating func earliestLongest(_ events: FunnelEvents, regardless: Bool = false) -> Int? {
    guard let first = entry(events, from: 0) else { return nil }
    switch order {
    case .sequential where (exclusions != nil && !regardless) || hops != nil || grace != nil:
      return earliestByFollowing(events, regardless)
    case .sequential:
      let depth = longestDepth(events)
      if depth == 1 { return first }
      let tie = events.tie(from: first)
      if tie.count == 1, followSequential(events, first, tie).depth == depth { return first }
      return earliestEntry(events, reaching: depth)
    case .strict: return earliestByFollowing(events, regardless)
    case .any: return earliestAny(events)
    }
  }

  /// The latest entry that reached each step decides how far one can get (ClickHouse's `windowFunnel` keeps the same).
  private mutating func longestDepth(_ events: FunnelEvents) -> Int {
    let none = Int64.min / 2
    var depth = 0
    for step in 0...steps { forwards[step] = none }
    var index = 0
    while index < events.count {
      let time = events.times[index]
      if index + 1 < events.count && events.times[index + 1] == time {
        let tie = events.tie(from: index)
        extend(events, tie, &depth)
        index = tie.upperBound
        continue
      }
      var rest = events.masks[index] & stepMask
      // From the last step down, so that one event does not serve two.
      while rest != 0 {
        let step = 31 - rest.leadingZeroBitCount
        rest ^= 1 << UInt32(step)
        if step == 0 {
          if time < rangeEnd {
            forwards[0] = time
            depth = max(depth, 1)
          }
        } else if time - forwards[step - 1] <= window {
          forwards[step] = forwards[step - 1]
          depth = max(depth, step + 1)
        }
      }
      index += 1
      if depth == steps { return depth }
    }
    return depth
  }

  /// The same step for a tie.
  private mutating func extend(_ events: FunnelEvents, _ tie: Range<Int>, _ depth: inout Int) {
    let time = events.times[tie.lowerBound]
    var after = forwards
    for done in 1..<steps where time - forwards[done - 1] <= window {
      let reached = StepMatching.run(from: done, of: steps, in: events.masks, tie)
      for step in done..<(done + reached) {
        after[step] = max(after[step], forwards[done - 1])
        depth = max(depth, step + 1)
      }
    }
    for entry in differentEntries(events, tie) {
      let reached = StepMatching.run(from: 1, of: steps, in: events.masks, tie, skipping: entry)
      for step in 0...reached { after[step] = max(after[step], time) }
      depth = max(depth, reached + 1)
    }
    forwards = after
  }

  /// Entries of a tie, one for each mask: the rest of the tie is the same for equal masks.
  func differentEntries(_ events: FunnelEvents, _ tie: Range<Int>) -> [Int] {
    var seen: Set<UInt32> = []
    return tie.filter { isEntry(events, $0) && seen.insert(events.masks[$0]).inserted }
  }

  /// From the end backwards: `backwards[s]` is the earliest completion of a chain of the steps `s..<depth` among later events.
  private mutating func earliestEntry(_ events: FunnelEvents, reaching depth: Int) -> Int? {
    let never = Int64.max / 2
    for step in 0...(depth + 1) where step < backwards.count { backwards[step] = never }
    var found: Int?
    var index = events.count - 1
    while index >= 0 {
      let time = events.times[index]
      if index > 0 && events.times[index - 1] == time {
        let tie = events.tie(to: index)
        if let entry = retreat(events, tie, depth) { found = entry }
        index = tie.lowerBound - 1
        continue
      }
      let mask = events.masks[index]
      if mask & 1 != 0 && time < rangeEnd && backwards[1] - time <= window { found = index }
      // From the first step up: `backwards[step + 1]` is still that of the later events.
      var rest = mask & ~1 & ((1 << UInt32(depth)) - 1)
      while rest != 0 {
        let step = rest.trailingZeroBitCount
        rest &= rest - 1
        if step == depth - 1 { backwards[step] = time } else if backwards[step + 1] < never { backwards[step] = backwards[step + 1] }
      }
      index -= 1
    }
    return found
  }

  private mutating func retreat(_ events: FunnelEvents, _ tie: Range<Int>, _ depth: Int) -> Int? {
    let time = events.times[tie.lowerBound]
    var found: Int?
    for entry in differentEntries(events, tie) {
      let reached = StepMatching.run(from: 1, of: depth, in: events.masks, tie, skipping: entry)
      for step in 1...(1 + reached) {
        let completion = step == depth ? time : backwards[step]
        if completion - time <= window { found = entry }
      }
    }
    var before = backwards
    for step in 1..<depth {
      let reached = StepMatching.run(from: step, of: depth, in: events.masks, tie)
      for next in (step + 1)..<(step + 1 + reached) { before[step] = min(before[step], next == depth ? time : backwards[next]) }
    }
    backwards = before
    return found
  }

  private mutating func earliestByFollowing(_ events: FunnelEvents, _ regardless: Bool) -> Int? {
    // No chain gets further than it would without exclusions and limits from step to step.
    let most = grace != nil ? FunnelGrace.most(steps, events) : exclusions == nil && hops == nil ? steps : longestDepth(events)
    var best: (entry: Int, depth: Int)?
    var index = 0
    while index < events.count && events.times[index] < rangeEnd {
      let tie = events.tie(from: index)
      if tie.count > 1 || isEntry(events, index) {
        for entry in tie.count == 1 ? [index] : differentEntries(events, tie) {
          let depth = (regardless ? followRegardless(events, entry: entry, tie: tie) : follow(events, entry: entry, tie: tie)).depth
          if depth > best?.depth ?? 0 { best = (entry, depth) }
          if depth == most { return entry }
        }
      }
      index = tie.upperBound
    }
    return best?.entry
  }

  private mutating func earliestAny(_ events: FunnelEvents) -> Int? {
    for index in 0..<events.count where events.masks[index] & (events.masks[index] &- 1) != 0 {
      return earliestAnyByMatching(events)
    }
    // Every event serves one step only: the next time of each step says it all.
    let never = Int64.max / 2
    for step in 0..<steps { backwards[step] = never }
    var best: (entry: Int, depth: Int)?
    var index = events.count - 1
    while index >= 0 {
      let tie = events.tie(to: index)
      let time = events.times[index]
      for event in tie where events.masks[event] != 0 { backwards[events.masks[event].trailingZeroBitCount] = time }
      var depth = 0
      for step in 0..<steps where backwards[step] - time <= window { depth += 1 }
      if time < rangeEnd, depth >= best?.depth ?? 0, let entry = tie.first(where: { events.masks[$0] != 0 }) { best = (entry, depth) }
      index = tie.lowerBound - 1
    }
    return best?.entry
  }

  /// Backwards with the next few events of each step: no matching needs more of a step than there are steps.
  private func earliestAnyByMatching(_ events: FunnelEvents) -> Int? {
    var upcoming = [[Int]](repeating: [], count: steps)
    var best: (entry: Int, depth: Int)?
    var index = events.count - 1
    while index >= 0 {
      let tie = events.tie(to: index)
      for event in tie.reversed() {
        var rest = events.masks[event]
        while rest != 0 {
          let step = rest.trailingZeroBitCount
          rest &= rest - 1
          upcoming[step].append(event)
          if upcoming[step].count > 64 + steps { upcoming[step].removeFirst(32) }
        }
      }
      let limit = events.times[tie.lowerBound] + window
      let candidates = Set(upcoming.flatMap { $0.suffix(steps + 1) }).filter { events.times[$0] <= limit }
      for entry in differentEntries(events, tie) {
        var matching = StepMatching()
        _ = matching.add(events.masks[entry])
        for event in candidates where event != entry && matching.count < steps { _ = matching.add(events.masks[event]) }
        if matching.count >= best?.depth ?? 0 { best = (entry, matching.count) }
      }
      index = tie.lowerBound - 1
    }
    return best?.entry
  }

  /// Where the search for the next attempt begins: one is open at a time (semantics A.6.2, as Mixpanel counts totals).
  func resume(_ events: FunnelEvents, after attempt: FunnelAttempt) -> Int {
    if order == .strict && attempt.depth < steps { return attempt.next }
    var closed = attempt.depth == steps ? stepTimes[steps - 1] : min(attempt.entryTime + window, attempt.end)
    if attempt.isExcluded, let end = exclusions?.end(events, of: attempt, lastStep: stepTimes[attempt.depth - 1]) {
      closed = min(closed, end)
    }
    var index = attempt.entry
    while index < events.count && events.times[index] <= closed { index += 1 }
    return index
  }
}
