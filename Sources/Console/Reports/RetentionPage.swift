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
      [
        ("on", "in that very \(form.unit.rawValue)"), ("on_or_after", "in that \(form.unit.rawValue) or later"),
        ("on_or_before", "in that \(form.unit.rawValue) or earlier"), ("consecutive", "in that \(form.unit.rawValue) and all before it"),
        ("frequency", "in as many different \(form.unit.rawValue)s"),
      ],
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
    let base = Builder.select(
      "base", "What the curve is a share of", [("cohort", "the cohort"), ("previous", "the period before")], chosen: form.base.rawValue)
    let brackets: HTML =
      "<input type=\"text\" class=\"values\" name=\"br\" value=\"\(value: form.brackets)\" placeholder=\"1, 2-7, 8-30\" aria-label=\"Periods taken together\" autocomplete=\"off\" spellcheck=\"false\">"
    return """
      <div>Periods are \(mode), taken together as \(brackets); people count \(cohorts)</div>\
      <div>The curve is a share of \(base), \(builder.breakdown(form.breakdown)) <span class="soft">(its value at the start)</span></div><div>Only events \(form.filter.isEmpty ? Builder.addCondition("f", "with a property…") : HTML())\
      \(builder.filter(form.filter, prefix: "f"))\(form.filter.isEmpty ? HTML() : Builder.addCondition("f"))</div>
      """
  }

  static func hasOptions(_ form: RetentionForm) -> Bool {
    form.mode != .calendar || form.cohorts != .recurring || form.base != .cohort || !form.brackets.isEmpty
      || !form.breakdown.isEmpty || form.filter.conditions.contains(where: \.isDraft)
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
    let names = columnNames(question)
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
    let after = answer.average.indices.dropFirst().first { answer.average[$0] != nil }
    let last = answer.average.lastIndex { $0 != nil }
    var finding = "Retention of \(NumberFormat.count(answer.cohorts.count, "cohort")), \(NumberFormat.count(total, "subject"))."
    var title = "Who comes back to do \(VisibleText.shortened(form.return.event.shown, to: 60))"
    if let after, let share = answer.average[after] {
      let word = question.criterion == .frequency ? "in at least" : question.unit == .day && question.brackets.isEmpty ? "on" : "in"
      finding += " On average \(NumberFormat.percent(share)) come back \(word) \(names[after])"
      title = "\(NumberFormat.percent(share)) come back \(word) \(names[after])"
      if let last, last > after, let end = answer.average[last] {
        finding += ", \(NumberFormat.percent(end)) \(word) \(names[last])"
        title += ", \(NumberFormat.percent(end)) \(word) \(names[last])"
      }
      finding += "."
    }
    let chart = RetentionTable(rows: rows, periods: names.map(\.withInitial), average: answer.average, caption: finding)
    var explanation = [
      "share of the cohort that did \(VisibleText.shortened(form.return.event.shown, to: 60)) \(words(question.criterion, unit))",
      question.mode == .calendar ? "calendar \(unit)s" : "\(unit)s of elapsed time from each start",
      question.cohorts == .recurring
        ? "a subject is in every cohort in which it started" : "a subject is in the cohort of its first start only",
      question.base == .cohort
        ? "the average weighs cohorts by size and takes complete cells only"
        : "the average is a share of those of the column before, over complete cells only",
    ]
    if question.criterion == .onOrAfter || question.criterion == .frequency {
      explanation.append("looked at events until \(visit.time.minute(answer.lookedUntil))")
    }
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
      table: "\(curve(answer, question, names, finding))\(segments(query, question, answer, names, visit))",
      explanation: explanation, isEmpty: total == 0)
  }

  /// What each column is called: `week 0`, `weeks 2 to 7`, and where it counts how often, `2 weeks`.
  static func columnNames(_ query: RetentionQuery) -> [String] {
    let unit = query.unit.rawValue
    return query.columns.enumerated().map { index, periods in
      if query.criterion == .frequency, index > 0 { return NumberFormat.count(index, query.brackets.isEmpty ? unit : "bracket") }
      return periods.count == 1 ? "\(unit) \(periods.lowerBound)" : "\(unit)s \(periods.lowerBound) to \(periods.upperBound)"
    }
  }

  private static func words(_ criterion: RetentionQuery.Criterion, _ unit: String) -> String {
    switch criterion {
    case .on: "in that very \(unit)"
    case .onOrAfter: "in that \(unit) or later"
    case .onOrBefore: "in that \(unit) or earlier, not the first"
    case .consecutive: "in that \(unit) and every one before it"
    case .frequency: "in at least as many different \(unit)s after the first"
    }
  }

  /// The curve as a line, which is what the triangle says at a glance; with segments, a line for each of the largest.
  private static func curve(_ report: RetentionReport, _ question: RetentionQuery, _ names: [String], _ finding: String) -> HTML {
    // Column 0 is everybody: with it on the axis, the rest would lie flat on the ground.
    guard report.average.dropFirst().count(where: { $0 != nil }) > 1 else { return HTML() }
    func line(_ name: String, _ average: [Double?], isOther: Bool = false) -> LineChart.Line {
      LineChart.Line(name: name, isOther: isOther, values: average.dropFirst().map { $0.map { $0 * 100 } })
    }
    let labels = names.dropFirst().map(\.withInitial)
    let lines =
      [line("Weighted average", report.average)]
      + report.segments.prefix(mostLines).map {
        line(ValueView.group($0.group, question.breakdown), $0.average, isOther: $0.group == .other)
      }
    let noun = question.base == .cohort ? "% of the cohort" : "% of those of the column before"
    let chart = LineChart(
      lines: lines, shortLabels: labels, longLabels: labels, firstIncomplete: labels.count, noun: noun, finding: finding)
    let note =
      report.segments.count > mostLines
      ? "The \(mostLines) largest groups are drawn, the table has all. Complete cells only."
      : "Complete cells only; the average's figures stand in the first row of the table above."
    return """
      <section class="panel"><h2>Weighted average</h2><p class="sub">\(question.base == .cohort ? "Per cent of the cohort that came back" : "Per cent of those retained in the column before"), by \(question.unit.rawValue) after the start</p>\(chart.drawing())\
      <p class="note">\(note)</p></section>
      """
  }

  private static let mostLines = 7

  /// Each group's size and curve; the group's name narrows the page to it.
  private static func segments(
    _ query: Query, _ question: RetentionQuery, _ answer: RetentionReport, _ names: [String], _ visit: Visit
  ) -> HTML {
    guard let breakdown = question.breakdown, !answer.segments.isEmpty else { return HTML() }
    let heads = names.map { "<th scope=\"col\" class=\"num\">\($0.withInitial)</th>" as HTML }
    let rows = answer.segments.map { segment -> HTML in
      let size = segment.cohorts.reduce(0) { $0 + $1.size }
      let cells = segment.average.map { share -> HTML in
        "<td class=\"num\">\(share.map { NumberFormat.percent($0) } ?? "–")</td>"
      }
      // The largest cohort's doors stand on its size: a sum over cohorts counts no subjects.
      let largest = segment.cohorts.indices.max { segment.cohorts[$0].size < segment.cohorts[$1].size }
      let door: HTML =
        largest.map { index in
          let cohort = segment.cohorts[index]
          let figure = DoorAddress.figure(cohort.size, query, .retention(group: segment.group, cohort: index, period: nil))
          return "\(figure) <span class=\"soft\">\(cohortName(cohort.start, question.unit, visit.time))</span>"
        } ?? HTML()
      return """
        <tr><th scope="row">\(ValueView.name(ValueView.group(segment.group, breakdown)))</th><td class="num">\(NumberFormat.exact(size))</td><td>\(door)</td>\(cells)</tr>
        """
    }
    return """
      <section class="panel"><h2>By \(breakdown.words)</h2><p class="sub">The value at the start; sizes are summed over cohorts, in each of which a subject counts once</p>\
      <div class="scroll"><table class="wide"><thead><tr><th scope="col">Group</th><th scope="col" class="num">Size</th>\
      <th scope="col">Largest cohort</th>\(heads)</tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]] {
    guard case .retention(let question) = query, case .retention(let answer) = report.content else { return [] }
    let columns = question.columns
    var rows = [["group", "cohort", "size", "period", "retained", "share", "complete", "complete_at"]]
    let groups = [(ReportGroup.everything, answer.cohorts)] + answer.segments.map { ($0.group, $0.cohorts) }
    for (group, cohorts) in groups {
      for cohort in cohorts {
        for (column, periods) in columns.enumerated() {
          guard cohort.counts.indices.contains(column), let count = cohort.counts[column] else { continue }
          rows.append([
            ValueView.group(group, question.breakdown), LocalTime.iso(cohort.start), String(cohort.size),
            periods.count == 1 ? String(periods.lowerBound) : "\(periods.lowerBound)-\(periods.upperBound)", String(count),
            CSV.number(cohort.size > 0 ? Double(count) / Double(cohort.size) : nil), column < cohort.complete ? "yes" : "no",
            cohort.completeAt.indices.contains(column) ? LocalTime.iso(cohort.completeAt[column]) : "",
          ])
        }
      }
    }
    return rows
  }
}
