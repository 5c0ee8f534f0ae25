import Events
import Journeys
import TestSupport

/// A case is reproduced from its seed alone.
struct Randomness: RandomNumberGenerator {
  private var generator: SeededGenerator
  init(seed: UInt64) { generator = SeededGenerator(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678) }
  mutating func next() -> UInt64 { generator.next() }
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}

/// A small hostile world, a question and the moment of asking.
struct RandomCase {
  enum Kind: String, CaseIterable { case insights, funnel, retention, flows, cohort, lifecycle, stickiness, sessions }

  var seed: UInt64
  var world = PlainWorld()
  var calendar: ProjectCalendar
  let range: DateRange
  var query: Query
  var instant: Int64
  /// Groups of fewer do not stand by themselves.
  var smallest: Int
  var rules: ReportRules { ReportRules(calendar: calendar, smallestGroup: smallest) }
  var assignment: [Int] = []
  var versions: [Int] = []
  var runs: Int

  static let names = ["open", "search", "buy", "b\u{FC}y", ""]
  static let properties = ["plan", "amount", "tags"]
  /// A place, and a day close to a clock change there.
  static let places: [(zone: String, day: CalendarDate)] = [
    ("UTC", CalendarDate(year: 2026, month: 2, day: 27)), ("Europe/Berlin", CalendarDate(year: 2026, month: 3, day: 28)),
    ("Europe/Berlin", CalendarDate(year: 2025, month: 10, day: 25)), ("America/New_York", CalendarDate(year: 2026, month: 3, day: 7)),
    ("Australia/Lord_Howe", CalendarDate(year: 2026, month: 4, day: 4)), ("Asia/Kathmandu", CalendarDate(year: 2025, month: 12, day: 30)),
    ("America/Sao_Paulo", CalendarDate(year: 2018, month: 11, day: 3)),
  ]

  init(_ kind: Kind, seed: UInt64) throws {
    var random = Randomness(seed: seed)
    self.seed = seed
    smallest = [1, 2, 1, 3, 5][Int(seed % 5)]
    let place = random.pick(Self.places)
    calendar = ProjectCalendar(zone: place.zone, weekStart: random.pick([.monday, .sunday]))
    let from = place.day.advanced(byDays: -random.below(3))
    let to = from.advanced(byDays: random.below(random.chance(20) ? 40 : 5))
    range = DateRange(from: from, to: to)
    let interval = try calendar.interval(range)
    let first = interval.lowerBound.milliseconds
    let last = interval.upperBound.milliseconds
    instant = random.chance(60) ? last + 90 * 86_400_000 : first + Int64(random.below(Int(last - first)))
    query = Self.query(kind, range, &random)
    if random.chance(20) { query.level = .group(key: "plan") }
    runs = random.pick([1, 1, 2, 3])
    addEvents(first, last, crowded: kind == .funnel, &random)
    addMerges(&random)
    for number in Set(world.events.compactMap(\.actor)).union([9_000, 9_001]) where random.chance(60) {
      world.profiles[world.canonical(number)] = ["plan": Self.value(&random), "amount": .number(Double(random.below(5)))]
    }
    assignment = world.events.map { _ in random.below(runs) }
    versions = (0..<runs).map { _ in random.below(world.merges.count + 1) }
  }

  private mutating func addEvents(_ first: Int64, _ last: Int64, crowded: Bool, _ random: inout Randomness) {
    let isClose = Self.isClose(query)
    let subjects = (0..<(1 + random.below(isClose ? 2 : 5))).map { UInt32($0 * 7 + 3) }
    let count = random.below(crowded ? 9 * subjects.count : 60) + (isClose ? 4 : 0)
    // Few different instants: ties, exact window ends, bucket edges.
    let span = last - first
    let steps: [Int64] = [0, 0, 0, 1, 999, 1000, 3_600_000, 86_400_000, span, span - 1]
    var carts = false
    if case .funnel(let query) = query { carts = query.hold.contains("cart") }
    for _ in 0..<count {
      var time = first + random.pick(steps)
      if random.chance(50) { time = first + Int64(random.below(Int(span))) / 3_600_000 * 3_600_000 }
      if random.chance(10) { time = first - Int64(random.below(3 * 86_400_000)) }
      if random.chance(15) { time = last + Int64(random.below(9 * 86_400_000)) }
      if random.chance(30), let other = world.events.last { time = other.time + random.pick([0, 0, 1, 1000, 86_400_000]) }
      if isClose, random.chance(60), let other = world.events.last {
        time = other.time + random.pick([-60_000, -1_000, -1, 0, 1, 999, 1_000, 60_000, 3_600_000])
      }
      var properties: [String: StoredValue] = [:]
      for property in Self.properties where random.chance(60) { properties[property] = Self.value(&random) }
      if random.chance(50) { properties["amount"] = .number(Double(random.below(7)) / 2 - 1) }
      if carts, random.chance(85) { properties["cart"] = random.pick([.string("a"), .string("a"), .string("b"), Self.value(&random)]) }
      let names = isClose ? [Self.names[0]] + Self.names.prefix(3) : Self.names
      world.events.append(PlainEvent(random.pick(names), time, random.chance(8) ? nil : random.pick(subjects), properties))
    }
  }

  /// More subjects, events, names and values than fit into one word of a bit set or one byte of a code.
  mutating func crowd(names: Int, values: Int, events count: Int) throws {
    var random = Randomness(seed: seed &+ 77)
    let interval = try calendar.interval(range)
    let first = interval.lowerBound.milliseconds - 2 * 86_400_000
    let span = Int(interval.upperBound.milliseconds - first) + 5 * 86_400_000
    for index in 0..<count {
      let name = random.chance(40) ? random.pick(Self.names) : "event \(random.below(names))"
      var properties: [String: StoredValue] = ["plan": .string("value \(random.below(values))")]
      if random.chance(50) { properties["amount"] = .number(Double(random.below(500))) }
      // Some have hundreds of events, most a few.
      let subject = UInt32(1_000 + (random.chance(30) ? random.below(3) : random.below(count / 8)))
      world.events.append(PlainEvent(name, first + Int64(random.below(span)), index % 40 == 0 ? nil : subject, properties))
    }
    assignment = world.events.map { _ in random.below(runs) }
  }

  private mutating func addMerges(_ random: inout Randomness) {
    var standing = Set(world.events.compactMap(\.actor)).sorted()
    while standing.count > 1 && random.chance(40) {
      let from = standing.remove(at: random.below(standing.count))
      world.merges.append(.init(from: from, into: random.pick(standing)))
    }
  }

  static func value(_ random: inout Randomness) -> StoredValue {
    let pseudonym = Pseudonym(high: 5, low: UInt64(random.below(3)))
    let sealed = StoredValue.sealed(SealedValue(bytes: [UInt8(random.below(256))], tag: pseudonym))
    switch random.below(16) {
    case 0: return .null
    case 1: return .boolean(random.chance(50))
    case 2, 3: return .number(Double(random.below(5)) - 1)
    case 4: return .string("")
    case 5: return .string("1")
    case 6:
      return .list((0..<random.below(4)).map { _ in random.pick([.string("x"), .string("y"), .number(2), .null, .pseudonym(pseudonym)]) })
    case 7: return .object([StoredProperty("a", .number(Double(random.below(2))))])
    case 8: return .pseudonym(pseudonym)
    case 9, 10: return sealed
    case 11: return .list([sealed, random.pick([.null, .string("x"), .string(tags[1]), sealed])])
    // What only looks like a tag.
    case 12: return .string(random.pick(tags))
    default: return .string(random.pick(["Pro", "pro", "free", "x", "2026-03-08T00:00:00Z", "2026-03-08"]))
    }
  }

  // MARK: - Questions

  static func selector(_ random: inout Randomness) -> EventSelector {
    EventSelector(
      event: random.chance(15) ? nil : random.pick(Array(names.prefix(3))), filter: random.chance(25) ? filter(&random, 3) : nil)
  }

  static func reference(_ random: inout Randomness) -> PropertyReference {
    PropertyReference(
      random.pick(properties + ["nowhere"]),
      scope: random.pick([.event, .event, .event, .event, .event, .subject, .group(key: "plan"), .group(key: "tags")]))
  }

  static func filter(_ random: inout Randomness, _ depth: Int) -> Filter {
    switch depth > 0 ? random.below(9) : 7 {
    case 0: return .all((0...random.below(3)).map { _ in filter(&random, depth - 1) })
    case 1: return .any((0...random.below(3)).map { _ in filter(&random, depth - 1) })
    case 2: return .not(filter(&random, depth - 1))
    case 8:
      let day = CalendarDate(year: 2026, month: 3, day: 6)
      return .cohort(cohort(DateRange(from: day, to: day.advanced(byDays: random.below(4))), &random, depth: depth - 1))
    default: break
    }
    let values: [FilterValue] = (0...random.below(2)).map { _ in
      random.pick([
        .string("pro"), .string("Pro"), .string(""), .string("1"), .number(1), .boolean(true), .string("x"),
        .string("g_\(Pseudonym(high: 5, low: 1))"), .string(random.pick(tags)), .string(random.pick(tags)),
      ])
    }
    let number = Double(random.below(4))
    let comparison: Comparison = random.pick([
      .equals(values), .notEquals(values), .contains("P"), .notContains("r"), .isSet, .isNotSet, .greater(number), .greaterOrEqual(number),
      .less(number), .lessOrEqual(number), .between(0, number), .startsWith("pR"), .endsWith("O"),
      .before(random.pick(times)), .since(random.pick(times)), .inLast(seconds: random.pick([86_400, 315_360_000])),
    ])
    return random.chance(20) ? .everyElement(reference(&random), comparison) : .comparison(reference(&random), comparison)
  }

  /// Of sealed values: how a filter names them.
  private static let tags = (0..<3).map { SealedValue.text(ofTag: Pseudonym(high: 5, low: $0)) }

  private static let ofProfiles: [Comparison] = [
    .isSet, .isNotSet, .greater(1), .equals([.string("pro")]), .equals([.string(tags[0])]), .notEquals([.string(tags[1]), .string("pro")]),
  ]

  private static let times = [
    Timestamp(milliseconds: 1000), Timestamp(milliseconds: Int64(CalendarDate(year: 2026, month: 3, day: 8).dayNumber) * 86_400_000),
  ]

  static func cohort(_ range: DateRange, _ random: inout Randomness, depth: Int) -> Cohort {
    Cohort(
      level: random.pick([.subject, .subject, .subject, .group(key: "plan"), .group(key: "tags")]), rule: rule(range, &random, depth: depth)
    )
  }

  private static func rule(_ range: DateRange, _ random: inout Randomness, depth: Int) -> CohortRule {
    switch depth > 0 ? random.below(9) : 8 {
    case 0: return .all((0...random.below(2)).map { _ in rule(range, &random, depth: depth - 1) })
    case 1: return .any((0...random.below(2)).map { _ in rule(range, &random, depth: depth - 1) })
    case 2, 3: return .not(rule(range, &random, depth: depth - 1))
    case 4: return .property(random.pick(["plan", "amount"]), random.pick(ofProfiles))
    case 5:
      return .members(
        [3, 10, 17, 24, 999].filter { _ in random.chance(40) }.map { Pseudonym(high: 1, low: $0) }
          + (random.chance(40) ? [Pseudonym(high: 5, low: 0)] : []))
    default:
      let isFirst = random.chance(20)
      return .did(
        Behaviour(
          selector: EventSelector(
            event: random.chance(15) ? nil : random.pick(Array(names.prefix(3))),
            filter: random.chance(25) ? filter(&random, min(depth, 1)) : nil),
          count: isFirst ? .atLeast(1) : random.pick([.atLeast(1), .atLeast(2), .atMost(0), .atMost(2), .exactly(0), .exactly(1)]),
          period: random.pick([.ever, .during(range), .last(days: random.pick([1, 92]))]), isFirst: isFirst))
    }
  }

  static func withFunnelOptions(_ plain: FunnelQuery, _ random: inout Randomness) -> FunnelQuery {
    var query = plain
    if query.entry == .lastBeforeNext { takeLateEntry(&query, &random) }
    query.withinRange = random.chance(20)
    if query.breakdown != nil, random.chance(60) {
      query.attribution = random.pick([.firstEntry, .last, .step(1), .step(query.steps.count - 1)])
    }
    if query.order == .sequential, random.chance(70) {
      query.exclusions = (0...random.below(3)).map { _ in
        let from = random.below(query.steps.count - 1)
        return FunnelQuery.Exclusion(
          selector: EventSelector(event: random.pick(names), filter: random.chance(20) ? filter(&random, 2) : nil), fromStep: from,
          toStep: from + 1 + random.below(query.steps.count - 1 - from))
      }
      if query.counting == .unique, random.chance(35) { query.exclusionMode = .removeSubject }
    }
    if random.chance(40) { query.trend = random.pick(BucketUnit.allCases) }
    if random.chance(40) {
      let from = random.below(query.steps.count - 1)
      query.timeToConvert = .init(
        fromStep: from, toStep: from + 1 + random.below(query.steps.count - 1 - from), bins: random.pick([1, 2, 3, 20]))
    }
    if random.chance(30) {
      query.hold = random.chance(70) ? ["cart"] : Array((properties + ["cart"]).shuffled(using: &random).prefix(1 + random.below(3)))
    }
    if query.counting == .sessions { query.sessionGapSeconds = random.pick([1, 1_800, 3_600, 86_400]) }
    if query.order == .sequential { takeLimits(&query, &random) }
    if !query.hold.isEmpty || query.counting == .sessions, random.chance(60) {
      // Such that steps are reached, for parts of a journey to make a difference.
      query.steps = query.steps.map { _ in EventSelector(event: random.pick([names[0], names[1], nil])) }
      query.filter = nil
      query.windowSeconds = 604_800
    }
    return query
  }

  /// An entry rule that not every funnel can have, with first steps that come again.
  private static func takeLateEntry(_ query: inout FunnelQuery, _ random: inout Randomness) {
    query.order = .sequential
    query.counting = random.pick([.unique, .unique, .sessions])
    query.sessionGapSeconds = nil
    guard random.chance(70) else { return }
    query.filter = nil
    query.steps = query.steps.indices.map { EventSelector(event: $0 == 0 ? names[0] : random.pick([names[1], names[2]])) }
    query.windowSeconds = random.pick([86_400, 604_800])
  }

  /// From step to step, and steps in either order.
  private static func takeLimits(_ query: inout FunnelQuery, _ random: inout Randomness) {
    if random.chance(25) { query.hopWindowSeconds = random.pick([1, 60, 3_600, 7_200, 86_400]) }
    let hasGrace = random.chance(30)
    guard hasGrace || query.hopWindowSeconds != nil else { return }
    if random.chance(60) {
      query.steps = query.steps.map { _ in EventSelector(event: random.pick(Array(names.prefix(3)) + [random.chance(20) ? nil : names[0]]))
      }
      query.filter = nil
    }
    guard hasGrace else { return }
    query.exclusions = []
    query.exclusionMode = .attempt
    query.attribution = query.attribution == .firstEntry ? .firstEntry : .entry
    query.graceMilliseconds = random.pick([1, 999, 1_000, 60_000])
    query.windowSeconds = max(query.windowSeconds, 60)
    query.hopWindowSeconds = query.hopWindowSeconds.map { max($0, 60) }
  }

  /// Whether it takes events of few names, one close behind the other, for its rules to matter.
  private static func isClose(_ query: Query) -> Bool {
    guard case .funnel(let funnel) = query else { return false }
    return funnel.entry == .lastBeforeNext || funnel.hopWindowSeconds != nil || funnel.graceMilliseconds > 0
  }

  static func breakdown(_ range: DateRange, _ random: inout Randomness) -> Breakdown {
    random.chance(30)
      ? breakdownByCohorts(range, &random) : Breakdown(property: reference(&random), limit: random.pick([1, 2, 3, 50]))
  }

  /// All of one level.
  static func breakdownByCohorts(_ range: DateRange, _ random: inout Randomness) -> Breakdown {
    let first = cohort(range, &random, depth: 2)
    let cohorts = (0...random.below(3)).map { index in
      NamedCohort("cohort \(index)", index == 0 ? first : Cohort(level: first.level, rule: cohort(range, &random, depth: 2).rule))
    }
    return Breakdown(cohorts: cohorts, limit: random.pick([1, 2, 3, 50]))
  }

  static func query(_ kind: Kind, _ range: DateRange, _ random: inout Randomness) -> Query {
    let filter = random.chance(25) ? filter(&random, 2) : nil
    let breakdown = random.chance(45) ? breakdown(range, &random) : nil
    let window: Int64 = random.pick([1, 3_600, 86_400, 604_800])
    switch kind {
    case .cohort: return .cohort(CohortQuery(cohort(range, &random, depth: 3)))
    case .insights: return insights(range, filter, breakdown, &random)
    case .lifecycle: return lifecycle(range, &random)
    case .stickiness: return stickiness(range, &random)
    case .sessions: return sessions(range, breakdown, &random)
    case .funnel:
      return .funnel(
        withFunnelOptions(
          FunnelQuery(
            range: range, steps: (0..<(2 + random.below(3))).map { _ in selector(&random) }, windowSeconds: window,
            order: random.pick(FunnelQuery.Order.allCases), counting: random.pick(FunnelQuery.Counting.allCases),
            entry: random.pick(FunnelQuery.Entry.allCases), filter: filter, breakdown: breakdown), &random))
    case .retention:
      return .retention(retention(range, filter, breakdown, &random))
    case .flows:
      return .flows(flows(range, filter, window, &random))
    }
  }
}

extension RandomCase {
  static func retention(_ range: DateRange, _ filter: Filter?, _ breakdown: Breakdown?, _ random: inout Randomness) -> RetentionQuery {
    var brackets: [RetentionQuery.Bracket] = []
    var first = 1 + random.below(2)
    for _ in 0..<(random.chance(35) ? 1 + random.below(4) : 0) {
      let last = first + random.below(3)
      brackets.append(.init(first, last))
      first = last + 1 + (random.chance(30) ? 1 : 0)
    }
    return RetentionQuery(
      range: range, start: selector(&random), return: selector(&random), unit: random.pick(RetentionQuery.Unit.allCases),
      periods: 1 + random.below(8), brackets: brackets, mode: random.pick(RetentionQuery.Mode.allCases),
      criterion: random.pick(RetentionQuery.Criterion.allCases), cohorts: random.pick(RetentionQuery.Cohorts.allCases),
      base: random.pick(RetentionQuery.Base.allCases), filter: filter, breakdown: breakdown)
  }
}

extension RandomCase {
  static func flows(_ range: DateRange, _ filter: Filter?, _ window: Int64, _ random: inout Randomness) -> FlowsQuery {
    let forward = random.below(5)
    var query = FlowsQuery(
      range: range, anchor: selector(&random), forward: forward, backward: forward == 0 ? 2 : random.below(3), windowSeconds: window,
      nodesPerColumn: 1 + random.below(4), collapsesRepeats: random.chance(50), hidden: random.chance(30) ? [names[3]] : [],
      anchors: random.pick(FlowsQuery.Anchors.allCases), filter: filter, pathLimit: random.pick([0, 2, 50]))
    if random.chance(30) || query.anchors == .session { query.sessionGapSeconds = random.pick([1, 1_800, 3_600, 86_400]) }
    if random.chance(30) {
      query.to = selector(&random)
      query.forward = max(2, forward)
      query.backward = 0
    } else if random.chance(25) {
      query.incomplete = .dropped
    }
    if random.chance(35) {
      for event in [nil, names[0], names[1]].prefix(1 + random.below(3)) where random.chance(70) {
        query.expand.append(.init(event: event, property: reference(&random), limit: random.pick([1, 2, 50])))
      }
    }
    // What the engine has a way of its own for.
    if random.chance(15) {
      query = FlowsQuery(
        range: range, anchor: query.anchor, forward: 3, windowSeconds: window, collapsesRepeats: false, anchors: .every,
        incomplete: random.pick(FlowsQuery.Incomplete.allCases))
    }
    return query
  }
}
