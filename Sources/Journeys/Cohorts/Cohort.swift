package import Events

/// A set of actors, as a predicate or a list (semantics A.11). Evaluated as of the query's instant, also where it filters older events.
package struct Cohort: Sendable, Hashable {
  /// Who can belong: subjects, or organizations of a key.
  package var level: Level
  package var rule: CohortRule
  package init(level: Level = .subject, rule: CohortRule) {
    self.level = level
    self.rule = rule
  }
}

/// Who belongs to a cohort. "Not" ranges over all actors with any event up to the evaluation instant.
package indirect enum CohortRule: Sendable, Hashable {
  case all([CohortRule])
  case any([CohortRule])
  case not(CohortRule)
  case did(Behaviour)
  /// On the actor's profile as it is now.
  case property(String, Comparison)
  /// A list, fixed when it was made; ids merged into others since count as those.
  case members([Pseudonym])
  /// One that the project keeps under this number. Put in place of it before an engine sees the query (`SavedCohorts`).
  case saved(Int64)
}

extension CohortRule {
  /// Without some subjects in its lists.
  package func without(_ gone: Set<Pseudonym>) -> CohortRule {
    switch self {
    case .all(let parts): .all(parts.map { $0.without(gone) })
    case .any(let parts): .any(parts.map { $0.without(gone) })
    case .not(let part): .not(part.without(gone))
    case .members(let list): .members(list.filter { !gone.contains($0) })
    case .did, .property, .saved: self
    }
  }
}

/// How often an actor did something.
package struct Behaviour: Sendable, Hashable {
  package enum Count: Sendable, Hashable {
    case atLeast(Int)
    /// Zero included: also who never did it.
    case atMost(Int)
    case exactly(Int)
  }
  package enum Period: Sendable, Hashable {
    case ever
    /// So many times 24 hours up to the evaluation instant.
    case last(days: Int)
    case during(DateRange)
  }
  package var selector: EventSelector
  package var count: Count
  package var period: Period
  /// Only the actor's first such event ever counts: whether it lies in the period.
  package var isFirst: Bool
  package init(selector: EventSelector, count: Count = .atLeast(1), period: Period = .ever, isFirst: Bool = false) {
    self.selector = selector
    self.count = count
    self.period = period
    self.isFirst = isFirst
  }
}

/// How many belong to a cohort; its door leads to them.
package struct CohortQuery: Sendable, Hashable {
  package var cohort: Cohort
  package init(_ cohort: Cohort) { self.cohort = cohort }
}

package struct CohortReport: Sendable, Hashable {
  package var size: Int
  /// Actors with any event up to the evaluation instant.
  package var known: Int
  package init(size: Int, known: Int) {
    self.size = size
    self.known = known
  }
}
