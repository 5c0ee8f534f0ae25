package import Events
package import Journeys

/// Reports over a snapshot: intake goes on meanwhile and changes nothing in them.
extension SegmentStore: Engine {
  package func report(_ query: Query, _ rules: ReportRules, at instant: Timestamp) async throws -> Report {
    try await scanThreads.run { [self] () throws(QueryError) in
      let snapshot = try readableSnapshot()
      let key = ResultCache.Key(dataVersion: snapshot.dataVersion, query: query, rules: rules)
      if let known = results.report(key, at: instant) { return known }
      let report = try QueryExecution(snapshot: snapshot, rules: rules, instant: instant).report(query)
      results.keep(report, key)
      return report
    }
  }

  package func subjects(_ door: Door, _ rules: ReportRules, at instant: Timestamp) async throws -> [SubjectReference] {
    try await scanThreads.run { [self] () throws(QueryError) in
      let snapshot = try readableSnapshot()
      var found: [SubjectReference] = []
      for number in try QueryExecution(snapshot: snapshot, rules: rules, instant: instant).subjects(door) {
        guard let pseudonym = snapshot.pseudonym(number) else {
          throw QueryError(.unreadable, "A subject number of the answer belongs to no id. Run `sealane doctor`.")
        }
        found.append(SubjectReference(number: SubjectNumber(number), pseudonym: pseudonym))
      }
      return found
    }
  }

  package func numbers(_ door: Door, _ rules: ReportRules, at instant: Timestamp) async throws -> [SubjectNumber] {
    try await scanThreads.run { [self] () throws(QueryError) in
      try QueryExecution(snapshot: try readableSnapshot(), rules: rules, instant: instant).subjects(door).map { SubjectNumber($0) }
    }
  }

  package func firstEvent() async throws -> Timestamp? {
    try readableSnapshot().runs.filter { $0.rowCount > 0 }.map(\.firstTime).min().map { Timestamp(milliseconds: $0) }
  }

  private func readableSnapshot() throws(QueryError) -> StoreSnapshot {
    do throws(StoreError) { return try snapshotNow() } catch { throw QueryError(.unreadable, error.description) }
  }
}
