internal import Events
internal import Journeys

/// Retention: who comes back (semantics A.7). One pass over the journeys; each subject adds to its cohorts' rows of the matrix. With a
/// breakdown, a pass before that ranks the groups by cohort size, so that only those that are shown have a matrix.
struct RetentionExecution {
  let query: RetentionQuery
  let context: ExecutionContext

  func report() throws(QueryError) -> Report {
    let frame = try RetentionFrame(query, calendar: context.calendar)
    let (codes, properties, shown) = try segments(frame)
    let names = query.breakdown == nil ? [] : shown.groups
    guard (names.count + 1) * frame.cohortCount * frame.width <= Self.cellLimit else {
      throw QueryError(
        .tooLarge, "The report has too many cells; use a wider unit, fewer periods or a smaller breakdown limit.", field: "breakdown.limit")
    }
    var pass = RetentionPass(query: query, frame: frame, codes: codes, task: .count(slots: query.breakdown == nil ? [] : shown.slots))
    defer { pass.free() }
    pass.makeRoom(matrices: names.count + 1)
    try scan(frame, properties, &pass)
    pass.finish()
    let cohorts = cohorts(frame, pass, matrix: 0)
    return Report(
      content: .retention(
        RetentionReport(
          cohorts: cohorts, average: average(cohorts, frame),
          segments: names.enumerated().map { index, group in
            let cohorts = self.cohorts(frame, pass, matrix: index + 1)
            return .init(group: group, cohorts: cohorts, average: average(cohorts, frame))
          }, lookedUntil: min(Timestamp(milliseconds: frame.horizon), context.instant))),
      notes: context.notes([
        ("no_actor", pass.withoutActor), ("after_evaluation", try late(frame)), (ReportNotes.smallGroup, shown.merged),
      ]))
  }

  /// The subjects of a cohort (column nil), or those of them that were retained in a column.
  func subjects(group: ReportGroup, cohort: Int, column: Int?) throws(QueryError) -> [UInt32] {
    let frame = try RetentionFrame(query, calendar: context.calendar)
    guard (0..<frame.cohortCount).contains(cohort) else {
      throw QueryError(
        .invalid, "The report has \(frame.cohortCount) cohorts, counted from 0; there is no cohort \(cohort).", field: "cell.cohort")
    }
    guard (0..<frame.width).contains(column ?? 0) else {
      throw QueryError(
        .invalid, "The report has the columns 0 to \(frame.width - 1); there is no column \(column ?? 0).", field: "cell.period")
    }
    var slot: Int32?
    var slots: [Int32] = []
    var codes: BreakdownCodes?
    var properties = ShownProperties()
    if group != .everything {
      let (found, named, shown) = try segments(frame)
      guard found != nil, let index = shown.groups.firstIndex(of: group) else { return [] }
      (codes, properties, slot, slots) = (found, named, Int32(index), shown.slots)
    }
    var pass = RetentionPass(
      query: query, frame: frame, codes: codes, task: .find(cohort: cohort, column: column ?? 0, slot: slot, slots: slots))
    defer { pass.free() }
    try scan(frame, properties, &pass)
    // Bands have no order of their own.
    return pass.found.sorted()
  }

  private static let cellLimit = 5_000_000

  /// The groups that are shown, the largest by the sizes of their cohorts.
  private func segments(_ frame: RetentionFrame) throws(QueryError) -> (BreakdownCodes?, ShownProperties, ShownGroups) {
    var properties = ShownProperties()
    guard let breakdown = query.breakdown else { return (nil, properties, .everything) }
    let codes = BreakdownCodes(breakdown, column: properties.number(of: breakdown.property), snapshot: context.snapshot)
    var pass = RetentionPass(query: query, frame: frame, codes: codes, task: .rank)
    defer { pass.free() }
    try scan(frame, properties, &pass)
    try codes.check()
    let sizes = (0..<codes.groupCount).map { group -> Double? in
      group < pass.sizes.count && pass.sizes[group] > 0 ? Double(pass.sizes[group]) : nil
    }
    let subjects = Array(pass.subjects.prefix(codes.groupCount))
    let view = SmallGroups.View(sizes: subjects) { [properties] groups throws(QueryError) in
      var wanted = [Bool](repeating: false, count: codes.groupCount)
      for group in groups { wanted[group] = true }
      var pass = RetentionPass(query: query, frame: frame, codes: codes, task: .reach(wanted))
      defer { pass.free() }
      try scan(frame, properties, &pass)
      return pass.reached
    }
    let shown = try ShownGroups(
      ranking: sizes, codes: codes, limit: breakdown.limit, hiding: SmallGroups(context.smallestGroup, [view]))
    return (codes, properties, shown)
  }

  private func cohorts(_ frame: RetentionFrame, _ pass: RetentionPass, matrix: Int) -> [RetentionReport.Cohort] {
    (0..<frame.cohortCount).map { cohort in
      let completeAt = (0..<frame.width).map { frame.completeAt(cohort: cohort, column: $0) }
      let counts = (0..<frame.width).map { column -> Int? in
        frame.begin(cohort: cohort, column: column) > context.instant.milliseconds
          ? nil : pass.count(matrix: matrix, cohort: cohort, column: column)
      }
      return .init(
        start: Timestamp(milliseconds: frame.buckets.edges[cohort]), size: pass.count(matrix: matrix, cohort: cohort, column: 0),
        counts: counts, complete: completeAt.prefix { $0 <= context.instant.milliseconds }.count,
        completeAt: completeAt.map { Timestamp(milliseconds: $0) })
    }
  }

  private func average(_ cohorts: [RetentionReport.Cohort], _ frame: RetentionFrame) -> [Double?] {
    RetentionReport.average(cohorts, base: query.base, columns: frame.width, at: context.instant)
  }

  private func scan(_ frame: RetentionFrame, _ properties: ShownProperties, _ pass: inout RetentionPass) throws(QueryError) {
    let selectors = try Selectors(
      [query.start, query.return], everything: query.filter, primary: 1, properties: properties.names, buckets: pass.table,
      firsts: query.mode == .calendar ? ZoneDays(context.calendar) : nil, snapshot: context.snapshot, instant: context.instant)
    // A first start before the range matters too.
    let from = query.cohorts == .firstTime ? Int64.min : frame.from
    try JourneyScan(
      snapshot: context.snapshot, selectors: selectors, columnCount: properties.names.count, times: from..<max(frame.from, frame.horizon)
    ).run(&pass)
  }

  private func late(_ frame: RetentionFrame) throws(QueryError) -> Int {
    try context.late([query.start, query.return], everything: query.filter, in: frame.from..<max(frame.from, frame.horizon))
  }
}
