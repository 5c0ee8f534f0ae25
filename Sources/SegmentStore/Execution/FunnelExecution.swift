internal import Events
internal import Journeys

/// Funnels: how many get from step to step (semantics A.6). One pass; attempts are kept and grouped afterwards.
struct FunnelExecution {
  let query: FunnelQuery
  let context: ExecutionContext

  func report() throws(QueryError) -> Report {
    let (pass, late) = try attempts()
    let log = pass.log
    var groups = [group(.everything, of: log, Array(0..<log.count))]
    if let codes = pass.codes, let breakdown = query.breakdown {
      let shown = shown(log, codes, breakdown.limit)
      var members = [[Int]](repeating: [], count: shown.groups.count)
      for attempt in 0..<log.count {
        for slot in Self.slots(log.codes[attempt], codes, shown) { members[slot].append(attempt) }
      }
      for (slot, name) in shown.groups.enumerated() { groups.append(group(name, of: log, members[slot])) }
    }
    return Report(
      content: .funnel(FunnelReport(groups: groups)),
      notes: context.notes([("no_actor", pass.withoutActor), ("after_evaluation", late), ("window_open", groups[0].open)]))
  }

  /// The subjects of the attempts that reached `step` (from 0), or of those that got there and not to the next one.
  func subjects(group: ReportGroup, step: Int, droppedAfter: Bool) throws(QueryError) -> [UInt32] {
    guard (0..<(droppedAfter ? query.steps.count - 1 : query.steps.count)).contains(step) else {
      throw QueryError(
        .invalid,
        "The funnel has \(query.steps.count) steps, counted from 0, and nobody drops out after the last; \(step) is none of them.",
        field: "cell.step")
    }
    return try subjects(group: group) { log, attempt in
      let depth = Int(log.depths[attempt])
      return droppedAfter ? depth == step + 1 : depth > step
    }
  }

  /// The subjects of the attempts that an exclusion kept from getting further.
  func excludedSubjects(group: ReportGroup) throws(QueryError) -> [UInt32] {
    try subjects(group: group) { log, attempt in log.isExcluded[attempt] }
  }

  private func subjects(group: ReportGroup, _ isMeant: (AttemptLog, Int) -> Bool) throws(QueryError) -> [UInt32] {
    let (pass, _) = try attempts()
    let log = pass.log
    var slot: Int?
    var shown = ShownGroups.everything
    if group != .everything {
      guard let codes = pass.codes, let breakdown = query.breakdown else { return [] }
      shown = self.shown(log, codes, breakdown.limit)
      guard let index = shown.groups.firstIndex(of: group) else { return [] }
      slot = index
    }
    var found: [UInt32] = []
    for attempt in 0..<log.count {
      guard isMeant(log, attempt) else { continue }
      if let slot, let codes = pass.codes, !Self.slots(log.codes[attempt], codes, shown).contains(slot) { continue }
      // A subject's attempts stand together.
      if found.last != log.subjects[attempt] { found.append(log.subjects[attempt]) }
    }
    return found
  }

  private func attempts() throws(QueryError) -> (FunnelPass, late: Int) {
    let interval = try context.calendar.interval(query.range)
    var properties = ShownProperties()
    var codes: BreakdownCodes?
    if let breakdown = query.breakdown {
      codes = BreakdownCodes(breakdown, column: properties.number(of: breakdown.property), snapshot: context.snapshot)
    }
    let selectors = try Selectors(
      query.steps + query.exclusions.map(\.selector), everything: query.filter, primary: query.order == .any ? .max : 1,
      seesAll: query.order == .strict,
      properties: properties.names, snapshot: context.snapshot, instant: context.instant)
    let from = interval.lowerBound.milliseconds
    let to = interval.upperBound.milliseconds
    let times = from..<max(from, to) + (query.withinRange ? 0 : query.windowSeconds * 1000)
    var pass = FunnelPass(query: query, from: from, to: to, instant: context.instant.milliseconds, codes: codes)
    defer { pass.events.free() }
    try JourneyScan(snapshot: context.snapshot, selectors: selectors, columnCount: properties.names.count, times: times).run(&pass)
    try codes?.check()
    try pass.log.check()
    return (pass, try context.late(query.steps, everything: query.filter, in: times))
  }

  /// Ranked by entries.
  private func shown(_ log: AttemptLog, _ codes: BreakdownCodes, _ limit: Int) -> ShownGroups {
    var entries = [Double?](repeating: nil, count: codes.groupCount)
    for code in log.codes {
      for group in codes.groups(code) { entries[Int(group)] = (entries[Int(group)] ?? 0) + 1 }
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
    return .init(group: name, steps: steps, open: open, excluded: query.exclusions.isEmpty ? nil : excluded)
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
  var count: Int { subjects.count }
  /// Whether there were more than fit: the figures are of no use then.
  var isFull = false

  private static let attemptLimit = 20_000_000
  private static let timeLimit = 60_000_000
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
private struct FunnelPass: JourneyVisitor {
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
  let codes: BreakdownCodes?
  var rules: FunnelRules
  var events = FunnelEvents()
  var log = AttemptLog()
  var withoutActor = 0

  init(query: FunnelQuery, from: Int64, to: Int64, instant: Int64, codes: BreakdownCodes?) {
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
  }

  mutating func visit(_ journey: Journey) {
    guard gather(journey) else { return }
    if removesSubjects {
      visitRemoving(journey)
      return
    }
    if counting == .totals {
      var start = 0
      while let index = rules.entry(events, from: start) {
        let attempt = best(at: index, journey)
        record(attempt, journey)
        start = rules.resume(events, after: attempt)
      }
    } else if let index = entry == .first ? rules.entry(events, from: 0) : rules.earliestLongest(events) {
      record(best(at: index, journey), journey)
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
    let entryMask = entryMask
    events.reserve(journey.rowCount)
    var count = 0
    var hasEntry = false
    let times = events.times
    let masks = events.masks
    let places = events.places
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time < from { return true }
      if time > last { return false }
      let mask = view.pointee.mask(row)
      times[count] = time
      masks[count] = mask
      places[count] = Journey.Place(view: view, row: row)
      if mask & entryMask != 0 && time < to { hasEntry = true }
      count &+= 1
      return true
    }
    events.count = count
    return hasEntry
  }

  /// Of the entries in the millisecond of this one, the one that gets furthest, then soonest, then the one with the smallest breakdown value.
  @inline(__always) private mutating func best(at index: Int, _ journey: Journey, regardless: Bool = false)
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
    log.isOpen.append(attempt.depth > 0 && attempt.depth < rules.steps && instant < min(attempt.entryTime + window, lastTime))
    log.isExcluded.append(attempt.isExcluded)
    log.offsets.append(log.times.count)
    for step in 0..<attempt.depth { log.times.append(rules.stepTimes[step]) }
  }

  @inline(__always) private func code(_ codes: BreakdownCodes, _ attempt: FunnelAttempt, _ journey: Journey) -> UInt32 {
    if attribution == .entry { return codes.code(events.places[attempt.entry], subject: journey.subject) }
    return laterCode(codes, attempt, journey)
  }

  private func laterCode(_ codes: BreakdownCodes, _ attempt: FunnelAttempt, _ journey: Journey) -> UInt32 {
    switch attribution {
    case .firstEntry:
      guard let first = rules.entry(events, from: 0) else { break }
      return code(codes, at: first, serving: entryMask & rules.stepMask, journey)
    case .step(let step) where attempt.depth > step: return code(codes, of: step, journey)
    case .step: return BreakdownCodes.none
    case .last where attempt.depth > 1: return code(codes, of: attempt.depth - 1, journey)
    case .last, .entry: break
    }
    return codes.code(events.places[attempt.entry], subject: journey.subject)
  }

  /// At the step of the attempt that was followed last.
  private func code(_ codes: BreakdownCodes, of step: Int, _ journey: Journey) -> UInt32 {
    let time = rules.stepTimes[step]
    var low = 0
    var high = events.count
    while low < high {
      let middle = (low + high) / 2
      if events.times[middle] < time { low = middle + 1 } else { high = middle }
    }
    let serving = entryMask == 1 ? UInt32(1) << UInt32(step) : rules.stepMask
    return code(codes, at: low, serving: serving, journey)
  }

  /// Of the events of one millisecond that can serve, the smallest value.
  private func code(_ codes: BreakdownCodes, at index: Int, serving: UInt32, _ journey: Journey) -> UInt32 {
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
    return codes.code(events.places[chosen ?? index], subject: journey.subject)
  }
}
