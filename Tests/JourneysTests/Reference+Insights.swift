import Events
import Journeys

extension Reference {
  func insights(_ query: InsightsQuery) throws -> Report {
    let buckets = try calendar.buckets(query.range, by: query.unit)
    func inRange(_ event: Event) -> Bool { event.time >= buckets.from && event.time < buckets.to }
    var lines: [InsightsReport.Line] = []
    var withoutActor = 0
    var notNumeric = 0
    for (index, series) in query.series.enumerated() {
      let matching = events.filter { inRange($0) && matches($0, series.selector, query.filter) }
      let counted = matching.filter { counts($0, series.measure) }
      switch series.measure {
      case .total: break
      case .unique, .averagePerSubject: withoutActor += matching.count - counted.count
      case .sum, .average, .minimum, .maximum, .percentile: notNumeric += matching.count - counted.count
      }
      func line(_ group: ReportGroup, _ events: [Event]) -> InsightsReport.Line {
        let values = (0..<buckets.count).map { bucket in
          figure(events.filter { $0.time >= buckets.edges[bucket] && $0.time < buckets.edges[bucket + 1] }, series.measure)
        }
        return .init(series: index, group: group, values: values, overall: figure(events, series.measure))
      }
      guard let breakdown = query.breakdown else {
        lines.append(line(.everything, counted))
        continue
      }
      var byGroup: [StoredValue?: [Event]] = [:]
      for event in counted { for group in groups(event, breakdown) { byGroup[group, default: []].append(event) } }
      let ranking = rank(byGroup.mapValues { figure($0, series.measure) ?? 0 }, limit: breakdown.limit)
      for (group, members) in zip(ranking.groups, ranking.members) {
        lines.append(line(group, counted.filter { event in groups(event, breakdown).contains { members.contains($0) } }))
      }
    }
    let late = late.filter { event in inRange(event) && query.series.contains { matches(event, $0.selector, query.filter) } }
    return Report(
      content: .insights(
        InsightsReport(
          buckets: buckets.edges.dropLast().map { Timestamp(milliseconds: $0) },
          firstIncomplete: (0..<buckets.count).filter { min(buckets.edges[$0 + 1], buckets.to) <= instant }.count, lines: lines)),
      notes: notes([("no_actor", withoutActor), ("not_numeric", notNumeric), ("after_evaluation", late.count)]))
  }

  private func property(_ measure: InsightsQuery.Measure) -> PropertyReference? {
    switch measure {
    case .total, .unique, .averagePerSubject: nil
    case .sum(let property), .average(let property), .minimum(let property), .maximum(let property), .percentile(let property, _): property
    }
  }

  private func number(_ event: Event, _ property: PropertyReference) -> Double? {
    if case .number(let number)? = value(event, property) { number } else { nil }
  }

  private func counts(_ event: Event, _ measure: InsightsQuery.Measure) -> Bool {
    if let property = property(measure) { return number(event, property) != nil }
    if case .total = measure { return true }
    return event.subject != nil
  }

  private func figure(_ events: [Event], _ measure: InsightsQuery.Measure) -> Double? {
    let numbers = property(measure).map { property in events.compactMap { number($0, property) } } ?? []
    let subjects = Set(events.compactMap(\.subject)).count
    switch measure {
    case .total: return Double(events.count)
    case .unique: return Double(subjects)
    case .averagePerSubject: return subjects == 0 ? nil : Double(events.count) / Double(subjects)
    case .sum: return numbers.reduce(0, +)
    case .average: return numbers.isEmpty ? nil : numbers.reduce(0, +) / Double(numbers.count)
    case .minimum: return numbers.min()
    case .maximum: return numbers.max()
    case .percentile(_, let fraction): return Self.percentile(fraction, numbers)
    }
  }
}
