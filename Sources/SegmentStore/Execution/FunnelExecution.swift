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
    var groups = [group(.everything, of: log, 0..<log.count)]
    if let trend { groups[0].trend = trend.points(trendLog, 0..<trendLog.count) }
    var merged = 0
    if let codes = found.codes, let breakdown = query.breakdown {
      let shown = try shown(found, codes, breakdown.limit)
      merged = shown.merged
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
      notes: context.notes([
        ("no_actor", found.withoutActor), ("after_evaluation", found.late), ("window_open", groups[0].open),
        (ReportNotes.smallGroup, merged),
      ]))
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
      shown = try self.shown(attempts, codes, breakdown.limit)
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
    // Bands have no order of their own.
    return found.sorted()
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
    pass.log.isTangled = pass.log.isTangled || pass.rules.isTangled
    try pass.log.check()
    try pass.trendLog.check()
    return Attempts(
      log: pass.log, trend: pass.parts?.choosesByBucket == true ? pass.trendLog : nil, codes: codes, withoutActor: pass.withoutActor,
      late: try context.late(query.steps, everything: query.filter, in: times))
  }

  /// Ranked by entries; values that only the trend has come last.
  private func shown(_ found: Attempts, _ codes: BreakdownCodes, _ limit: Int) throws(QueryError) -> ShownGroups {
    var entries = [Double?](repeating: nil, count: codes.groupCount)
    for code in found.log.codes {
      for group in codes.groups(code) { entries[Int(group)] = (entries[Int(group)] ?? 0) + 1 }
    }
    for code in found.trend?.codes ?? [] {
      for group in codes.groups(code) { entries[Int(group)] = entries[Int(group)] ?? 0 }
    }
    let logs = context.smallestGroup > 1 ? [found.log] + (found.trend.map { [$0] } ?? []) : []
    return try ShownGroups(
      ranking: entries, codes: codes, limit: limit,
      hiding: SmallGroups(context.smallestGroup, logs.map { Self.sizes($0, codes) }))
  }

  private static func sizes(_ log: AttemptLog, _ codes: BreakdownCodes) -> SmallGroups.View {
    var sizes = [Int](repeating: 0, count: codes.groupCount)
    // A subject's attempts stand together.
    var last = [Int](repeating: -1, count: codes.groupCount)
    var ordinal = 0
    for attempt in 0..<log.count {
      if attempt > 0, log.subjects[attempt] != log.subjects[attempt - 1] { ordinal += 1 }
      for group in codes.groups(log.codes[attempt]) where last[Int(group)] != ordinal {
        last[Int(group)] = ordinal
        sizes[Int(group)] += 1
      }
    }
    return .init(sizes: sizes) { groups throws(QueryError) in
      let wanted = Set(groups)
      var count = 0
      var counted: UInt32?
      for attempt in 0..<log.count where counted != log.subjects[attempt] {
        guard codes.groups(log.codes[attempt]).contains(where: { wanted.contains(Int($0)) }) else { continue }
        counted = log.subjects[attempt]
        count += 1
      }
      return count
    }
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

  private func group(_ name: ReportGroup, of log: AttemptLog, _ attempts: some Sequence<Int>) -> FunnelReport.Group {
    let stepCount = query.steps.count
    var open = 0
    var excluded = 0
    var counts = [Int](repeating: 0, count: stepCount + 1)
    for attempt in attempts {
      if log.isOpen[attempt] { open += 1 }
      if log.isExcluded[attempt] { excluded += 1 }
      counts[Int(log.depths[attempt])] += 1
    }
    // From attempts of just a depth to those of at least so many steps.
    for depth in stride(from: stepCount - 1, through: 0, by: -1) { counts[depth] += counts[depth + 1] }
    let durations = StepDurations(log, attempts, counts: counts)
    defer { durations.free() }
    let steps = (0..<stepCount).map { step in
      FunnelReport.Step(
        count: counts[step + 1], medianSecondsFromPrevious: durations.median(fromPrevious: true, step),
        averageSecondsFromPrevious: durations.average(fromPrevious: true, step),
        medianSecondsFromEntry: durations.median(fromPrevious: false, step),
        averageSecondsFromEntry: durations.average(fromPrevious: false, step))
    }
    return .init(
      group: name, steps: steps, open: open, excluded: query.exclusions.isEmpty ? nil : excluded,
      conversion: query.timeToConvert.map { Self.conversion($0, log, Array(attempts)) })
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
