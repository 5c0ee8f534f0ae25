import Events
import Journeys
import Web

/// "How many Sign-ups a day?"
enum InsightsPage: ReportPage {
  typealias Form = InsightsForm
  static let introduction = "How often things happen, and for how many."
  static let teaching = "A line shows when something began to grow, or broke; split it by a property to see where."

  static func sentence(_ form: InsightsForm, _ builder: Builder) -> HTML {
    let lines = form.series.enumerated().map { line($1, $0, form, builder) }
    let unit = Builder.select("unit", "Unit of time", BucketUnit.allCases.map { ($0.rawValue, $0.rawValue) }, chosen: form.unit.rawValue)
    let grow = form.series.count < QueryLimits.series ? Builder.command("grow", "+ line") : HTML()
    let compute = form.formulas.count < QueryLimits.formulas ? Builder.command("formula", "+ formula") : HTML()
    return """
      <ol>\(lines)</ol>\(formulas(form))<div>\(grow) \(compute) <span class="soft">per</span> \(unit) \(builder.breakdown(form.breakdown))\(bins(form))\
      \(comparison(form))\(nextUnit(form))</div>
      """
  }

  private static func line(_ series: InsightsSeriesForm, _ index: Int, _ form: InsightsForm, _ builder: Builder) -> HTML {
    let prefix = "s\(index)"
    let letter = InsightsForm.letter(index)
    let measure = Builder.select(
      "\(prefix).m", "What to count", InsightsSeriesForm.Measure.allCases.map { ($0.rawValue, $0.words) }, chosen: series.measure.rawValue)
    let property: HTML = series.measure.takesProperty ? " \(Builder.property("\(prefix).p", series.property, label: "Property"))" : ""
    let fraction: HTML =
      series.measure == .percentile ? " <span class=\"soft\">at</span> \(percent("\(prefix).q", series.fraction))" : ""
    let days: HTML =
      series.measure == .active
      ? " <span class=\"soft\">of</span> \(Builder.number("\(prefix).d", "Days up to each day", series.days, QueryLimits.activeDays)) <span class=\"soft\">\(series.days == 1 ? "day" : "days")</span>"
      : ""
    let word = series.measure == .unique || series.measure == .active ? "who did" : "of"
    let drop: HTML = form.series.count > 1 ? Builder.command("drop:\(index)", "×", label: "Remove line \(letter)") : ""
    let isLettered = form.series.count > 1 || !form.formulas.isEmpty
    return """
      <li>\(isLettered ? "<span class=\"letter\">\(letter)</span>" as HTML : HTML())\(measure)\(property)\(fraction)\(days) <span class="soft">\(word)</span> \
      \(builder.event(prefix, series.selector.event, label: "Event of line \(letter)")) \(Builder.addCondition(prefix)) \(drop)\
      \(builder.filter(series.selector.filter, prefix: prefix))</li>
      """
  }

  static func percent(_ name: String, _ fraction: Double) -> HTML {
    "<input type=\"text\" name=\"\(value: name)\" value=\"\(value: PercentText.text(fraction))\" size=\"4\" aria-label=\"Percentile\" inputmode=\"decimal\"> %"
  }

  private static func formulas(_ form: InsightsForm) -> HTML {
    form.formulas.enumerated().map { index, formula -> HTML in
      """
      <div class="where"><span class="soft">computed</span> <input type="text" class="wide" name="\(value: "x\(index)")" value="\(value: formula.expression)" placeholder="100 * A / B" aria-label="Formula over the lines' letters" autocomplete="off" spellcheck="false"> \
      <span class="soft">named</span> <input type="text" name="\(value: "x\(index).n")" value="\(value: formula.name)" placeholder="name" aria-label="Name of the formula" autocomplete="off"> \
      \(Builder.command("unformula:\(index)", "×", label: "Remove this formula"))</div>
      """
    }.joined()
  }

  private static func bins(_ form: InsightsForm) -> HTML {
    guard !form.breakdown.property.isEmpty else { return HTML() }
    let equal: HTML =
      form.breakdown.edges.isEmpty
      ? ", <span class=\"soft\">or</span> <input type=\"number\" name=\"equal\" value=\"\(form.breakdown.equalBins)\" min=\"0\" max=\"\(QueryLimits.bins)\" aria-label=\"Number of bins of about equal size, 0 for none\"> <span class=\"soft\">equal bins</span>"
      : ""
    return """
      <span class="soft">, numbers cut at</span> <input type="text" class="values" name="bins" value="\(value: form.breakdown.edges)" placeholder="10, 100" aria-label="Numbers at which bins are cut" autocomplete="off">\(equal)
      """
  }

  /// The same lines of the time before.
  private static func comparison(_ form: InsightsForm) -> HTML {
    var other = form
    other.comparison = form.comparison == nil ? .before : nil
    let kept = form.comparison == nil ? nil : form.parameters.last { $0.name == "compare" }?.value
    let field: HTML = kept.map { "<input type=\"hidden\" name=\"compare\" value=\"\(value: $0)\">" } ?? ""
    return """
      \(field) <span class="ranges"><a href="\(other.address)" data-key="x" title="The same length of time before (X)"\(form.comparison == nil ? HTML() : " aria-current=\"true\"" as HTML)>\
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
    let lines = form.series.enumerated().map { index, series -> HTML in
      let prefix = "s\(index)"
      let first = Builder.select(
        "\(prefix).first", "Which of a subject's events",
        [("", "every time"), ("ever", "only the first time ever"), ("matching", "only the first time that fits")],
        chosen: series.first?.rawValue ?? "")
      let over: HTML =
        series.measure.takesSubjects
        ? ", <span class=\"soft\">taken</span> \(Builder.select("\(prefix).over", "Over what", InsightsSeriesForm.Over.allCases.map { ($0.rawValue, $0.words) }, chosen: series.over.rawValue))"
        : ""
      let fraction: HTML =
        series.over == .percentile ? " <span class=\"soft\">at</span> \(percent("\(prefix).oq", series.overFraction))" : ""
      let name = form.series.count > 1 ? "Line \(InsightsForm.letter(index)) counts" : "The line counts"
      return "<div><span class=\"soft\">\(name)</span> \(first)\(over)\(fraction)</div>"
    }
    return """
      \(lines)<div>Only events \(form.filter.isEmpty ? Builder.addCondition("f", "with a property…") : HTML())\(builder.filter(form.filter, prefix: "f"))\
      \(form.filter.isEmpty ? HTML() : Builder.addCondition("f"))</div>
      """
  }

  /// Whole conditions stand as chips above the chart.
  static func hasOptions(_ form: InsightsForm) -> Bool {
    form.filter.conditions.contains(where: \.isDraft) || form.series.contains(where: \.hasOptions)
  }

  static func name(of series: InsightsQuery.Series) -> String {
    let first: String
    switch series.first {
    case nil: first = ""
    case .ever: first = ", first time ever"
    case .matching: first = ", first time"
    }
    return "\(measureName(series)): \(SelectorForm(series.selector).words)\(first)"
  }

  static func measureName(_ series: InsightsQuery.Series) -> String {
    switch series.measure {
    case .perSubject(let within, let over):
      let inner = measureName(.init(selector: series.selector, measure: within.measure))
      return "\(inner) within each subject, \(words(over))"
    default: return words(series.measure)
    }
  }

  private static func words(_ over: InsightsQuery.OverSubjects) -> String {
    switch over {
    case .sum: "summed"
    case .average: "average"
    case .minimum: "smallest"
    case .maximum: "largest"
    case .percentile(0.5): "median"
    case .percentile(let fraction): "\(PercentText.ordinal(fraction)) percentile"
    }
  }

  private static func words(_ measure: InsightsQuery.Measure) -> String {
    switch measure {
    case .total, .perSubject: "Events"
    case .unique: "Subjects"
    case .active(1): "Daily active subjects"
    case .active(7): "Weekly active subjects"
    case .active(30): "Monthly active subjects"
    case .active(let days): "Subjects active in \(days) days"
    case .averagePerSubject: "Events per subject"
    case .sum(let property): "Sum of \(property.name)"
    case .average(let property): "Average \(property.name)"
    case .minimum(let property): "Minimum \(property.name)"
    case .maximum(let property): "Maximum \(property.name)"
    case .percentile(let property, 0.5): "Median \(property.name)"
    case .percentile(let property, let fraction): "\(PercentText.ordinal(fraction)) percentile of \(property.name)"
    case .distinct(let property): "Different values of \(property.name)"
    }
  }

  static func name(of formula: Formula) -> String { formula.name.isEmpty ? formula.expression.text : formula.name }

  /// Lines that stand behind the series' are those of formulas (`InsightsReport.allLines`).
  static func name(of line: InsightsReport.Line, _ query: InsightsQuery) -> String {
    let formula = line.series - query.series.count
    let base =
      query.formulas.indices.contains(formula)
      ? name(of: query.formulas[formula]) : query.series.indices.contains(line.series) ? name(of: query.series[line.series]) : ""
    if query.breakdown == nil || line.group == .everything { return base }
    let group = ValueView.group(line.group, query.breakdown)
    if query.formulas.indices.contains(formula) { return "\(base) · \(group)" }
    return query.series.count > 1 || !query.formulas.isEmpty ? "\(InsightsForm.letter(line.series)) · \(group)" : group
  }

  static func label(_ instant: Timestamp, _ unit: BucketUnit, _ time: LocalTime, isLong: Bool) -> String {
    switch unit {
    case .hour: isLong ? time.minute(instant) : time.parts(instant).hour == 0 ? time.shortDay(instant) : time.hour(instant)
    case .day: isLong ? time.day(instant) : time.shortDay(instant)
    case .week: isLong ? "Week of \(time.day(instant))" : time.shortDay(instant)
    case .month: time.month(instant)
    }
  }

  static func view(_ form: InsightsForm, _ query: Query, _ report: Report, _ visit: Visit) -> ReportView {
    guard case .insights(let question) = query, case .insights(let answer) = report.content else {
      return ReportView(title: "", subtitle: "", chart: "", table: "", explanation: [], isEmpty: true)
    }
    return InsightsView(form: form, query: query, question: question, answer: answer, visit: visit).view()
  }

  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]] {
    guard case .insights(let question) = query, case .insights(let answer) = report.content else { return [] }
    let lines = answer.allLines(question)
    let before = answer.compared?.allLines(question) ?? []
    let count = max(answer.buckets.count, answer.compared?.buckets.count ?? 0)
    func at(_ line: InsightsReport.Line, _ bucket: Int) -> String {
      CSV.number(line.values.indices.contains(bucket) ? line.values[bucket] : nil)
    }
    func start(_ buckets: [Timestamp], _ index: Int) -> String { buckets.indices.contains(index) ? LocalTime.iso(buckets[index]) : "" }
    var rows = [
      [question.unit.rawValue, "complete"] + lines.map { name(of: $0, question) }
        + (answer.compared == nil ? [] : ["compared_\(question.unit.rawValue)"]) + before.map { "before: \(name(of: $0, question))" }
    ]
    for index in 0..<count {
      rows.append(
        [start(answer.buckets, index), index < answer.firstIncomplete ? "yes" : "no"] + lines.map { at($0, index) }
          + (answer.compared.map { [start($0.buckets, index)] } ?? []) + before.map { at($0, index) })
    }
    rows.append(
      ["whole range", ""] + lines.map { CSV.number($0.overall) } + (answer.compared == nil ? [] : [""])
        + before.map { CSV.number($0.overall) })
    return rows
  }
}

extension InsightsReport {
  /// The lines of the series, then those of the formulas, numbered on behind the series.
  func allLines(_ query: InsightsQuery) -> [Line] { lines + Self.lines(formulas, query) }

  fileprivate static func lines(_ formulas: [FormulaLine], _ query: InsightsQuery) -> [Line] {
    formulas.map { Line(series: query.series.count + $0.formula, group: $0.group, values: $0.values, overall: $0.overall) }
  }
}

extension InsightsReport.Compared {
  func allLines(_ query: InsightsQuery) -> [InsightsReport.Line] { lines + InsightsReport.lines(formulas, query) }
}
