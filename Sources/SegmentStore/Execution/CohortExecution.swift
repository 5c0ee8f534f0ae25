internal import Events
internal import Journeys

/// Who belongs to a cohort (semantics A.11). One pass counts what each actor did; the rule is applied at the end of each band.
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
    // Bands have no order of their own.
    return ActorSet(ascending: pass.found.sorted())
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
  /// What every member has done at least so often and at most so often.
  private struct Condition {
    var behaviour: Int
    var least: Int64
    var most: Int64
  }

  var needsOrder: Bool { false }
  /// What is left of the rule where the conditions hold; nil: nothing.
  private let rule: CompiledRule?
  private let conditions: [Condition]
  /// Bits of behaviours of which the first event ever counts.
  private let firsts: UInt32
  private let count: Int
  private let periods: UnsafeMutablePointer<Range<Int64>>
  /// By behaviour: how many events in its period, or the time of the first.
  private let counts: UnsafeMutablePointer<Int64>
  /// The same for each subject of a band, and whether it was seen at all.
  private let ofBand: UnsafeMutablePointer<Int64>
  private let isSeen: UnsafeMutablePointer<Bool>
  var found: [UInt32] = []

  init(rule: CompiledRule, behaviours: [Behaviour], periods: [Range<Int64>]) {
    var conditions: [Condition] = []
    var rest: [CompiledRule] = []
    for part in rule.conjunction {
      guard case .did(let behaviour, let count) = part else {
        rest.append(part)
        continue
      }
      switch count {
      case .atLeast(let number): conditions.append(Condition(behaviour: behaviour, least: Int64(number), most: .max))
      case .atMost(let number): conditions.append(Condition(behaviour: behaviour, least: 0, most: Int64(number)))
      case .exactly(let number): conditions.append(Condition(behaviour: behaviour, least: Int64(number), most: Int64(number)))
      }
    }
    self.conditions = conditions
    self.rule = rest.isEmpty ? nil : .all(rest)
    count = behaviours.count
    var firsts: UInt32 = 0
    for (index, behaviour) in behaviours.enumerated() where behaviour.isFirst { firsts |= 1 << UInt32(index) }
    self.firsts = firsts
    self.periods = .allocate(capacity: max(count, 1))
    for (index, period) in periods.enumerated() { (self.periods + index).initialize(to: period) }
    counts = .allocate(capacity: max(count, 1))
    counts.initialize(repeating: 0, count: max(count, 1))
    ofBand = .allocate(capacity: max(count, 1) * Band.limit)
    isSeen = .allocate(capacity: Band.limit)
  }

  func fork() -> CohortPass { CohortPass(emptyAs: self) }

  private init(emptyAs other: CohortPass) {
    rule = other.rule
    conditions = other.conditions
    count = other.count
    firsts = other.firsts
    periods = .allocate(capacity: max(count, 1))
    periods.initialize(from: other.periods, count: count)
    counts = .allocate(capacity: max(count, 1))
    counts.initialize(repeating: 0, count: max(count, 1))
    ofBand = .allocate(capacity: max(count, 1) * Band.limit)
    isSeen = .allocate(capacity: Band.limit)
  }

  mutating func join(_ other: CohortPass) {
    found += other.found
    other.free()
  }

  func free() {
    periods.deallocate()
    counts.deallocate()
    ofBand.deallocate()
    isSeen.deallocate()
  }

  var takesBands: Bool { true }

  mutating func begin(_ band: Band) {
    isSeen.initialize(repeating: false, count: band.count)
    for index in 0..<count {
      (ofBand + index * Band.limit).initialize(repeating: firsts >> UInt32(index) & 1 == 1 ? .max : 0, count: band.count)
    }
  }

  mutating func take(_ part: BandPart) {
    let view = part.view
    let wanted = (UInt32(1) << UInt32(count)) - 1
    let (ofBand, isSeen, periods, firsts) = (ofBand, isSeen, periods, firsts)
    part.forEachRow(view.pointee.bits) { row, index in
      let local = part.local(index)
      isSeen[local] = true
      var rest = view.pointee.mask(row) & wanted
      guard rest != 0 else { return }
      let time = view.pointee.time(row)
      while rest != 0 {
        let behaviour = rest.trailingZeroBitCount
        rest &= rest &- 1
        let cell = ofBand + (behaviour &* Band.limit &+ local)
        if firsts >> UInt32(behaviour) & 1 == 1 {
          cell.pointee = min(cell.pointee, time)
        } else if periods[behaviour].contains(time) {
          cell.pointee &+= 1
        }
      }
    }
  }

  mutating func finish(_ subject: UInt32, _ local: Int) -> Bool {
    guard isSeen[local] else { return true }
    for index in 0..<count { counts[index] = ofBand[index &* Band.limit &+ local] }
    judge(subject)
    return true
  }

  /// Every journey is part of a band.
  mutating func visit(_ journey: Journey) {}

  @inline(__always) private mutating func judge(_ subject: UInt32) {
    var rest = firsts
    while rest != 0 {
      let index = rest.trailingZeroBitCount
      rest &= rest &- 1
      counts[index] = counts[index] != .max && periods[index].contains(counts[index]) ? 1 : 0
    }
    for condition in conditions where counts[condition.behaviour] < condition.least || counts[condition.behaviour] > condition.most {
      return
    }
    if rule?.holds(subject, UnsafePointer(counts)) ?? true { found.append(subject) }
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

  /// The parts that all have to hold.
  var conjunction: [CompiledRule] {
    if case .all(let parts) = self { return parts.flatMap(\.conjunction) }
    return [self]
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
