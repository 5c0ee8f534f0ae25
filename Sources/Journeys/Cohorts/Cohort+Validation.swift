package import Events

extension Cohort {
  var comparisonCount: Int { rule.comparisonCount }

  func validate(depth: Int) throws(QueryError) { try rule.validate(depth: depth) }

  /// The filters of its behaviours, those of the cohorts in them left inside.
  package var selectors: [EventSelector] { rule.behaviours.map(\.selector) }
}

extension CohortRule {
  /// All that a scan has to count.
  package var behaviours: [Behaviour] {
    switch self {
    case .all(let parts), .any(let parts): parts.flatMap(\.behaviours)
    case .not(let part): part.behaviours
    case .did(let behaviour): [behaviour]
    case .property, .members, .saved: []
    }
  }

  /// Whom its lists name, those in filters of behaviours included.
  package var listed: [Pseudonym] {
    switch self {
    case .all(let parts), .any(let parts): parts.flatMap(\.listed)
    case .not(let part): part.listed
    case .did(let behaviour): behaviour.selector.filter?.cohorts.flatMap(\.rule.listed) ?? []
    case .property, .saved: []
    case .members(let list): list
    }
  }

  /// Whether a saved cohort stands in it by its number, the filters of behaviours left out.
  package var asksForSaved: Bool {
    switch self {
    case .all(let parts), .any(let parts): parts.contains(where: \.asksForSaved)
    case .not(let part): part.asksForSaved
    case .did, .property, .members: false
    case .saved: true
    }
  }

  var comparisonCount: Int {
    switch self {
    case .all(let parts), .any(let parts): parts.reduce(0) { $0 + $1.comparisonCount }
    case .not(let part): part.comparisonCount
    case .did(let behaviour): 1 + (behaviour.selector.filter?.comparisonCount ?? 0)
    case .property, .members, .saved: 1
    }
  }

  func validate(depth: Int) throws(QueryError) {
    guard depth <= QueryLimits.filterDepth else {
      throw QueryError(.tooLarge, "A cohort is nested more than \(QueryLimits.filterDepth) deep; write it flatter.", field: "cohort")
    }
    guard behaviours.count <= QueryLimits.cohortBehaviours else {
      throw QueryError(
        .tooLarge, "A cohort asks for \(behaviours.count) behaviours; at most \(QueryLimits.cohortBehaviours) are allowed.", field: "cohort"
      )
    }
    switch self {
    case .all(let parts), .any(let parts):
      guard !parts.isEmpty else { throw QueryError(.invalid, "A cohort's `all` or `any` is empty.", field: "cohort") }
      for part in parts { try part.validate(depth: depth + 1) }
    case .not(let part): try part.validate(depth: depth + 1)
    case .did(let behaviour):
      if case .during(let range) = behaviour.period { try range.validate() }
      try behaviour.selector.filter?.validate(depth: depth + 1)
    case .property(_, let comparison): try comparison.validate()
    case .members(let list):
      guard list.count <= QueryLimits.cohortMembers else {
        throw QueryError(
          .tooLarge, "A cohort lists \(list.count) members; at most \(QueryLimits.cohortMembers) are allowed.", field: "cohort")
      }
    case .saved: break
    }
  }
}

extension Filter {
  /// Cohorts that it asks for, those inside of those left out.
  package var cohorts: [Cohort] {
    switch self {
    case .all(let parts), .any(let parts): parts.flatMap(\.cohorts)
    case .not(let part): part.cohorts
    case .comparison, .everyElement: []
    case .cohort(let cohort): [cohort]
    }
  }
}
