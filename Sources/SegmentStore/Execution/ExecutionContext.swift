internal import Events
internal import Journeys

/// What every executor stands on: the data, how time is cut, and as of when.
struct ExecutionContext {
  let snapshot: StoreSnapshot
  let rules: ReportRules
  let instant: Timestamp

  var calendar: ProjectCalendar { rules.calendar }
  var smallestGroup: Int { rules.smallestGroup }

  /// Reasons that excluded nothing are left out.
  func notes(_ excluded: [(reason: String, count: Int)]) -> ReportNotes {
    ReportNotes(
      evaluatedAt: instant, zone: calendar.zone, dataVersion: snapshot.dataVersion, eventsRead: snapshot.eventCount,
      excluded: excluded.filter { $0.count > 0 }.map { .init(reason: $0.reason, count: $0.count) })
  }

  /// How many events of a range of time match any of the selectors, but happened after the evaluation.
  func late(_ selectors: [EventSelector], everything: Filter?, in counted: Range<Int64>) throws(QueryError) -> Int {
    guard snapshot.runs.contains(where: { $0.lastTime > instant.milliseconds }) else { return 0 }
    let all = try Selectors(selectors, everything: everything, seesLater: true, snapshot: snapshot, instant: instant)
    return try JourneyScan.countLate(all, in: counted, after: instant.milliseconds, snapshot: snapshot)
  }
}
