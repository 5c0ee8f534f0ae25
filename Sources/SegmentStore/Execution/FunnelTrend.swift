internal import Events
internal import Journeys

/// A funnel over time: attempts by the bucket of their entry (semantics A.6.7).
struct FunnelTrend {
  let table: BucketTable
  let starts: [Timestamp]
  let firstIncomplete: Int
  private let steps: Int
  private let hasExclusions: Bool

  private static let pointLimit = 5_000_000

  /// Nil where the question asks for none.
  init?(_ query: FunnelQuery, _ context: ExecutionContext) throws(QueryError) {
    guard let unit = query.trend else { return nil }
    let buckets = try context.calendar.buckets(query.range, by: unit)
    table = BucketTable(buckets)
    starts = buckets.edges.dropLast().map { Timestamp(milliseconds: $0) }
    steps = query.steps.count
    hasExclusions = !query.exclusions.isEmpty
    let window = query.longestMilliseconds
    let instant = context.instant.milliseconds
    firstIncomplete =
      buckets.edges.dropFirst().firstIndex { edge in
        let lastEntry = min(edge, buckets.to) - 1
        return instant < (query.withinRange ? min(lastEntry + window, buckets.to - 1) : lastEntry + window)
      }.map { $0 - 1 } ?? buckets.count
  }

  func check(groups: Int) throws(QueryError) {
    guard (groups + 1) * starts.count * steps <= Self.pointLimit else {
      throw QueryError(
        .tooLarge, "The trend would have more than \(Self.pointLimit) figures; use a wider unit, fewer days or a lower `breakdown.limit`.",
        field: "trend")
    }
  }

  func bucket(_ log: AttemptLog, _ attempt: Int) -> Int {
    log.buckets.isEmpty ? table.reader.bucket(log.times[log.offsets[attempt]]) : Int(log.buckets[attempt])
  }

  func points(_ log: AttemptLog, _ attempts: some Sequence<Int>) -> [FunnelReport.Point] {
    var counts = [Int](repeating: 0, count: starts.count * steps)
    var open = [Int](repeating: 0, count: starts.count)
    var excluded = open
    for attempt in attempts {
      let bucket = bucket(log, attempt)
      if log.isOpen[attempt] { open[bucket] += 1 }
      if log.isExcluded[attempt] { excluded[bucket] += 1 }
      for step in 0..<Int(log.depths[attempt]) { counts[bucket * steps + step] += 1 }
    }
    return starts.indices.map { bucket in
      FunnelReport.Point(
        counts: Array(counts[(bucket * steps)..<((bucket + 1) * steps)]), open: open[bucket],
        excluded: hasExclusions ? excluded[bucket] : nil)
    }
  }
}

extension FunnelQuery {
  /// How long after its entry an attempt can go on.
  var longestMilliseconds: Int64 {
    let window = min(windowSeconds, hopWindowSeconds.map { $0 * Int64(steps.count - 1) } ?? windowSeconds) * 1_000
    return counting == .sessions ? min(window, SessionsQuery.longestMilliseconds) : window
  }
}
