import Events
import Journeys
import Web

/// "How many Sign-ups a day?"
enum InsightsPage: ReportPage {
  typealias Form = InsightsForm
  static let introduction = "How often things happen, and for how many."
  static let teaching = "A line shows when something began to grow, or broke; split it by a property to see where."

  static func sentence(_ form: InsightsForm, _ builder: Builder) -> HTML {
    let lines = form.series.enumerated().map { index, series -> HTML in
      let prefix = "s\(index)"
      let measure = Builder.select(
        "\(prefix).m", "What to count", InsightsForm.Series.Measure.allCases.map { ($0.rawValue, $0.words) },
        chosen: series.measure.rawValue)
      let property: HTML = series.measure.takesProperty ? " \(Builder.property("\(prefix).p", series.property, label: "Property"))" : ""
      let fraction: HTML =
        series.measure == .percentile
        ? " <span class=\"soft\">at</span> <input type=\"text\" name=\"\(value: "\(prefix).q")\" value=\"\(value: PercentText.text(series.fraction))\" size=\"4\" aria-label=\"Percentile\" inputmode=\"decimal\"> %"
        : ""
      let word = series.measure == .unique ? "who did" : "of"
      let drop: HTML =
        form.series.count > 1 ? Builder.command("drop:\(index)", "×", label: "Remove line \(InsightsForm.letter(index))") : ""
      return """
        <li>\(form.series.count > 1 ? "<span class=\"letter\">\(InsightsForm.letter(index))</span>" as HTML : HTML())\(measure)\(property)\(fraction) <span class="soft">\(word)</span> \
        \(builder.event(prefix, series.selector.event, label: "Event of line \(InsightsForm.letter(index))")) \(Builder.addCondition(prefix)) \(drop)\
        \(builder.filter(series.selector.filter, prefix: prefix))</li>
        """
    }
    let unit = Builder.select("unit", "Unit of time", BucketUnit.allCases.map { ($0.rawValue, $0.rawValue) }, chosen: form.unit.rawValue)
    return """
      <ol>\(lines)</ol><div>\(form.series.count < QueryLimits.series ? Builder.command("grow", "+ line") : HTML()) <span class="soft">per</span> \(unit) \
      \(builder.breakdown(form.breakdown))\(comparison(form))\(nextUnit(form))</div>
      """
  }

  /// Offered where it says something: the same lines of the time before.
  private static func comparison(_ form: InsightsForm) -> HTML {
    guard form.canCompare else { return HTML() }
    var other = form
    other.isCompared.toggle()
    let field: HTML = form.isCompared ? "<input type=\"hidden\" name=\"compare\" value=\"before\">" : ""
    return """
      \(field) <span class="ranges"><a href="\(other.address)" data-key="x" title="The same length of time before (X)"\(form.isCompared ? " aria-current=\"true\"" as HTML : "")>\
      compare with before</a></span>
      """
  }

  /// What the key I does: hours, days, weeks, months in turn.
  private static func nextUnit(_ form: InsightsForm) -> HTML {
    let all = BucketUnit.allCases
    var other = form
    other.unit = all[((all.firstIndex(of: form.unit) ?? 0) + 1) % all.count]
    return
      "<a href=\"\(other.address)\" data-key=\"i\" class=\"unseen\" tabindex=\"-1\" aria-hidden=\"true\">per \(other.unit.rawValue)</a>"
  }

  static func options(_ form: InsightsForm, _ builder: Builder) -> HTML {
    "<div>Only events \(form.filter.isEmpty ? Builder.addCondition("f", "with a property…") : HTML())\(builder.filter(form.filter, prefix: "f"))\(form.filter.isEmpty ? HTML() : Builder.addCondition("f"))</div>"
  }

  /// Whole conditions stand as chips above the chart.
  static func hasOptions(_ form: InsightsForm) -> Bool { form.filter.conditions.contains(where: \.isDraft) }

  static func name(of series: InsightsQuery.Series) -> String { "\(measureName(series)): \(SelectorForm(series.selector).words)" }

  static func measureName(_ series: InsightsQuery.Series) -> String {
    switch series.measure {
    case .total: "Events"
    case .unique: "Subjects"
    case .averagePerSubject: "Events per subject"
    case .sum(let property): "Sum of \(property.name)"
    case .average(let property): "Average \(property.name)"
    case .minimum(let property): "Minimum \(property.name)"
    case .maximum(let property): "Maximum \(property.name)"
    case .percentile(let property, 0.5): "Median \(property.name)"
    case .percentile(let property, let fraction): "\(PercentText.ordinal(fraction)) percentile of \(property.name)"
    }
  }

  static func name(of line: InsightsReport.Line, _ query: InsightsQuery) -> String {
    let series = query.series.indices.contains(line.series) ? query.series[line.series] : nil
    let base = series.map(name(of:)) ?? ""
    if query.breakdown == nil || line.group == .everything { return base }
    let group = ValueView.group(line.group)
    return query.series.count > 1 ? "\(InsightsForm.letter(line.series)) · \(group)" : group
  }

  static func label(_ instant: Timestamp, _ unit: BucketUnit, _ time: LocalTime, isLong: Bool) -> String {
    switch unit {
    case .hour: isLong ? time.minute(instant) : time.parts(instant).hour == 0 ? time.shortDay(instant) : time.hour(instant)
    case .day: isLong ? time.day(instant) : time.shortDay(instant)
    case .week: isLong ? "Week of \(time.day(instant))" : time.shortDay(instant)
    case .month: time.month(instant)
    }
  }

  static func before(_ form: InsightsForm) -> InsightsForm? {
    guard form.isCompared, form.canCompare else { return nil }
    // By whole weeks where there is one: a Sunday is compared with a Sunday.
    let days = max(1, form.range.days)
    var other = form
    other.range = form.range.moved(byDays: days < 7 || form.unit == .month ? -days : -(days + 6) / 7 * 7)
    return other
  }

  static func view(_ form: InsightsForm, _ query: Query, _ report: Report, before: Report?, _ visit: Visit) -> ReportView {
    guard case .insights(let question) = query, case .insights(let answer) = report.content else {
      return ReportView(title: "", subtitle: "", chart: "", table: "", explanation: [], isEmpty: true)
    }
    var earlier: InsightsReport?
    if case .insights(let report)? = before?.content { earlier = report }
    return InsightsView(form: form, query: query, question: question, answer: answer, before: earlier, visit: visit).view()
  }

  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]] {
    guard case .insights(let question) = query, case .insights(let answer) = report.content else { return [] }
    var rows = [[question.unit.rawValue, "complete"] + answer.lines.map { name(of: $0, question) }]
    for (index, bucket) in answer.buckets.enumerated() {
      rows.append(
        [LocalTime.iso(bucket), index < answer.firstIncomplete ? "yes" : "no"]
          + answer.lines.map { CSV.number($0.values.indices.contains(index) ? $0.values[index] : nil) })
    }
    rows.append(["whole range", ""] + answer.lines.map { CSV.number($0.overall) })
    return rows
  }
}
