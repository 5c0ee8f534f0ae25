import Events
import Journeys
import Web

extension ReportNotes {
  /// The line below a chart: what was counted how, in which zone, when, and what was left out and why.
  func line(_ explanation: [String], _ time: LocalTime) -> String {
    var parts = explanation
    parts.append("days of \(zone)")
    parts.append("evaluated at \(time.second(evaluatedAt))")
    parts.append("\(NumberFormat.count(eventsRead, "event")) read")
    // An open window leaves nothing out: its attempt counts as far as it got. The funnel says how many there are.
    let merged = excluded.first { $0.reason == Self.smallGroup }?.count ?? 0
    if merged > 0 { parts.append("\(NumberFormat.count(merged, "small group")) in “other”") }
    let left = excluded.filter { $0.count > 0 && $0.reason != "window_open" && $0.reason != Self.smallGroup }.map {
      "\(NumberFormat.exact($0.count)) \(Self.words($0.reason))"
    }
    parts.append(left.isEmpty ? "nothing left out" : "left out: \(left.joined(separator: ", "))")
    let line = parts.joined(separator: " · ")
    return line.prefix(1).uppercased() + line.dropFirst() + "."
  }

  static func words(_ reason: String) -> String {
    switch reason {
    case "no_actor": "events without an actor"
    case "no_group": "events without an organization"
    case "not_numeric": "values that are not numbers"
    case "no_value": "events without the property"
    case "after_evaluation": "events later than that"
    case "end_not_reached": "starts that did not get to the end"
    case "incomplete": "paths that end too early"
    default: reason.replacing("_", with: " ")
    }
  }
}
