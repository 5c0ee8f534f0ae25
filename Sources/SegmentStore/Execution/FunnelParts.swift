internal import Events
internal import Journeys

/// Where a subject's events are more than one journey: by sessions, by held values, or looked at bucket by bucket.
struct FunnelParts {
  private let held: [BreakdownCodes]
  private let trend: FunnelTrend?
  /// Of sessions, milliseconds.
  let gap: Int64?
  /// Whether attempts are chosen for each bucket by itself.
  let choosesByBucket: Bool
  /// How far before its entry a step may lie, milliseconds.
  fileprivate let grace: Int64
  /// A subject's events, part by part.
  private var sorted = FunnelEvents()

  /// Events between which an attempt is chosen.
  fileprivate struct Thing {
    /// One for each tuple of held values.
    var units: [FunnelEvents]
    /// No later event can belong to it.
    var end = Int64.max
  }

  /// Nil where journeys are whole.
  init?(_ query: FunnelQuery, held: [BreakdownCodes], trend: FunnelTrend?) {
    choosesByBucket = trend != nil && query.counting == .unique
    guard choosesByBucket || !held.isEmpty || query.counting == .sessions else { return nil }
    self.held = held
    self.trend = trend
    gap = query.sessionGapSeconds.map { Int64($0) * 1000 }
    grace = Int64(query.graceMilliseconds)
  }

  func fork() -> FunnelParts {
    FunnelParts(emptyAs: self)
  }

  private init(emptyAs other: FunnelParts) {
    held = other.held.map { $0.fork() }
    (trend, gap, choosesByBucket, grace) = (other.trend, other.gap, other.choosesByBucket, other.grace)
  }

  func free() { sorted.free() }

  /// By index of the event: the number of its tuple, counted from 0 as they are met; nil where it lacks a value.
  private func tuples(_ events: FunnelEvents, _ subject: UInt32) -> [Int?] {
    var numbers: [[StoredValue]: Int] = [:]
    return (0..<events.count).map { index in
      var tuple: [StoredValue] = []
      for codes in held {
        guard let value = codes.value(events.places[index], subject: subject), let key = ValueOrder.key(of: value) else { return nil }
        tuple.append(key)
      }
      if let known = numbers[tuple] { return known }
      numbers[tuple] = numbers.count
      return numbers.count - 1
    }
  }

  /// - Parameter from: earlier events begin sessions only.
  fileprivate mutating func things(_ events: FunnelEvents, from: Int64, subject: UInt32) -> [Thing] {
    let first = events.index(of: from)
    guard let gap else {
      return [Thing(units: units(events, [first..<events.count], subject)[0])]
    }
    var ranges: [Range<Int>] = []
    var ends: [Int64] = []
    var begin = 0
    for index in 0..<events.count {
      let time = events.times[index]
      let isLast =
        index + 1 == events.count || events.times[index + 1] - time > gap
        || events.times[index + 1] - events.times[begin] > SessionsQuery.longestMilliseconds
      guard isLast else { continue }
      if index >= first {
        ranges.append(max(begin, first)..<(index + 1))
        ends.append(min(time + gap, events.times[begin] + SessionsQuery.longestMilliseconds))
      }
      begin = index + 1
    }
    return zip(units(events, ranges, subject), ends).map { Thing(units: $0, end: $1) }
  }

  /// Cuts each range of events by held values.
  private mutating func units(_ events: FunnelEvents, _ ranges: [Range<Int>], _ subject: UInt32) -> [[FunnelEvents]] {
    if held.isEmpty { return ranges.map { [events.slice($0)] } }
    let tuples = tuples(events, subject)
    sorted.reserve(events.count)
    var filled = 0
    var bounds: [[Range<Int>]] = []
    for range in ranges {
      var members: [Int: [Int]] = [:]
      for index in range { if let tuple = tuples[index] { members[tuple, default: []].append(index) } }
      var units: [Range<Int>] = []
      for tuple in members.keys.sorted() {
        let start = filled
        for index in members[tuple] ?? [] {
          sorted.times[filled] = events.times[index]
          sorted.masks[filled] = events.masks[index]
          sorted.places[filled] = events.places[index]
          filled += 1
        }
        units.append(start..<filled)
      }
      bounds.append(units)
    }
    sorted.count = filled
    return bounds.map { $0.map { sorted.slice($0) } }
  }

  /// The ranges of time in which entries are looked for separately.
  fileprivate func buckets(of things: [Thing], from: Int64, to: Int64) -> [(bucket: Int, times: Range<Int64>)] {
    guard choosesByBucket, let trend else { return [] }
    let edges = trend.table.reader.edges
    var wanted: Set<Int> = []
    for unit in things.flatMap(\.units) {
      for index in 0..<unit.count where unit.masks[index] != 0 && unit.times[index] < to {
        wanted.insert(trend.table.reader.bucket(unit.times[index]))
      }
    }
    return wanted.sorted().map { ($0, max(edges[$0], from)..<min(edges[$0 + 1], to)) }
  }
}

/// An attempt that competes with those of other parts.
private struct FunnelCandidate {
  var times: [Int64]
  var isExcluded: Bool
  var isOpen: Bool
  var code: UInt32
  /// Of the entry, and what a breakdown goes by: they break ties.
  var values: [StoredValue?]

  /// Further (with `entry` first: earlier), then earlier, then not cut short by an exclusion, then sooner, then of a smaller value.
  func precedes(_ other: FunnelCandidate, _ entry: FunnelQuery.Entry) -> Bool {
    if entry == .first, times[0] != other.times[0] { return times[0] < other.times[0] }
    if times.count != other.times.count { return times.count > other.times.count }
    if times[0] != other.times[0] { return times[0] < other.times[0] }
    if isExcluded != other.isExcluded { return other.isExcluded }
    if times != other.times { return times.lexicographicallyPrecedes(other.times) }
    for (mine, others) in zip(values, other.values) {
      if ValueOrder.precedes(mine, others) { return true }
      if ValueOrder.precedes(others, mine) { return false }
    }
    return false
  }
}

extension FunnelPass {
  @inline(never) mutating func visitParts(_ journey: Journey) {
    guard let things = parts?.things(events, from: from, subject: journey.subject) else { return }
    let whole = events
    defer {
      events = whole
      rules.rangeEnd = to
      rules.rangeStart = .min
    }
    if counting == .totals {
      for unit in things.flatMap(\.units) {
        events = unit
        recordAll(journey)
      }
      return
    }
    for thing in things {
      if let chosen = choose(thing, from..<to, journey) { log.add(chosen, subject: journey.subject, removed: removesSubjects) }
    }
    for (bucket, times) in parts?.buckets(of: things, from: from, to: to) ?? [] {
      for thing in things {
        guard let chosen = choose(thing, times, journey) else { continue }
        trendLog.add(chosen, subject: journey.subject, removed: removesSubjects, bucket: bucket)
      }
    }
  }

  /// The attempt that counts, of those entered in a span of time.
  private mutating func choose(_ thing: FunnelParts.Thing, _ entries: Range<Int64>, _ journey: Journey) -> FunnelCandidate? {
    rules.rangeEnd = entries.upperBound
    rules.rangeStart = entries.lowerBound
    var best: FunnelCandidate?
    for unit in thing.units {
      // What is too late for every one of them is not looked at.
      let reach = entries.upperBound > .max - window ? Int64.max : entries.upperBound + window
      let first = unit.index(of: max(from, entries.lowerBound - (parts?.grace ?? 0)))
      events = unit.slice(first..<max(first, unit.index(of: reach)))
      guard let index = entry == .first ? rules.entry(events, from: 0) : rules.earliestLongest(events, regardless: removesSubjects) else {
        continue
      }
      let candidate = candidate(at: index, thing.end, journey)
      if best.map({ candidate.precedes($0, entry) }) ?? true { best = candidate }
    }
    return best
  }

  private mutating func candidate(at index: Int, _ end: Int64, _ journey: Journey) -> FunnelCandidate {
    var attempt = reported(at: index, journey, regardless: removesSubjects)
    let isRemoved = removesSubjects && attempt.isExcluded
    let isExcluded = attempt.isExcluded
    var candidate = FunnelCandidate(
      times: Array(rules.stepTimes.prefix(attempt.depth)), isExcluded: isExcluded,
      isOpen: !isRemoved && isOpen(depth: attempt.depth, entryTime: attempt.entryTime, end: min(end, attempt.end)),
      code: BreakdownCodes.none, values: [])
    if let codes {
      if isRemoved { attempt.depth = 0 }
      let place = attributed(codes, attempt, journey)
      candidate.code = place.map { codes.code($0, subject: journey.subject) } ?? BreakdownCodes.none
      candidate.values = [
        codes.value(events.places[attempt.entry], subject: journey.subject),
        place.flatMap { codes.value($0, subject: journey.subject) },
      ]
    }
    return candidate
  }
}

extension AttemptLog {
  /// - Parameter removed: whether excluded ones reach no step.
  fileprivate mutating func add(_ chosen: FunnelCandidate, subject: UInt32, removed: Bool, bucket: Int? = nil) {
    guard hasRoom else {
      isFull = true
      return
    }
    let reached = removed && chosen.isExcluded ? [] : chosen.times
    subjects.append(subject)
    codes.append(chosen.code)
    depths.append(UInt8(reached.count))
    isOpen.append(chosen.isOpen)
    isExcluded.append(chosen.isExcluded)
    offsets.append(times.count)
    times += reached
    if let bucket { buckets.append(UInt16(bucket)) }
  }
}
