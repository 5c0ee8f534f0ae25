import Events
import Journeys
import Web

/// What the sessions page shows of an answer.
struct SessionsView {
  let form: SessionsForm
  let query: Query
  let question: SessionsQuery
  let answer: SessionsReport
  let whole: SessionsReport.Group
  let visit: Visit

  private static let rowLimit = 400
  private var unit: String { question.unit.rawValue }

  func view() -> ReportView {
    let long = answer.buckets.map { InsightsPage.label($0, question.unit, visit.time, isLong: true) }
    var view = ReportView(
      title: "Sessions of \(VisibleText.shortened(SelectorForm(question.activity).words, to: 80))",
      subtitle: "\(form.figure.words.withInitial) per \(unit), \(form.range.words)", chart: chart(long),
      table: "\(groups)\(ends)\(table(long))", explanation: explanation, isEmpty: whole.overall.sessions == 0, controls: controls)
    let all = whole.overall
    view.headline = [
      ("Sessions", NumberFormat.exact(all.sessions), "That began in the range"),
      ("Subjects", NumberFormat.exact(all.subjects), "Different ones, over the whole range"),
      ("Median length", duration(all.medianDuration), "From the first event to the last"),
      ("Mean length", duration(all.averageDuration), "From the first event to the last"),
      ("Events per session", decimal(all.eventsPerSession), "Mean"),
      ("Bounce rate", all.bounceRate.map(NumberFormat.percent) ?? "–", "Sessions of a single event"),
    ]
    return view
  }

  private func duration(_ seconds: Double?) -> String { seconds.map { NumberFormat.duration(seconds: $0) } ?? "–" }
  private func decimal(_ number: Double?) -> String { number.map { NumberFormat.exact(($0 * 10).rounded() / 10) } ?? "–" }

  private func value(_ figures: SessionsReport.Figures) -> Double? {
    switch form.figure {
    case .sessions: Double(figures.sessions)
    case .subjects: Double(figures.subjects)
    case .median: figures.medianDuration.map { $0 / 60 }
    case .average: figures.averageDuration.map { $0 / 60 }
    case .percentile: figures.percentileDuration.map { $0 / 60 }
    case .events: figures.eventsPerSession
    case .bounces: figures.bounceRate.map { $0 * 100 }
    }
  }

  private var noun: String {
    switch form.figure {
    case .sessions: "sessions"
    case .subjects: "subjects"
    case .median, .average, .percentile: "minutes"
    case .events: "events per session"
    case .bounces: "% of sessions"
    }
  }

  private func chart(_ labels: [String]) -> HTML {
    let begun = answer.buckets.firstIndex { $0.milliseconds > visit.now.milliseconds } ?? answer.buckets.count
    let drawn = answer.groups.count > 1 ? Array(answer.groups.dropFirst().prefix(InsightsView.drawnLines)) : answer.groups
    let hasDoors = drawn.count * answer.buckets.count <= 400
    let lines = drawn.map { group in
      LineChart.Line(
        name: group.group == .everything ? "Sessions" : ValueView.group(group.group, question.breakdown), isOther: group.group == .other,
        values: group.buckets.enumerated().map { $0 < begun ? value($1) : nil },
        doors: hasDoors ? group.buckets.enumerated().map { door(group, $0, $1) } : [])
    }
    let known = (lines.first?.values ?? []).enumerated().compactMap { index, value in value.map { (index, $0) } }
    let highest = known.max { $0.1 < $1.1 }
    let finding =
      highest.map { "Line chart of \(form.figure.words) per \(unit): highest \(NumberFormat.exact($0.1)) \(noun) on \(labels[$0.0])." }
      ?? "A line chart without any value."
    return LineChart(
      lines: lines, shortLabels: answer.buckets.map { InsightsPage.label($0, question.unit, visit.time, isLong: false) },
      longLabels: labels,
      firstIncomplete: answer.firstIncomplete, noun: noun, finding: finding
    ).drawing()
  }

  private func door(_ group: SessionsReport.Group, _ bucket: Int?, _ figures: SessionsReport.Figures) -> Address? {
    figures.subjects > 0 ? DoorAddress.address(query, .sessions(group: group.group, bucket: bucket)) : nil
  }

  private var controls: HTML {
    let links = SessionsForm.Figure.allCases.map { figure -> HTML in
      var other = form
      other.figure = figure
      let words = figure == .percentile ? "\(PercentText.ordinal(question.fraction)) percentile" : figure.words
      return "<a href=\"\(other.address)\"\(form.figure == figure ? " aria-current=\"true\"" as HTML : "")>\(words)</a>"
    }
    return "<span class=\"ranges\" role=\"group\" aria-label=\"What the chart draws\">\(links)</span>"
  }

  private var explanation: [String] {
    var parts = [
      "a session ends with a pause of more than \(NumberFormat.duration(seconds: Double(question.gapSeconds))), after 24 hours"
        + (question.cutsAtMidnight ? ", and at midnight" : ""),
      "it counts in the \(unit) in which it began", "its length is from its first event to its last",
    ]
    if question.breakdown != nil { parts.append("split by the \(question.breakdownAt == .entry ? "first" : "last") value in the session") }
    if answer.firstIncomplete < answer.buckets.count { parts.append("dashed and hollow: not complete yet") }
    return parts
  }

  // MARK: - Tables

  private static let heads: HTML = """
    <th scope="col" class="num">Sessions</th><th scope="col" class="num">Subjects</th><th scope="col" class="num">Events per session</th>\
    <th scope="col" class="num">Bounce rate</th><th scope="col" class="num">Median length</th><th scope="col" class="num">Mean length</th>
    """

  private var percentileHead: HTML { "<th scope=\"col\" class=\"num\">\(PercentText.ordinal(question.fraction)) percentile</th>" }

  private func cells(_ group: SessionsReport.Group, _ bucket: Int?, _ figures: SessionsReport.Figures, opens: Bool) -> HTML {
    let subjects: HTML =
      opens
      ? DoorAddress.figure(figures.subjects, query, .sessions(group: group.group, bucket: bucket))
      : "\(NumberFormat.exact(figures.subjects))"
    return """
      <td class="num">\(NumberFormat.exact(figures.sessions))</td><td class="num">\(subjects)</td><td class="num">\(decimal(figures.eventsPerSession))</td>\
      <td class="num">\(figures.bounceRate.map(NumberFormat.percent) ?? "–")</td><td class="num">\(duration(figures.medianDuration))</td>\
      <td class="num">\(duration(figures.averageDuration))</td><td class="num">\(duration(figures.percentileDuration))</td>
      """
  }

  private var groups: HTML {
    guard answer.groups.count > 1, let property = question.breakdown?.words else { return HTML() }
    let rows = answer.groups.dropFirst().map { group -> HTML in
      "<tr><th scope=\"row\">\(ValueView.name(ValueView.group(group.group, question.breakdown)))</th>\(cells(group, nil, group.overall, opens: true))</tr>"
    }
    return """
      <section class="panel"><h2>By \(VisibleText.shortened(property, to: 60))</h2><p class="sub">Over the whole range, by the \(question.breakdownAt == .entry ? "first" : "last") value in the session</p>\
      <div class="scroll"><table class="wide"><thead><tr><th scope="col">Group</th>\(Self.heads)\(percentileHead)</tr></thead><tbody>\(Array(rows))</tbody></table></div></section>
      """
  }

  /// The first and the last events, side by side where there is room.
  private var ends: HTML {
    guard !answer.entries.isEmpty || !answer.exits.isEmpty else { return HTML() }
    func list(_ title: String, _ events: [SessionsReport.EventCount]) -> HTML {
      let rows = events.map { event -> HTML in
        """
        <tr><th scope="row">\(event.event.map { ValueView.name($0) } ?? "<span class=\"soft\">Other</span>")</th><td class="num">\(NumberFormat.exact(event.sessions))</td>\
        <td class="num">\(NumberFormat.percent(event.sessions, of: whole.overall.sessions))</td></tr>
        """
      }
      return """
        <section class="panel"><h2>\(title)</h2><div class="scroll"><table><thead><tr><th scope="col">Event</th><th scope="col" class="num">Sessions</th>\
        <th scope="col" class="num">Share</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
        """
    }
    return "<div class=\"grid\">\(list("Sessions begin with", answer.entries))\(list("Sessions end with", answer.exits))</div>"
  }

  private func table(_ labels: [String]) -> HTML {
    let rowCount = min(answer.buckets.count, Self.rowLimit)
    let rows = answer.buckets.indices.suffix(rowCount).reversed().compactMap { bucket -> HTML? in
      guard answer.buckets[bucket].milliseconds <= visit.now.milliseconds else { return nil }
      let mark = bucket >= answer.firstIncomplete ? " <span class=\"reason\">not complete</span>" as HTML : ""
      return
        "<tr><th scope=\"row\" class=\"nowrap\">\(labels[bucket])\(mark)</th>\(cells(whole, bucket, whole.buckets[bucket], opens: true))</tr>"
    }
    let note: HTML =
      answer.buckets.count > rowCount
      ? "<p class=\"note\">The newest \(rowCount) of \(NumberFormat.exact(answer.buckets.count)) rows; the CSV has all.</p>" : ""
    return """
      <section class="panel"><h2>Figures</h2><p class="sub">A number of subjects leads to them; what that costs is said first</p>\
      <div class="scroll"><table class="wide"><thead><tr><th scope="col">\(unit.withInitial)</th>\(Self.heads)\(percentileHead)</tr></thead>\
      <tbody><tr class="total"><th scope="row" class="nowrap">Whole range</th>\(cells(whole, nil, whole.overall, opens: true))</tr>\(rows)</tbody></table></div>\(note)</section>
      """
  }
}
