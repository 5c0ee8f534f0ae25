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
    series.selector.filter = selector.filter.map { .all([$0, counted]) } ?? counted
    return series
  }
}
