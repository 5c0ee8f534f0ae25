internal import Events
internal import Journeys

/// Lifecycle: who is new, stays, comes back or falls silent (semantics A.5; A.21, item 4). One pass: of each subject the buckets in which it
/// was active, and when it was first seen.
struct LifecycleExecution {
  let query: LifecycleQuery
  let context: ExecutionContext

  func report() throws(QueryError) -> Report {
    let buckets = try context.calendar.lifecycleBuckets(query)
    let pass = try scan(buckets, door: nil)
    let late = try context.late([query.activity], everything: nil, in: buckets.edges[1]..<buckets.edges[buckets.count])
    let instant = context.instant.milliseconds
    let shown = 1..<buckets.count
    let report = LifecycleReport(
      buckets: shown.map { Timestamp(milliseconds: buckets.edges[$0]) },
      firstIncomplete: shown.firstIndex { buckets.edges[$0 + 1] > instant }.map { $0 - 1 } ?? shown.count,
      points: shown.map { buckets.edges[$0] > instant ? nil : pass.points[$0] })
    return Report(
      content: .lifecycle(report), notes: context.notes([("no_actor", pass.withoutActor), ("after_evaluation", late)]))
  }

  /// The subjects in a state in a bucket; nobody in one that has not begun.
  func subjects(bucket: Int, state: LifecycleReport.State) throws(QueryError) -> [UInt32] {
    let buckets = try context.calendar.lifecycleBuckets(query)
    guard (0..<buckets.count - 1).contains(bucket) else {
      throw QueryError(
        .invalid, "The report has \(buckets.count - 1) buckets, counted from 0; there is no bucket \(bucket).", field: "cell.bucket")
    }
    guard buckets.edges[bucket + 1] <= context.instant.milliseconds else { return [] }
    return try scan(buckets, door: (bucket + 1, state)).found
  }

  private func scan(_ buckets: Buckets, door: (bucket: Int, state: LifecycleReport.State)?) throws(QueryError) -> LifecyclePass {
    let any = EventSelector(event: nil)
    let sees = query.firstSeen == .any && query.activity != any
    let selectors = try Selectors(
      sees ? [query.activity, any] : [query.activity], everything: nil, primary: sees ? 1 : .max, firsts: ZoneDays(context.calendar),
      snapshot: context.snapshot, instant: context.instant)
    var pass = LifecyclePass(buckets, seen: sees ? 2 : 1, door: door)
    // Who was first seen long before is not new.
    try JourneyScan(
      snapshot: context.snapshot, selectors: selectors, columnCount: 0, times: Int64.min..<buckets.edges[buckets.count]
    ).run(&pass)
    return pass
  }
}

private struct LifecyclePass: JourneyVisitor {
  var needsOrder: Bool { false }
  private let table: BucketTable
  private let edges: [Int64]
  private let count: Int
  /// Of a row's mask: whether its subject was seen with it.
  private let seen: UInt32
  private let door: (bucket: Int, state: LifecycleReport.State)?
  /// By bucket: the last subject that was active in it.
  private var active: [UInt32]
  private var touched: [Int] = []
  var points: [LifecycleReport.Point]
  var found: [UInt32] = []
  var withoutActor = 0

  init(_ buckets: Buckets, seen: UInt32, door: (bucket: Int, state: LifecycleReport.State)?) {
    table = BucketTable(buckets)
    edges = buckets.edges
    count = buckets.count
    self.seen = seen
    self.door = door
    active = [UInt32](repeating: 0, count: count)
    points = [LifecycleReport.Point](repeating: .init(), count: count)
  }

  mutating func visit(_ journey: Journey) {
    touched.removeAll(keepingCapacity: true)
    let from = edges[0]
    let to = edges[count]
    let reader = table.reader
    var firstSeen = Int64.max
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      let mask = view.pointee.mask(row)
      if mask & seen != 0, time < firstSeen { firstSeen = time }
      if mask & 1 != 0, time >= from, time < to {
        let bucket = reader.bucket(time)
        if active[bucket] != journey.ordinal {
          active[bucket] = journey.ordinal
          touched.append(bucket)
        }
      }
      return true
    }
    for bucket in touched {
      if bucket > 0 {
        let state: LifecycleReport.State =
          firstSeen >= edges[bucket] ? .new : active[bucket - 1] == journey.ordinal ? .returning : .resurrecting
        count(state, bucket, journey.subject)
      }
      if bucket + 1 < count, active[bucket + 1] != journey.ordinal { count(.dormant, bucket + 1, journey.subject) }
    }
  }

  private mutating func count(_ state: LifecycleReport.State, _ bucket: Int, _ subject: UInt32) {
    points[bucket][state] += 1
    if let door, door.bucket == bucket, door.state == state { found.append(subject) }
  }

  mutating func visitWithoutActor(_ journey: Journey) {
    journey.forEachRow { view, row in
      let time = view.pointee.time(row)
      if view.pointee.mask(row) & 1 != 0, time >= edges[1], time < edges[count] { withoutActor += 1 }
      return true
    }
  }
}
