internal import Events
internal import Journeys

/// Who belongs to a cohort (semantics A.11). One pass counts what each actor did; the rule is applied as its journey ends.
struct CohortExecution {
  let cohort: Cohort
  /// Of the cohort's level.
  let context: ExecutionContext

  func report() throws(QueryError) -> Report {
    let members = try members()
    var everybody = ActorCount()
    let selectors = try Selectors(
      [EventSelector(event: nil)], everything: nil, firsts: ZoneDays(context.calendar), snapshot: context.snapshot, instant: context.instant
    )
    try JourneyScan(snapshot: context.snapshot, selectors: selectors, columnCount: 0, times: .min..<(.max)).run(&everybody)
    return Report(
      content: .cohort(CohortReport(size: members.numbers.count, known: everybody.count)),
      notes: context.notes([("no_actor", everybody.withoutActor)]))
  }

  func members() throws(QueryError) -> ActorSet {
    guard !cohort.rule.asksForSaved else {
      throw QueryError(.invalid, "A saved cohort stands in the query by its number alone; it has to be looked up first.", field: "saved")
    }
    let behaviours = cohort.rule.behaviours
    // Who did nothing of it is looked at only where such an actor could belong.
    let seesEverybody = cohort.rule.canHold(forInactive: true)
    var periods: [Range<Int64>] = []
    for behaviour in behaviours { periods.append(try period(of: behaviour)) }
    let selectors = try Selectors(
      behaviours.map(\.selector) + (seesEverybody ? [EventSelector(event: nil)] : []), everything: nil,
      // Events of any name are counted one by one where a behaviour asks for that.
      firsts: seesEverybody && !behaviours.contains { $0.selector.event == nil && $0.selector.filter == nil }
        ? ZoneDays(context.calendar) : nil, snapshot: context.snapshot, instant: context.instant)
    let first = periods.map(\.lowerBound).min() ?? .min
    let last = periods.map(\.upperBound).max() ?? .max
    var pass = CohortPass(
      rule: CompiledRule(cohort.rule, snapshot: context.snapshot, instant: context.instant), behaviours: behaviours, periods: periods)
    defer { pass.free() }
    try JourneyScan(
      snapshot: context.snapshot, selectors: selectors, columnCount: 0,
      times: seesEverybody || behaviours.contains(where: \.isFirst) ? .min..<(.max) : first..<max(first, last)
    ).run(&pass)
    return ActorSet(ascending: pass.found)
  }

  private func period(of behaviour: Behaviour) throws(QueryError) -> Range<Int64> {
    let end = context.instant.milliseconds == .max ? .max : context.instant.milliseconds + 1
    switch behaviour.period {
    case .ever: return .min..<end
    case .last(let days): return (end - Int64(days) * 86_400_000)..<end
    case .during(let range):
      let interval = try context.calendar.interval(range)
      return interval.lowerBound.milliseconds..<interval.upperBound.milliseconds
    }
  }
}

private struct ActorCount: DivisibleVisitor {
  var needsOrder: Bool { false }
  var count = 0
  var withoutActor = 0
  func fork() -> ActorCount { ActorCount() }
  mutating func join(_ other: ActorCount) { count += other.count }
  mutating func visit(_ journey: Journey) { count += 1 }
  mutating func visitWithoutActor(_ journey: Journey) {
    journey.forEachRow { _, _ in
      withoutActor += 1
      return true
    }
  }
}

private struct CohortPass: DivisibleVisitor {
  var needsOrder: Bool { false }
  let rule: CompiledRule
  /// Bits of behaviours of which the first event ever counts.
  private let firsts: UInt32
  private let count: Int
  private let periods: UnsafeMutablePointer<Range<Int64>>
  /// By behaviour: how many events in its period, or the time of the first.
  private let counts: UnsafeMutablePointer<Int64>
  var found: [UInt32] = []

  init(rule: CompiledRule, behaviours: [Behaviour], periods: [Range<Int64>]) {
    self.rule = rule
    count = behaviours.count
    var firsts: UInt32 = 0
    for (index, behaviour) in behaviours.enumerated() where behaviour.isFirst { firsts |= 1 << UInt32(index) }
    self.firsts = firsts
    self.periods = .allocate(capacity: max(count, 1))
    for (index, period) in periods.enumerated() { (self.periods + index).initialize(to: period) }
    counts = .allocate(capacity: max(count, 1))
    counts.initialize(repeating: 0, count: max(count, 1))
  }

  func fork() -> CohortPass { CohortPass(emptyAs: self) }

  private init(emptyAs other: CohortPass) {
    rule = other.rule
    count = other.count
    firsts = other.firsts
    periods = .allocate(capacity: max(count, 1))
    periods.initialize(from: other.periods, count: count)
    counts = .allocate(capacity: max(count, 1))
    counts.initialize(repeating: 0, count: max(count, 1))
  }

  mutating func join(_ other: CohortPass) {
    found += other.found
    other.free()
  }

  func free() {
    periods.deallocate()
    counts.deallocate()
  }

  mutating func visit(_ journey: Journey) {
    let wanted = (UInt32(1) << UInt32(count)) - 1
    let (counts, periods, firsts) = (counts, periods, firsts)
    for index in 0..<count { counts[index] = firsts >> UInt32(index) & 1 == 1 ? .max : 0 }
    journey.forEachRow { view, row in
      var rest = view.pointee.mask(row) & wanted
      guard rest != 0 else { return true }
      let time = view.pointee.time(row)
      while rest != 0 {
        let index = rest.trailingZeroBitCount
        rest &= rest &- 1
        if firsts >> UInt32(index) & 1 == 1 {
          counts[index] = min(counts[index], time)
        } else if periods[index].contains(time) {
          counts[index] &+= 1
        }
      }
      return true
    }
    var rest = firsts
    while rest != 0 {
      let index = rest.trailingZeroBitCount
      rest &= rest &- 1
      counts[index] = counts[index] != .max && periods[index].contains(counts[index]) ? 1 : 0
    }
    if rule.holds(journey.subject, UnsafePointer(counts)) { found.append(journey.subject) }
  }

  mutating func visitWithoutActor(_ journey: Journey) {}
}

/// A rule made ready for a snapshot: behaviours by number, lists as sets of canonical numbers.
private indirect enum CompiledRule {
  case all([CompiledRule])
  case any([CompiledRule])
  case not(CompiledRule)
  case did(Int, Behaviour.Count)
  case property(String, ValueTest, StoreSnapshot)
  case members(Set<UInt32>)

  init(_ rule: CohortRule, snapshot: StoreSnapshot, instant: Timestamp) {
    var next = 0
    self.init(rule, &next, snapshot, instant)
  }

  private init(_ rule: CohortRule, _ next: inout Int, _ snapshot: StoreSnapshot, _ instant: Timestamp) {
    switch rule {
    case .all(let parts): self = .all(parts.map { CompiledRule($0, &next, snapshot, instant) })
    case .any(let parts): self = .any(parts.map { CompiledRule($0, &next, snapshot, instant) })
    case .not(let part): self = .not(CompiledRule(part, &next, snapshot, instant))
    case .did(let behaviour):
      self = .did(next, behaviour.count)
      next += 1
    case .property(let name, let comparison): self = .property(name, ValueTest(comparison, at: instant), snapshot)
    case .members(let list): self = .members(Set(list.compactMap(snapshot.number)))
    // Refused before.
    case .saved: self = .any([])
    }
  }

  func holds(_ actor: UInt32, _ counts: UnsafePointer<Int64>) -> Bool {
    switch self {
    case .all(let parts):
      for part in parts where !part.holds(actor, counts) { return false }
      return true
    case .any(let parts):
      for part in parts where part.holds(actor, counts) { return true }
      return false
    case .not(let part): return !part.holds(actor, counts)
    case .did(let index, let count):
      switch count {
      case .atLeast(let number): return counts[index] >= Int64(number)
      case .atMost(let number): return counts[index] <= Int64(number)
      case .exactly(let number): return counts[index] == Int64(number)
      }
    case .property(let name, let test, let snapshot): return test.passes(snapshot.profileValue(actor, name))
    case .members(let numbers): return numbers.contains(actor)
    }
  }
}

extension CohortRule {
  /// Whether an actor who did nothing of what the rule counts could belong (with `forInactive` false: could not).
  fileprivate func canHold(forInactive wanted: Bool) -> Bool {
    switch self {
    case .all(let parts):
      return wanted ? parts.allSatisfy { $0.canHold(forInactive: true) } : parts.contains { $0.canHold(forInactive: false) }
    case .any(let parts):
      return wanted ? parts.contains { $0.canHold(forInactive: true) } : parts.allSatisfy { $0.canHold(forInactive: false) }
    case .not(let part): return part.canHold(forInactive: !wanted)
    case .did(let behaviour):
      let holds =
        switch behaviour.count {
        case .atLeast(let number): number <= 0
        case .atMost: true
        case .exactly(let number): number == 0
        }
      return holds == wanted
    case .property, .members, .saved: return true
    }
  }
}
