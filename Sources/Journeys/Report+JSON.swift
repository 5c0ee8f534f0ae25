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

extension InsightsReport {
  var json: JSONValue {
    [
      "buckets": .list(buckets.map { .string($0.text) }), "first_incomplete": .number(Double(firstIncomplete)),
      "lines": .list(
        lines.map {
          [
            "series": .number(Double($0.series)), "group": $0.group.json, "values": .list($0.values.map(JSONValue.init)),
            "overall": JSONValue($0.overall),
          ]
        }),
    ]
  }
}

extension FunnelReport {
  var json: JSONValue {
    ["groups": .list(groups.map { ["group": $0.group.json, "open": .number(Double($0.open)), "steps": .list($0.steps.map(\.json))] })]
  }
}

extension FunnelReport.Step {
  var json: JSONValue {
    [
      "count": .number(Double(count)), "median_seconds_from_previous": JSONValue(medianSecondsFromPrevious),
      "average_seconds_from_previous": JSONValue(averageSecondsFromPrevious),
      "median_seconds_from_entry": JSONValue(medianSecondsFromEntry),
      "average_seconds_from_entry": JSONValue(averageSecondsFromEntry),
    ]
  }
}

extension RetentionReport {
  var json: JSONValue {
    [
      "cohorts": .list(
        cohorts.map {
          [
            "start": .string($0.start.text), "size": .number(Double($0.size)),
            "counts": .list($0.counts.map { JSONValue($0.map(Double.init)) }),
            "complete": .number(Double($0.complete)), "complete_at": .list($0.completeAt.map { .string($0.text) }),
          ]
        }),
      "average": .list(average.map(JSONValue.init)),
    ]
  }
}

extension FlowsReport {
  var json: JSONValue {
    [
      "entrants": .number(Double(entrants)),
      "columns": .list(
        columns.map {
          [
            "position": .number(Double($0.position)),
            "entries": .list($0.entries.map { ["node": $0.node.json, "count": .number(Double($0.count))] }),
          ]
        }),
      "edges": .list(
        edges.map {
          ["position": .number(Double($0.position)), "from": $0.from.json, "to": $0.to.json, "count": .number(Double($0.count))]
        }),
      "paths": .list(paths.map { ["events": .list($0.events.map { .string($0) }), "count": .number(Double($0.count))] }),
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
