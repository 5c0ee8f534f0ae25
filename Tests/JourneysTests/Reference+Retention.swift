import Events
import Journeys

extension Reference {
  /// One subject in one cohort: in which columns it came back, and the groups of its start.
  private struct Entry {
    var cohort: Int
    var subject: UInt32
    var touched: [Bool]
    var groups: [StoredValue?]
  }

  func retention(_ query: RetentionQuery) throws -> Report {
    let unit: BucketUnit = query.unit == .day ? .day : query.unit == .week ? .week : .month
    let length: Int64 = 86_400_000 * (query.unit == .day ? 1 : query.unit == .week ? 7 : 30)
    let cohortCount = try calendar.buckets(query.range, by: unit).count
    let buckets = try calendar.buckets(query.range, by: unit, further: query.periods)
    let edges = buckets.edges
    var columns = [[0]]
    if query.brackets.isEmpty { for period in 1...query.periods { columns.append([period]) } }
    for bracket in query.brackets { columns.append(Array(bracket.first...bracket.last)) }

    /// Whether an event lies in period `k` of a start in a cohort.
    func isIn(_ period: Int, _ cohort: Int, _ start: Int64, _ time: Int64) -> Bool {
      switch query.mode {
      case .calendar: time >= edges[cohort + period] && time < edges[cohort + period + 1]
      case .rolling: time >= start + Int64(period) * length && time < start + Int64(period + 1) * length
      }
    }
    func completion(_ cohort: Int, _ period: Int) -> Int64 {
      switch query.mode {
      case .calendar: edges[cohort + period + 1]
      case .rolling: min(edges[cohort + 1], buckets.to) + Int64(period + 1) * length
      }
    }
    func isRetained(_ touched: [Bool], _ column: Int) -> Bool {
      if column == 0 { return true }
      switch query.criterion {
      case .on: return touched[column]
      case .onOrAfter: return touched[column...].contains(true)
      case .onOrBefore: return touched[1...column].contains(true)
      case .consecutive: return !touched[1...column].contains(false)
      case .frequency: return touched[1...].filter { $0 }.count >= column
      }
    }

    var entries: [Entry] = []
    for cohort in 0..<cohortCount {
      for subject in subjects {
        let journey = events.filter { $0.subject == subject }
        var starts = journey.filter { matches($0, query.start, query.filter) }
        if query.cohorts == .firstTime {
          let first = starts.map(\.time).min()
          starts.removeAll { $0.time != first }
        }
        starts.removeAll { $0.time < max(edges[cohort], buckets.from) || $0.time >= min(edges[cohort + 1], buckets.to) }
        guard let start = starts.map(\.time).min() else { continue }
        let returns = journey.filter { matches($0, query.return, query.filter) && $0.time >= start }.map(\.time)
        let touched = columns.map { periods in returns.contains { time in periods.contains { isIn($0, cohort, start, time) } } }
        var groups: [StoredValue?] = []
        if let breakdown = query.breakdown {
          // Of starts in one millisecond, the smallest value counts.
          let opening = starts.filter { $0.time == start }.min {
            Self.sortKey(value($0, breakdown)).lexicographicallyPrecedes(Self.sortKey(value($1, breakdown)))
          }
          groups = opening.map { self.groups($0, breakdown) } ?? []
        }
        entries.append(Entry(cohort: cohort, subject: subject, touched: touched, groups: groups))
      }
    }

    func cohorts(_ entries: [Entry]) -> [RetentionReport.Cohort] {
      (0..<cohortCount).map { cohort in
        let members = entries.filter { $0.cohort == cohort }
        let completeAt = columns.indices.map { column in
          let looksOn = query.criterion == .onOrAfter || query.criterion == .frequency
          return completion(cohort, looksOn && column > 0 ? query.periods : columns[column].max() ?? 0)
        }
        let counts = columns.indices.map { column -> Int? in
          let period = columns[column].min() ?? 0
          let begin = query.mode == .calendar ? edges[cohort + period] : max(edges[cohort], buckets.from) + Int64(period) * length
          return begin <= instant ? members.filter { isRetained($0.touched, column) }.count : nil
        }
        return .init(
          start: Timestamp(milliseconds: edges[cohort]), size: members.count, counts: counts,
          complete: completeAt.prefix { $0 <= instant }.count, completeAt: completeAt.map { Timestamp(milliseconds: $0) })
      }
    }
    func average(_ cohorts: [RetentionReport.Cohort]) -> [Double?] {
      columns.indices.map { column -> Double? in
        let cells = cohorts.filter { $0.completeAt[column].milliseconds <= instant && $0.counts[column] != nil }
        let retained = cells.reduce(0) { $0 + ($1.counts[column] ?? 0) }
        var base = cells.reduce(0) { $0 + $1.size }
        if query.base == .previous && column > 0 { base = cells.reduce(0) { $0 + ($1.counts[column - 1] ?? 0) } }
        return base == 0 ? nil : Double(retained) / Double(base)
      }
    }

    var segments: [RetentionReport.Segment] = []
    var merged = 0
    if let breakdown = query.breakdown {
      var sizes: [StoredValue?: Double] = [:]
      for entry in entries { for group in entry.groups { sizes[group, default: 0] += 1 } }
      let actors = entries.reduce(into: [StoredValue?: Set<UInt32>]()) { result, entry in
        for group in entry.groups { result[group, default: []].insert(entry.subject) }
      }
      let ranking = rank(sizes, limit: breakdown.limit, actors: [actors])
      merged = ranking.merged
      for (group, values) in zip(ranking.groups, ranking.members) {
        let rows = cohorts(entries.filter { $0.groups.contains { values.contains($0) } })
        segments.append(.init(group: group, cohorts: rows, average: average(rows)))
      }
    }
    func isEither(_ event: Event) -> Bool { matches(event, query.start, query.filter) || matches(event, query.return, query.filter) }
    let horizon = query.mode == .calendar ? edges[cohortCount + query.periods] : buckets.to + Int64(query.periods + 1) * length
    let withoutActor = events.filter { $0.subject == nil && $0.time >= buckets.from && $0.time < buckets.to && isEither($0) }.count
    let everybody = cohorts(entries)
    return Report(
      content: .retention(
        RetentionReport(
          cohorts: everybody, average: average(everybody), segments: segments,
          lookedUntil: Timestamp(milliseconds: min(horizon, instant)))),
      notes: notes([
        ("no_actor", withoutActor),
        ("after_evaluation", late.filter { $0.time >= buckets.from && $0.time < horizon && isEither($0) }.count),
        ("small_group", merged),
      ]))
  }
}
