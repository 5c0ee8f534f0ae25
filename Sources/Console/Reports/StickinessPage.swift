import Events
import Journeys
import Web

/// "On how many days did people do A?"
enum StickinessPage: ReportPage {
  typealias Form = StickinessForm
  static let introduction = "How often the same people come back in one range."
  static let teaching = "Columns far to the right are people for whom it is a habit."

  static func sentence(_ form: StickinessForm, _ builder: Builder) -> HTML {
    let unit = Builder.select(
      "unit", "Unit of time", StickinessQuery.Unit.allCases.map { ($0.rawValue, $0.rawValue + "s") }, chosen: form.unit.rawValue)
    let shown: HTML = form.showsAtLeast ? "<input type=\"hidden\" name=\"show\" value=\"at_least\">" : ""
    return """
      <ol><li>\(shown)<span class="soft">\(form.unit == .day ? "On" : "In") how many</span> \(unit) <span class="soft">did people do</span> \
      \(builder.event("a", form.activity.event, label: "Event of those who are active")) \(Builder.addCondition("a")) <span class="soft">?</span>\
      \(builder.filter(form.activity.filter, prefix: "a"))</li></ol>
      """
  }

  static func options(_ form: StickinessForm, _ builder: Builder) -> HTML { HTML() }

  static func hasOptions(_ form: StickinessForm) -> Bool { false }

  static func view(_ form: StickinessForm, _ query: Query, _ report: Report, _ visit: Visit) -> ReportView {
    guard case .stickiness(let question) = query, case .stickiness(let answer) = report.content else {
      return ReportView(title: "", subtitle: "", chart: "", table: "", explanation: [], isEmpty: true)
    }
    let unit = question.unit.rawValue
    let total = answer.exact.reduce(0, +)
    let counts = form.showsAtLeast ? answer.atLeast : answer.exact
    let labels = counts.indices.map { NumberFormat.count($0 + 1, unit) }
    let mean = total > 0 ? Double(answer.exact.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element }) / Double(total) : nil
    let several = total - (answer.exact.first ?? 0)
    let finding =
      total == 0
      ? "A column chart without any subject."
      : "Column chart. Of \(NumberFormat.count(total, "subject")), \(NumberFormat.percent(several, of: total)) were active \(question.unit == .day ? "on" : "in") two \(unit)s or more."
    let chart = ColumnChart(
      parts: [
        ColumnChart.Part(
          name: "Subjects", values: counts.map { Double($0) },
          doors: counts.enumerated().map { index, count in
            count > 0 ? DoorAddress.address(query, .stickiness(buckets: index + 1, atLeast: form.showsAtLeast)) : nil
          })
      ], shortLabels: labels, longLabels: labels.map { (form.showsAtLeast ? "at least " : "exactly ") + $0 }, firstIncomplete: counts.count,
      noun: "subjects", finding: finding)
    var explanation = [
      "each subject once", "\(NumberFormat.count(answer.buckets.count, unit)) in the range",
      "at least is the running sum of exactly, from the end",
    ]
    if answer.isLastPartial { explanation.append("the last \(unit) is not whole and counts as one all the same") }
    var view = ReportView(
      title:
        "\(question.unit == .day ? "On" : "In") how many \(unit)s: \(VisibleText.shortened(SelectorForm(question.activity).words, to: 80))",
      subtitle: "Subjects by the number of \(unit)s \(form.showsAtLeast ? "at least" : "exactly"), \(form.range.words)",
      chart: chart.drawing(), table: table(query, question, answer, total), explanation: explanation, isEmpty: total == 0,
      controls: controls(form))
    view.headline = [
      ("Subjects", NumberFormat.exact(total), "Active at least once in the range"),
      (
        "Mean", mean.map { "\(NumberFormat.exact(($0 * 10).rounded() / 10)) \(unit)s" } ?? "–",
        "\(unit.withInitial)s of those who were active at all"
      ),
      ("Two or more", total > 0 ? NumberFormat.percent(several, of: total) : "–", "Of those who were active at all"),
    ]
    return view
  }

  private static func controls(_ form: StickinessForm) -> HTML {
    let links = [(false, "exactly"), (true, "at least")].map { shows, words -> HTML in
      var other = form
      other.showsAtLeast = shows
      return "<a href=\"\(other.address)\"\(form.showsAtLeast == shows ? " aria-current=\"true\"" as HTML : "")>\(words)</a>"
    }
    return "<span class=\"ranges\" role=\"group\" aria-label=\"What columns count\">\(links)</span>"
  }

  private static func table(_ query: Query, _ question: StickinessQuery, _ answer: StickinessReport, _ total: Int) -> HTML {
    let opens = answer.exact.count * 2 <= DoorAddress.most
    let rows = answer.exact.indices.map { index -> HTML in
      func figure(_ count: Int, _ atLeast: Bool) -> HTML {
        opens ? DoorAddress.figure(count, query, .stickiness(buckets: index + 1, atLeast: atLeast)) : "\(NumberFormat.exact(count))"
      }
      return """
        <tr><th scope="row" class="nowrap">\(NumberFormat.count(index + 1, question.unit.rawValue))</th><td class="num">\(figure(answer.exact[index], false))</td>\
        <td class="num">\(NumberFormat.percent(answer.exact[index], of: total))</td><td class="num">\(figure(answer.atLeast[index], true))</td>\
        <td class="num">\(NumberFormat.percent(answer.atLeast[index], of: total))</td></tr>
        """
    }
    return """
      <section class="panel"><h2>Figures</h2><p class="sub">A figure leads to the subjects behind it; what that costs is said first</p>\
      <div class="scroll"><table class="wide"><thead><tr><th scope="col">Active \(question.unit == .day ? "on" : "in")</th><th scope="col" class="num">Exactly</th>\
      <th scope="col" class="num">Share</th><th scope="col" class="num">At least</th><th scope="col" class="num">Share</th></tr></thead><tbody>\(rows)</tbody></table></div></section>
      """
  }

  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]] {
    guard case .stickiness(let question) = query, case .stickiness(let answer) = report.content else { return [] }
    return [["\(question.unit.rawValue)s", "exactly", "at_least"]]
      + answer.exact.indices.map { [String($0 + 1), String(answer.exact[$0]), String(answer.atLeast[$0])] }
  }
}
