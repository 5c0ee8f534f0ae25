internal import Events
internal import Journeys

/// What every executor stands on: the data, how time is cut, and as of when.
struct ExecutionContext {
  let snapshot: StoreSnapshot
  let calendar: ProjectCalendar
  let instant: Timestamp

  func scan(_ selectors: Selectors, counted: Range<Int64>) -> JourneyScan {
    JourneyScan(snapshot: snapshot, selectors: selectors, instant: instant.milliseconds, counted: counted)
  }

  /// Reasons that excluded nothing are left out.
  func notes(_ excluded: [(reason: String, count: Int)]) -> ReportNotes {
    ReportNotes(
      evaluatedAt: instant, zone: calendar.zone, dataVersion: snapshot.dataVersion, eventsRead: snapshot.eventCount,
      excluded: excluded.filter { $0.count > 0 }.map { .init(reason: $0.reason, count: $0.count) })
  }
}
