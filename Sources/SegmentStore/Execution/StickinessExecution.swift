internal import Events
internal import Journeys

/// Stickiness: in how many buckets of the range each subject was active (semantics A.4).
struct StickinessExecution {
  let query: StickinessQuery
  let context: ExecutionContext

  func report() throws(QueryError) -> Report {
    let buckets = try context.calendar.buckets(query.range, by: query.unit.bucketUnit)
    let pass = try scan(buckets, door: nil)
    let late = try context.late([query.activity], everything: nil, in: buckets.from..<max(buckets.from, buckets.to))
    let end = buckets.edges[buckets.count]
    let report = StickinessReport(
      buckets: buckets.starts, firstIncomplete: buckets.firstIncomplete(at: context.instant),
      isLastPartial: end > buckets.to || end > context.instant.milliseconds, exact: pass.exact)
    return Report(
      content: .stickiness(report), notes: context.notes([("no_actor", pass.withoutActor), ("after_evaluation", late)]))
  }

  /// The subjects that were active in exactly, or in at least, so many buckets.
  func subjects(buckets wanted: Int, atLeast: Bool) throws(QueryError) -> [UInt32] {
    let buckets = try context.calendar.buckets(query.range, by: query.unit.bucketUnit)
    guard (1...buckets.count).contains(wanted) else {
      throw QueryError(
        .invalid, "The range touches \(buckets.count) buckets; nobody can be active in \(wanted).", field: "cell.buckets")
    }
    return try scan(buckets, door: atLeast ? wanted...buckets.count : wanted...wanted).found
  }

  private func scan(_ buckets: Buckets, door: ClosedRange<Int>?) throws(QueryError) -> StickinessPass {
    let selectors = try Selectors(
      [query.activity], everything: nil, firsts: ZoneDays(context.calendar), snapshot: context.snapshot, instant: context.instant)
    var pass = StickinessPass(BucketTable(buckets), door: door)
    try JourneyScan(
      snapshot: context.snapshot, selectors: selectors, columnCount: 0, times: buckets.from..<max(buckets.from, buckets.to)
    ).run(&pass)
    return pass
  }
}

private struct StickinessPass: JourneyVisitor {
  var needsOrder: Bool { false }
  private let table: BucketTable
  private let door: ClosedRange<Int>?
  /// By bucket: the last subject that was active in it.
  private var active: [UInt32]
  var exact: [Int]
  var found: [UInt32] = []
  var withoutActor = 0

  init(_ table: BucketTable, door: ClosedRange<Int>?) {
    self.table = table
    self.door = door
    active = [UInt32](repeating: 0, count: table.count)
    exact = [Int](repeating: 0, count: table.count)
  }

  mutating func visit(_ journey: Journey) {
    let from = table.from
    let to = table.to
    let reader = table.reader
    var count = 0
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time < from || time >= to { return true }
      let bucket = reader.bucket(time)
      if active[bucket] != journey.ordinal {
        active[bucket] = journey.ordinal
        count += 1
      }
      return true
    }
    guard count > 0 else { return }
    exact[count - 1] += 1
    if let door, door.contains(count) { found.append(journey.subject) }
  }

  mutating func visitWithoutActor(_ journey: Journey) {
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if time >= table.from, time < table.to { withoutActor += 1 }
      return true
    }
  }
}
