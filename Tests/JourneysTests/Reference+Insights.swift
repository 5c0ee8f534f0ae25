import Events
import Journeys

/// Insights by trying out every bucket and every group with lists of events.
extension Reference {
  private typealias Value = StoredValue?
  /// A group of a line: its name, and which values belong to it (nil: there is no breakdown).
  private struct Shown {
    var group: ReportGroup
    var holds: (StoredValue?) -> Bool
  }
  private enum Verdict { case counted, withoutActor, notNumeric, withoutValue }

  func insights(_ query: InsightsQuery) throws -> Report {
    let buckets = try calendar.buckets(query.range, by: query.unit)
    let edges = binEdges(query, buckets)
    let (shown, merged) = try shown(query, edges)
    let lines = try lines(query, shown, edges)
    var counts: [Verdict: Int] = [:]
    for series in query.series {
      for event in try candidates(series, query) { counts[verdict(event, series), default: 0] += 1 }
    }
    let late = late.filter { event in
      event.time >= buckets.from && event.time < buckets.to && query.series.contains { matches(event, $0.selector, query.filter) }
    }
    var compared: InsightsReport.Compared?
    if let (other, reference) = try beside(query, buckets) {
      let otherBuckets = try calendar.buckets(other.range, by: query.unit)
      // The rest of the breakdown's values is "other" here too, if there is such a group.
      let groups = shown.map { groups in
        groups.map { one -> Shown in
          guard one.group == .other else { return one }
          return Shown(group: .other) { value in
            value == nil ? one.holds(nil) : !groups.contains { $0.group != .other && $0.holds(value) }
          }
        }
      }
      let lines = try reference.lines(other, groups, edges)
      compared = .init(
        range: other.range, buckets: otherBuckets.edges.dropLast().map { Timestamp(milliseconds: $0) }, lines: lines,
        formulas: formulas(query, lines, otherBuckets.count))
    }
    return Report(
      content: .insights(
        InsightsReport(
          buckets: buckets.edges.dropLast().map { Timestamp(milliseconds: $0) },
          firstIncomplete: firstIncomplete(buckets), lines: lines, formulas: formulas(query, lines, buckets.count), compared: compared)),
      notes: notes([
        ("no_actor", counts[.withoutActor] ?? 0), ("not_numeric", counts[.notNumeric] ?? 0), ("no_value", counts[.withoutValue] ?? 0),
        ("after_evaluation", late.count), ("small_group", merged),
      ]))
  }

  /// The question about the period that it is compared with, and who answers it.
  private func beside(_ query: InsightsQuery, _ buckets: Buckets) throws -> (query: InsightsQuery, reference: Reference)? {
    guard let compare = query.compare else { return nil }
    let days = query.range.to.dayNumber - query.range.from.dayNumber + 1
    var from = query.range.from.advanced(byDays: -days)
    if case .from(let date) = compare { from = date }
    var other = query
    other.range = DateRange(from: from, to: from.advanced(byDays: days - 1))
    let otherBuckets = try calendar.buckets(other.range, by: query.unit)
    let reference = Reference(
      world, level: level, calendar: calendar, instant: min(instant, instant - (buckets.from - otherBuckets.from)), smallest: smallest)
    return (other, reference)
  }

  /// By series: whom the figures of each group are of.
  private func actors(_ query: InsightsQuery, _ edges: [Double]?) throws -> [[StoredValue?: Set<UInt32>]] {
    try query.series.map { series in
      var wider = query
      if case .active(let days) = series.measure { wider.range.from = query.range.from.advanced(byDays: 1 - days) }
      let counted = series.ofActors
      var result: [StoredValue?: Set<UInt32>] = [:]
      for event in try candidates(counted, wider) {
        guard let subject = event.subject else { continue }
        for group in groups(event, query, edges) { result[group, default: []].insert(subject) }
      }
      return result
    }
  }

  func insightsSubjects(_ query: InsightsQuery, series: Int, group: ReportGroup, bucket: Int?) throws -> [UInt32] {
    let buckets = try calendar.buckets(query.range, by: query.unit)
    let edges = binEdges(query, buckets)
    guard let holds = try shown(query, edges).groups[series].first(where: { $0.group == group })?.holds else { return [] }
    var times = buckets.from..<buckets.to
    if let bucket { times = max(buckets.edges[bucket], buckets.from)..<min(buckets.edges[bucket + 1], buckets.to) }
    if case .active(let days) = query.series[series].measure {
      let complete = firstIncomplete(buckets)
      guard let point = bucket ?? (complete > 0 ? complete - 1 : nil) else { return [] }
      times = try trailing(query, days, point)
    }
    let events = try candidates(query.series[series], query).filter {
      verdict($0, query.series[series]) == .counted && times.contains($0.time) && groups($0, query, edges).contains(where: holds)
    }
    return Set(events.compactMap(\.subject)).sorted()
  }

  private func firstIncomplete(_ buckets: Buckets) -> Int {
    (0..<buckets.count).filter { min(buckets.edges[$0 + 1], buckets.to) <= instant }.count
  }

  // MARK: - Which events

  /// The days up to a point, and the point's own.
  private func trailing(_ query: InsightsQuery, _ days: Int, _ point: Int) throws -> Range<Int64> {
    let day = query.range.from.advanced(byDays: point)
    return try calendar.start(of: day.advanced(byDays: 1 - days)).milliseconds..<calendar.start(of: day.advanced(byDays: 1)).milliseconds
  }

  /// What matches in the time that is looked at, or of each subject only the first.
  private func candidates(_ series: InsightsQuery.Series, _ query: InsightsQuery) throws -> [Event] {
    let buckets = try calendar.buckets(query.range, by: query.unit)
    var from = buckets.from
    if case .active(let days) = series.measure { from = try trailing(query, days, 0).lowerBound }
    let matching = events.filter { matches($0, series.selector, query.filter) }
    var chosen = matching
    if let first = series.first {
      chosen = matching.filter { $0.subject == nil }
      for subject in subjects {
        let pool: [Event] =
          first == .matching
          ? matching.filter { $0.subject == subject }
          : events.filter { $0.subject == subject && matches($0, EventSelector(event: series.selector.event)) }
        guard let time = pool.map(\.time).min() else { continue }
        let ties = matching.filter { $0.subject == subject && $0.time == time }
        func key(_ event: Event) -> [[UInt8]] {
          var key: [[UInt8]] = []
          if let breakdown = query.breakdown { key.append(Self.sortKey(value(event, breakdown))) }
          if let property = series.measure.property {
            let value = value(event, property)
            if case .distinct = series.measure {
              key.append(Self.sortKey(value))
            } else if case .number? = value {
              key.append(Self.sortKey(value))
            } else {
              key.append([])
            }
          }
          return key
        }
        if let best = ties.min(by: { isLess(key($0), key($1)) }) { chosen.append(best) }
      }
    }
    return chosen.filter { $0.time >= from && $0.time < buckets.to }
  }

  private func isLess(_ left: [[UInt8]], _ right: [[UInt8]]) -> Bool {
    for (a, b) in zip(left, right) where a != b { return a.lexicographicallyPrecedes(b) }
    return false
  }

  private func number(_ event: Event, _ property: PropertyReference) -> Double? {
    if case .number(let number)? = value(event, property) { number } else { nil }
  }

  /// The different values of an event.
  private func values(_ event: Event, _ property: PropertyReference) -> [StoredValue] {
    groups(event, Breakdown(property: property)).compactMap(\.self)
  }

  private func verdict(_ event: Event, _ series: InsightsQuery.Series) -> Verdict {
    if let property = series.measure.property {
      if case .distinct = series.measure {
        if values(event, property).isEmpty { return .withoutValue }
      } else if number(event, property) == nil {
        return .notNumeric
      }
    }
    switch series.measure {
    case .unique, .averagePerSubject, .active, .perSubject: return event.subject == nil ? .withoutActor : .counted
    default: return series.first != nil && event.subject == nil ? .withoutActor : .counted
    }
  }

  // MARK: - Groups

  private func groups(_ event: Event, _ query: InsightsQuery, _ edges: [Double]?) -> [StoredValue?] {
    guard let breakdown = query.breakdown else { return [nil] }
    let all = groups(event, breakdown)
    guard let edges else { return all }
    var bins: [StoredValue?] = []
    for case .number(let number)? in all {
      let bin = StoredValue.number(Double(edges.filter { $0 <= number }.count))
      if !bins.contains(bin) { bins.append(bin) }
    }
    return bins.isEmpty ? [nil] : bins
  }

  private func binEdges(_ query: InsightsQuery, _ buckets: Buckets) -> [Double]? {
    guard let breakdown = query.breakdown, let bins = breakdown.bins else { return nil }
    switch bins {
    case .edges(let edges): return edges
    case .equalCount(let count):
      var all: [Double] = []
      for event in events
      where event.time >= buckets.from && event.time < buckets.to && matches(event, query.series[0].selector, query.filter) {
        for case .number(let number)? in groups(event, breakdown) { all.append(number) }
      }
      all.sort()
      guard let smallest = all.first else { return [] }
      return Set((1..<count).map { all[$0 * all.count / count] }).filter { $0 > smallest }.sorted()
    }
  }

  private func shown(_ query: InsightsQuery, _ edges: [Double]?) throws -> (groups: [[Shown]], merged: Int) {
    guard let breakdown = query.breakdown else { return (query.series.map { _ in [Shown(group: .everything) { _ in true }] }, 0) }
    var views = try actors(query, edges).map { [$0] }
    if let (other, reference) = try beside(query, try calendar.buckets(query.range, by: query.unit)) {
      for (series, view) in try reference.actors(other, edges).enumerated() { views[series].append(view) }
    }
    if !query.formulas.isEmpty { views = views.map { _ in views.flatMap { $0 } } }
    var merged = 0
    var figures: [[StoredValue?: Double]] = []
    for series in query.series {
      let counted = try candidates(series, query).filter { verdict($0, series) == .counted }
      var byGroup: [StoredValue?: [Event]] = [:]
      for event in counted { for group in groups(event, query, edges) { byGroup[group, default: []].append(event) } }
      var one: [StoredValue?: Double] = [:]
      for (group, events) in byGroup { one[group] = .some(try overall(events, series.measure, query) ?? 0) }
      figures.append(one)
    }
    if !query.formulas.isEmpty {
      var joint: [StoredValue?: Double] = [:]
      for one in figures { for group in one.keys { joint[group] = .some(figures[0][group] ?? 0) } }
      figures = figures.map { _ in joint }
    }
    let groups = zip(figures, views).map { one, views -> [Shown] in
      if let edges {
        let bins = one.keys.compactMap(\.self).sorted { Self.sortKey($0).lexicographicallyPrecedes(Self.sortKey($1)) }
        let parts = split(bins, hasNone: one.keys.contains(nil), limit: bins.count, actors: views)
        merged = max(merged, parts.merged)
        let named = parts.shown.map { bin -> Shown in
          guard case .number(let number)? = bin else { return Shown(group: .none) { $0 == nil } }
          let index = Int(number)
          return Shown(group: .bin(from: index > 0 ? edges[index - 1] : nil, to: index < edges.count ? edges[index] : nil)) { $0 == bin }
        }
        return named + (parts.folded.isEmpty ? [] : [Shown(group: .other) { parts.folded.contains($0) }])
      }
      let ranking = rank(one, limit: breakdown.limit, actors: views)
      merged = max(merged, ranking.merged)
      return zip(ranking.groups, ranking.members).map { group, members in Shown(group: group) { members.contains($0) } }
    }
    return (groups, merged)
  }

  // MARK: - Figures

  private func lines(_ query: InsightsQuery, _ shown: [[Shown]], _ edges: [Double]?) throws -> [InsightsReport.Line] {
    let buckets = try calendar.buckets(query.range, by: query.unit)
    var lines: [InsightsReport.Line] = []
    for (index, series) in query.series.enumerated() {
      let counted = try candidates(series, query).filter { verdict($0, series) == .counted }
      for one in shown[index] {
        let events = counted.filter { groups($0, query, edges).contains(where: one.holds) }
        let values = try (0..<buckets.count).map { bucket -> Double? in
          if case .active(let days) = series.measure {
            let times = try trailing(query, days, bucket)
            return Double(Set(events.filter { times.contains($0.time) }.compactMap(\.subject)).count)
          }
          return figure(events.filter { $0.time >= buckets.edges[bucket] && $0.time < buckets.edges[bucket + 1] }, series.measure)
        }
        lines.append(.init(series: index, group: one.group, values: values, overall: try overall(events, series.measure, query)))
      }
    }
    return lines
  }

  private func formulas(_ query: InsightsQuery, _ lines: [InsightsReport.Line], _ count: Int) -> [InsightsReport.FormulaLine] {
    query.formulas.enumerated().flatMap { index, formula in
      lines.filter { $0.series == 0 }.map { first in
        func line(_ series: Int) -> InsightsReport.Line? { lines.first { $0.series == series && $0.group == first.group } }
        return InsightsReport.FormulaLine(
          formula: index, group: first.group,
          values: (0..<count).map { bucket in evaluate(formula.expression) { line($0)?.values[bucket] } },
          overall: evaluate(formula.expression) { line($0)?.overall })
      }
    }
  }

  private func evaluate(_ expression: FormulaExpression, _ figure: (Int) -> Double?) -> Double? {
    switch expression {
    case .number(let number): return number
    case .series(let index): return figure(index)
    case .negated(let inner): return evaluate(inner, figure).map { 0 - $0 }
    case .binary(let left, let operation, let right):
      guard let a = evaluate(left, figure), let b = evaluate(right, figure) else { return nil }
      switch operation {
      case .add: return a + b
      case .subtract: return a - b
      case .multiply: return a * b
      case .divide: return b == 0 ? nil : a / b
      }
    }
  }

  private func overall(_ events: [Event], _ measure: InsightsQuery.Measure, _ query: InsightsQuery) throws -> Double? {
    let buckets = try calendar.buckets(query.range, by: query.unit)
    guard case .active(let days) = measure else {
      return figure(events.filter { $0.time >= buckets.from && $0.time < buckets.to }, measure)
    }
    let complete = firstIncomplete(buckets)
    guard complete > 0 else { return nil }
    let times = try trailing(query, days, complete - 1)
    return Double(Set(events.filter { times.contains($0.time) }.compactMap(\.subject)).count)
  }

  private func figure(_ events: [Event], _ measure: InsightsQuery.Measure) -> Double? {
    var numbers: [Double] = []
    if let property = measure.property { numbers = events.compactMap { number($0, property) } }
    let subjects = Set(events.compactMap(\.subject)).count
    switch measure {
    case .total: return Double(events.count)
    case .unique, .active: return Double(subjects)
    case .averagePerSubject: return subjects == 0 ? nil : Double(events.count) / Double(subjects)
    case .sum: return numbers.reduce(0, +)
    case .average: return numbers.isEmpty ? nil : numbers.reduce(0, +) / Double(numbers.count)
    case .minimum: return numbers.min()
    case .maximum: return numbers.max()
    case .percentile(_, let fraction): return Self.percentile(fraction, numbers)
    case .distinct(let property): return Double(Set(events.flatMap { values($0, property) }).count)
    case .perSubject(let within, let over):
      let each = Dictionary(grouping: events, by: \.subject).values.compactMap { figure($0, within.measure) }
      switch over {
      case .sum: return each.reduce(0, +)
      case .average: return each.isEmpty ? nil : each.reduce(0, +) / Double(each.count)
      case .minimum: return each.min()
      case .maximum: return each.max()
      case .percentile(let fraction): return Self.percentile(fraction, each)
      }
    }
  }
}
