import Events
import Journeys
import Web

/// "What do people do in one sitting?"
enum SessionsPage: ReportPage {
  typealias Form = SessionsForm
  static let introduction = "What people do in one sitting, and for how long."
  static let teaching = "A session is what somebody does without a long pause; where it begins and ends says what they came for."

  static func sentence(_ form: SessionsForm, _ builder: Builder) -> HTML {
    let unit = Builder.select("unit", "Unit of time", BucketUnit.allCases.map { ($0.rawValue, $0.rawValue) }, chosen: form.unit.rawValue)
    let shown: HTML = form.figure == .sessions ? HTML() : "<input type=\"hidden\" name=\"show\" value=\"\(form.figure.rawValue)\">"
    return """
      <ol><li>\(shown)<span class="soft">Sessions of</span> \(builder.event("a", form.activity.event, label: "Events that make sessions")) \(Builder.addCondition("a")) \
      <span class="soft">with no pause over</span> \(Builder.number("gap", "Longest pause in seconds", form.gapSeconds, QueryLimits.sessionGapSeconds)) \
      <span class="soft">seconds, per</span> \(unit)\(builder.filter(form.activity.filter, prefix: "a"))</li></ol>
      """
  }

  static func options(_ form: SessionsForm, _ builder: Builder) -> HTML {
    let cut = Builder.select(
      "cut", "At midnight", [("", "go on over midnight"), ("midnight", "end at midnight")], chosen: form.cutsAtMidnight ? "midnight" : "")
    let end = Builder.select(
      "at", "Which value", [("entry", "the first value"), ("exit", "the last value")], chosen: form.breakdownAt.rawValue)
    return """
      <div><span class="soft">Sessions</span> \(cut)<span class="soft">; lengths at</span> \(InsightsPage.percent("q", form.fraction))</div>\
      <div>\(builder.breakdown(form.breakdown)) <span class="soft">by</span> \(end) <span class="soft">in the session; list</span> \
      \(Builder.number("events", "Events that sessions begin and end with", form.eventLimit, QueryLimits.sessionEvents)) <span class="soft">first and last events</span></div>
      """
  }

  static func hasOptions(_ form: SessionsForm) -> Bool {
    form.cutsAtMidnight || form.fraction != 0.9 || !form.breakdown.isEmpty || form.breakdownAt != .entry || form.eventLimit != 10
  }

  static func view(_ form: SessionsForm, _ query: Query, _ report: Report, _ visit: Visit) -> ReportView {
    guard case .sessions(let question) = query, case .sessions(let answer) = report.content, let whole = answer.groups.first else {
      return ReportView(title: "", subtitle: "", chart: "", table: "", explanation: [], isEmpty: true)
    }
    return SessionsView(form: form, query: query, question: question, answer: answer, whole: whole, visit: visit).view()
  }

  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]] {
    guard case .sessions(let question) = query, case .sessions(let answer) = report.content else { return [] }
    var rows = [
      [
        "group", question.unit.rawValue, "complete", "sessions", "subjects", "events", "events_per_session", "bounces", "bounce_rate",
        "average_duration_seconds", "median_duration_seconds", "percentile_duration_seconds",
      ]
    ]
    func figures(_ figures: SessionsReport.Figures) -> [String] {
      [figures.sessions, figures.subjects, figures.events].map { String($0) }
        + [CSV.number(figures.eventsPerSession), String(figures.bounces)]
        + [figures.bounceRate, figures.averageDuration, figures.medianDuration, figures.percentileDuration].map(CSV.number)
    }
    for group in answer.groups {
      let name = ValueView.group(group.group, question.breakdown)
      for (index, bucket) in group.buckets.enumerated() {
        rows.append([name, LocalTime.iso(answer.buckets[index]), index < answer.firstIncomplete ? "yes" : "no"] + figures(bucket))
      }
      rows.append([name, "whole range", ""] + figures(group.overall))
    }
    for (kind, events) in [("first event", answer.entries), ("last event", answer.exits)] {
      for event in events { rows.append([kind, event.event ?? "Other", "", String(event.sessions)]) }
    }
    return rows
  }
}
