internal import Events
internal import Journeys

/// Insights: counts over time (semantics A.2, A.3, A.13), put together from what fills its series, its formulas and the period that it is
/// compared with.
struct InsightsComposition {
  let query: InsightsQuery
  let context: ExecutionContext
  /// The data as the query sees it at another instant: its cohorts and relative times are those of then.
  let contextAt: (Timestamp) throws(QueryError) -> ExecutionContext

  func report() throws(QueryError) -> Report {
    let period = try InsightsPeriod(query, context)
    let codes = try period.breakdownCodes()
    let compared = try comparedPeriod(codes, from: period.buckets.from)
    let shown = try period.shown(codes, beside: compared)
    let figures = try period.figures(shown, codes)
    let buckets = period.buckets
    let late = try context.late(query.series.map(\.selector), everything: query.filter, in: buckets.from..<max(buckets.from, buckets.to))
    let lines = lines(shown, figures.figures)
    let report = InsightsReport(
      buckets: buckets.starts, firstIncomplete: buckets.firstIncomplete(at: context.instant), lines: lines,
      formulas: formulas(lines, bucketCount: buckets.count),
      compared: try compared.map { other throws(QueryError) in try self.lines(of: other, shown) })
    return Report(
      content: .insights(report),
      notes: context.notes([
        ("no_actor", figures.withoutActor), ("not_numeric", figures.notNumeric), ("no_value", figures.withoutValue),
        ("after_evaluation", late), (ReportNotes.smallGroup, shown.map(\.merged).max() ?? 0),
      ]))
  }

  /// The subjects that the figure of one line and bucket (nil: the whole range) counts.
  func subjects(series: Int, group: ReportGroup, bucket: Int?) throws(QueryError) -> [UInt32] {
    guard query.series.indices.contains(series) else {
      throw QueryError(
        .invalid, "The query has \(query.series.count) series, counted from 0; there is no series \(series).", field: "cell.series")
    }
    let period = try InsightsPeriod(query, context)
    if let bucket, !(0..<period.buckets.count).contains(bucket) {
      throw QueryError(
        .invalid, "The report has \(period.buckets.count) buckets, counted from 0; there is no bucket \(bucket).", field: "cell.bucket")
    }
    let codes = try period.breakdownCodes()
    // Groups that formulas share are ranked by all series, others by their own.
    let compared = try comparedPeriod(codes, from: period.buckets.from)
    let shown =
      try query.formulas.isEmpty
      ? period.reduced(to: [series]).shown(codes, beside: compared?.reduced(to: [series]))[0]
      : period.shown(codes, beside: compared)[series]
    guard let slot = shown.groups.firstIndex(of: group) else { return [] }
    return try period.reduced(to: [series]).subjects(codes, shown.slots, slot: slot, bucket: bucket)
  }

  private func lines(_ shown: [ShownGroups], _ figures: [[[Double?]]]) -> [InsightsReport.Line] {
    figures.enumerated().flatMap { series, slots in
      zip(shown[series].groups, slots).map { group, values in
        InsightsReport.Line(series: series, group: group, values: Array(values.dropLast()), overall: values.last ?? nil)
      }
    }
  }

  /// With formulas all series show the same groups in the same order.
  private func formulas(_ lines: [InsightsReport.Line], bucketCount: Int) -> [InsightsReport.FormulaLine] {
    guard !query.formulas.isEmpty else { return [] }
    var bySeries = [[InsightsReport.Line]](repeating: [], count: query.series.count)
    for line in lines { bySeries[line.series].append(line) }
    var result: [InsightsReport.FormulaLine] = []
    for (index, formula) in query.formulas.enumerated() {
      for (place, line) in bySeries[0].enumerated() {
        result.append(
          .init(
            formula: index, group: line.group,
            values: (0..<bucketCount).map { bucket in formula.expression.value { bySeries[$0][place].values[bucket] } },
            overall: formula.expression.value { bySeries[$0][place].overall }))
      }
    }
    return result
  }

  /// Another period, as it stood at the same moment of it: an incomplete day stands beside an equally incomplete one. Nil where none is asked
  /// for.
  private func comparedPeriod(_ codes: BreakdownCodes?, from: Int64) throws(QueryError) -> ComparedPeriod? {
    guard let range = query.comparedRange else { return nil }
    var other = query
    other.range = range
    let start = try context.calendar.interval(range).lowerBound.milliseconds
    let instant = min(context.instant.milliseconds, context.instant.milliseconds - (from - start))
    let period = try InsightsPeriod(other, try contextAt(Timestamp(milliseconds: instant)))
    return ComparedPeriod(range: range, period: period, codes: codes?.seeing(period.context.snapshot))
  }

  /// The same lines of another period.
  private func lines(of compared: ComparedPeriod, _ shown: [ShownGroups]) throws(QueryError) -> InsightsReport.Compared {
    let period = compared.period
    var groups = shown
    if let codes = compared.codes {
      // Ranks nothing, but meets the values that only this period has.
      _ = try period.rankings(codes)
      groups = shown.map { $0.extended(to: codes) }
    }
    let lines = lines(groups, try period.figures(groups, compared.codes).figures)
    return .init(
      range: compared.range, buckets: period.buckets.starts, lines: lines, formulas: formulas(lines, bucketCount: period.buckets.count))
  }
}

/// What a range is compared with.
struct ComparedPeriod {
  let range: DateRange
  let period: InsightsPeriod
  /// Of the same groups, over the data of then.
  let codes: BreakdownCodes?

  func reduced(to series: [Int]) -> ComparedPeriod { ComparedPeriod(range: range, period: period.reduced(to: series), codes: codes) }
}

/// The series of an insights report over one range: each in the hands of what can fill it.
struct InsightsPeriod {
  let query: InsightsQuery
  let context: ExecutionContext
  let buckets: Buckets
  private let table: BucketTable
  private let counts: InsightsCounts
  /// Indices of the series that event by event can fill, and of the others.
  private let plain: [Int]
  private let others: [Int]

  init(_ query: InsightsQuery, _ context: ExecutionContext) throws(QueryError) {
    self.query = query
    self.context = context
    counts = InsightsCounts()
    buckets = try context.calendar.buckets(query.range, by: query.unit)
    table = BucketTable(buckets)
    plain = query.series.indices.filter { !query.series[$0].needsJourneys }
    others = query.series.indices.filter { query.series[$0].needsJourneys }
  }

  private init(_ query: InsightsQuery, _ other: InsightsPeriod, counts: InsightsCounts = InsightsCounts()) {
    self.query = query
    self.counts = counts
    context = other.context
    buckets = other.buckets
    table = other.table
    plain = query.series.indices.filter { !query.series[$0].needsJourneys }
    others = query.series.indices.filter { query.series[$0].needsJourneys }
  }

  /// With some of the series, each ranked for itself.
  func reduced(to series: [Int]) -> InsightsPeriod {
    var reduced = query
    reduced.series = series.map { query.series[$0] }
    reduced.formulas = []
    return InsightsPeriod(reduced, self)
  }

  /// Nil without a breakdown.
  func breakdownCodes() throws(QueryError) -> BreakdownCodes? {
    guard let breakdown = query.breakdown else { return nil }
    let bins: NumberBins?
    switch breakdown.bins {
    case nil: bins = nil
    case .edges(let edges): bins = NumberBins(edges: edges)
    case .equalCount(let count): bins = try equalBins(count, breakdown)
    }
    return codes(breakdown, bins)
  }

  private func codes(_ breakdown: Breakdown, _ bins: NumberBins?) -> BreakdownCodes {
    BreakdownCodes(breakdown, column: 0, snapshot: context.snapshot, bins: bins)
  }

  /// By the values of the first series' events.
  private func equalBins(_ count: Int, _ breakdown: Breakdown) throws(QueryError) -> NumberBins {
    var counting = reduced(to: [0]).query
    counting.series = [.init(selector: query.series[0].selector, measure: .total)]
    let all = codes(breakdown, nil)
    let totals = try InsightsPeriod(counting, self).rankings(all)[0]
    var counts: [(value: Double, count: Int)] = []
    for (key, total) in zip(all.keys, totals.dropFirst()) {
      if case .number(let number) = key, let total { counts.append((number, Int(total))) }
    }
    return NumberBins(equal: count, counts: counts)
  }

  /// By series: what each group counts over the whole range; nil where nothing was counted.
  func rankings(_ codes: BreakdownCodes) throws(QueryError) -> [[Double?]] {
    var result = [[Double?]](repeating: [], count: query.series.count)
    if !plain.isEmpty { for (index, values) in zip(plain, try plainSeries(codes).ranking(codes)) { result[index] = values } }
    if !others.isEmpty { for (index, values) in zip(others, try journeySeries(codes).ranking(codes)) { result[index] = values } }
    return result
  }

  /// - Parameter compared: what stands beside it, in which a group may be smaller.
  func shown(_ codes: BreakdownCodes?, beside compared: ComparedPeriod?) throws(QueryError) -> [ShownGroups] {
    guard let codes, let breakdown = query.breakdown else { return query.series.map { _ in .everything } }
    // First of all: what counts actors may have counted what is to be ranked.
    var views = try sizes(codes)
    if let compared, let codes = compared.codes {
      for (series, view) in try compared.period.sizes(codes).enumerated() { views[series] += view }
    }
    let rankings = try rankings(codes)
    if query.formulas.isEmpty {
      var shown: [ShownGroups] = []
      for (ranking, views) in zip(rankings, views) {
        shown.append(
          try ShownGroups(
            ranking: ranking, codes: codes, limit: breakdown.limit, hiding: SmallGroups(context.smallestGroup, views)))
      }
      return shown
    }
    // Formulas need the same groups in all series: those that any of them counts, by the first series' figures.
    let joint = (0..<codes.groupCount).map { group -> Double? in
      guard rankings.contains(where: { $0.indices.contains(group) && $0[group] != nil }) else { return nil }
      return (rankings[0].indices.contains(group) ? rankings[0][group] : nil) ?? 0
    }
    let shown = try ShownGroups(
      ranking: joint, codes: codes, limit: breakdown.limit, hiding: SmallGroups(context.smallestGroup, views.flatMap(\.self)))
    return query.series.map { _ in shown }
  }

  /// By series: of how many different actors each group's figures are. Nothing where groups of any size are shown.
  private func sizes(_ codes: BreakdownCodes) throws(QueryError) -> [[SmallGroups.View]] {
    guard context.smallestGroup > 1 else { return query.series.map { _ in [] } }
    var views: [[SmallGroups.View]] = []
    for index in query.series.indices {
      let series = query.series[index]
      var sizing = query
      sizing.series = [series.ofActors]
      sizing.formulas = []
      sizing.compare = nil
      let period: InsightsPeriod
      if case .active(let days) = series.measure, days > 1 {
        sizing.range.from = sizing.range.from.advanced(byDays: 1 - days)
        period = try InsightsPeriod(sizing, context)
      } else {
        period = InsightsPeriod(sizing, self, counts: isCounted ? counts : InsightsCounts())
      }
      let sizes = try period.rankings(codes)[0].map { Int($0 ?? 0) }
      views.append([
        .init(sizes: sizes) { groups throws(QueryError) in
          Int((try period.figures([.only(groups, of: codes)], codes).figures[0][0].last ?? nil) ?? 0)
        }
      ])
    }
    return views
  }

  /// Whether one pass over the events can count both events and actors for all series.
  private var isCounted: Bool {
    query.series.allSatisfy {
      ($0.measure == .unique || $0.measure == .total) && $0.first == nil && $0.selector == query.series[0].selector
    }
  }

  func figures(_ shown: [ShownGroups], _ codes: BreakdownCodes?) throws(QueryError) -> InsightsFigures {
    var result = InsightsFigures(figures: [[[Double?]]](repeating: [], count: query.series.count))
    func take(_ part: InsightsFigures, _ indices: [Int]) {
      for (index, figures) in zip(indices, part.figures) { result.figures[index] = figures }
      result.withoutActor += part.withoutActor
      result.notNumeric += part.notNumeric
      result.withoutValue += part.withoutValue
    }
    if !plain.isEmpty { take(try plainSeries(codes).figures(plain.map { shown[$0] }), plain) }
    if !others.isEmpty { take(try journeySeries(codes).figures(others.map { shown[$0] }), others) }
    return result
  }

  /// Of the one series that there is.
  func subjects(_ codes: BreakdownCodes?, _ slots: [Int32], slot: Int, bucket: Int?) throws(QueryError) -> [UInt32] {
    guard plain.isEmpty else {
      let from = bucket.map { max(buckets.edges[$0], buckets.from) } ?? buckets.from
      let to = bucket.map { min(buckets.edges[$0 + 1], buckets.to) } ?? buckets.to
      return try plainSeries(codes).subjects(slots: slots, slot: slot, in: from..<max(from, to))
    }
    return try journeySeries(codes).subjects(slots: slots, slot: slot, bucket: bucket)
  }

  private func plainSeries(_ codes: BreakdownCodes?) -> InsightsExecution {
    InsightsExecution(query: part(plain), context: context, table: table, codes: codes, counts: counts)
  }

  private func journeySeries(_ codes: BreakdownCodes?) -> JourneyInsights {
    JourneyInsights(query: part(others), context: context, buckets: buckets, codes: codes)
  }

  private func part(_ series: [Int]) -> InsightsQuery {
    var part = query
    part.series = series.map { query.series[$0] }
    return part
  }
}

extension InsightsQuery.Series {
  /// Whether one event alone cannot say what it adds.
  var needsJourneys: Bool {
    if first != nil { return true }
    switch measure {
    case .total, .unique, .averagePerSubject, .sum, .average, .minimum, .maximum, .percentile: return false
    case .active, .distinct, .perSubject: return true
    }
  }
}

extension Buckets {
  var starts: [Timestamp] { edges.dropLast().map { Timestamp(milliseconds: $0) } }

  /// The first bucket whose part inside the range is not over.
  func firstIncomplete(at instant: Timestamp) -> Int {
    (0..<count).first { min(edges[$0 + 1], to) > instant.milliseconds } ?? count
  }
}
