internal import Events
internal import Journeys

/// Sessions, cut when the question is asked (semantics A.10). With a breakdown, a first pass ranks the groups.
struct SessionsExecution {
  let query: SessionsQuery
  let context: ExecutionContext

  func report() throws(QueryError) -> Report {
    let buckets = try context.calendar.buckets(query.range, by: query.unit)
    let codes = breakdownCodes
    let shown = try shown(buckets, codes)
    let slotCount = 1 + (shown?.groups.count ?? 0)
    guard slotCount * (buckets.count + 1) < 1_000_000 else {
      throw QueryError(.tooLarge, "The report has too many cells; use a wider unit or a smaller breakdown limit.", field: "breakdown.limit")
    }
    var pass = try run(
      buckets, codes, .filling(shown?.slots ?? []), cells: SessionCells(slots: slotCount, buckets: buckets.count))
    if pass.cells.isFull {
      throw QueryError(.tooLarge, "There are more sessions than are kept at once; use a shorter range or a filter.", field: "range")
    }
    let figures = pass.cells.figures(fraction: query.fraction)
    let groups = zip([ReportGroup.everything] + (shown?.groups ?? []), figures).map { group, figures in
      SessionsReport.Group(group: group, buckets: Array(figures.dropLast()), overall: figures.last ?? .init())
    }
    let late = try context.late([query.activity], everything: nil, in: buckets.from..<max(buckets.from, buckets.to))
    return Report(
      content: .sessions(
        SessionsReport(
          buckets: buckets.starts, firstIncomplete: buckets.firstIncomplete(at: context.instant), groups: groups,
          entries: events(pass.entries), exits: events(pass.exits))),
      notes: context.notes([
        ("no_actor", pass.withoutActor), ("after_evaluation", late), (ReportNotes.smallGroup, shown?.merged ?? 0),
      ]))
  }

  /// The subjects with a session of a group that began in a bucket (nil: in the range).
  func subjects(group: ReportGroup, bucket: Int?) throws(QueryError) -> [UInt32] {
    let buckets = try context.calendar.buckets(query.range, by: query.unit)
    if let bucket, !(0..<buckets.count).contains(bucket) {
      throw QueryError(
        .invalid, "The report has \(buckets.count) buckets, counted from 0; there is no bucket \(bucket).", field: "cell.bucket")
    }
    let codes = breakdownCodes
    let shown = try shown(buckets, codes)
    var slot: Int32?
    if group != .everything {
      guard let index = shown?.groups.firstIndex(of: group) else { return [] }
      slot = Int32(index)
    }
    let from = bucket.map { max(buckets.edges[$0], buckets.from) } ?? buckets.from
    let to = bucket.map { min(buckets.edges[$0 + 1], buckets.to) } ?? buckets.to
    return try run(buckets, codes, .finding(shown?.slots ?? [], slot, from..<max(from, to))).found
  }

  private var breakdownCodes: BreakdownCodes? {
    query.breakdown.map { BreakdownCodes($0, column: 0, snapshot: context.snapshot) }
  }

  /// Nil without a breakdown. Ranked by the number of sessions.
  private func shown(_ buckets: Buckets, _ codes: BreakdownCodes?) throws(QueryError) -> ShownGroups? {
    guard let codes, let breakdown = query.breakdown else { return nil }
    let ranking = try run(buckets, codes, .ranking)
    try codes.check()
    let view = SmallGroups.View(sizes: ranking.groupSubjects) { groups throws(QueryError) in
      let slots = ShownGroups.only(groups, of: codes).slots
      return try run(buckets, codes, .finding(slots, 0, buckets.from..<max(buckets.from, buckets.to))).found.count
    }
    return try ShownGroups(
      ranking: ranking.groupCounts.map { $0 == 0 ? nil : Double($0) }, codes: codes, limit: breakdown.limit,
      hiding: SmallGroups(context.smallestGroup, [view]))
  }

  private func run(
    _ buckets: Buckets, _ codes: BreakdownCodes?, _ task: SessionsPass.Task, cells: SessionCells = SessionCells(slots: 0, buckets: 0)
  )
    throws(QueryError) -> SessionsPass
  {
    let properties = ShownProperties(query.breakdown)
    let selectors = try Selectors(
      [query.activity], everything: nil, properties: properties.names, snapshot: context.snapshot, instant: context.instant)
    let days = try context.calendar.buckets(
      DateRange(from: query.range.from.advanced(byDays: -2), to: query.range.to.advanced(byDays: 2)), by: .day)
    var pass = SessionsPass(
      query, table: BucketTable(buckets), days: BucketTable(days), codes: codes, names: context.snapshot.eventNames, task: task,
      cells: cells)
    try JourneyScan(
      snapshot: context.snapshot, selectors: selectors, columnCount: properties.names.count, times: pass.readFrom..<pass.readTo
    ).run(&pass)
    return pass
  }

  /// The most frequent by number, ties by name, and what the limit folds.
  private func events(_ counts: [Int]) -> [SessionsReport.EventCount] {
    let names = context.snapshot.eventNames
    let ranked = counts.indices.filter { counts[$0] > 0 }.sorted {
      counts[$0] != counts[$1] ? counts[$0] > counts[$1] : ValueOrder.precedes(names[$0], names[$1])
    }
    var result = ranked.prefix(query.eventLimit).map { SessionsReport.EventCount(event: names[$0], sessions: counts[$0]) }
    let rest = ranked.dropFirst(query.eventLimit).reduce(0) { $0 + counts[$1] }
    if rest > 0 { result.append(.init(event: nil, sessions: rest)) }
    return result
  }
}

/// The running figures of a sessions report: a cell for each (group slot, bucket), then one a slot for the whole range.
struct SessionCells {
  /// Durations that one question may keep.
  private static let sampleLimit = 16_000_000
  private struct Cell {
    var figures = SessionsReport.Figures()
    var lastSubject: UInt32 = 0
    var milliseconds: Int64 = 0
  }
  private let width: Int
  private var cells: [Cell]
  private var sampleCells: [UInt32] = []
  private var samples: [UInt32] = []
  private(set) var isFull = false

  init(slots: Int, buckets: Int) {
    width = buckets + 1
    cells = [Cell](repeating: Cell(), count: slots * width)
  }

  mutating func add(slot: Int, bucket: Int, events: Int, milliseconds: Int64, ordinal: UInt32) {
    let first = slot * width
    add(first + bucket, events, milliseconds, ordinal)
    add(first + width - 1, events, milliseconds, ordinal)
    guard samples.count < Self.sampleLimit else {
      isFull = true
      return
    }
    sampleCells.append(UInt32(truncatingIfNeeded: first + bucket))
    samples.append(UInt32(truncatingIfNeeded: milliseconds))
  }

  private mutating func add(_ cell: Int, _ events: Int, _ milliseconds: Int64, _ ordinal: UInt32) {
    cells[cell].figures.sessions += 1
    cells[cell].figures.events += events
    if events == 1 { cells[cell].figures.bounces += 1 }
    cells[cell].milliseconds += milliseconds
    if cells[cell].lastSubject != ordinal {
      cells[cell].lastSubject = ordinal
      cells[cell].figures.subjects += 1
    }
  }

  /// By slot: each bucket's, then the whole range's.
  mutating func figures(fraction: Double) -> [[SessionsReport.Figures]] {
    var durations = [[UInt32]](repeating: [], count: cells.count)
    for (cell, sample) in zip(sampleCells, samples) { durations[Int(cell)].append(sample) }
    return stride(from: 0, to: cells.count, by: width).map { first in
      durations[first + width - 1] = durations[first..<(first + width - 1)].flatMap(\.self)
      return (first..<first + width).map { cell in
        var figures = cells[cell].figures
        if figures.sessions > 0 { figures.averageDuration = Double(cells[cell].milliseconds) / Double(figures.sessions) / 1000 }
        figures.medianDuration = Percentile.value(0.5, of: &durations[cell]).map { $0 / 1000 }
        figures.percentileDuration = Percentile.value(fraction, of: &durations[cell]).map { $0 / 1000 }
        return figures
      }
    }
  }
}
