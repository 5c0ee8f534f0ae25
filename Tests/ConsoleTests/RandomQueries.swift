import Journeys
import TestSupport

/// Valid queries of all reports with names and values that try to break out of their place in an address.
struct RandomQueries {
  var generator: SeededGenerator
  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
  mutating func one<Element>(_ all: [Element]) -> Element { all[int(0...all.count - 1)] }

  mutating func name() -> String {
    one([
      "Signed Up", "*", "**any", "a,b", "profile:plan", "event:x", "\"quoted\"", "ünïcødé 🎉", "\u{202E}gnp", "a&b=c#d?e", "%41", "+",
      " edge ", "<b>", "true",
      "12", "s0", "line\nbreak", "\u{301}mark", "x", String(repeating: "W", count: 255),
    ])
  }

  mutating func number() -> Double { one([0, 1, -1, 2.5, 1e20, 0.1, -3.75e-9, 123_456_789, Double(int(-1_000...1_000)) / 8]) }

  mutating func value() -> FilterValue {
    switch int(0...3) {
    case 0: .number(number())
    case 1: .boolean(int(0...1) == 0)
    default: .string(one([name(), "", "nan", "1e5", "0x10", "false", "a, b", "\"", "\"\"", "\r\n", "\u{301},"]))
    }
  }

  mutating func property() -> PropertyReference { PropertyReference(name(), scope: int(0...2) == 0 ? .subject : .event) }

  mutating func comparison() -> Comparison {
    switch int(0...10) {
    case 0: .equals((0..<int(1...4)).map { _ in value() })
    case 1: .notEquals((0..<int(1...4)).map { _ in value() })
    case 2: .contains(one([name(), "", " ", "\"x"]))
    case 3: .notContains(name())
    case 4: .isSet
    case 5: .isNotSet
    case 6: .greater(number())
    case 7: .greaterOrEqual(number())
    case 8: .less(number())
    case 9: .lessOrEqual(number())
    default: .between(-5, number().magnitude)
    }
  }

  mutating func filter(depth: Int = 0) -> Filter {
    switch int(0...(depth < 3 ? 7 : 2)) {
    case 7: cohort()
    case 3: .all((0..<int(1...4)).map { _ in filter(depth: depth + 1) })
    case 4: .any((0..<int(1...4)).map { _ in filter(depth: depth + 1) })
    case 5: .not(filter(depth: depth + 1))
    default: .comparison(property(), comparison())
    }
  }

  mutating func optionalFilter() -> Filter? { int(0...2) == 0 ? filter() : nil }
  mutating func selector() -> EventSelector { EventSelector(event: int(0...4) == 0 ? nil : name(), filter: optionalFilter()) }
  /// Saved ones, as rows have them, and others.
  mutating func cohort() -> Filter {
    let saved = Filter.cohort(Cohort(rule: .saved(Int64(int(1...3)))))
    return switch int(0...3) {
    case 0: .not(saved)
    case 1: .cohort(Cohort(level: .group(key: name()), rule: .saved(4)))
    case 2: .cohort(Cohort(rule: .did(behaviour())))
    default: saved
    }
  }

  mutating func behaviour() -> Behaviour {
    let isFirst = int(0...4) == 0
    return Behaviour(
      selector: EventSelector(event: int(0...4) == 0 ? nil : name(), filter: int(0...2) == 0 ? filter(depth: 3) : nil),
      count: isFirst ? .atLeast(1) : one([.atLeast(1), .atLeast(1), .atLeast(7), .atMost(0), .atMost(3), .exactly(0), .exactly(2)]),
      period: one([.ever, .last(days: 30), .last(days: 7), .during(range())]), isFirst: isFirst)
  }

  mutating func rule(depth: Int = 0) -> CohortRule {
    switch int(0...(depth < 3 ? 8 : 4)) {
    case 0: .property(name(), comparison())
    case 1: .saved(Int64(int(1...9)))
    case 2: .not(.saved(2))
    case 3: .not(.did(behaviour()))
    case 5: .all((0..<int(1...3)).map { _ in rule(depth: depth + 1) })
    case 6: .any((0..<int(1...3)).map { _ in rule(depth: depth + 1) })
    case 7: .not(rule(depth: depth + 1))
    case 8: stopped()
    default: .did(behaviour())
    }
  }

  private mutating func stopped() -> CohortRule {
    let selector = EventSelector(event: name(), filter: int(0...2) == 0 ? filter(depth: 3) : nil)
    return .all([.did(Behaviour(selector: selector)), .not(.did(Behaviour(selector: selector, period: .last(days: int(1...90)))))])
  }

  mutating func level() -> Level { int(0...3) == 0 ? .group(key: name()) : .subject }

  private mutating func breakdownByCohorts() -> Breakdown {
    let ids = Set((0..<int(1...4)).map { _ in Int64(int(1...6)) }).sorted()
    guard int(0...2) == 0 else { return Breakdown(cohorts: ids.map { NamedCohort("", Cohort(rule: .saved($0))) }) }
    return Breakdown(
      cohorts: [NamedCohort(name(), Cohort(rule: rule())), NamedCohort("", Cohort(rule: .saved(2)))], limit: one([1, 2, 9]))
  }

  mutating func breakdown() -> Breakdown? {
    int(0...4) == 0 ? breakdownByCohorts() : int(0...1) == 0 ? nil : Breakdown(property: property(), limit: one([1, 10, 25, 200]))
  }
  mutating func range() -> DateRange {
    let from = CalendarDate(dayNumber: int(15_000...22_000))
    return DateRange(from: from, to: from.advanced(byDays: int(0...400)))
  }
  mutating func window() -> Int64 { Int64(one([1, 59, 60, 90, 3_600, 5_400, 86_400, 604_800, 2_592_000, int(1...31_622_400)])) }

  mutating func query() -> Query {
    if int(0...7) == 0 { return .cohort(CohortQuery(Cohort(level: level(), rule: rule()))) }
    var query = report()
    query.level = level()
    return query
  }

  private mutating func report() -> Query {
    switch int(0...6) {
    case 0:
      let series = (0..<int(1...6)).map { _ in
        let measure: InsightsQuery.Measure =
          switch int(0...10) {
          case 8: .active(days: one([1, 7, 30, 90]))
          case 9: .distinct(property())
          case 10:
            .perSubject(
              one([.total, .sum(property()), .average(property()), .minimum(property()), .maximum(property())]),
              one([.sum, .minimum, .maximum, .percentile(0.5), .percentile(0.05)]))
          case 0: .total
          case 1: .unique
          case 2: .averagePerSubject
          case 3: .sum(property())
          case 4: .average(property())
          case 5: .minimum(property())
          case 6: .maximum(property())
          default:
            .percentile(
              property(),
              one([0, 0.5, 0.95, 0.07, 0.999, 1, 1e-7, Double(int(0...1_000_000)) / 1_000_000, Double.random(in: 0...1, using: &generator)])
            )
          }
        return InsightsQuery.Series(
          selector: selector(), measure: measure, first: int(0...3) == 0 ? one(InsightsQuery.FirstTime.allCases) : nil)
      }
      let isTrailing = series.contains { if case .active = $0.measure { true } else { false } }
      var query = InsightsQuery(
        range: range(), unit: isTrailing ? .day : one(BucketUnit.allCases), series: series, filter: optionalFilter(), breakdown: breakdown()
      )
      if query.breakdown?.cohorts.isEmpty == true {
        query.breakdown?.bins = one([nil, nil, .edges([-1.5, 0, 1e20]), .edges([7]), .equalCount(4)])
      }
      if int(0...2) == 0 {
        query.formulas = [Formula(name: name(), expression: .binary(.series(0), one([.add, .divide]), .negated(.number(2.5))))]
      }
      query.compare = one([nil, .previous, .from(query.range.from.advanced(byDays: one([-7, -400, 3])))])
      return .insights(query)
    case 4:
      return .lifecycle(
        LifecycleQuery(
          range: range(), unit: one(LifecycleQuery.Unit.allCases), activity: selector(), firstSeen: one(LifecycleQuery.FirstSeen.allCases)))
    case 5: return .stickiness(StickinessQuery(range: range(), unit: one(StickinessQuery.Unit.allCases), activity: selector()))
    case 6:
      return .sessions(
        SessionsQuery(
          range: range(), unit: one(BucketUnit.allCases), activity: selector(), gapSeconds: one([1, 60, 1_800, 86_400]),
          cutsAtMidnight: int(0...1) == 0, fraction: one([0, 0.9, 0.123, 1]), breakdown: breakdown(),
          breakdownAt: one(SessionsQuery.End.allCases),
          eventLimit: one([0, 10, 100])))
    case 1:
      return .funnel(funnel())
    case 2:
      return .retention(
        RetentionQuery(
          range: range(), start: selector(), return: selector(), unit: one(RetentionQuery.Unit.allCases), periods: int(1...60),
          brackets: int(0...2) == 0 ? [.init(1, 1), .init(int(2...4), 7), .init(8, int(8...366))] : [],
          mode: one(RetentionQuery.Mode.allCases), criterion: one(RetentionQuery.Criterion.allCases),
          cohorts: one(RetentionQuery.Cohorts.allCases), base: one(RetentionQuery.Base.allCases), filter: optionalFilter(),
          breakdown: breakdown()))
    default:
      let anchors = one(FlowsQuery.Anchors.allCases)
      return .flows(
        FlowsQuery(
          range: range(), anchor: selector(), to: int(0...3) == 0 ? selector() : nil, forward: int(0...8), backward: int(0...8),
          windowSeconds: window(), sessionGapSeconds: int(0...2) == 0 ? Int64(int(1...86_400)) : nil, nodesPerColumn: int(1...50),
          collapsesRepeats: int(0...1) == 0, hidden: (0..<int(0...3)).map { _ in name() },
          expand: (0..<int(0...2)).map { _ in .init(event: int(0...1) == 0 ? nil : name(), property: property(), limit: int(1...50)) },
          anchors: anchors, incomplete: one(FlowsQuery.Incomplete.allCases), filter: optionalFilter(), pathLimit: int(0...1_000)))
    }
  }

  private mutating func funnel() -> FunnelQuery {
    var query = FunnelQuery(
      range: range(), steps: (0..<int(2...7)).map { _ in selector() }, windowSeconds: window(), order: one(FunnelQuery.Order.allCases),
      counting: one(FunnelQuery.Counting.allCases), entry: one(FunnelQuery.Entry.allCases), filter: optionalFilter(),
      breakdown: breakdown())
    if query.entry == .lastBeforeNext, query.counting == .totals { query.entry = .first }
    let last = query.steps.count - 1
    if query.breakdown != nil { query.attribution = one([.entry, .firstEntry, .last, .step(1), .step(last)]) }
    query.exclusions = (0..<one([0, 0, 1, 3])).map { _ in
      let from = int(0...(last - 1))
      return .init(selector: selector(), fromStep: from, toStep: int((from + 1)...last))
    }
    if !query.exclusions.isEmpty { query.exclusionMode = one(FunnelQuery.ExclusionMode.allCases) }
    query.withinRange = int(0...2) == 0
    query.trend = one([nil, nil, .hour, .day, .week, .month])
    if int(0...2) == 0 {
      let from = int(0...(last - 1))
      query.timeToConvert = .init(fromStep: from, toStep: int((from + 1)...last), bins: one([1, 20, 100]))
    }
    query.hold = (0..<one([0, 0, 1, 3])).map { _ in name() }.filter { !$0.isEmpty }
    query.hopWindowSeconds = one([nil, nil, 1, 90, 86_400, 31_622_400])
    query.graceMilliseconds = one([0, 0, 1, 2_000, 60_000])
    if query.counting == .sessions { query.sessionGapSeconds = one([1, 1_800, 86_400]) }
    return query
  }
}
