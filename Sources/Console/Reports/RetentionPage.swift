import Events
import Journeys
import Web

/// "Of the people who did A in a week, how many came back to do B in the weeks after?"
enum RetentionPage: ReportPage {
  typealias Form = RetentionForm
  static let introduction = "Who comes back."
  static let teaching = "Each row is everybody who started in one period; read along it to see how many are still there."

  static func sentence(_ form: RetentionForm, _ builder: Builder) -> HTML {
    let unit = Builder.select(
      "unit", "Unit of time", RetentionQuery.Unit.allCases.map { ($0.rawValue, $0.rawValue) }, chosen: form.unit.rawValue)
    let criterion = Builder.select(
      "back", "When they come back",
      [("on", "in that very \(form.unit.rawValue)"), ("on_or_after", "in that \(form.unit.rawValue) or later")],
      chosen: form.criterion.rawValue)
    return """
      <ol><li><span class="soft">Of the people who did</span> \(builder.event("a", form.start.event, label: "Event to start with")) \(Builder.addCondition("a")) \
      <span class="soft">in a</span> \(unit),\(builder.filter(form.start.filter, prefix: "a"))</li>\
      <li><span class="soft">how many came back to do</span> \(builder.event("b", form.return.event, label: "Event to come back for")) \(Builder.addCondition("b")) \
      <span class="soft">in each of the next</span> \(Builder.number("n", "Number of periods", form.periods, QueryLimits.periods)) \
      <span class="soft">\(form.unit.rawValue)s,</span> \(criterion) <span class="soft">?</span>\(builder.filter(form.return.filter, prefix: "b"))</li></ol>
      """
  }

  static func options(_ form: RetentionForm, _ builder: Builder) -> HTML {
    let mode = Builder.select(
      "mode", "How periods are cut",
      [("calendar", "calendar \(form.unit.rawValue)s"), ("rolling", "\(form.unit.rawValue)s of elapsed time from the start")],
      chosen: form.mode.rawValue)
    let cohorts = Builder.select(
      "cohorts", "Who is in a cohort",
      [("recurring", "in every cohort in which they did it"), ("first_time", "only in the cohort of their first time ever")],
      chosen: form.cohorts.rawValue)
    return """
      <div>Periods are \(mode); people count \(cohorts)</div><div>Only events \(form.filter.isEmpty ? Builder.addCondition("f", "with a property…") : HTML())\
      \(builder.filter(form.filter, prefix: "f"))\(form.filter.isEmpty ? HTML() : Builder.addCondition("f"))</div>
      """
  }

  static func hasOptions(_ form: RetentionForm) -> Bool {
    form.mode != .calendar || form.cohorts != .recurring || form.filter.conditions.contains(where: \.isDraft)
  }

  static func cohortName(_ start: Timestamp, _ unit: RetentionQuery.Unit, _ time: LocalTime) -> String {
    switch unit {
    case .day: time.day(start)
    case .week: "Week of \(time.day(start))"
    case .month: time.month(start)
    }
  }

  static func view(_ form: RetentionForm, _ query: Query, _ report: Report, _ visit: Visit) -> ReportView {
    guard case .retention(let question) = query, case .retention(let answer) = report.content else {
      return ReportView(title: "", subtitle: "", chart: "", table: "", explanation: [], isEmpty: true)
    }
    let unit = question.unit.rawValue
    let rows = answer.cohorts.enumerated().map { index, cohort -> RetentionTable.Row in
      RetentionTable.Row(
        name: cohortName(cohort.start, question.unit, visit.time), size: cohort.size,
        door: cohort.size > 0 ? DoorAddress.address(query, .retention(cohort: index, period: nil)) : nil,
        cells: cohort.counts.enumerated().map { period, count in
          guard let count, cohort.size > 0 else { return nil }
          let completeAt =
            period < cohort.complete || !cohort.completeAt.indices.contains(period) ? nil : visit.time.minute(cohort.completeAt[period])
          return RetentionTable.Cell(
            count: count, share: Double(count) / Double(cohort.size), completeAt: completeAt,
            door: count > 0 ? DoorAddress.address(query, .retention(cohort: index, period: period)) : nil)
        })
    }
    let total = answer.cohorts.reduce(0) { $0 + $1.size }
    let periods = (0...question.periods).map { "\(unit.withInitial) \($0)" }
    let after = answer.average.indices.dropFirst().first { answer.average[$0] != nil }
    let last = answer.average.lastIndex { $0 != nil }
    var finding = "Retention of \(NumberFormat.count(answer.cohorts.count, "cohort")), \(NumberFormat.count(total, "subject"))."
    var title = "Who comes back to do \(VisibleText.shortened(form.return.event.shown, to: 60))"
    if let after, let share = answer.average[after] {
      let word = question.unit == .day ? "on" : "in"
      finding += " On average \(NumberFormat.percent(share)) come back \(word) \(unit) \(after)"
      title = "\(NumberFormat.percent(share)) come back \(word) \(unit) \(after)"
      if let last, last > after, let end = answer.average[last] {
        finding += ", \(NumberFormat.percent(end)) \(word) \(unit) \(last)"
        title += ", \(NumberFormat.percent(end)) \(word) \(unit) \(last)"
      }
      finding += "."
    }
    let chart = RetentionTable(rows: rows, periods: periods, average: answer.average, caption: finding)
    var explanation = [
      "share of the cohort that did \(VisibleText.shortened(form.return.event.shown, to: 60)) \(question.criterion == .on ? "in that very \(unit)" : "in that \(unit) or later")",
      question.mode == .calendar ? "calendar \(unit)s" : "\(unit)s of elapsed time from each start",
      question.cohorts == .recurring
        ? "a subject is in every cohort in which it started" : "a subject is in the cohort of its first start only",
      "the average weighs cohorts by size and takes complete cells only",
    ]
    let open = answer.cohorts.flatMap { cohort in
      cohort.counts.indices.filter {
        $0 >= cohort.complete && cohort.counts[$0] != nil && cohort.completeAt.indices.contains($0) && cohort.size > 0
      }
      .map { cohort.completeAt[$0] }
    }
    if let first = open.min(), let latest = open.max() {
      explanation.append(
        first == latest
          ? "* not complete before \(visit.time.minute(first))"
          : "* not complete yet: the first of these cells on \(visit.time.minute(first)), the last on \(visit.time.minute(latest)); each says its own"
      )
    }
    return ReportView(
      title: title, subtitle: "Share of those who start \(form.range.during), by \(unit)", chart: chart.drawing(),
      table: curve(answer, unit, finding),
      explanation: explanation, isEmpty: total == 0)
  }

  /// The weighted average as a line, which is what the triangle says at a glance.
  private static func curve(_ report: RetentionReport, _ unit: String, _ finding: String) -> HTML {
    // Period 0 is everybody: with it on the axis, the rest would lie flat on the ground.
    guard report.average.dropFirst().count(where: { $0 != nil }) > 1 else { return HTML() }
    let labels = report.average.indices.dropFirst().map { "\(unit.withInitial) \($0)" }
    let chart = LineChart(
      lines: [LineChart.Line(name: "Weighted average", values: report.average.dropFirst().map { $0.map { $0 * 100 } })],
      shortLabels: labels,
      longLabels: labels,
      firstIncomplete: labels.count, noun: "% of the cohort", finding: finding)
    return """
      <section class="panel"><h2>Weighted average</h2><p class="sub">Per cent of the cohort that came back, by \(unit) after the start</p>\(chart.drawing())\
      <p class="note">Complete cells only; its figures stand in the first row of the table above.</p></section>
      """
  }

  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]] {
    guard case .retention(let question) = query, case .retention(let answer) = report.content else { return [] }
    var rows = [["cohort", "size", "period", "retained", "share", "complete", "complete_at"]]
    for cohort in answer.cohorts {
      for period in 0...question.periods {
        guard cohort.counts.indices.contains(period), let count = cohort.counts[period] else { continue }
        rows.append([
          LocalTime.iso(cohort.start), String(cohort.size), String(period), String(count),
          CSV.number(cohort.size > 0 ? Double(count) / Double(cohort.size) : nil), period < cohort.complete ? "yes" : "no",
          cohort.completeAt.indices.contains(period) ? LocalTime.iso(cohort.completeAt[period]) : "",
        ])
      }
    }
    return rows
  }
}
