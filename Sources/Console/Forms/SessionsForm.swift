import Journeys
import Web

struct SessionsForm: ActivityForm {
  static let path = "/sessions"
  static let name = "Sessions"
  /// What the chart draws. A matter of looking: no part of the query.
  enum Figure: String, Sendable, CaseIterable {
    case sessions, subjects
    case median, average, percentile
    case events, bounces

    var words: String {
      switch self {
      case .sessions: "sessions"
      case .subjects: "subjects"
      case .median: "median length"
      case .average: "mean length"
      case .percentile: "length at percentile"
      case .events: "events per session"
      case .bounces: "bounce rate"
      }
    }
  }
  /// An idle gap, in seconds that a minute holds whole.
  private static let standardGap = 1_800
  var range: RangeForm
  var activity: SelectorForm
  var unit: BucketUnit
  var gapSeconds: Int
  var cutsAtMidnight: Bool
  var fraction: Double
  var breakdown: BreakdownForm
  var breakdownAt: SessionsQuery.End
  var eventLimit: Int
  var figure: Figure

  init(fields: FormFields, today: CalendarDate) {
    range = RangeForm(fields: fields, today: today)
    activity = SelectorForm(fields: fields, prefix: "a", standard: .any)
    unit = fields["unit"].flatMap(BucketUnit.init) ?? .day
    gapSeconds = Int(fields.text("gap")) ?? Self.standardGap
    cutsAtMidnight = fields["cut"] == "midnight"
    fraction = PercentText.fraction(fields.text("q")) ?? 0.9
    breakdown = BreakdownForm(fields: fields)
    breakdownAt = fields["at"].flatMap(SessionsQuery.End.init) ?? .entry
    eventLimit = Int(fields.text("events")) ?? 10
    figure = fields["show"].flatMap(Figure.init) ?? .sessions
  }

  init?(query: Query) {
    guard case .sessions(let query) = query else { return nil }
    range = RangeForm(query.range)
    activity = SelectorForm(query.activity)
    unit = query.unit
    gapSeconds = query.gapSeconds
    cutsAtMidnight = query.cutsAtMidnight
    fraction = query.fraction
    breakdown = BreakdownForm(query.breakdown)
    breakdownAt = query.breakdownAt
    eventLimit = query.eventLimit
    figure = .sessions
  }

  var parameters: [Address.Parameter] {
    var list = ParameterList()
    activity.add(to: &list, prefix: "a")
    list.add("unit", unit.rawValue, unless: "day")
    list.add("gap", String(gapSeconds), unless: String(Self.standardGap))
    if cutsAtMidnight { list.add("cut", "midnight") }
    list.add("q", PercentText.text(fraction), unless: "90")
    breakdown.add(to: &list)
    list.add("at", breakdownAt.rawValue, unless: "entry")
    list.add("events", String(eventLimit), unless: "10")
    range.add(to: &list)
    list.add("show", figure.rawValue, unless: "sessions")
    return list.parameters
  }

  func query() throws(QueryError) -> Query {
    .sessions(
      SessionsQuery(
        range: try range.checked(), unit: unit, activity: try activity.selector("the events that make sessions"), gapSeconds: gapSeconds,
        cutsAtMidnight: cutsAtMidnight, fraction: fraction, breakdown: breakdown.breakdown, breakdownAt: breakdownAt,
        eventLimit: eventLimit))
  }

  func spanning(_ range: RangeForm) -> SessionsForm {
    var other = self
    other.range = range
    if range.days != self.range.days { other.unit = range.days <= 2 ? .hour : range.days <= 93 ? .day : .week }
    return other
  }
}
