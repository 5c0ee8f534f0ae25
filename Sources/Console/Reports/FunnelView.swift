import Events
import Journeys
import Web

/// What the funnel page shows of an answer.
struct FunnelView {
  let form: FunnelForm
  let query: Query
  let question: FunnelQuery
  let answer: FunnelReport
  let whole: FunnelReport.Group
  let visit: Visit

  /// Bars side by side, or lines, that can still be told apart.
  static let drawnGroups = 6

  var noun: String {
    switch question.counting {
    case .unique: "subjects"
    case .totals: "attempts"
    case .sessions: "sessions"
    }
  }
  private var countsSubjects: Bool { question.counting == .unique }
  var names: [String] { question.steps.map(FunnelPage.stepName) }
  /// The whole and its largest groups.
  var drawn: [FunnelReport.Group] { answer.groups.count > 1 ? [whole] + answer.groups.dropFirst().prefix(Self.drawnGroups) : [whole] }

  func view() -> ReportView {
    var view = steps()
    if form.look.trend != nil {
      let trend = FunnelTrendView(funnel: self)
      (view.subtitle, view.chart) = (trend.subtitle, trend.chart)
      view.table = "\(trend.table)\(view.table)"
    }
    if form.look.time != nil {
      let times = FunnelTimeView(funnel: self)
      if form.look.look == .both {
        view.table = "\(times.panel)\(view.table)"
      } else {
        (view.title, view.subtitle, view.chart, view.headline) = (times.title, times.subtitle, times.chart, times.headline)
        view.table = "\(times.table)\(view.table)"
      }
    }
    return view
  }

  private func steps() -> ReportView {
    let names = names
    let first = whole.steps.first?.count ?? 0
    let last = whole.steps.last?.count ?? 0
    let overall = NumberFormat.percent(last, of: first)
    let groups = drawn
    let steps = names.enumerated().map { index, name -> FunnelChart.Step in
      FunnelChart.Step(
        name: name, counts: groups.map { $0.steps.indices.contains(index) ? $0.steps[index].count : 0 },
        doors: groups.map { door($0, index, isLost: false) },
        lostDoors: groups.map { index < names.count - 1 ? door($0, index, isLost: true) : nil })
    }
    let finding = "Funnel chart. \(overall) of \(NumberFormat.exact(first)) \(noun) get through all \(names.count) steps.\(loss)"
    let chart = FunnelChart(
      groups: groups.map { ValueView.group($0.group, question.breakdown) }, steps: steps, noun: noun, finding: finding,
      basis: form.rates == .overall ? .first : .previous)
    return ReportView(
      title:
        "\(overall) get from \(VisibleText.shortened(names[0], to: 60)) to \(VisibleText.shortened(names[names.count - 1], to: 60))",
      subtitle: "\(noun.withInitial) that enter \(form.range.during), window \(form.window.words)", chart: chart.drawing(),
      table: table(), explanation: explanation(groups.count - 1), isEmpty: first == 0, controls: controls,
      headline: headline(first, last, overall))
  }

  private var loss: String {
    var worst: (index: Int, rate: Double)?
    for index in whole.steps.indices.dropFirst() where whole.steps[index - 1].count > 0 {
      let rate = Double(whole.steps[index].count) / Double(whole.steps[index - 1].count)
      if worst.map({ rate < $0.rate }) ?? true { worst = (index, rate) }
    }
    guard let worst else { return "" }
    return " Most are lost before \(names[worst.index]): \(NumberFormat.percent(worst.rate)) get there from the step before."
  }

  /// Of those whose attempt is over.
  private var rateWithoutOpen: String {
    NumberFormat.percent(whole.steps.last?.count ?? 0, of: (whole.steps.first?.count ?? 0) - whole.open)
  }

  private func headline(_ first: Int, _ last: Int, _ overall: String) -> [(name: String, value: String, hint: String)] {
    let end = whole.steps.last
    let figures = [
      ("Converted", overall, "\(NumberFormat.exact(last)) of \(NumberFormat.exact(first)) \(noun)"),
      (
        "Median time to convert", end?.medianSecondsFromEntry.map { NumberFormat.duration(seconds: $0) } ?? "–",
        "From the first step to the last, of those who got there"
      ),
      (
        "Mean time to convert", end?.averageSecondsFromEntry.map { NumberFormat.duration(seconds: $0) } ?? "–",
        "From the first step to the last, of those who got there"
      ),
      (
        "Still open", NumberFormat.exact(whole.open),
        "Have not converted, and their window still runs: the rate can only rise. Without them \(rateWithoutOpen) converted"
      ),
    ]
    guard let excluded = whole.excluded else { return figures }
    let hint =
      question.exclusionMode == .removeSubject
      ? "Would be in the funnel but for an exclusion; they are in none of its steps" : "Would have got further but for an exclusion"
    return figures + [("Excluded", NumberFormat.exact(excluded), hint)]
  }

  /// What is shown; of the steps, shares of those who entered, or of those who were still there.
  private var controls: HTML {
    let looks: [(FunnelLookForm.Look, String)] = [(.steps, "steps"), (.trend, "over time"), (.time, "time to convert")]
    let links = looks.map { look, words -> HTML in
      var other = form
      other.look = form.look.looking(look, days: form.range.days)
      return "<a href=\"\(other.address)\"\(form.look.look == look ? " aria-current=\"true\"" as HTML : "")>\(words)</a>"
    }
    let group: HTML = "<span class=\"ranges\" role=\"group\" aria-label=\"What is shown\">\(links)</span>"
    return form.look.look == .steps ? "<div class=\"looks\">\(group)\(rates)</div>" : group
  }

  private var rates: HTML {
    let ways: [(FunnelForm.Rates, String)] = [(.overall, "overall"), (.previous, "from previous step")]
    let links = ways.map { rates, words -> HTML in
      var other = form
      other.rates = rates
      return "<a href=\"\(other.address)\"\(form.rates == rates ? " aria-current=\"true\"" as HTML : "")>\(words)</a>"
    }
    return "<span class=\"ranges\" role=\"group\" aria-label=\"What the bars are a share of\">\(links)</span>"
  }

  private func explanation(_ drawn: Int) -> [String] {
    var parts = rules
    if form.look.look == .steps {
      parts.append(form.rates == .overall ? "bars are shares of the first step" : "bars are shares of the step before")
    }
    if answer.groups.count - 1 > drawn { parts.append("the \(drawn) largest groups are drawn, the table has all") }
    parts.append(
      whole.open == 0
        ? "no window is still open"
        : "\(NumberFormat.exact(whole.open)) have not converted yet and their window is still open, so the rate can still rise; "
          + "without them it is \(rateWithoutOpen)")
    return parts
  }

  // MARK: - Doors

  private func count(_ group: FunnelReport.Group, _ step: Int, isLost: Bool) -> Int {
    guard group.steps.indices.contains(step) else { return 0 }
    return isLost
      ? group.steps[step].count - (group.steps.indices.contains(step + 1) ? group.steps[step + 1].count : 0) : group.steps[step].count
  }

  private func door(_ group: FunnelReport.Group, _ step: Int, isLost: Bool) -> Address? {
    guard count(group, step, isLost: isLost) > 0 else { return nil }
    return DoorAddress.address(query, .funnel(group: group.group, step: step, droppedAfter: isLost))
  }

  private func figure(_ group: FunnelReport.Group, _ step: Int, isLost: Bool) -> HTML {
    figure(count(group, step, isLost: isLost), .funnel(group: group.group, step: step, droppedAfter: isLost))
  }

  func figure(_ count: Int, _ cell: Door.Cell) -> HTML {
    guard !countsSubjects, count > 0 else { return DoorAddress.figure(count, query, cell) }
    return DoorAddress.figure(NumberFormat.exact(count), query, cell)
  }

  // MARK: - The table

  private func table() -> HTML {
    let showsGroups = answer.groups.count > 1
    let bodies = answer.groups.map { group -> HTML in
      let head: HTML = showsGroups ? "<tr class=\"grouped\"><th scope=\"rowgroup\" colspan=\"9\">\(head(group))</th></tr>" : ""
      let rows = group.steps.indices.map { row(group, $0, isFirstGroup: group.group == .everything) }
      return "<tbody>\(head)\(rows)\(excluded(group))</tbody>"
    }
    return """
      <section class="panel"><h2>Figures</h2><p class="sub">A figure leads to the subjects behind it; what that costs is said first\(showsGroups && form.attribution == .entry ? ". A group's name narrows the page to it" : "")</p>\
      <div class="scroll"><table class="wide"><thead><tr><th scope="col">Step</th><th scope="col" class="num">\(noun.withInitial)</th>\
      <th scope="col" class="num">Of previous</th><th scope="col" class="num">Of first</th><th scope="col" class="num">Lost before it</th>\
      <th scope="col" class="num">Median from previous</th><th scope="col" class="num">Mean from previous</th><th scope="col" class="num">Median from first</th>\
      <th scope="col">Instead</th></tr></thead>\(bodies)</table></div></section>
      """
  }

  private func row(_ group: FunnelReport.Group, _ index: Int, isFirstGroup: Bool) -> HTML {
    let step = group.steps[index]
    let before = index > 0 ? group.steps[index - 1].count : step.count
    let lost: HTML = index == 0 ? "<span class=\"reason\">–</span>" : figure(group, index - 1, isLost: true)
    return """
      <tr><th scope="row" class="nowrap">\(index + 1). \(ValueView.name(names[index]))</th><td class="num">\(figure(group, index, isLost: false))</td>\
      <td class="num">\(index == 0 ? "–" : NumberFormat.percent(step.count, of: before))</td><td class="num">\(NumberFormat.percent(step.count, of: group.steps[0].count))</td>\
      <td class="num">\(lost)</td><td class="num">\(time(step.medianSecondsFromPrevious))</td><td class="num">\(time(step.averageSecondsFromPrevious))</td>\
      <td class="num">\(time(step.medianSecondsFromEntry))</td><td>\(isFirstGroup && index > 0 ? instead(index - 1) : HTML())</td></tr>
      """
  }

  private func excluded(_ group: FunnelReport.Group) -> HTML {
    guard let excluded = group.excluded else { return HTML() }
    let words =
      question.exclusionMode == .removeSubject ? "left the funnel by an exclusion" : "would have got further but for an exclusion"
    return """
      <tr><th scope="row" class="nowrap">Excluded</th><td class="num">\(figure(excluded, .funnelExcluded(group: group.group)))</td>\
      <td colspan="7"><span class="soft">\(words)</span></td></tr>
      """
  }

  func time(_ seconds: Double?) -> String { seconds.map { NumberFormat.duration(seconds: $0) } ?? "–" }

  /// What people do after the step before: where those who are lost go.
  private func instead(_ step: Int) -> HTML {
    var flows = FlowsForm(
      query: .flows(FlowsQuery(range: question.range, anchor: question.steps[step], forward: 3, windowSeconds: question.windowSeconds)))
    flows?.range = form.range
    return flows.map {
      "<a class=\"nowrap\" href=\"\($0.address)\" title=\"Flows from \(VisibleText.shortened(names[step], to: 60))\">what they do instead</a>"
    }
      ?? HTML()
  }

  private func head(_ group: FunnelReport.Group) -> HTML {
    let name = ValueView.name(ValueView.group(group.group, question.breakdown))
    // Where a group goes by the value at the first step, the condition belongs there; elsewhere none says the same.
    guard form.attribution == .entry, let narrowed = form.steps.first?.filter.narrowed(to: form.breakdown.property, group.group) else {
      return name
    }
    var other = form
    other.steps[0].filter = narrowed
    other.breakdown = BreakdownForm()
    return
      "<a class=\"narrow-to\" href=\"\(other.address)\" title=\"Only \(VisibleText.shortened(ValueView.group(group.group), to: 80))\">\(name)</a>"
  }
}
