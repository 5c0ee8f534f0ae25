import Events
import Journeys

extension Reference {
  func cohort(_ query: CohortQuery) throws -> Report {
    let report = CohortReport(size: members(query.cohort).count, known: Set(events.compactMap(\.subject)).count)
    return Report(content: .cohort(report), notes: notes([("no_actor", events.filter { $0.subject == nil }.count)]))
  }

  func members(_ cohort: Cohort) -> Set<UInt32> {
    guard cohort.level == level else {
      return Reference(world, level: cohort.level, calendar: calendar, instant: instant).members(cohort)
    }
    return Set(events.compactMap(\.subject)).filter { holds(cohort.rule, $0) }
  }

  private func holds(_ rule: CohortRule, _ actor: UInt32) -> Bool {
    switch rule {
    case .all(let parts): return !parts.contains { !holds($0, actor) }
    case .any(let parts): return parts.contains { holds($0, actor) }
    case .not(let part): return !holds(part, actor)
    case .saved: return false
    case .members(let list):
      return list.contains { pseudonym in
        (PlainWorld.organization(pseudonym) ?? (pseudonym.high == 1 ? world.canonical(UInt32(pseudonym.low)) : nil)) == actor
      }
    case .property(let name, let comparison):
      let value = world.profiles[actor]?[name]
      return passes(value == .null ? nil : value, comparison)
    case .did(let behaviour):
      let all = events.filter { $0.subject == actor && matches($0, behaviour.selector) }.map(\.time).sorted()
      func isInside(_ time: Int64) -> Bool {
        switch behaviour.period {
        case .ever: return true
        case .last(let days): return time > instant - Int64(days) * 86_400_000
        case .during(let range):
          guard let date = try? calendar.date(of: Timestamp(milliseconds: time)) else { return false }
          return date >= range.from && date <= range.to
        }
      }
      if behaviour.isFirst { return all.first.map(isInside) ?? false }
      let count = all.filter(isInside).count
      switch behaviour.count {
      case .atLeast(let number): return count >= number
      case .atMost(let number): return count <= number
      case .exactly(let number): return count == number
      }
    }
  }
}
