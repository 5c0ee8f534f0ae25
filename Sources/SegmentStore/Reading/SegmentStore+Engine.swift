package import Events
package import Journeys

/// Reports over a snapshot: intake goes on meanwhile and changes nothing in them.
extension SegmentStore: Engine {
  package func report(_ query: Query, calendar: ProjectCalendar, at instant: Timestamp) async throws -> Report {
    try QueryExecution(snapshot: try readableSnapshot(), calendar: calendar, instant: instant).report(query)
  }

  package func subjects(_ door: Door, calendar: ProjectCalendar, at instant: Timestamp) async throws -> [SubjectReference] {
    let snapshot = try readableSnapshot()
    return try QueryExecution(snapshot: snapshot, calendar: calendar, instant: instant).subjects(door).map { number in
      guard let pseudonym = snapshot.pseudonym(number) else {
        throw QueryError(.unreadable, "A subject number of the answer belongs to no id. Run `sealane doctor`.")
      }
      return SubjectReference(number: SubjectNumber(number), pseudonym: pseudonym)
    }
  }

  private func readableSnapshot() throws -> StoreSnapshot {
    do { return try snapshotNow() } catch { throw QueryError(.unreadable, error.description) }
  }
}
