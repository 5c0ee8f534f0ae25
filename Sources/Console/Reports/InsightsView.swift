import Events
import Journeys
import Web

/// What the insights page shows of an answer: one chart for each unit, since values of different units share no axis, and one table.
struct InsightsView {
  let form: InsightsForm
  let query: Query
  let question: InsightsQuery
  let answer: InsightsReport
  let visit: Visit
  /// The series' lines, then the formulas'.
  private let lines: [InsightsReport.Line]
  /// The same lines of the time that is compared with; nil where none is.
  private let before: [InsightsReport.Line]?

  init(form: InsightsForm, query: Query, question: InsightsQuery, answer: InsightsReport, visit: Visit) {
    self.form = form
    self.query = query
    self.question = question
    self.answer = answer
    self.visit = visit
    lines = answer.allLines(question)
    before = answer.compared?.allLines(question)
  }

  /// A drawing of more lines is a tangle; the table has all of them.
  static let drawnLines = 12
  static let comparedLines = 6
  private static let rowLimit = 400

  private var unit: String { question.unit.rawValue }

  func view() -> ReportView {
    let units = self.units
    let long = answer.buckets.map { InsightsPage.label($0, question.unit, visit.time, isLong: true) }
    let charts = units.map { chart($0, long, isAlone: units.count == 1) }
    let names = question.series.map(InsightsPage.name(of:)) + question.formulas.map(InsightsPage.name(of:))
    let title =
      question.breakdown.map {
        "\(names.count == 1 ? names[0] : "\(names.count) lines") by \($0.cohorts.isEmpty ? $0.property.name : "cohort")"
      }
      ?? (names.count <= 4 ? names.joined(separator: " · ") : "\(names.count) lines")
    let lead = units.count == 1 ? "\(units[0].noun.withInitial) per \(unit)" : "Per \(unit)"
    return ReportView(
      title: VisibleText.shortened(title, to: 160), subtitle: "\(lead), \(form.range.words)", chart: charts.joined(), table: table(long),
      explanation: explanation(units), isEmpty: answer.lines.allSatisfy { $0.values.allSatisfy { ($0 ?? 0) == 0 } })
  }

  // MARK: - Charts

  /// Lines that may share an axis.
  private struct Unit {
    let noun: String
    var lines: [Int]
  }

  private var units: [Unit] {
    var units: [Unit] = []
    for (index, line) in lines.enumerated() {
      let noun = noun(line)
      if let known = units.firstIndex(where: { $0.noun == noun }) {
        units[known].lines.append(index)
      } else {
        units.append(Unit(noun: noun, lines: [index]))
      }
    }
    return units.isEmpty ? [Unit(noun: "events", lines: [])] : units
  }

  private func noun(_ line: InsightsReport.Line) -> String {
    switch measure(line) {
    case nil:
      question.formulas.indices.contains(line.series - question.series.count)
        ? InsightsPage.name(of: question.formulas[line.series - question.series.count]) : "events"
    case .total: "events"
    case .unique, .active: "subjects"
    case .averagePerSubject, .perSubject(.total, _): "events per subject"
    case .sum(let property): "sum of \(property.name)"
    case .average(let property), .minimum(let property), .maximum(let property), .percentile(let property, _): property.name
    case .distinct(let property): "different values of \(property.name)"
    case .perSubject(.sum(let property), _), .perSubject(.average(let property), _), .perSubject(.minimum(let property), _),
      .perSubject(.maximum(let property), _):
      "\(property.name) per subject"
    }
  }

  private func measure(_ line: InsightsReport.Line) -> InsightsQuery.Measure? {
    question.series.indices.contains(line.series) ? question.series[line.series].measure : nil
  }

  private func chart(_ unit: Unit, _ labels: [String], isAlone: Bool) -> HTML {
    let drawn = drawn(unit)
    let names = names(of: drawn)
    let hasDoors = drawn.count * answer.buckets.count <= 400
    let shown = zip(drawn, names).map { index, name -> LineChart.Line in
      let line = lines[index]
      let doors = hasDoors ? line.values.indices.map { door(line, $0) } : []
      // Behind many lines as many more would be a tangle; the table has them.
      let before = drawn.count > Self.comparedLines ? [] : before.flatMap { $0.indices.contains(index) ? $0[index].values : nil } ?? []
      return LineChart.Line(
        name: name, isOther: line.group == .other, values: line.values.enumerated().map { $0 < begun ? $1 : nil }, doors: doors,
        before: before)
    }
    let drawing = LineChart(
      lines: shown, shortLabels: answer.buckets.map { InsightsPage.label($0, question.unit, visit.time, isLong: false) },
      longLabels: labels,
      firstIncomplete: answer.firstIncomplete, noun: unit.noun, finding: finding(shown, labels), landmarks: landmarks
    ).drawing()
    if isAlone { return drawing }
    let series = Set(drawn.map { lines[$0].series }).sorted().map { name(ofSeries: $0) }
    return "<h3 class=\"charted\">\(VisibleText.shortened(series.joined(separator: " · "), to: 120))</h3>\(drawing)"
  }

  /// As short as they can be told apart: by group, by what is counted, or by event where the rest is equal.
  private func names(of indices: [Int]) -> [String] {
    let isFormula = indices.contains { !question.series.indices.contains(lines[$0].series) }
    if isFormula { return indices.map { InsightsPage.name(of: lines[$0], question) } }
    let series = Set(indices.map { lines[$0].series }).sorted().map { question.series[$0] }
    let isOneEvent = Set(series.map { SelectorForm($0.selector).words }).count == 1
    let isOneMeasure = Set(series.map(InsightsPage.measureName)).count == 1
    return indices.map { index in
      let line = lines[index]
      if line.group != .everything {
        return series.count == 1 ? ValueView.group(line.group, question.breakdown) : InsightsPage.name(of: line, question)
      }
      guard series.count > 1, isOneEvent != isOneMeasure else { return InsightsPage.name(of: line, question) }
      return isOneEvent
        ? InsightsPage.measureName(question.series[line.series]) : SelectorForm(question.series[line.series].selector).words
    }
  }

  private func name(ofSeries number: Int) -> String {
    question.series.indices.contains(number)
      ? InsightsPage.name(of: question.series[number]) : InsightsPage.name(of: question.formulas[number - question.series.count])
  }

  /// How many buckets have begun: of what lies in the future there is nothing to say.
  private var begun: Int { answer.buckets.firstIndex { $0.milliseconds > visit.now.milliseconds } ?? answer.buckets.count }

  /// All of them where they can be told apart, otherwise the largest groups, what is not set, and what the limit folded.
  private func drawn(_ unit: Unit) -> [Int] {
    guard unit.lines.count > Self.drawnLines else { return unit.lines }
    let rest = unit.lines.filter { lines[$0].group == .other || lines[$0].group == .none }.prefix(Self.drawnLines / 3)
    return Array(unit.lines.filter { !rest.contains($0) }.prefix(Self.drawnLines - rest.count)) + Array(rest)
  }

  /// First days of months where days or weeks go on for long; midnights where hours do.
  private var landmarks: [Int] {
    let time = visit.time
    switch question.unit {
    case .hour where answer.buckets.count > 48: return answer.buckets.indices.filter { time.parts(answer.buckets[$0]).hour == 0 }
    case .day where answer.buckets.count > 120: return answer.buckets.indices.filter { time.parts(answer.buckets[$0]).day == 1 }
    default: return []
    }
  }

  private func finding(_ lines: [LineChart.Line], _ labels: [String]) -> String {
    guard let line = lines.first else { return "A line chart without any line." }
    let known = line.values.enumerated().compactMap { index, value in value.map { (index, $0) } }
    guard let highest = known.max(by: { $0.1 < $1.1 }), let first = known.first,
      let last = known.last(where: { $0.0 < answer.firstIncomplete }) ?? known.last
    else { return "\(line.name) has no value in this range." }
    let others = lines.count > 1 ? " One of \(lines.count) lines; the table below has all." : ""
    return """
      Line chart. \(line.name): \(NumberFormat.exact(first.1)) on \(labels[first.0]), \(NumberFormat.exact(last.1)) on \(labels[last.0]), \
      highest \(NumberFormat.exact(highest.1)) on \(labels[highest.0]).\(others)
      """
  }

  // MARK: - The line below

  private func explanation(_ units: [Unit]) -> [String] {
    var parts = ["per \(unit)"]
    if units.count > 1 { parts.append("one chart for each unit") }
    if units.contains(where: { drawn($0).count < $0.lines.count }) { parts.append("the largest groups are drawn, the table has all") }
    if let compared = answer.compared {
      parts.append("thin line and “before”: \(RangeForm(compared.range).words), as it stood at the same moment of it")
    }
    if answer.firstIncomplete < answer.buckets.count { parts.append("dashed and hollow: not complete yet") }
    for case .active(let days) in question.series.map(\.measure) where days > 1 {
      parts.append("active subjects are those of \(days) days up to each day; these overlap and do not add up")
      break
    }
    if question.series.contains(where: { if case .active = $0.measure { true } else { false } }) {
      parts.append("of active subjects the whole range says the latest complete day")
    }
    if !question.formulas.isEmpty {
      parts.append("a formula is computed from the figures beside it, and is nothing where it divides by zero")
    }
    if question.series.contains(where: { $0.first != nil }) { parts.append("only a subject's first event counts where it says first time") }
    if lines.contains(where: { measure($0) == .unique }) {
      parts.append("a subject counts once in each \(unit) and once in the whole range")
    }
    return parts
  }

  // MARK: - The table

  /// Nil where nothing is behind the figure.
  private func door(_ line: InsightsReport.Line, _ bucket: Int?) -> Address? {
    cell(line, bucket).map { DoorAddress.address(query, $0) }
  }

  private func cell(_ line: InsightsReport.Line, _ bucket: Int?) -> Door.Cell? {
    let value = bucket.map { line.values.indices.contains($0) ? line.values[$0] : nil } ?? line.overall
    guard let value, let measure = measure(line) else { return nil }
    switch measure {
    case .total, .unique, .active, .averagePerSubject, .distinct, .perSubject(.total, _): guard value > 0 else { return nil }
    case .sum, .average, .minimum, .maximum, .percentile, .perSubject: break
    }
    return .insights(series: line.series, group: line.group, bucket: bucket)
  }

  private func figure(_ line: InsightsReport.Line, _ bucket: Int?, isDoor: Bool) -> HTML {
    let value = bucket.map { line.values.indices.contains($0) ? line.values[$0] : nil } ?? line.overall
    guard let value else { return "<span class=\"reason\">–</span>" }
    guard isDoor, let cell = cell(line, bucket) else { return "\(NumberFormat.exact(value))" }
    return question.series[line.series].countsSubjects
      ? DoorAddress.figure(Int(value), query, cell) : DoorAddress.figure(NumberFormat.exact(value), query, cell)
  }

  /// The group's name; a click narrows the page to it.
  private func head(_ index: Int) -> HTML {
    let line = lines[index]
    let name = InsightsPage.name(of: line, question)
    let shown = ValueView.name(name)
    guard question.breakdown != nil, let narrowed = form.filter.narrowed(to: form.breakdown.property, line.group) else { return shown }
    var other = form
    other.filter = narrowed
    other.breakdown = BreakdownForm()
    return "<a class=\"narrow-to\" href=\"\(other.address)\" title=\"Only \(VisibleText.shortened(name, to: 80))\">\(shown)</a>"
  }

  private func table(_ labels: [String]) -> HTML {
    let begun = begun
    let rowCount = min(begun, Self.rowLimit)
    let opensCells = rowCount * lines.count <= DoorAddress.most
    let isCompared = before != nil
    let heads = lines.indices.map { index -> HTML in
      "<th scope=\"col\" class=\"num\">\(head(index))</th>\(isCompared ? "<th scope=\"col\" class=\"num\">Before</th><th scope=\"col\" class=\"num\">Change</th>" as HTML : HTML())"
    }
    func cells(_ bucket: Int?) -> [HTML] {
      lines.enumerated().map { index, line in
        "<td class=\"num\">\(figure(line, bucket, isDoor: bucket == nil || opensCells))</td>\(comparison(index, bucket))"
      }
    }
    let rows = answer.buckets.indices.prefix(begun).suffix(rowCount).reversed().map { bucket -> HTML in
      let mark = bucket >= answer.firstIncomplete ? " <span class=\"reason\">not complete</span>" as HTML : ""
      return "<tr><th scope=\"row\" class=\"nowrap\">\(labels[bucket])\(mark)</th>\(cells(bucket))</tr>"
    }
    var notes: [String] = []
    if begun > rowCount { notes.append("The newest \(rowCount) of \(NumberFormat.exact(begun)) rows; the CSV has all.") }
    if !opensCells {
      notes.append("Only the figures of the whole range open here; choose a shorter range or fewer groups to open single \(unit)s.")
    }
    let note: HTML = notes.isEmpty ? HTML() : "<p class=\"note\">\(notes.joined(separator: " "))</p>"
    return """
      <section class="panel"><h2>Figures</h2><p class="sub">A figure leads to the subjects behind it; what that costs is said first\(question.breakdown == nil ? "" : ". A group's name narrows the page to it")</p>\
      <div class="scroll"><table class="wide\(lines.count * (isCompared ? 3 : 1) <= 3 ? " few" : "")"><thead><tr><th scope="col">\(unit.withInitial)</th>\(heads)</tr></thead>\
      <tbody><tr class="total"><th scope="row" class="nowrap">Whole range</th>\(cells(nil))</tr>\(Array(rows))</tbody></table></div>\(note)</section>
      """
  }

  private func comparison(_ index: Int, _ bucket: Int?) -> HTML {
    guard let before else { return HTML() }
    guard before.indices.contains(index) else { return "<td></td><td></td>" }
    let line = before[index]
    let earlier = bucket.map { line.values.indices.contains($0) ? line.values[$0] : nil } ?? line.overall
    let current = lines[index]
    let value = bucket.map { current.values.indices.contains($0) ? current.values[$0] : nil } ?? current.overall
    let change: String
    if let earlier, let value, earlier != 0 {
      let share = (value - earlier) / earlier.magnitude
      change = share == 0 ? "±0%" : "\(share < 0 ? "−" : "+")\(NumberFormat.percent(share.magnitude))"
    } else {
      change = "–"
    }
    return "<td class=\"num\">\(earlier.map(NumberFormat.exact) ?? "–")</td><td class=\"num\">\(change)</td>"
  }
}
