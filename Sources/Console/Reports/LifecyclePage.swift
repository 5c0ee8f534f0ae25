import Events
import Journeys
import Web

/// "Of the people who do A in a week: who is new, who stays, who comes back, who fell silent?"
enum LifecyclePage: ReportPage {
  typealias Form = LifecycleForm
  static let introduction = "Who is new, who stays, who comes back, who falls silent."
  static let teaching = "Growth is what stands above the line less what hangs below it; each piece leads to its people."

  static func sentence(_ form: LifecycleForm, _ builder: Builder) -> HTML {
    let unit = Builder.select(
      "unit", "Unit of time", LifecycleQuery.Unit.allCases.map { ($0.rawValue, $0.rawValue) }, chosen: form.unit.rawValue)
    return """
      <ol><li><span class="soft">Of the people who did</span> \(builder.event("a", form.activity.event, label: "Event of those who are active")) \
      \(Builder.addCondition("a")) <span class="soft">in each</span> \(unit)<span class="soft">: who is new, who stays, who comes back, and who fell silent?</span>\
      \(builder.filter(form.activity.filter, prefix: "a"))</li></ol>
      """
  }

  static func options(_ form: LifecycleForm, _ builder: Builder) -> HTML {
    let seen = Builder.select(
      "seen", "What makes somebody known",
      [("any", "their first event of any kind"), ("activity", "the first time they did this very thing")], chosen: form.firstSeen.rawValue)
    return "<div><span class=\"soft\">People are new with</span> \(seen)</div>"
  }

  static func hasOptions(_ form: LifecycleForm) -> Bool { form.firstSeen != .any }

  static func words(_ state: LifecycleReport.State) -> String {
    switch state {
    case .new: "New"
    case .returning: "Returning"
    case .resurrecting: "Back again"
    case .dormant: "Fell silent"
    }
  }

  static func view(_ form: LifecycleForm, _ query: Query, _ report: Report, _ visit: Visit) -> ReportView {
    guard case .lifecycle(let question) = query, case .lifecycle(let answer) = report.content else {
      return ReportView(title: "", subtitle: "", chart: "", table: "", explanation: [], isEmpty: true)
    }
    let unit = question.unit.rawValue
    let long = answer.buckets.map { InsightsPage.label($0, question.unit.bucketUnit, visit.time, isLong: true) }
    // Growth as it reads from the ground up: those who stay, then who is new, then who is back.
    let order: [LifecycleReport.State] = [.returning, .new, .resurrecting, .dormant]
    func door(_ bucket: Int, _ state: LifecycleReport.State) -> Address? {
      guard let point = answer.points[bucket], point[state] > 0 else { return nil }
      return DoorAddress.address(query, .lifecycle(bucket: bucket, state: state))
    }
    let hasDoors = order.count * answer.buckets.count <= 400
    let chart = ColumnChart(
      parts: order.map { state in
        ColumnChart.Part(
          name: words(state), isBelow: state == .dormant, values: answer.points.map { $0.map { Double($0[state]) } },
          doors: hasDoors ? answer.buckets.indices.map { door($0, state) } : [])
      }, shortLabels: answer.buckets.map { InsightsPage.label($0, question.unit.bucketUnit, visit.time, isLong: false) }, longLabels: long,
      firstIncomplete: answer.firstIncomplete, noun: "subjects", finding: finding(answer, long))
    let last = answer.firstIncomplete > 0 ? answer.points[answer.firstIncomplete - 1] : nil
    var view = ReportView(
      title: "Lifecycle of those who do \(VisibleText.shortened(SelectorForm(question.activity).words, to: 80))",
      subtitle: "Subjects per \(unit), \(form.range.words)", chart: chart.drawing(), table: table(query, question, answer, long),
      explanation: explanation(question, answer), isEmpty: answer.points.allSatisfy { $0.map { $0.active + $0.dormant == 0 } ?? true })
    if let last {
      let when = long[answer.firstIncomplete - 1]
      view.headline = LifecycleReport.State.allCases.map { (words($0), NumberFormat.exact(last[$0]), "\(when), the last complete \(unit)") }
      view.headline.append(
        (
          "Pulse", last.pulse.map { NumberFormat.exact(($0 * 100).rounded() / 100) } ?? "–",
          "New and back again for each one who fell silent, \(when)"
        ))
    }
    return view
  }

  private static func finding(_ answer: LifecycleReport, _ labels: [String]) -> String {
    guard let index = answer.points.indices.last(where: { $0 < answer.firstIncomplete && answer.points[$0] != nil }),
      let point = answer.points[index]
    else { return "A column chart without any complete column." }
    return """
      Column chart. \(labels[index]): \(NumberFormat.exact(point.new)) new, \(NumberFormat.exact(point.returning)) returning, \
      \(NumberFormat.exact(point.resurrecting)) back again, \(NumberFormat.exact(point.dormant)) fell silent.
      """
  }

  private static func explanation(_ question: LifecycleQuery, _ answer: LifecycleReport) -> [String] {
    let unit = question.unit.rawValue
    var parts = [
      "each subject once per \(unit)",
      question.firstSeen == .any
        ? "new: its first event of any kind lies in that \(unit)" : "new: it did this for the first time in that \(unit)",
      "returning: also active the \(unit) before", "back again: seen before, not active the \(unit) before",
      "fell silent: active the \(unit) before and not in this one",
    ]
    if question.unit != .day { parts.append("whole \(unit)s, also where they reach beyond the range") }
    if answer.firstIncomplete < answer.buckets.count { parts.append("pale: not complete yet, so who fell silent may still come") }
    return parts
  }

  private static func table(_ query: Query, _ question: LifecycleQuery, _ answer: LifecycleReport, _ labels: [String]) -> HTML {
    let states = LifecycleReport.State.allCases
    let opens = states.count * answer.buckets.count <= DoorAddress.most
    let heads = states.map { "<th scope=\"col\" class=\"num\">\(words($0))</th>" as HTML }
    let rows = answer.buckets.indices.reversed().compactMap { bucket -> HTML? in
      guard let point = answer.points[bucket] else { return nil }
      let mark = bucket >= answer.firstIncomplete ? " <span class=\"reason\">not complete</span>" as HTML : ""
      let cells = states.map { state -> HTML in
        let figure: HTML =
          opens ? DoorAddress.figure(point[state], query, .lifecycle(bucket: bucket, state: state)) : "\(NumberFormat.exact(point[state]))"
        return "<td class=\"num\">\(figure)</td>"
      }
      let pulse = point.pulse.map { NumberFormat.exact(($0 * 100).rounded() / 100) } ?? "–"
      return """
        <tr><th scope="row" class="nowrap">\(labels[bucket])\(mark)</th><td class="num">\(NumberFormat.exact(point.active))</td>\(cells)<td class="num">\(pulse)</td></tr>
        """
    }
    return """
      <section class="panel"><h2>Figures</h2><p class="sub">A figure leads to the subjects behind it; what that costs is said first. \
      Active is new, returning and back again together; pulse is new and back again for each one who fell silent</p>\
      <div class="scroll"><table class="wide"><thead><tr><th scope="col">\(question.unit.rawValue.withInitial)</th><th scope="col" class="num">Active</th>\(heads)\
      <th scope="col" class="num">Pulse</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]] {
    guard case .lifecycle(let question) = query, case .lifecycle(let answer) = report.content else { return [] }
    var rows = [[question.unit.rawValue, "complete", "active", "new", "returning", "resurrecting", "dormant", "pulse"]]
    for (index, bucket) in answer.buckets.enumerated() {
      guard let point = answer.points[index] else { continue }
      rows.append(
        [LocalTime.iso(bucket), index < answer.firstIncomplete ? "yes" : "no", String(point.active)]
          + LifecycleReport.State.allCases.map { String(point[$0]) } + [CSV.number(point.pulse)])
    }
    return rows
  }
}
