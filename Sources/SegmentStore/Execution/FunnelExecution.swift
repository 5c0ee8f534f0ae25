internal import Events
internal import Journeys

/// Funnels: how many get from step to step (semantics A.6). One pass; attempts are kept and grouped afterwards.
struct FunnelExecution {
  let query: FunnelQuery
  let context: ExecutionContext

  func report() throws(QueryError) -> Report {
    let found = try attempts()
    let log = found.log
    let trend = try FunnelTrend(query, context)
    let trendLog = found.trend ?? log
    var groups = [group(.everything, of: log, Array(0..<log.count))]
    if let trend { groups[0].trend = trend.points(trendLog, 0..<trendLog.count) }
    if let codes = found.codes, let breakdown = query.breakdown {
      let shown = shown(found, codes, breakdown.limit)
      try trend?.check(groups: shown.groups.count)
      let members = Self.members(of: log, codes, shown)
      let trendMembers = found.trend.map { Self.members(of: $0, codes, shown) } ?? members
      for (slot, name) in shown.groups.enumerated() {
        groups.append(group(name, of: log, members[slot]))
        if let trend { groups[groups.count - 1].trend = trend.points(trendLog, trendMembers[slot]) }
      }
    }
    return Report(
      content: .funnel(
        FunnelReport(groups: groups, buckets: trend?.starts ?? [], firstIncomplete: trend?.firstIncomplete ?? 0)),
      notes: context.notes([("no_actor", found.withoutActor), ("after_evaluation", found.late), ("window_open", groups[0].open)]))
  }

  /// By slot: the attempts that count there.
  private static func members(of log: AttemptLog, _ codes: BreakdownCodes, _ shown: ShownGroups) -> [[Int]] {
    var members = [[Int]](repeating: [], count: shown.groups.count)
    for attempt in 0..<log.count {
      for slot in slots(log.codes[attempt], codes, shown) { members[slot].append(attempt) }
    }
    return members
  }

  /// The subjects of the attempts that reached `step` (from 0), or of those that got there and not to the next one.
  /// - Parameter bucket: of the trend; nil: over the whole range.
  func subjects(group: ReportGroup, step: Int, droppedAfter: Bool, bucket: Int? = nil) throws(QueryError) -> [UInt32] {
    guard (0..<(droppedAfter ? query.steps.count - 1 : query.steps.count)).contains(step) else {
      throw QueryError(
        .invalid,
        "The funnel has \(query.steps.count) steps, counted from 0, and nobody drops out after the last; \(step) is none of them.",
        field: "cell.step")
    }
    let trend = try bucket == nil ? nil : FunnelTrend(query, context)
    if let bucket, trend.map({ !(0..<$0.starts.count).contains(bucket) }) ?? true {
      throw QueryError(.invalid, "The funnel's trend has no bucket \(bucket).", field: "cell.bucket")
    }
    return try subjects(group: group, ofTrend: bucket != nil) { log, attempt in
      let depth = Int(log.depths[attempt])
      guard droppedAfter ? depth == step + 1 : depth > step else { return false }
      return trend.map { $0.bucket(log, attempt) == bucket } ?? true
    }
  }

  /// The subjects of the attempts that an exclusion kept from getting further.
  func excludedSubjects(group: ReportGroup) throws(QueryError) -> [UInt32] {
    try subjects(group: group) { log, attempt in log.isExcluded[attempt] }
  }

  private func subjects(
    group: ReportGroup, ofTrend: Bool = false, _ isMeant: (AttemptLog, Int) -> Bool
  ) throws(QueryError) -> [UInt32] {
    let attempts = try attempts()
    let log = ofTrend ? attempts.trend ?? attempts.log : attempts.log
    var slot: Int?
    var shown = ShownGroups.everything
    if group != .everything {
      guard let codes = attempts.codes, let breakdown = query.breakdown else { return [] }
      shown = self.shown(attempts, codes, breakdown.limit)
      guard let index = shown.groups.firstIndex(of: group) else { return [] }
      slot = index
    }
    var found: [UInt32] = []
    for attempt in 0..<log.count {
      guard isMeant(log, attempt) else { continue }
      if let slot, let codes = attempts.codes, !Self.slots(log.codes[attempt], codes, shown).contains(slot) { continue }
      // A subject's attempts stand together.
      if found.last != log.subjects[attempt] { found.append(log.subjects[attempt]) }
    }
    return found
  }

  /// What one pass found.
  private struct Attempts {
    var log: AttemptLog
    /// Those chosen for each bucket by itself; nil where each of `log` belongs to the bucket of its entry.
    var trend: AttemptLog?
    var codes: BreakdownCodes?
    var withoutActor: Int
    var late: Int
  }

  private func attempts() throws(QueryError) -> Attempts {
    let interval = try context.calendar.interval(query.range)
    var properties = ShownProperties()
    var codes: BreakdownCodes?
    if let breakdown = query.breakdown {
      codes = BreakdownCodes(breakdown, column: properties.number(of: breakdown.property), snapshot: context.snapshot)
    }
    let held = query.hold.map { name in
      let property = PropertyReference(name)
      return BreakdownCodes(property, column: properties.number(of: property), snapshot: context.snapshot)
    }
    let selectors = try Selectors(
      query.steps + query.exclusions.map(\.selector), everything: query.filter, primary: query.order == .any ? .max : 1,
      // Sessions are cut by all of a subject's events.
      seesAll: query.order == .strict || query.counting == .sessions,
      properties: properties.names, snapshot: context.snapshot, instant: context.instant)
    let from = interval.lowerBound.milliseconds
    let to = interval.upperBound.milliseconds
    let times = from..<max(from, to) + (query.withinRange ? 0 : query.windowSeconds * 1000)
    let scan = JourneyScan(
      snapshot: context.snapshot, selectors: selectors, columnCount: properties.names.count,
      // Where a session began is known only to who has seen all that was before it.
      times: (query.counting == .sessions ? .min : times.lowerBound)..<times.upperBound)
    var pass = FunnelPass(
      query: query, from: from, to: to, instant: context.instant.milliseconds, codes: codes,
      parts: try FunnelParts(query, held: held, trend: FunnelTrend(query, context)))
    defer { pass.free() }
    try scan.run(&pass)
    try codes?.check()
    try pass.log.check()
    try pass.trendLog.check()
    return Attempts(
      log: pass.log, trend: pass.parts?.choosesByBucket == true ? pass.trendLog : nil, codes: codes, withoutActor: pass.withoutActor,
      late: try context.late(query.steps, everything: query.filter, in: times))
  }

  /// Ranked by entries; values that only the trend has come last.
  private func shown(_ found: Attempts, _ codes: BreakdownCodes, _ limit: Int) -> ShownGroups {
    var entries = [Double?](repeating: nil, count: codes.groupCount)
    for code in found.log.codes {
      for group in codes.groups(code) { entries[Int(group)] = (entries[Int(group)] ?? 0) + 1 }
    }
    for code in found.trend?.codes ?? [] {
      for group in codes.groups(code) { entries[Int(group)] = entries[Int(group)] ?? 0 }
    }
    return ShownGroups(ranking: entries, codes: codes, limit: limit)
  }

  /// Where an attempt counts: once in a slot, however many elements of a list "other" holds.
  private static func slots(_ code: UInt32, _ codes: BreakdownCodes, _ shown: ShownGroups) -> [Int] {
    if code & BreakdownCodes.listBit == 0 { return [Int(shown.slots[Int(code)])] }
    var slots: [Int] = []
    for group in codes.groups(code) {
      let slot = Int(shown.slots[Int(group)])
      if !slots.contains(slot) { slots.append(slot) }
    }
    return slots
  }

  private func group(_ name: ReportGroup, of log: AttemptLog, _ attempts: [Int]) -> FunnelReport.Group {
    let stepCount = query.steps.count
    var steps: [FunnelReport.Step] = []
    var open = 0
    var excluded = 0
    for attempt in attempts {
      if log.isOpen[attempt] { open += 1 }
      if log.isExcluded[attempt] { excluded += 1 }
    }
    for step in 0..<stepCount {
      var fromEntry: [Int64] = []
      var fromPrevious: [Int64] = []
      var count = 0
      for attempt in attempts where Int(log.depths[attempt]) > step {
        count += 1
        guard step > 0 else { continue }
        let offset = log.offsets[attempt]
        fromEntry.append(log.times[offset + step] - log.times[offset])
        fromPrevious.append(log.times[offset + step] - log.times[offset + step - 1])
      }
      func average(_ values: [Int64]) -> Double? {
        values.isEmpty ? nil : values.reduce(0) { $0 + Double($1) } / Double(values.count) / 1000
      }
      let averagePrevious = average(fromPrevious)
      let averageEntry = average(fromEntry)
      steps.append(
        .init(
          count: count, medianSecondsFromPrevious: Percentile.value(0.5, of: &fromPrevious).map { $0 / 1000 },
          averageSecondsFromPrevious: averagePrevious, medianSecondsFromEntry: Percentile.value(0.5, of: &fromEntry).map { $0 / 1000 },
          averageSecondsFromEntry: averageEntry))
    }
    return .init(
      group: name, steps: steps, open: open, excluded: query.exclusions.isEmpty ? nil : excluded,
      conversion: query.timeToConvert.map { Self.conversion($0, log, attempts) })
  }

  private static func conversion(_ asked: FunnelQuery.TimeToConvert, _ log: AttemptLog, _ attempts: [Int]) -> FunnelReport.Conversion {
    var times: [Int64] = []
    for attempt in attempts where Int(log.depths[attempt]) > asked.toStep {
      let offset = log.offsets[attempt]
      times.append(log.times[offset + asked.toStep] - log.times[offset + asked.fromStep])
    }
    guard let shortest = times.min(), let longest = times.max() else {
      return .init(count: 0, medianSeconds: nil, averageSeconds: nil, p90Seconds: nil, edges: [], counts: [])
    }
    // Equal times have the millisecond behind them to themselves.
    let width = max(longest - shortest, 1)
    let bins = Int64(asked.bins)
    var counts = [Int](repeating: 0, count: asked.bins)
    var sum = 0.0
    for time in times {
      counts[Int(min((time - shortest) * bins / width, bins - 1))] += 1
      sum += Double(time)
    }
    return .init(
      count: times.count, medianSeconds: Percentile.value(0.5, of: &times).map { $0 / 1000 },
      averageSeconds: sum / Double(times.count) / 1000, p90Seconds: Percentile.value(0.9, of: &times).map { $0 / 1000 },
      edges: (0...asked.bins).map { (Double(shortest) + Double(width) * Double($0) / Double(asked.bins)) / 1000 }, counts: counts)
  }
}

/// All attempts of a report, column by column, in the order of their subjects.
struct AttemptLog {
  var subjects: [UInt32] = []
  /// Of `BreakdownCodes`; 0 without a breakdown.
  var codes: [UInt32] = []
  var depths: [UInt8] = []
  var isOpen: [Bool] = []
  var isExcluded: [Bool] = []
  /// Where in `times` the attempt's step times begin: as many as its depth.
  var offsets: [Int] = []
  var times: [Int64] = []
  /// Of a log of a trend: the bucket for which each was chosen. Otherwise empty.
  var buckets: [UInt16] = []
  var count: Int { subjects.count }
  /// Whether there were more than fit: the figures are of no use then.
  var isFull = false

  private static let attemptLimit = 20_000_000
  private static let timeLimit = 60_000_000
  /// Adds those of later subjects.
  mutating func append(_ other: AttemptLog) {
    isFull = isFull || other.isFull || count + other.count > Self.attemptLimit || times.count + other.times.count > Self.timeLimit
    guard !isFull else { return }
    let shift = times.count
    subjects += other.subjects
    codes += other.codes
    depths += other.depths
    isOpen += other.isOpen
    isExcluded += other.isExcluded
    offsets += other.offsets.map { $0 + shift }
    times += other.times
    buckets += other.buckets
  }

  var hasRoom: Bool { subjects.count < Self.attemptLimit && times.count < Self.timeLimit }

  /// - Throws: `QueryError` (`too_large`) if there were too many attempts.
  func check() throws(QueryError) {
    guard isFull else { return }
    throw QueryError(
      .tooLarge,
      "The funnel has more than \(Self.attemptLimit) attempts or \(Self.timeLimit) steps reached; take a shorter range, or filter.",
      field: "range")
  }
}

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
    if parts == nil { stream = FunnelStream(query, from: from, to: to, lastTime: lastTime) }
  }

  func fork() -> FunnelPass {
    var other = self
    other.codes = codes?.fork()
    other.parts = parts?.fork()
    other.stream = stream?.fork()
    other.events = FunnelEvents()
    other.log = AttemptLog()
    other.trendLog = AttemptLog()
    other.withoutActor = 0
    return other
  }

  mutating func join(_ other: FunnelPass) {
    log.append(other.log)
    trendLog.append(other.trendLog)
    withoutActor += other.withoutActor
    other.free()
  }

  func free() {
    events.free()
    parts?.free()
    stream?.free()
  }

  mutating func visit(_ journey: Journey) {
    switch stream?.follow(journey) {
    case .nobody: return
    case .attempt: return recordStream(journey)
    case .needsWhole, nil: break
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
      record(best(at: index, journey), journey)
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
    var attempt = best(at: index, journey, regardless: true)
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
    log.isOpen.append(isOpen(depth: attempt.depth, entryTime: attempt.entryTime))
    log.isExcluded.append(attempt.isExcluded)
    log.offsets.append(log.times.count)
    for step in 0..<attempt.depth { log.times.append(rules.stepTimes[step]) }
  }

  private mutating func recordStream(_ journey: Journey) {
    guard log.hasRoom, let stream, let entry = stream.entry else {
      log.isFull = true
      return
    }
    log.subjects.append(journey.subject)
    log.codes.append(codes?.code(entry, subject: journey.subject) ?? BreakdownCodes.none)
    log.depths.append(UInt8(stream.depth))
    log.isOpen.append(isOpen(depth: stream.depth, entryTime: stream.times[0]))
    log.isExcluded.append(false)
    log.offsets.append(log.times.count)
    for step in 0..<stream.depth { log.times.append(stream.times[step]) }
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
