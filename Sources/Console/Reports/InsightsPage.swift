import Events
import Journeys
import Web

/// "How many Sign-ups a day?"
enum InsightsPage: ReportPage {
  typealias Form = InsightsForm
  static let introduction = "How often things happen, and for how many."

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
        <li><span class="letter">\(form.series.count > 1 ? InsightsForm.letter(index) : "")</span>\(measure)\(property)\(fraction) <span class="soft">\(word)</span> \
        \(builder.event(prefix, series.selector.event, label: "Event of line \(InsightsForm.letter(index))")) \(Builder.addCondition(prefix)) \(drop)\
        \(builder.filter(series.selector.filter, prefix: prefix))</li>
        """
    }
    let unit = Builder.select("unit", "Unit of time", BucketUnit.allCases.map { ($0.rawValue, $0.rawValue) }, chosen: form.unit.rawValue)
    return """
      <ol>\(lines)</ol><div>\(form.series.count < QueryLimits.series ? Builder.command("grow", "+ line") : HTML()) <span class="soft">per</span> \(unit), \
      \(builder.breakdown(form.breakdown))</div>
      """
  }

  static func options(_ form: InsightsForm, _ builder: Builder) -> HTML {
    "<div>Only events \(form.filter.isEmpty ? Builder.addCondition("f", "with a property…") : HTML())\(builder.filter(form.filter, prefix: "f"))\(form.filter.isEmpty ? HTML() : Builder.addCondition("f"))</div>"
  }

  static func hasOptions(_ form: InsightsForm) -> Bool { !form.filter.isEmpty }

  static func name(of series: InsightsQuery.Series) -> String {
    let event = series.selector.event ?? "any event"
    let suffix = series.selector.filter == nil ? "" : " (filtered)"
    let what: String
    switch series.measure {
    case .total: what = "Events"
    case .unique: what = "Subjects"
    case .averagePerSubject: what = "Events per subject"
    case .sum(let property): what = "Sum of \(property.name)"
    case .average(let property): what = "Average \(property.name)"
    case .minimum(let property): what = "Minimum \(property.name)"
    case .maximum(let property): what = "Maximum \(property.name)"
    case .percentile(let property, let fraction): what = "\(PercentText.text(fraction))% percentile of \(property.name)"
    }
    return "\(what): \(event)\(suffix)"
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

  static func view(_ form: InsightsForm, _ query: Query, _ report: Report, _ visit: Visit) -> ReportView {
    guard case .insights(let question) = query, case .insights(let answer) = report.content else {
      return ReportView(title: "", subtitle: "", chart: "", table: "", explanation: [], isEmpty: true)
    }
    let names = answer.lines.map { name(of: $0, question) }
    let long = answer.buckets.map { label($0, question.unit, visit.time, isLong: true) }
    let noun = nouns(question)
    let lines = zip(answer.lines, names).map { line, name -> LineChart.Line in
      let isUnique = question.series.indices.contains(line.series) && question.series[line.series].measure == .unique
      let doors: [Address?] =
        isUnique && line.group != .other && answer.buckets.count <= 62
        ? line.values.indices.map { bucket in
          (line.values[bucket] ?? 0) > 0
            ? DoorAddress.address(query, .insights(series: line.series, group: line.group, bucket: bucket)) : nil
        } : []
      return LineChart.Line(name: name, isOther: line.group == .other, values: line.values, doors: doors)
    }
    let finding = finding(answer, names, long, noun)
    let chart = LineChart(
      lines: lines, shortLabels: answer.buckets.map { label($0, question.unit, visit.time, isLong: false) }, longLabels: long,
      firstIncomplete: answer.firstIncomplete, noun: noun, finding: finding)
    let title =
      names.count == 1
      ? names[0]
      : question.breakdown.map {
        "\(question.series.count == 1 ? name(of: question.series[0]) : "\(question.series.count) lines") by \($0.property.name)"
      } ?? (names.count <= 3 ? names.joined(separator: " · ") : "\(names.count) lines")
    var explanation = ["per \(question.unit.rawValue)", noun]
    if answer.firstIncomplete < answer.buckets.count { explanation.append("dashed and hollow: not complete yet") }
    if answer.lines.contains(where: { question.series.indices.contains($0.series) && question.series[$0.series].measure == .unique }) {
      explanation.append("a subject counts once in each \(question.unit.rawValue) and once in the whole range")
    }
    return ReportView(
      title: title, subtitle: "\(noun.prefix(1).uppercased() + noun.dropFirst()) per \(question.unit.rawValue), \(form.range.words)",
      chart: chart.drawing(), table: table(query, question, answer, names, long), explanation: explanation,
      isEmpty: answer.lines.allSatisfy { $0.values.allSatisfy { ($0 ?? 0) == 0 } })
  }

  private static func nouns(_ query: InsightsQuery) -> String {
    let all = Set(
      query.series.map { series -> String in
        switch series.measure {
        case .total: "events"
        case .unique: "subjects"
        case .averagePerSubject: "events per subject"
        case .sum(let property), .average(let property), .minimum(let property), .maximum(let property), .percentile(let property, _):
          property.name
        }
      })
    return all.count == 1 ? all.first ?? "" : all == ["events", "subjects"] ? "events or subjects" : "values"
  }

  private static func finding(_ report: InsightsReport, _ names: [String], _ labels: [String], _ noun: String) -> String {
    guard let line = report.lines.first, let name = names.first else { return "A line chart without any line." }
    let known = line.values.enumerated().compactMap { index, value in value.map { (index, $0) } }
    guard let highest = known.max(by: { $0.1 < $1.1 }), let first = known.first,
      let last = known.last(where: { $0.0 < report.firstIncomplete }) ?? known.last
    else { return "\(name) has no value in this range." }
    let others = names.count > 1 ? " One of \(names.count) lines; the table below has all." : ""
    return """
      Line chart. \(name): \(NumberFormat.exact(first.1)) on \(labels[first.0]), \(NumberFormat.exact(last.1)) on \(labels[last.0]), \
      highest \(NumberFormat.exact(highest.1)) on \(labels[highest.0]).\(others)
      """
  }

  private static func table(_ query: Query, _ question: InsightsQuery, _ report: InsightsReport, _ names: [String], _ labels: [String])
    -> HTML
  {
    func cell(_ line: InsightsReport.Line, _ value: Double?, _ bucket: Int?) -> HTML {
      guard let value else { return "<span class=\"reason\">–</span>" }
      let isUnique = question.series.indices.contains(line.series) && question.series[line.series].measure == .unique
      guard isUnique, line.group != .other, value > 0 else { return "\(NumberFormat.exact(value))" }
      return DoorAddress.figure(Int(value), query, .insights(series: line.series, group: line.group, bucket: bucket))
    }
    let heads = names.map { "<th scope=\"col\" class=\"num\">\(ValueView.name($0))</th>" as HTML }
    let overall = report.lines.map { "<td class=\"num\"><b>\(cell($0, $0.overall, nil))</b></td>" as HTML }
    let most = 400
    let rows = report.buckets.indices.suffix(most).reversed().map { bucket -> HTML in
      let mark = bucket >= report.firstIncomplete ? " <span class=\"reason\">not complete</span>" as HTML : ""
      return """
        <tr><th scope="row" class="nowrap">\(labels[bucket])\(mark)</th>\(report.lines.map { "<td class=\"num\">\(cell($0, $0.values.indices.contains(bucket) ? $0.values[bucket] : nil, bucket))</td>" as HTML })</tr>
        """
    }
    let cut: HTML =
      report.buckets.count > most
      ? "<p class=\"note\">The newest \(most) of \(NumberFormat.exact(report.buckets.count)) rows; the CSV has all.</p>" : ""
    return """
      <section class="panel"><h2>Figures</h2><div class="scroll"><table><thead><tr><th scope="col">\(question.unit.rawValue.withInitial)</th>\(heads)</tr></thead>\
      <tbody><tr><th scope="row" class="nowrap"><b>Whole range</b></th>\(overall)</tr>\(Array(rows))</tbody></table></div>\(cut)</section>
      """
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
