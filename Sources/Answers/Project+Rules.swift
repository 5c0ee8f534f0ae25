import Access
import Journeys

extension Project {
  package var calendar: ProjectCalendar { ProjectCalendar(zone: zone, weekStart: weekStart == .monday ? .monday : .sunday) }

  package var rules: ReportRules { ReportRules(calendar: calendar, smallestGroup: smallestGroup) }
}
