package import Events
package import Journeys

/// Reports over a snapshot: intake goes on meanwhile and changes nothing in them.
extension SegmentStore: Engine {
  package func report(_ query: Query, calendar: ProjectCalendar, at instant: Timestamp) async throws -> Report {
    try await scanThreads.run { [self] () throws(QueryError) in
      let snapshot = try readableSnapshot()
      let key = ResultCache.Key(dataVersion: snapshot.dataVersion, query: query, calendar: calendar)
      if let known = results.report(key, at: instant) { return known }
      let report = try QueryExecution(snapshot: snapshot, calendar: calendar, instant: instant).report(query)
      results.keep(report, key)
      return report
    }
  }

  package func subjects(_ door: Door, calendar: ProjectCalendar, at instant: Timestamp) async throws -> [SubjectReference] {
    try await scanThreads.run { [self] () throws(QueryError) in
      let snapshot = try readableSnapshot()
      var found: [SubjectReference] = []
      for number in try QueryExecution(snapshot: snapshot, calendar: calendar, instant: instant).subjects(door) {
        guard let pseudonym = snapshot.pseudonym(number) else {
          throw QueryError(.unreadable, "A subject number of the answer belongs to no id. Run `sealane doctor`.")
        }
        found.append(SubjectReference(number: SubjectNumber(number), pseudonym: pseudonym))
      }
      return found
    }
  }

  private func readableSnapshot() throws(QueryError) -> StoreSnapshot {
    do throws(StoreError) { return try snapshotNow() } catch { throw QueryError(.unreadable, error.description) }
  }
}
