import Events
import Journeys

extension Reference {
  func retention(_ query: RetentionQuery) throws -> Report {
    let unit: BucketUnit = query.unit == .day ? .day : query.unit == .week ? .week : .month
    let length: Int64 = 86_400_000 * (query.unit == .day ? 1 : query.unit == .week ? 7 : 30)
    let cohortCount = try calendar.buckets(query.range, by: unit).count
    let buckets = try calendar.buckets(query.range, by: unit, further: query.periods)
    let edges = buckets.edges

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
    var cohorts: [RetentionReport.Cohort] = []
    for cohort in 0..<cohortCount {
      var size = 0
      var counts = [Int](repeating: 0, count: query.periods + 1)
      for subject in subjects {
        let journey = events.filter { $0.subject == subject }
        var starts = journey.filter { matches($0, query.start, query.filter) }.map(\.time).sorted()
        if query.cohorts == .firstTime { starts = Array(starts.prefix(1)) }
        guard let start = starts.first(where: { $0 >= max(edges[cohort], buckets.from) && $0 < min(edges[cohort + 1], buckets.to) }) else {
          continue
        }
        size += 1
        counts[0] += 1
        let returns = journey.filter { matches($0, query.return, query.filter) && $0.time >= start }.map(\.time)
        for period in 1...query.periods {
          let periods = query.criterion == .on ? period...period : period...query.periods
          if returns.contains(where: { time in periods.contains { isIn($0, cohort, start, time) } }) { counts[period] += 1 }
        }
      }
      let completeAt = (0...query.periods).map { period in
        completion(cohort, query.criterion == .onOrAfter && period > 0 ? query.periods : period)
      }
      let shown = (0...query.periods).map { period -> Int? in
        let begin = query.mode == .calendar ? edges[cohort + period] : max(edges[cohort], buckets.from) + Int64(period) * length
        return begin <= instant ? counts[period] : nil
      }
      cohorts.append(
        .init(
          start: Timestamp(milliseconds: edges[cohort]), size: size, counts: shown, complete: completeAt.prefix { $0 <= instant }.count,
          completeAt: completeAt.map { Timestamp(milliseconds: $0) }))
    }
    let average = (0...query.periods).map { period -> Double? in
      let cells = cohorts.filter { $0.completeAt[period].milliseconds <= instant && $0.counts[period] != nil }
      let size = cells.reduce(0) { $0 + $1.size }
      return size == 0 ? nil : Double(cells.reduce(0) { $0 + ($1.counts[period] ?? 0) }) / Double(size)
    }
    func isEither(_ event: Event) -> Bool { matches(event, query.start, query.filter) || matches(event, query.return, query.filter) }
    let horizon = query.mode == .calendar ? edges[cohortCount + query.periods] : buckets.to + Int64(query.periods + 1) * length
    let withoutActor = events.filter { $0.subject == nil && $0.time >= buckets.from && $0.time < buckets.to && isEither($0) }.count
    return Report(
      content: .retention(RetentionReport(cohorts: cohorts, average: average)),
      notes: notes([
        ("no_actor", withoutActor),
        ("after_evaluation", late.filter { $0.time >= buckets.from && $0.time < horizon && isEither($0) }.count),
      ]))
  }
}
