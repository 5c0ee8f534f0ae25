import Events
import Journeys

/// The rules in their plainest form: lists of events, everything tried out. Slow, and shares nothing with the engine but the types of
/// questions and answers and the calendar (which has golden tests of its own).
struct Reference {
  struct Event {
    var name: String
    var time: Int64
    var subject: UInt32?
    /// Whose event it is: the subject, where journeys are those of subjects.
    var owner: UInt32?
    var properties: [String: StoredValue]
  }

  let world: PlainWorld
  let level: Level
  let calendar: ProjectCalendar
  let instant: Int64
  let smallest: Int
  let events: [Event]
  let late: [Event]
  let subjects: [UInt32]

  init(_ world: PlainWorld, level: Level = .subject, calendar: ProjectCalendar, instant: Int64, smallest: Int = 1) {
    self.world = world
    self.smallest = smallest
    self.level = level
    self.calendar = calendar
    self.instant = instant
    let seen: PlainWorld
    if case .group(let key) = level { seen = world.journeys(ofGroups: key) } else { seen = world }
    let all = seen.events.map { event in
      let subject = event.actor.map { seen.canonical($0) }
      return Event(
        name: event.name, time: event.time, subject: subject, owner: level == .subject ? subject : event.owner,
        properties: event.properties)
    }
    events = all.filter { $0.time <= instant }
    late = all.filter { $0.time > instant }
    subjects = Set(all.compactMap(\.subject)).sorted()
  }

  func report(_ query: Query) throws -> Report {
    guard query.level == level else {
      var report = try Reference(world, level: query.level, calendar: calendar, instant: instant, smallest: smallest).report(query)
      report.notes.excluded = report.notes.excluded.map { .init(reason: $0.reason == "no_actor" ? "no_group" : $0.reason, count: $0.count) }
      return report
    }
    return switch query {
    case .insights(let query): try insights(query)
    case .funnel(let query): try funnel(query)
    case .retention(let query): try retention(query)
    case .flows(let query): try flows(query)
    case .cohort(let query): try cohort(query)
    case .lifecycle(let query): try lifecycle(query)
    case .stickiness(let query): try stickiness(query)
    case .sessions(let query): try sessions(query)
    }
  }

  func notes(_ excluded: [(String, Int)]) -> ReportNotes {
    ReportNotes(
      evaluatedAt: Timestamp(milliseconds: instant), zone: calendar.zone, dataVersion: 7, eventsRead: world.events.count,
      excluded: excluded.filter { $0.1 > 0 }.map { .init(reason: $0.0, count: $0.1) })
  }

  // MARK: - Which events

  func matches(_ event: Event, _ selector: EventSelector, _ global: Filter? = nil) -> Bool {
    if let name = selector.event, name != event.name { return false }
    if let filter = selector.filter, !passes(event, filter) { return false }
    if let global, !passes(event, global) { return false }
    return true
  }

  func value(_ event: Event, _ property: PropertyReference) -> StoredValue? {
    let value: StoredValue?
    switch property.scope {
    case .event: value = event.properties[property.name]
    case .subject: value = event.owner.flatMap { world.profiles[$0]?[property.name] }
    case .group(let key):
      if level == property.scope.level {
        value = event.subject.flatMap { world.profiles[$0]?[property.name] }
      } else {
        var values: [StoredValue] = []
        for element in Self.elements(of: event.properties[key]) {
          if case .pseudonym(let pseudonym) = element, let number = PlainWorld.organization(pseudonym),
            let there = world.profiles[number]?[property.name]
          {
            values += Self.elements(of: there)
          }
        }
        if case .list? = event.properties[key] {
          value = values.isEmpty ? nil : .list(values)
        } else {
          value = behind(event.properties[key], property.name)
        }
      }
    }
    return value == .null ? nil : value
  }

  static func elements(of value: StoredValue?) -> [StoredValue] {
    if case .list(let elements) = value { elements } else { value.map { [$0] } ?? [] }
  }

  /// A property of the one organization that a value is.
  private func behind(_ value: StoredValue?, _ property: String) -> StoredValue? {
    guard case .pseudonym(let pseudonym) = value, let number = PlainWorld.organization(pseudonym) else { return nil }
    return world.profiles[number]?[property]
  }

  func passes(_ event: Event, _ filter: Filter) -> Bool {
    switch filter {
    case .all(let parts): return !parts.contains { !passes(event, $0) }
    case .any(let parts): return parts.contains { passes(event, $0) }
    case .not(let part): return !passes(event, part)
    case .comparison(let property, let comparison): return passes(value(event, property), comparison)
    case .everyElement(let property, let comparison):
      let elements = Self.elements(of: value(event, property))
      return !elements.isEmpty && !elements.contains { !passes($0 == .null ? nil : $0, comparison) }
    case .cohort(let cohort):
      let members = members(cohort)
      if cohort.level == level { return event.subject.map(members.contains) ?? false }
      guard case .group(let key) = cohort.level else { return event.owner.map(members.contains) ?? false }
      return PlainWorld.organizations(in: event.properties[key]).contains(where: members.contains)
    }
  }

  func passes(_ value: StoredValue?, _ comparison: Comparison) -> Bool {
    var candidates: [StoredValue] = []
    if case .list(let elements) = value { candidates = elements } else if let value { candidates = [value] }
    func someNumber(_ test: (Double) -> Bool) -> Bool {
      candidates.contains { if case .number(let number) = $0 { test(number) } else { false } }
    }
    func someEquals(_ values: [FilterValue]) -> Bool {
      candidates.contains { candidate in
        values.contains { expected in
          switch (expected, candidate) {
          case (.string(let a), .string(let b)): a == b
          case (.number(let a), .number(let b)): a == b
          case (.boolean(let a), .boolean(let b)): a == b
          case (.string(let a), .pseudonym(let b)): a == "g_\(b)" || a == "s_\(b)"
          case (.string(let a), .sealed(let b)): a == "t_\(b.tag)"
          default: false
          }
        }
      }
    }
    func someContains(_ text: String) -> Bool {
      candidates.contains {
        if case .string(let string) = $0 { string.lowercased().contains(text.lowercased()) || text.isEmpty } else { false }
      }
    }
    switch comparison {
    case .equals(let values): return someEquals(values)
    case .notEquals(let values): return !someEquals(values)
    case .contains(let text): return someContains(text)
    case .notContains(let text): return !someContains(text)
    case .isSet: return value != nil
    case .isNotSet: return value == nil
    case .greater(let bound): return someNumber { $0 > bound }
    case .greaterOrEqual(let bound): return someNumber { $0 >= bound }
    case .less(let bound): return someNumber { $0 < bound }
    case .lessOrEqual(let bound): return someNumber { $0 <= bound }
    case .between(let low, let high): return someNumber { $0 >= low && $0 <= high }
    case .startsWith(let text):
      return candidates.contains { if case .string(let string) = $0 { string.lowercased().hasPrefix(text.lowercased()) } else { false } }
    case .endsWith(let text):
      return candidates.contains { if case .string(let string) = $0 { string.lowercased().hasSuffix(text.lowercased()) } else { false } }
    case .before(let time): return candidates.contains { Self.time($0).map { $0 < time.milliseconds } ?? false }
    case .since(let time): return candidates.contains { Self.time($0).map { $0 >= time.milliseconds } ?? false }
    case .inLast(let seconds):
      return candidates.contains { Self.time($0).map { $0 <= instant && $0 >= instant - seconds * 1000 } ?? false }
    }
  }

  /// Values of the random worlds that are times: whole seconds, and texts of one form.
  static func time(_ value: StoredValue) -> Int64? {
    switch value {
    case .number(let number): return Int64(number * 1000)
    case .string(let text):
      guard text.count == 10 || text.hasSuffix("T00:00:00Z"), let date = CalendarDate(text.prefix(10)) else { return nil }
      return Int64(date.dayNumber) * 86_400_000
    default: return nil
    }
  }

  // MARK: - Groups

  /// A value as a text that is equal for equal groups and sorts in the documented order.
  static func sortKey(_ value: StoredValue?) -> [UInt8] {
    switch value {
    case nil, .null: return [0]
    case .boolean(let truth): return [1, truth ? 1 : 0]
    case .number(let number):
      // Order-preserving bytes of a double.
      let bits = (number == 0 ? 0.0 : number).bitPattern
      let ordered = bits >> 63 == 1 ? ~bits : bits | (1 << 63)
      let bytes: [UInt8] = (0..<8).map { (index: Int) -> UInt8 in UInt8(truncatingIfNeeded: ordered >> UInt64(56 - 8 * index)) }
      return [2] + bytes
    case .string(let text): return [3] + Array(text.utf8)
    case .pseudonym(let pseudonym): return [4] + Array(pseudonym.description.utf8)
    case .sealed(let sealed): return [5] + Array(sealed.tag.description.utf8)
    case .list(let elements):
      var bytes: [UInt8] = [6]
      for element in elements { bytes += sortKey(element) }
      return bytes
    case .object(let members):
      var bytes: [UInt8] = [7]
      for member in members { bytes += Array(member.name.utf8) + [0] + sortKey(member.value) }
      return bytes
    }
  }

  /// What an event is split by: a property's value, or the names of the cohorts that it is of.
  func value(_ event: Event, _ breakdown: Breakdown) -> StoredValue? {
    if breakdown.cohorts.isEmpty { return value(event, breakdown.property) }
    let names = breakdown.cohorts.filter { passes(event, .cohort($0.cohort)) }.map { StoredValue.string($0.name) }
    return names.isEmpty ? nil : .list(names)
  }

  /// The groups of an event: one for each different element of a list; nil is "none".
  func groups(_ event: Event, _ breakdown: Breakdown) -> [StoredValue?] {
    guard let value = value(event, breakdown) else { return [nil] }
    guard case .list(let elements) = value else { return [shown(value)] }
    var groups: [StoredValue?] = []
    for element in elements where element != .null && !groups.contains(shown(element)) { groups.append(shown(element)) }
    return groups.isEmpty ? [nil] : groups
  }

  func shown(_ value: StoredValue) -> StoredValue {
    if case .sealed(let sealed) = value { return .sealed(SealedValue(bytes: [], tag: sealed.tag)) }
    return value
  }

  /// Largest first, ties by value; the rest is folded, and whatever is small. `figures` has an entry for every group that counted anything,
  /// `actors` says for each way of counting whom they are of.
  func rank(
    _ figures: [StoredValue?: Double], limit: Int, actors: [[StoredValue?: Set<UInt32>]]
  ) -> (groups: [ReportGroup], members: [[StoredValue?]], merged: Int) {
    let ranked = figures.keys.compactMap(\.self).sorted { left, right in
      let a = figures[left] ?? 0
      let b = figures[right] ?? 0
      return a != b ? a > b : Self.sortKey(left).lexicographicallyPrecedes(Self.sortKey(right))
    }
    let (shown, folded, merged) = split(ranked, hasNone: figures.keys.contains(nil), limit: limit, actors: actors)
    var groups = shown.map { value -> ReportGroup in value.map { .value($0) } ?? .none }
    var members = shown.map { [$0] }
    if !folded.isEmpty {
      groups.append(.other)
      members.append(folded)
    }
    return (groups, members, merged)
  }

  /// Which groups stand by themselves, and which as one (A.13): none of fewer than `smallest`, and not so few as one either.
  func split(
    _ ranked: [StoredValue], hasNone: Bool, limit: Int, actors: [[StoredValue?: Set<UInt32>]]
  ) -> (shown: [StoredValue?], folded: [StoredValue?], merged: Int) {
    let all: [StoredValue?] = ranked.map { $0 } + (hasNone ? [nil] : [])
    func size(_ group: StoredValue?) -> Int { actors.map { $0[group]?.count ?? 0 }.filter { $0 > 0 }.min() ?? 0 }
    let small = all.filter { size($0) > 0 && size($0) < smallest }
    var shown: [StoredValue?] = ranked.filter { !small.contains($0) }.prefix(limit).map { $0 }
    if hasNone, !small.contains(nil) { shown.append(nil) }
    var merged = small.count
    func isRestSmall() -> Bool {
      actors.contains { actors in
        let rest = actors.filter { !shown.contains($0.key) }.reduce(into: Set<UInt32>()) { $0.formUnion($1.value) }
        return !rest.isEmpty && rest.count < smallest
      }
    }
    while shown.count < all.count, isRestSmall(), let least = shown.map(size).filter({ $0 > 0 }).min() {
      shown.remove(at: shown.lastIndex { size($0) == least } ?? 0)
      merged += 1
    }
    return (shown, all.filter { !shown.contains($0) }, merged)
  }

  static func percentile(_ fraction: Double, _ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let rank = fraction * Double(sorted.count - 1)
    let low = Int(rank.rounded(.down))
    let high = Int(rank.rounded(.up))
    return sorted[low] + (sorted[high] - sorted[low]) * (rank - Double(low))
  }
}

extension PropertyReference.Scope {
  var level: Level {
    if case .group(let key) = self { .group(key: key) } else { .subject }
  }
}
