extension InsightsQuery.Series {
  /// Whether its figures are numbers of subjects.
  package var countsSubjects: Bool {
    switch measure {
    case .unique, .active: true
    default: false
    }
  }

  /// Of whom its figures are: whoever has anything that it counts.
  package var ofActors: InsightsQuery.Series {
    var series = self
    series.measure = .unique
    guard let property = measure.property else { return series }
    var counted = Filter.comparison(property, .greaterOrEqual(-.infinity))
    if case .distinct = measure { counted = .comparison(property, .isSet) }
    switch selector.filter {
    case nil: series.selector.filter = counted
    case .all(let parts): series.selector.filter = .all(parts + [counted])
    case let filter?: series.selector.filter = .all([filter, counted])
    }
    return series
  }
}
