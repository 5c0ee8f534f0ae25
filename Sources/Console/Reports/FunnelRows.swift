import Events
import Journeys
import Web

/// A funnel's figures as a file: its steps; with a trend those of each bucket, with a time to convert the columns of that.
struct FunnelRows {
  let question: FunnelQuery
  let answer: FunnelReport

  var rows: [[String]] {
    steps + answer.groups.flatMap { trend(of: $0) + times(of: $0) }
  }

  private var steps: [[String]] {
    var rows = [
      [
        "group", "step", "event", "count", "share_of_previous", "share_of_first", "median_seconds_from_previous",
        "mean_seconds_from_previous",
        "median_seconds_from_first", "mean_seconds_from_first", "open",
      ] + (question.exclusions.isEmpty ? [] : ["excluded"])
    ]
    for group in answer.groups {
      for (index, step) in group.steps.enumerated() {
        let before = index > 0 ? group.steps[index - 1].count : step.count
        let first = group.steps[0].count
        rows.append(
          [
            name(group), String(index + 1), FunnelPage.stepName(question.steps[index]), String(step.count),
            share(step.count, of: before), share(step.count, of: first),
            CSV.number(step.medianSecondsFromPrevious), CSV.number(step.averageSecondsFromPrevious),
            CSV.number(step.medianSecondsFromEntry),
            CSV.number(step.averageSecondsFromEntry), String(group.open),
          ] + (group.excluded.map { [String($0)] } ?? []))
      }
    }
    return rows
  }

  private func trend(of group: FunnelReport.Group) -> [[String]] {
    guard !group.trend.isEmpty else { return [] }
    let head = ["group", question.trend?.rawValue ?? "bucket", "complete"] + question.steps.indices.map { "step_\($0 + 1)" }
    let rows = group.trend.enumerated().map { index, point in
      [name(group), LocalTime.iso(answer.buckets[index]), index < answer.firstIncomplete ? "yes" : "no"] + point.counts.map { String($0) }
        + [share(point.counts.last ?? 0, of: point.counts.first ?? 0), String(point.open)] + (point.excluded.map { [String($0)] } ?? [])
    }
    return [head + ["share_of_first", "open"] + (question.exclusions.isEmpty ? [] : ["excluded"])] + rows
  }

  private func times(of group: FunnelReport.Group) -> [[String]] {
    guard let conversion = group.conversion else { return [] }
    let seconds = [conversion.medianSeconds, conversion.averageSeconds, conversion.p90Seconds].map(CSV.number)
    var rows = [
      ["group", "count", "median_seconds", "mean_seconds", "p90_seconds"], [name(group), String(conversion.count)] + seconds,
    ]
    guard !conversion.counts.isEmpty else { return rows }
    rows.append(["group", "from_seconds", "to_seconds", "count"])
    for (index, count) in conversion.counts.enumerated() {
      rows.append([name(group), CSV.number(conversion.edges[index]), CSV.number(conversion.edges[index + 1]), String(count)])
    }
    return rows
  }

  private func name(_ group: FunnelReport.Group) -> String { ValueView.group(group.group, question.breakdown) }
  private func share(_ part: Int, of whole: Int) -> String { CSV.number(whole > 0 ? Double(part) / Double(whole) : nil) }
}
