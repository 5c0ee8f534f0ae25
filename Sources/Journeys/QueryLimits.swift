/// What a query may ask for at most. Beyond it an error says so; nothing is cut off silently.
package enum QueryLimits {
  package static let rangeDays = 1_827
  package static let buckets = 5_000
  package static let series = 20
  package static let formulas = 10
  package static let formulaBytes = 500
  package static let formulaDepth = 32
  /// Days of a trailing window.
  package static let activeDays = 1...90
  package static let bins = 50
  package static let sessionGapSeconds = 1...86_400
  package static let sessionEvents = 0...100
  package static let steps = 2...20
  /// Bins of the time to convert.
  package static let timeBins = 1...100
  package static let heldProperties = 3
  package static let windowSeconds = 1...31_622_400
  /// Within which steps may come in either order.
  package static let graceMilliseconds = 0...60_000
  package static let periods = 1...60
  /// Where a bracket may end.
  package static let bracketPeriods = 1...366
  package static let breakdown = 1...200
  package static let flowColumns = 0...8
  package static let flowNodes = 1...50
  package static let flowPaths = 0...1_000
  package static let hiddenEvents = 200
  package static let expansions = 10
  package static let filterDepth = 8
  /// Comparisons in one query, all filters together.
  package static let comparisons = 100
  package static let valuesPerComparison = 1_000
  /// Of `in_last`: ten years.
  package static let lastSeconds = 1...315_360_000
  package static let cohortDays = 1...3_660
  package static let cohortBehaviours = 20
  package static let cohortMembers = 100_000
  package static let breakdownCohorts = 50
  /// Numbers that a double holds exactly.
  package static let savedCohort = 1...9_007_199_254_740_991
  package static let textBytes = 4_096
}
