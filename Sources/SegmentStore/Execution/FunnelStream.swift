internal import Journeys

/// Plain funnels row by row, without keeping the events: the steps in order, one attempt a subject, nothing excluded or held.
///
/// Two things are followed at once: how far any attempt gets (the latest entry that reached each step, as ClickHouse's `windowFunnel` has
/// it), and the attempt of the first entry. Mostly the two are equally long, and then the first entry's is the one that counts. Otherwise
/// later entries are tried until one gets so far. Where two events share a millisecond, the journey has to be looked at as a whole.
struct FunnelStream {
  enum Outcome {
    case nobody
    /// `depth`, `entry` and `times` hold the attempt.
    case attempt
    /// A later entry gets further: so many steps, which some attempt first had at an instant.
    case later(Int, at: Int64)
    case needsWhole
  }

  private let steps: Int
  private let window: Int64
  private let from: Int64
  private let to: Int64
  private let lastTime: Int64
  let onlyFirst: Bool
  /// Whether the first entry's place is asked for, even where a later one's attempt counts.
  private let keepsFirstPlace: Bool
  private var events = FunnelEvents()
  /// How many events later entries may look at, for each event of the journey.
  private static let patience = 64
  /// By step: the latest entry that reached it.
  private let reached: UnsafeMutablePointer<Int64>
  /// Of the first entry's attempt: when each step was reached.
  let times: UnsafeMutablePointer<Int64>
  private(set) var depth = 0
  private(set) var entry: Journey.Place?

  static let never = Int64.min / 2

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
    keepsFirstPlace = query.attribution == .firstEntry
    reached = .allocate(capacity: steps)
    times = .allocate(capacity: steps)
    reached.initialize(repeating: Self.never, count: steps)
    times.initialize(repeating: 0, count: steps)
  }

  func fork() -> FunnelStream { FunnelStream(emptyAs: self) }

  private init(emptyAs other: FunnelStream) {
    (steps, window, from, to) = (other.steps, other.window, other.from, other.to)
    (lastTime, onlyFirst, keepsFirstPlace) = (other.lastTime, other.onlyFirst, other.keepsFirstPlace)
    reached = .allocate(capacity: steps)
    times = .allocate(capacity: steps)
    reached.initialize(repeating: Self.never, count: steps)
    times.initialize(repeating: 0, count: steps)
  }

  /// The same for bands.
  func band() -> FunnelBand { FunnelBand(steps: steps, window: window, range: from..<max(from, to), lastTime: lastTime) }

  func free() {
    events.free()
    reached.deallocate()
    times.deallocate()
  }

  /// Moves the latest entries that reached each step on by an event. True if an attempt got further than any before.
  @inline(__always) static func advance(
    _ reached: UnsafeMutablePointer<Int64>, by mask: UInt32, at time: Int64, _ window: Int64, _ to: Int64, _ longest: inout Int
  ) -> Bool {
    var rest = mask
    var isFurther = false
    // From the last step down, so that one event does not serve two.
    while rest != 0 {
      let step = 31 &- rest.leadingZeroBitCount
      rest ^= 1 &<< UInt32(step)
      if step == 0 {
        if time < to { reached[0] = time }
      } else if time &- reached[step &- 1] <= window {
        reached[step] = reached[step &- 1]
        if step >= longest {
          longest = step &+ 1
          isFurther = true
        }
      }
    }
    return isFurther
  }

  @inline(__always) mutating func follow(_ journey: Journey) -> Outcome {
    let (reached, times, steps, window) = (reached, times, steps, window)
    let (from, to, last) = (from, to, lastTime)
    for step in 0..<steps { reached[step] = Self.never }
    var longest = 0
    var longestTime: Int64 = 0
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
      let rest = view.pointee.mask(row)
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
      if Self.advance(reached, by: rest, at: time, window, to, &longest) { longestTime = time }
      return true
    }
    if isTied { return .needsWhole }
    if own == 0 { return .nobody }
    depth = own
    entry = place
    return own < steps && own < longest && !onlyFirst ? .later(longest, at: longestTime) : .attempt
  }

  /// Makes the attempt of the earliest entry that gets to `longest` steps, as some attempt first did at an instant. False where that takes
  /// too long.
  ///
  /// Entries are followed by each other's attempts: whoever enters later is nowhere earlier. So the earliest of those that get so far gets
  /// there at that very instant, and lies a window before it at most.
  @inline(never) mutating func followLater(_ journey: Journey, _ longest: Int, at instant: Int64) -> Bool {
    let first = max(from, instant &- window)
    events.reserve(journey.rowCount)
    let (eventTimes, masks, places) = (events.times, events.masks, events.places)
    var firstEntry: Journey.Place?
    var count = 0
    for number in 0..<journey.pieces.count {
      let piece = journey.pieces[number]
      if piece.lastTime < first { continue }
      let begin = piece.firstRow(notBefore: first)
      let part = Journey(
        subject: journey.subject, ordinal: journey.ordinal, pieces: UnsafeBufferPointer(rebasing: journey.pieces[number...]))
      part.forEachRow(from: (piece: 0, row: begin)) { view, row in
        let time = view.pointee.time(row)
        if time < first { return true }
        if time > instant { return false }
        eventTimes[count] = time
        masks[count] = view.pointee.mask(row)
        places[count] = Journey.Place(view: view, row: row)
        count &+= 1
        return true
      }
      break
    }
    firstEntry = keepsFirstPlace ? entryPlace(journey) : nil
    var patience = count * Self.patience
    var index = 0
    while index < count {
      let begin = eventTimes[index]
      if begin >= to { return false }
      guard masks[index] & 1 == 1 else {
        index &+= 1
        continue
      }
      var own = 1
      times[0] = begin
      var next = index &+ 1
      while next < count, eventTimes[next] &- begin <= window {
        if masks[next] >> UInt32(own) & 1 == 1 {
          times[own] = eventTimes[next]
          own &+= 1
          if own == longest {
            depth = own
            entry = firstEntry ?? places[index]
            return true
          }
        }
        next &+= 1
      }
      patience -= next - index
      if patience < 0 { return false }
      index &+= 1
    }
    return false
  }

  /// Where the first entry of all stands.
  private func entryPlace(_ journey: Journey) -> Journey.Place? {
    var place: Journey.Place?
    journey.forEachRow { view, row in
      guard view.pointee.mask(row) & 1 != 0, view.pointee.time(row) >= from else { return true }
      place = Journey.Place(view: view, row: row)
      return false
    }
    return place
  }
}
