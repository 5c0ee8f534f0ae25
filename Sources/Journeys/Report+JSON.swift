package import Events

extension Report {
  /// As in docs/QUERIES.md. Instants are RFC 3339 in UTC, durations seconds.
  package var json: JSONValue {
    var members: [String: JSONValue]
    switch content {
    case .insights(let report): members = ["report": "insights", "result": report.json]
    case .funnel(let report): members = ["report": "funnel", "result": report.json]
    case .retention(let report): members = ["report": "retention", "result": report.json]
    case .flows(let report): members = ["report": "flows", "result": report.json]
    case .cohort(let report): members = ["report": "cohort", "result": report.json]
    case .lifecycle(let report): members = ["report": "lifecycle", "result": report.json]
    case .stickiness(let report): members = ["report": "stickiness", "result": report.json]
    case .sessions(let report): members = ["report": "sessions", "result": report.json]
    }
    members["notes"] = notes.json
    return .object(members)
  }
}

extension ReportNotes {
  package var json: JSONValue {
    [
      "evaluated_at": .string(evaluatedAt.text), "zone": .string(zone), "data_version": .string(String(dataVersion)),
      "events_read": .number(Double(eventsRead)),
      "excluded": .list(excluded.map { ["reason": .string($0.reason), "count": .number(Double($0.count))] }),
    ]
  }
}

extension JSONValue {
  /// Null for nil.
  init(_ number: Double?) {
    if let number { self = .number(number) } else { self = .null }
  }
}

extension Timestamp {
  /// RFC 3339 in UTC with milliseconds, such as `2026-03-29T01:00:00.000Z`.
  package var text: String {
    var (seconds, fraction) = milliseconds.quotientAndRemainder(dividingBy: 1000)
    if fraction < 0 { (seconds, fraction) = (seconds - 1, fraction + 1000) }
    var (day, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
    if second < 0 { (day, second) = (day - 1, second + 86_400) }
    func padded(_ number: Int64, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let time = "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    return "\(CalendarDate(dayNumber: Int(day)))T\(time).\(padded(fraction, 3))Z"
  }
}
