internal import Events
internal import Journeys

/// Retention: who comes back (semantics A.7). One pass over the journeys; each subject adds to its cohorts' rows of the matrix.
struct RetentionExecution {
  let query: RetentionQuery
  let context: ExecutionContext

  func report() throws(QueryError) -> Report {
    let frame = try RetentionFrame(query, calendar: context.calendar)
    let (pass, late) = try scan(frame, door: nil)
    let cohorts = (0..<frame.cohortCount).map { cohort -> RetentionReport.Cohort in
      let completeAt = (0...query.periods).map { frame.completeAt(cohort: cohort, period: $0) }
      let counts = (0...query.periods).map { period -> Int? in
        frame.begin(cohort: cohort, period: period) > context.instant.milliseconds ? nil : pass.counts[cohort * frame.width + period]
      }
      return .init(
        start: Timestamp(milliseconds: frame.buckets.edges[cohort]), size: pass.counts[cohort * frame.width], counts: counts,
        complete: completeAt.prefix { $0 <= context.instant.milliseconds }.count,
        completeAt: completeAt.map { Timestamp(milliseconds: $0) })
    }
    let average = (0...query.periods).map { period -> Double? in
      var retained = 0
      var size = 0
      for cohort in cohorts {
        guard let count = cohort.counts[period], cohort.completeAt[period] <= context.instant else { continue }
        retained += count
        size += cohort.size
      }
      return size == 0 ? nil : Double(retained) / Double(size)
    }
    return Report(
      content: .retention(RetentionReport(cohorts: cohorts, average: average)),
      notes: context.notes([("no_actor", pass.withoutActor), ("after_evaluation", late)]))
  }

  /// The subjects of a cohort (period nil), or those of them that were retained in a period.
  func subjects(cohort: Int, period: Int?) throws(QueryError) -> [UInt32] {
    let frame = try RetentionFrame(query, calendar: context.calendar)
    guard (0..<frame.cohortCount).contains(cohort) else {
      throw QueryError(
        .invalid, "The report has \(frame.cohortCount) cohorts, counted from 0; there is no cohort \(cohort).", field: "cell.cohort")
    }
    guard (0...query.periods).contains(period ?? 0) else {
      throw QueryError(
        .invalid, "The report has the periods 0 to \(query.periods); there is no period \(period ?? 0).", field: "cell.period")
    }
    return try scan(frame, door: (cohort, period ?? 0)).0.found
  }

  private func scan(_ frame: RetentionFrame, door: (cohort: Int, period: Int)?) throws(QueryError) -> (RetentionPass, late: Int) {
    let both = [query.start, query.return]
    let selectors = try Selectors(
      both, everything: query.filter, primary: 1, firsts: query.mode == .calendar ? ZoneDays(context.calendar) : nil,
      snapshot: context.snapshot, instant: context.instant)
    var pass = RetentionPass(query: query, frame: frame, door: door)
    // A first start before the range matters too.
    let from = query.cohorts == .firstTime ? Int64.min : frame.from
    try JourneyScan(
      snapshot: context.snapshot, selectors: selectors, columnCount: 0, times: from..<max(frame.from, frame.horizon)
    ).run(&pass)
    let late = try context.late(both, everything: query.filter, in: frame.from..<max(frame.from, frame.horizon))
    pass.finish()
    return (pass, late)
  }
}

/// Cohorts and periods on the clock.
struct RetentionFrame {
  let query: RetentionQuery
  /// The cohorts' buckets and, in calendar mode, as many more as there are periods.
  let buckets: Buckets
  let cohortCount: Int
  /// Cells a cohort.
  let width: Int
  /// Length of a rolling period in milliseconds.
  let period: Int64

  var from: Int64 { buckets.from }
  var to: Int64 { buckets.to }

  init(_ query: RetentionQuery, calendar: ProjectCalendar) throws(QueryError) {
    self.query = query
    let unit: BucketUnit
    switch query.unit {
    case .day: (unit, period) = (.day, 86_400_000)
    case .week: (unit, period) = (.week, 7 * 86_400_000)
    case .month: (unit, period) = (.month, 30 * 86_400_000)
    }
    cohortCount = try calendar.buckets(query.range, by: unit).count
    buckets = try calendar.buckets(query.range, by: unit, further: query.periods)
    width = query.periods + 1
  }

  /// Nothing from here on matters.
  var horizon: Int64 {
    switch query.mode {
    case .calendar: buckets.edges[cohortCount + query.periods]
    case .rolling: to + Int64(width) * period
    }
  }

  /// The first instant of a period, for the earliest possible start of the cohort.
  func begin(cohort: Int, period number: Int) -> Int64 {
    switch query.mode {
    case .calendar: buckets.edges[cohort + number]
    case .rolling: max(buckets.edges[cohort], from) + Int64(number) * period
    }
  }

  /// When nothing can change a cell any more. "On or after" looks to the end of the last period (semantics A.7).
  func completeAt(cohort: Int, period number: Int) -> Int64 {
    let last = query.criterion == .onOrAfter && number > 0 ? query.periods : number
    switch query.mode {
    case .calendar: return buckets.edges[cohort + last + 1]
    case .rolling: return min(buckets.edges[cohort + 1], to) + Int64(last + 1) * period
    }
  }
}

private struct RetentionPass: JourneyVisitor {
  var needsOrder: Bool { true }
  let frame: RetentionFrame
  let table: BucketTable
  let isRolling: Bool
  let isFirstTime: Bool
  let isOnOrAfter: Bool
  let door: (cohort: Int, period: Int)?
  /// Row by row of the matrix. "On or after" keeps only the last period of each subject until `finish`.
  var counts: [Int]
  var found: [UInt32] = []
  var withoutActor = 0
  private var startBuckets: [Int] = []
  private var startTimes: [Int64] = []
  /// Calendar: buckets. Rolling: times. Ascending.
  private var returns: [Int64] = []

  init(query: RetentionQuery, frame: RetentionFrame, door: (cohort: Int, period: Int)?) {
    self.frame = frame
    self.door = door
    table = BucketTable(frame.buckets)
    isRolling = query.mode == .rolling
    isFirstTime = query.cohorts == .firstTime
    isOnOrAfter = query.criterion == .onOrAfter
    counts = [Int](repeating: 0, count: frame.cohortCount * frame.width)
  }

  mutating func visit(_ journey: Journey) {
    gather(journey)
    if startBuckets.isEmpty { return }
    for start in 0..<startBuckets.count {
      let cohort = startBuckets[start]
      counts[cohort * frame.width] += 1
      var isFound = door.map { $0.cohort == cohort && $0.period == 0 } ?? false
      var last = 0
      for value in returns {
        let period = isRolling ? Int((value - startTimes[start]) / frame.period) : Int(value) - cohort
        if period <= last { continue }
        if period >= frame.width { break }
        last = period
        if !isOnOrAfter { counts[cohort * frame.width + period] += 1 }
        if let door, door.cohort == cohort, door.period > 0, isOnOrAfter ? period >= door.period : period == door.period { isFound = true }
      }
      if isOnOrAfter && last > 0 { counts[cohort * frame.width + last] += 1 }
      if isFound { found.append(journey.subject) }
    }
  }

  /// "On or after" counts a subject in its last period and all before.
  mutating func finish() {
    guard isOnOrAfter else { return }
    for cohort in 0..<frame.cohortCount where frame.width > 2 {
      for period in stride(from: frame.width - 2, through: 1, by: -1) {
        counts[cohort * frame.width + period] += counts[cohort * frame.width + period + 1]
      }
    }
  }

  private mutating func gather(_ journey: Journey) {
    startBuckets.removeAll(keepingCapacity: true)
    startTimes.removeAll(keepingCapacity: true)
    returns.removeAll(keepingCapacity: true)
    let from = frame.from
    let to = frame.to
    let horizon = frame.horizon
    let reader = table.reader
    var lastStart = -1
    var lastReturn = -1
    var hasStarted = false
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time >= horizon { return false }
      let mask = view.pointee.mask(row)
      if mask & 1 != 0 && time < to && !(isFirstTime && hasStarted) {
        hasStarted = true
        if time < from {
          // A first start before the range is in no cohort.
          if isFirstTime { return false }
        } else {
          let bucket = reader.bucket(time)
          if bucket != lastStart {
            lastStart = bucket
            startBuckets.append(bucket)
            startTimes.append(time)
          }
        }
      }
      if mask & 2 != 0 && time >= from {
        if isRolling {
          returns.append(time)
        } else {
          let bucket = reader.bucket(time)
          if bucket != lastReturn {
            lastReturn = bucket
            returns.append(Int64(bucket))
          }
        }
      }
      return true
    }
  }

  mutating func visitWithoutActor(_ journey: Journey) {
    journey.forEachRow { view, row in
      if view.pointee.time(row) >= frame.from && view.pointee.time(row) < frame.to { withoutActor += 1 }
      return true
    }
  }
}
