internal import Journeys

/// Chains whose steps may come in either order where they are close to each other (semantics A.6.5).
///
/// A step is reached when it and all before it have happened; its event may lie up to the grace before that. So a chain stands at a time and
/// a step, and what it may take next depends on that and on the events near by that it has used. Those matter only where an event could
/// serve several steps: mostly there are as many states as events times steps.
struct FunnelGrace {
  private let steps: Int
  private let window: Int64
  /// From step to step; nil: the window alone bounds them.
  private let hop: Int64?
  private let grace: Int64
  /// By step: the events that can serve it, in time order, and how many different masks they have.
  private var serving: [[Int]]
  private var maskCounts: [Int]
  private var depths: [State: Int] = [:]
  private var latest: Int64 = 0
  private var work = 0
  private(set) var isTangled = false

  private static let workLimit = 4_000_000

  private struct State: Hashable {
    /// Steps taken, and when the last of them was reached.
    var done: Int
    var time: Int64
    /// Events taken that could serve a later step too.
    var used: [Int]
  }

  /// Of one mask, as far as later steps go; where each waits only so long for the next, of one time too.
  private struct Kind: Hashable {
    var mask: UInt32
    var time: Int64
  }

  init(_ query: FunnelQuery) {
    steps = query.steps.count
    window = query.windowSeconds * 1_000
    hop = query.hopWindowSeconds.map { $0 * 1_000 }
    grace = Int64(query.graceMilliseconds)
    serving = [[Int]](repeating: [], count: query.steps.count)
    maskCounts = [Int](repeating: 0, count: query.steps.count)
  }

  /// How many steps could be reached at all: those before the first that no event serves.
  static func most(_ steps: Int, _ events: FunnelEvents) -> Int {
    var seen: UInt32 = 0
    for index in 0..<events.count { seen |= events.masks[index] }
    return min(steps, (~seen).trailingZeroBitCount)
  }

  /// Times of the longest chain from an entry, of several of those that are earliest step by step; and the last time at which any chain
  /// from there stands.
  mutating func chain(_ events: FunnelEvents, entry: Int) -> (times: [Int64], latest: Int64) {
    depths.removeAll(keepingCapacity: true)
    work = 0
    let begin = events.times[entry]
    latest = begin
    gather(events, from: begin - grace, to: begin + window)
    let start = state(1, begin, [entry], events)
    let depth = depth(of: start, events, entry)
    var times = [begin]
    var standing = [start]
    while times.count < depth, !isTangled {
      var next: Set<State> = []
      for state in standing {
        for other in following(state, events, entry) where self.depth(of: other, events, entry) >= depth { next.insert(other) }
      }
      guard let time = next.map(\.time).min() else { break }
      times.append(time)
      standing = next.filter { $0.time == time }
    }
    return (times, latest)
  }

  private mutating func gather(_ events: FunnelEvents, from: Int64, to: Int64) {
    var masks = [Set<UInt32>](repeating: [], count: steps)
    for step in 1..<steps { serving[step].removeAll(keepingCapacity: true) }
    var index = events.index(of: from)
    while index < events.count, events.times[index] <= to {
      var rest = events.masks[index] & ((1 << UInt32(steps)) - 2)
      while rest != 0 {
        let step = rest.trailingZeroBitCount
        rest &= rest - 1
        serving[step].append(index)
        masks[step].insert(events.masks[index] >> UInt32(step))
      }
      index += 1
    }
    for step in 1..<steps { maskCounts[step] = masks[step].count }
  }

  private func state(_ done: Int, _ time: Int64, _ used: [Int], _ events: FunnelEvents) -> State {
    let later = ((UInt32(1) << UInt32(steps)) - 1) & ~((UInt32(1) << UInt32(done)) - 1)
    return State(done: done, time: time, used: used.filter { events.masks[$0] & later != 0 && events.times[$0] >= time - grace }.sorted())
  }

  private mutating func depth(of state: State, _ events: FunnelEvents, _ entry: Int) -> Int {
    latest = max(latest, state.time)
    if state.done == steps { return steps }
    if let known = depths[state] { return known }
    var depth = state.done
    for next in following(state, events, entry) {
      depth = max(depth, self.depth(of: next, events, entry))
      if depth == steps || isTangled { break }
    }
    depths[state] = depth
    return depth
  }

  private mutating func following(_ state: State, _ events: FunnelEvents, _ entry: Int) -> [State] {
    let candidates = serving[state.done]
    let first = candidates.firstIndex(fromWhich: { events.times[$0] >= state.time - grace })
    let limit = min(events.times[entry] + window, hop.map { state.time + $0 } ?? .max)
    var found: [State] = []
    var behind: Set<UInt32> = []
    var ahead: Set<Kind> = []
    for event in candidates[first...] {
      let time = events.times[event]
      work += 1
      if time > limit { break }
      if event == entry || state.used.contains(event) { continue }
      let mask = events.masks[event] >> UInt32(state.done)
      if time <= state.time {
        // Of several that do the same, the one that is sooner of no use any more.
        guard behind.insert(mask).inserted else { continue }
        found.append(self.state(state.done + 1, state.time, state.used + [event], events))
      } else {
        // The earliest does, unless a later one is needed to come closer to the step behind it.
        guard ahead.insert(Kind(mask: mask, time: hop == nil ? 0 : time)).inserted else { continue }
        found.append(self.state(state.done + 1, time, state.used + [event], events))
        if hop == nil, ahead.count == maskCounts[state.done] { break }
      }
    }
    work += found.count * 16
    if work > Self.workLimit { isTangled = true }
    return found
  }
}
