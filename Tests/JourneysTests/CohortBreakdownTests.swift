import Events
import Journeys
import SegmentStore
import Testing

/// Breakdowns by cohorts against the plain reference, doors included.
struct CohortBreakdownTests {
  @Test(
    "thousands of random cases split by cohorts agree with the reference",
    arguments: [RandomCase.Kind.insights, .funnel, .retention, .sessions])
  func agrees(kind: RandomCase.Kind) throws {
    for seed in 70_000..<UInt64(72_000) {
      let example = try RandomCase(kind, seed: seed)
      var random = Randomness(seed: seed)
      guard let query = Self.split(example.query, RandomCase.breakdownByCohorts(example.range, &random)) else { return }
      let expected = try Reference(example.world, calendar: example.calendar, instant: example.instant, smallest: example.smallest).report(
        query)
      var snapshot = example.world.snapshot(assignment: example.assignment, versions: example.versions, runs: example.runs)
      if seed % 2 == 1 { snapshot.useTwoThreads() }
      let execution = QueryExecution(
        snapshot: snapshot, rules: example.rules, instant: Timestamp(milliseconds: example.instant))
      let found = try execution.report(query)
      if let difference = try Difference.between(expected.json, found.json) ?? Doors.difference(found, query, execution) {
        Issue.record("seed \(seed) of \(kind): \(difference)\nquery \(query.canonicalJSON)")
        return
      }
    }
  }

  private static func split(_ query: Query, _ breakdown: Breakdown) -> Query? {
    switch query {
    case .insights(var query):
      query.breakdown = breakdown
      return .insights(query)
    case .funnel(var query):
      query.breakdown = breakdown
      return .funnel(query)
    case .retention(var query):
      query.breakdown = breakdown
      return .retention(query)
    case .sessions(var query):
      query.breakdown = breakdown
      return .sessions(query)
    default: return nil
    }
  }
}
