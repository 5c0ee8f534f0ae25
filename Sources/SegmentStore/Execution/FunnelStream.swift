internal import Journeys

/// Plain funnels row by row, without keeping the events: the steps in order, one attempt a subject, nothing excluded or held.
///
/// Two things are followed at once: how far any attempt gets (the latest entry that reached each step, as ClickHouse's `windowFunnel` has
/// it), and the attempt of the first entry. Mostly the two are equally long, and then the first entry's is the one that counts. Otherwise,
/// and where two events share a millisecond, the journey has to be looked at as a whole.
struct FunnelStream {
  enum Outcome {
    case nobody
    /// `depth`, `entry` and `times` hold the attempt.
    case attempt
    case needsWhole
  }

  private let steps: Int
  private let window: Int64
  private let from: Int64
  private let to: Int64
  private let lastTime: Int64
  private let onlyFirst: Bool
  /// By step: the latest entry that reached it.
  private let reached: UnsafeMutablePointer<Int64>
  /// Of the first entry's attempt: when each step was reached.
  let times: UnsafeMutablePointer<Int64>
  private(set) var depth = 0
  private(set) var entry: Journey.Place?

  private static let never = Int64.min / 2

  /// Nil for a funnel that is not plain.
  init?(_ query: FunnelQuery, from: Int64, to: Int64, lastTime: Int64) {
    guard query.order == .sequential, query.counting == .unique, query.exclusions.isEmpty, query.hold.isEmpty, query.trend == nil,
      query.attribution == .entry || query.attribution == .firstEntry
    else { return nil }
    steps = query.steps.count
    window = query.windowSeconds * 1000
    self.from = from
    self.to = to
    self.lastTime = lastTime
    onlyFirst = query.entry == .first
    reached = .allocate(capacity: steps)
    times = .allocate(capacity: steps)
    reached.initialize(repeating: Self.never, count: steps)
    times.initialize(repeating: 0, count: steps)
  }

  func fork() -> FunnelStream { FunnelStream(emptyAs: self) }

  private init(emptyAs other: FunnelStream) {
    (steps, window, from, to) = (other.steps, other.window, other.from, other.to)
    (lastTime, onlyFirst) = (other.lastTime, other.onlyFirst)
    reached = .allocate(capacity: steps)
    times = .allocate(capacity: steps)
    reached.initialize(repeating: Self.never, count: steps)
    times.initialize(repeating: 0, count: steps)
  }

  func free() {
    reached.deallocate()
    times.deallocate()
  }

  @inline(__always) mutating func follow(_ journey: Journey) -> Outcome {
    let (reached, times, steps, window) = (reached, times, steps, window)
    let (from, to, last) = (from, to, lastTime)
    for step in 0..<steps { reached[step] = Self.never }
    var longest = 0
    var own = 0
    var begin: Int64 = 0
    var previous = Int64.min
    var isTied = false
    var place: Journey.Place?
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time < from { return true }
      if time > last { return false }
      if time == previous {
        isTied = true
        return false
      }
      previous = time
      var rest = view.pointee.mask(row)
      if own == 0 {
        // Nothing counts before the first entry.
        guard rest & 1 != 0, time < to else { return time < to }
        place = Journey.Place(view: view, row: row)
        begin = time
        times[0] = time
        own = 1
        longest = 1
        reached[0] = time
        return true
      }
      if rest >> UInt32(own) & 1 == 1, time &- begin <= window {
        times[own] = time
        own &+= 1
        if own == steps { return false }
      }
      // From the last step down, so that one event does not serve two.
      while rest != 0 {
        let step = 31 &- rest.leadingZeroBitCount
        rest ^= 1 &<< UInt32(step)
        if step == 0 {
          if time < to { reached[0] = time }
        } else if time &- reached[step &- 1] <= window {
          reached[step] = reached[step &- 1]
          if step >= longest { longest = step &+ 1 }
        }
      }
      return true
    }
    if isTied { return .needsWhole }
    if own == 0 { return .nobody }
    if own < steps, own < longest, !onlyFirst { return .needsWhole }
    depth = own
    entry = place
    return .attempt
  }
}
