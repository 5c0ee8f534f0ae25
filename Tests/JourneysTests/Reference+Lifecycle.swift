import Events
import Journeys

extension Reference {
  /// Edges of the buckets, the one before the range in front: cut day by day, without what the engine uses.
  private func edges(_ query: LifecycleQuery) throws -> [Int64] {
    func begin(_ day: CalendarDate) -> CalendarDate {
      switch query.unit {
      case .day: day
      case .week: day.advanced(byDays: -((day.weekday + (calendar.weekStart == .monday ? 0 : 1)) % 7))
      case .month: CalendarDate(year: day.year, month: day.month, day: 1)
      }
    }
    var days = [begin(begin(query.range.from).advanced(byDays: -1))]
    var day = begin(query.range.from)
    while day <= query.range.to {
      days.append(day)
      repeat { day = day.advanced(byDays: 1) } while begin(day) != day
    }
    days.append(day)
    return try days.map { try calendar.start(of: $0).milliseconds }
  }

  /// Who is in which state; the bucket counts from the one before the range.
  private func isIn(_ state: LifecycleReport.State, _ subject: UInt32, _ bucket: Int, _ query: LifecycleQuery, _ edges: [Int64]) -> Bool {
    let journey = events.filter { $0.subject == subject }
    func isActive(_ bucket: Int) -> Bool {
      journey.contains { $0.time >= edges[bucket] && $0.time < edges[bucket + 1] && matches($0, query.activity) }
    }
    let seen = journey.filter { query.firstSeen == .any || matches($0, query.activity) }.map(\.time).min() ?? .max
    let isNew = seen >= edges[bucket] && seen < edges[bucket + 1]
    switch state {
    case .new: return isActive(bucket) && isNew
    case .returning: return isActive(bucket) && isActive(bucket - 1) && !isNew
    case .resurrecting: return isActive(bucket) && !isActive(bucket - 1) && seen < edges[bucket]
    case .dormant: return !isActive(bucket) && isActive(bucket - 1)
    }
  }

  func lifecycle(_ query: LifecycleQuery) throws -> Report {
    let edges = try edges(query)
    let shown = 1..<(edges.count - 1)
    let points = shown.map { bucket -> LifecycleReport.Point? in
      guard edges[bucket] <= instant else { return nil }
      var point = LifecycleReport.Point()
      for state in LifecycleReport.State.allCases {
        point[state] = subjects.filter { isIn(state, $0, bucket, query, edges) }.count
      }
      return point
    }
    func isCounted(_ event: Event) -> Bool {
      event.time >= edges[1] && event.time < edges[edges.count - 1] && matches(event, query.activity)
    }
    return Report(
      content: .lifecycle(
        LifecycleReport(
          buckets: shown.map { Timestamp(milliseconds: edges[$0]) }, firstIncomplete: shown.filter { edges[$0 + 1] <= instant }.count,
          points: points)),
      notes: notes([
        ("no_actor", events.filter { $0.subject == nil && isCounted($0) }.count), ("after_evaluation", late.filter(isCounted).count),
      ]))
  }

  func stickiness(_ query: StickinessQuery) throws -> Report {
    let buckets = try calendar.buckets(query.range, by: query.unit.bucketUnit)
    func isCounted(_ event: Event) -> Bool {
      event.time >= buckets.from && event.time < buckets.to && matches(event, query.activity)
    }
    var exact = [Int](repeating: 0, count: buckets.count)
    for subject in subjects {
      let active = (0..<buckets.count).filter { bucket in
        events.contains {
          $0.subject == subject && isCounted($0) && $0.time >= buckets.edges[bucket] && $0.time < buckets.edges[bucket + 1]
        }
      }
      if !active.isEmpty { exact[active.count - 1] += 1 }
    }
    let end = buckets.edges[buckets.count]
    return Report(
      content: .stickiness(
        StickinessReport(
          buckets: buckets.edges.dropLast().map { Timestamp(milliseconds: $0) },
          firstIncomplete: (0..<buckets.count).filter { min(buckets.edges[$0 + 1], buckets.to) <= instant }.count,
          isLastPartial: end != buckets.to || instant < end, exact: exact)),
      notes: notes([
        ("no_actor", events.filter { $0.subject == nil && isCounted($0) }.count), ("after_evaluation", late.filter(isCounted).count),
      ]))
  }
}
