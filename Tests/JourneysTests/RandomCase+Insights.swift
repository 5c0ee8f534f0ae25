import Events
import Journeys

/// Questions of the kinds that count over time.
extension RandomCase {
  static func insights(_ range: DateRange, _ filter: Filter?, _ breakdown: Breakdown?, _ random: inout Randomness) -> Query {
    let count = 1 + random.below(3)
    var series = (0..<count).map { _ in insightsSeries(&random) }
    var unit = random.pick(BucketUnit.allCases)
    if series.contains(where: { if case .active = $0.measure { true } else { false } }) { unit = .day }
    // Many of the same kind are counted in several passes.
    if random.chance(3) {
      series = (0..<20).map { _ in insightsSeries(&random) }.filter { if case .active = $0.measure { unit == .day } else { true } }
    }
    if series.isEmpty { series = [.init(selector: selector(&random), measure: .total)] }
    var query = InsightsQuery(range: range, unit: unit, series: series, filter: filter, breakdown: breakdown)
    if random.chance(20) {
      query.formulas = (0...random.below(2)).map { Formula(name: "formula \($0)", expression: formula(series.count, &random, depth: 3)) }
    }
    if random.chance(20) {
      query.compare = random.chance(60) ? .previous : .from(range.from.advanced(byDays: random.pick([-1, -2, -7, 1, 0, -30])))
    }
    if breakdown?.cohorts.isEmpty == true, random.chance(25) {
      query.breakdown?.property = PropertyReference(random.pick(["amount", "plan", "tags"]), scope: random.chance(25) ? .subject : .event)
      query.breakdown?.bins = random.pick([.edges([0]), .edges([-0.5, 0, 1, 1.5]), .equalCount(2), .equalCount(3), .equalCount(50)])
    }
    return .insights(query)
  }

  static func insightsSeries(_ random: inout Randomness) -> InsightsQuery.Series {
    let property = random.chance(70) ? PropertyReference("amount") : reference(&random)
    let plain: [InsightsQuery.Measure] = [
      .total, .unique, .unique, .averagePerSubject, .sum(property), .average(property), .minimum(property), .maximum(property),
      .percentile(property, random.pick([0, 0.25, 0.5, 0.9, 1])),
    ]
    let within: InsightsQuery.WithinSubject = random.pick([
      .total, .total, .sum(property), .average(property), .minimum(property), .maximum(property),
    ])
    let over: InsightsQuery.OverSubjects = random.pick([
      within == .total ? .sum : .average, .sum, .minimum, .maximum, .percentile(0.5), .percentile(0.9),
    ])
    let others: [InsightsQuery.Measure] = [
      .active(days: random.pick([1, 2, 7, 30])), .active(days: 7), .distinct(random.chance(50) ? property : reference(&random)),
      .perSubject(within, over), .perSubject(within, over),
    ]
    return .init(
      selector: selector(&random), measure: random.pick(random.chance(50) ? plain : others),
      first: random.chance(25) ? random.pick(InsightsQuery.FirstTime.allCases) : nil)
  }

  static func formula(_ series: Int, _ random: inout Randomness, depth: Int) -> FormulaExpression {
    switch depth > 0 ? random.below(6) : random.below(2) {
    case 0: return .number(random.pick([0, 1, 2.5, 100]))
    case 1: return .series(random.below(series))
    case 2: return .negated(formula(series, &random, depth: depth - 1))
    default:
      return .binary(
        formula(series, &random, depth: depth - 1), random.pick([.add, .subtract, .multiply, .divide]),
        formula(series, &random, depth: depth - 1))
    }
  }

  private static func activity(_ random: inout Randomness) -> EventSelector {
    random.chance(30) ? EventSelector(event: nil) : selector(&random)
  }

  static func lifecycle(_ range: DateRange, _ random: inout Randomness) -> Query {
    .lifecycle(
      LifecycleQuery(
        range: range, unit: random.pick(LifecycleQuery.Unit.allCases), activity: activity(&random),
        firstSeen: random.pick(LifecycleQuery.FirstSeen.allCases)))
  }

  static func stickiness(_ range: DateRange, _ random: inout Randomness) -> Query {
    .stickiness(StickinessQuery(range: range, unit: random.pick(StickinessQuery.Unit.allCases), activity: activity(&random)))
  }

  static func sessions(_ range: DateRange, _ breakdown: Breakdown?, _ random: inout Randomness) -> Query {
    .sessions(
      SessionsQuery(
        range: range, unit: random.pick(BucketUnit.allCases), activity: activity(&random),
        gapSeconds: random.pick([1, 1_800, 3_600, 43_200, 86_400]), cutsAtMidnight: random.chance(35),
        fraction: random.pick([0, 0.5, 0.9, 1]), breakdown: breakdown, breakdownAt: random.pick(SessionsQuery.End.allCases),
        eventLimit: random.pick([0, 1, 2, 10])))
  }
}
