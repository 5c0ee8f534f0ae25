import Events
import Journeys
import SegmentStore

extension QueryExecution {
  /// Groups of any size are shown.
  init(snapshot: StoreSnapshot, calendar: ProjectCalendar, instant: Timestamp) {
    self.init(snapshot: snapshot, rules: ReportRules(calendar: calendar, smallestGroup: 1), instant: instant)
  }
}
