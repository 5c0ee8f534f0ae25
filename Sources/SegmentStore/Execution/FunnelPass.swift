internal import Journeys

/// Gathers what matters of each journey and applies the rules to it.
struct FunnelPass: DivisibleVisitor {
  var needsOrder: Bool { true }
  let from: Int64
  let to: Int64
  let instant: Int64
  let window: Int64
  let counting: FunnelQuery.Counting
  let entry: FunnelQuery.Entry
  let entryMask: UInt32
  let removesSubjects: Bool
  /// Last millisecond of an event that can take part.
  let lastTime: Int64
  let attribution: FunnelQuery.Attribution
  private(set) var codes: BreakdownCodes?
  /// Where a subject's events are cut into parts of some kind; nil where the journey is one.
  var parts: FunnelParts?
  var rules: FunnelRules
  /// Nil where the funnel is not plain.
  private var stream: FunnelStream?
  private var band: FunnelBand?
  /// What the band knows of the journey that is visited next.
  private var outcome: FunnelStream.Outcome?
  var events = FunnelEvents()
  var log = AttemptLog()
  /// Attempts chosen for each bucket of a trend by itself.
  var trendLog = AttemptLog()
  var withoutActor = 0

  init(query: FunnelQuery, from: Int64, to: Int64, instant: Int64, codes: BreakdownCodes?, parts: FunnelParts?) {
    self.from = from
    self.to = to
    self.instant = instant
    self.codes = codes
    window = query.windowSeconds * 1000
    counting = query.counting
    entry = query.entry
    removesSubjects = query.exclusionMode == .removeSubject
    lastTime = query.withinRange ? to - 1 : to - 1 + query.windowSeconds * 1000
    attribution = query.attribution
    entryMask = query.order == .any ? UInt32.max : 1
    rules = FunnelRules(query, rangeEnd: to)
    self.parts = parts
    if parts == nil, !query.needsWholeJourneys { stream = FunnelStream(query, from: from, to: to, lastTime: lastTime) }
    band = stream?.band()
  }

  func fork() -> FunnelPass {
    var other = self
    other.codes = codes?.fork()
    other.parts = parts?.fork()
    other.stream = stream?.fork()
    other.band = band?.fork()
    other.events = FunnelEvents()
    other.log = AttemptLog()
    other.trendLog = AttemptLog()
    other.withoutActor = 0
    return other
  }

  mutating func join(_ other: FunnelPass) {
    log.isTangled = log.isTangled || rules.isTangled || other.rules.isTangled
    log.append(other.log)
    trendLog.append(other.trendLog)
    withoutActor += other.withoutActor
    other.free()
  }

  func free() {
    events.free()
    parts?.free()
    stream?.free()
    band?.free()
  }

  var takesBands: Bool { band != nil }

  mutating func begin(_ next: Band) { band?.begin(next.count) }

  mutating func take(_ part: BandPart) { band?.take(part) }

  mutating func finish(_ subject: UInt32, _ local: Int) -> Bool {
    outcome = nil
    guard let band, let stream else { return false }
    switch band.outcome(local, onlyFirst: stream.onlyFirst) {
    case .nobody: break
    case .attempt:
      guard let entry = band.entry(local) else { break }
      recordPlain(subject, depth: band.depth(local), entry: entry, times: band.times(local))
    case let later:
      outcome = later
      return false
    }
    return true
  }

  mutating func visit(_ journey: Journey) {
    if stream != nil {
      var outcome = outcome ?? stream?.follow(journey) ?? .needsWhole
      self.outcome = nil
      if case .later(let longest, let instant) = outcome {
        outcome = stream?.followLater(journey, longest, at: instant) == true ? .attempt : .needsWhole
      }
      switch outcome {
      case .nobody: return
      case .attempt:
        guard let stream, let entry = stream.entry else { return }
        return recordPlain(journey.subject, depth: stream.depth, entry: entry, times: UnsafePointer(stream.times))
      case .later, .needsWhole: break
      }
    }
    guard gather(journey) else { return }
    if parts != nil {
      visitParts(journey)
      return
    }
    if removesSubjects {
      visitRemoving(journey)
      return
    }
    if counting == .totals {
      recordAll(journey)
    } else if let index = entry == .first ? rules.entry(events, from: 0) : rules.earliestLongest(events) {
      record(reported(at: index, journey), journey)
    }
  }

  /// Every attempt, one open at a time.
  mutating func recordAll(_ journey: Journey) {
    var start = 0
    while let index = rules.entry(events, from: start) {
      let attempt = best(at: index, journey)
      record(attempt, journey)
      start = rules.resume(events, after: attempt)
    }
  }

  /// Judged by the attempt that would be reported without exclusions: if one of them cut it short, the subject is not in the funnel.
  @inline(never) private mutating func visitRemoving(_ journey: Journey) {
    guard let index = entry == .first ? rules.entry(events, from: 0) : rules.earliestLongest(events, regardless: true) else { return }
    var attempt = reported(at: index, journey, regardless: true)
    if attempt.isExcluded { attempt.depth = 0 }
    record(attempt, journey)
  }

  mutating func visitWithoutActor(_ journey: Journey) {
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if view.pointee.mask(row) & rules.stepMask != 0 && time >= from && time < to { withoutActor += 1 }
      return true
    }
  }

  /// - Returns: whether there is an entry at all.
  @inline(__always) private mutating func gather(_ journey: Journey) -> Bool {
    let last = lastTime
    let from = from
    let to = to
    let first = parts?.gap == nil ? from : .min
    let entryMask = entryMask
    events.reserve(journey.rowCount)
    var count = 0
    var hasEntry = false
    let times = events.times
    let masks = events.masks
    let places = events.places
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time < first { return true }
      if time > last { return false }
      let mask = view.pointee.mask(row)
      times[count] = time
      masks[count] = mask
      places[count] = Journey.Place(view: view, row: row)
      if mask & entryMask != 0 && time < to && time >= from { hasEntry = true }
      count &+= 1
      return true
    }
    events.count = count
    return hasEntry
  }

  /// Of the entries in the millisecond of this one, the one that gets furthest, then soonest, then the one with the smallest breakdown value.
  @inline(__always) mutating func best(at index: Int, _ journey: Journey, regardless: Bool = false)
    -> FunnelAttempt
  {
    if index + 1 >= events.count || events.times[index + 1] != events.times[index],
      index == 0 || events.times[index - 1] != events.times[index]
    {
      return rules.follow(events, entry: index, tie: index..<(index + 1))
    }
    return bestOfTie(index, journey, regardless)
  }

  @inline(never) private mutating func bestOfTie(_ index: Int, _ journey: Journey, _ regardless: Bool) -> FunnelAttempt {
    let tie = events.tie(to: index).lowerBound..<events.tie(from: index).upperBound
    var best: FunnelAttempt?
    var bestTimes: [Int64] = []
    var bestMasks: Set<UInt32> = []
    for entry in rules.differentEntries(events, tie) {
      var attempt = rules.follow(events, entry: entry, tie: tie)
      if regardless {
        // Deepest as if there were no exclusions, and of those one that none cut short.
        let isExcluded = attempt.isExcluded
        attempt = rules.followRegardless(events, entry: entry, tie: tie)
        attempt.isExcluded = isExcluded
      }
      let times = rules.stepTimes.prefix(attempt.depth)
      if let known = best, (known.depth, known.isExcluded) == (attempt.depth, attempt.isExcluded), bestTimes.elementsEqual(times) {
        bestMasks.insert(events.masks[entry])
      } else if Self.isBetter(attempt, times, than: best, bestTimes) {
        (best, bestTimes, bestMasks) = (attempt, Array(times), [events.masks[entry]])
      }
    }
    var entry = best?.entry ?? index
    if let codes {
      for other in tie where bestMasks.contains(events.masks[other]) && rules.isEntry(events, other) {
        let value = codes.value(events.places[other], subject: journey.subject)
        let smallest = codes.value(events.places[entry], subject: journey.subject)
        if ValueOrder.precedes(value, smallest) { entry = other }
      }
    }
    return rules.follow(events, entry: entry, tie: tie)
  }

  /// Further, then not cut short by an exclusion, then earlier step by step.
  private static func isBetter(
    _ attempt: FunnelAttempt, _ times: ArraySlice<Int64>, than best: FunnelAttempt?, _ bestTimes: [Int64]
  ) -> Bool {
    guard let best else { return true }
    if attempt.depth != best.depth { return attempt.depth > best.depth }
    if attempt.isExcluded != best.isExcluded { return best.isExcluded }
    return times.lexicographicallyPrecedes(bestTimes)
  }

  private mutating func record(_ attempt: FunnelAttempt, _ journey: Journey) {
    guard log.hasRoom else {
      log.isFull = true
      return
    }
    log.subjects.append(journey.subject)
    var group = BreakdownCodes.none
    if let codes { group = code(codes, attempt, journey) }
    log.codes.append(group)
    log.depths.append(UInt8(attempt.depth))
    log.isOpen.append(isOpen(depth: attempt.depth, entryTime: attempt.entryTime, end: attempt.end))
    log.isExcluded.append(attempt.isExcluded)
    log.offsets.append(log.times.count)
    for step in 0..<attempt.depth { log.times.append(rules.stepTimes[step]) }
  }

  private mutating func recordPlain(_ subject: UInt32, depth: Int, entry: Journey.Place, times: UnsafePointer<Int64>) {
    guard log.hasRoom else {
      log.isFull = true
      return
    }
    log.subjects.append(subject)
    log.codes.append(codes?.code(entry, subject: subject) ?? BreakdownCodes.none)
    log.depths.append(UInt8(depth))
    log.isOpen.append(isOpen(depth: depth, entryTime: times[0]))
    log.isExcluded.append(false)
    log.offsets.append(log.times.count)
    for step in 0..<depth { log.times.append(times[step]) }
  }

  /// - Parameter end: no later event can take part.
  @inline(__always) func isOpen(depth: Int, entryTime: Int64, end: Int64 = .max) -> Bool {
    depth > 0 && depth < rules.steps && instant < min(entryTime + window, lastTime, end)
  }

  @inline(__always) private func code(_ codes: BreakdownCodes, _ attempt: FunnelAttempt, _ journey: Journey) -> UInt32 {
    if attribution == .entry { return codes.code(events.places[attempt.entry], subject: journey.subject) }
    return attributed(codes, attempt, journey).map { codes.code($0, subject: journey.subject) } ?? BreakdownCodes.none
  }

  /// The event whose value a breakdown takes; nil where it is none's.
  func attributed(_ codes: BreakdownCodes, _ attempt: FunnelAttempt, _ journey: Journey) -> Journey.Place? {
    switch attribution {
    case .firstEntry:
      guard let first = rules.entry(events, from: 0) else { break }
      return place(codes, at: first, serving: entryMask & rules.stepMask, journey)
    case .step(let step) where attempt.depth > step: return place(codes, of: step, journey)
    case .step: return nil
    case .last where attempt.depth > 1: return place(codes, of: attempt.depth - 1, journey)
    case .last, .entry: break
    }
    return events.places[attempt.entry]
  }

  /// At the step of the attempt that was followed last.
  private func place(_ codes: BreakdownCodes, of step: Int, _ journey: Journey) -> Journey.Place {
    let serving = entryMask == 1 ? UInt32(1) << UInt32(step) : rules.stepMask
    return place(codes, at: events.index(of: rules.stepTimes[step]), serving: serving, journey)
  }

  /// Of the events of one millisecond that can serve, the one with the smallest value.
  private func place(_ codes: BreakdownCodes, at index: Int, serving: UInt32, _ journey: Journey) -> Journey.Place {
    let tie = events.tie(to: index).lowerBound..<events.tie(from: index).upperBound
    var chosen: Int?
    for other in tie where events.masks[other] & serving != 0 {
      guard let known = chosen else {
        chosen = other
        continue
      }
      let value = codes.value(events.places[other], subject: journey.subject)
      if ValueOrder.precedes(value, codes.value(events.places[known], subject: journey.subject)) { chosen = other }
    }
    return events.places[chosen ?? index]
  }
}
