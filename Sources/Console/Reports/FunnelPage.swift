import Events
import Journeys
import Web

/// "Of the people who did Signed Up, how many did First API Call within 7 days?"
enum FunnelPage: ReportPage {
  typealias Form = FunnelForm
  static let introduction = "How many get from step to step."
  static let teaching = "A funnel shows at which step most are lost; each bar leads to who got there and who did not."

  static func sentence(_ form: FunnelForm, _ builder: Builder) -> HTML {
    let last = form.steps.count - 1
    let steps = form.steps.enumerated().map { index, step -> HTML in
      let lead = index == 0 ? "Of the people who did" : index == 1 ? "how many did" : form.order == .any ? "and" : "then"
      let raise: HTML = index > 0 ? Builder.command("raise:\(index)", "↑", label: "Move step \(index + 1) up") : ""
      let drop: HTML = form.steps.count > 2 ? Builder.command("drop:\(index)", "×", label: "Remove step \(index + 1)") : ""
      let end: HTML =
        index == last ? " <span class=\"soft\">within</span> \(Builder.window(form.window)) <span class=\"soft\">?</span>" : ""
      return """
        <li><span class="letter">\(index + 1)</span><span class="soft">\(lead)</span> \(builder.event("s\(index)", step.event, label: "Event of step \(index + 1)")) \
        \(Builder.addCondition("s\(index)")) \(raise) \(drop)\(end)\(builder.filter(step.filter, prefix: "s\(index)"))</li>
        """
    }
    let rates: HTML = form.rates == .overall ? HTML() : "<input type=\"hidden\" name=\"rates\" value=\"\(form.rates.rawValue)\">"
    return
      "<ol>\(steps)</ol><div>\(rates)\(form.steps.count < QueryLimits.steps.upperBound ? Builder.command("grow", "+ step") : HTML())</div>"
  }

  static func options(_ form: FunnelForm, _ builder: Builder) -> HTML {
    let order = Builder.select(
      "order", "Order of steps", [("sequential", "in this order"), ("strict", "directly one after another"), ("any", "in any order")],
      chosen: form.order.rawValue)
    let counting = Builder.select(
      "count", "What is counted", [("unique", "each subject once"), ("sessions", "each session once"), ("totals", "every attempt")],
      chosen: form.counting.rawValue)
    // Every attempt is judged by itself; the choice for single ones is carried along.
    let entry: HTML =
      form.counting != .totals
      ? ", <span class=\"soft\">judged by</span> \(Builder.select("entry", "Which attempt counts", [("longest", "the attempt that got furthest"), ("first", "the first attempt")], chosen: form.entry.rawValue))"
      : "<input type=\"hidden\" name=\"entry\" value=\"\(form.entry.rawValue)\">"
    return """
      <div><span class="soft">Steps</span> \(order)<span class="soft">, counting</span> \(counting)\(entry)</div><div>\(builder.breakdown(form.breakdown)) <span class="soft">(its value at the first step)</span></div>\
      <div>Only events \(form.filter.isEmpty ? Builder.addCondition("f", "with a property…") : HTML())\(builder.filter(form.filter, prefix: "f"))\
      \(form.filter.isEmpty ? HTML() : Builder.addCondition("f"))</div>
      """
  }

  static func hasOptions(_ form: FunnelForm) -> Bool {
    form.order != .sequential || form.counting != .unique || form.entry != .longest || form.filter.conditions.contains(where: \.isDraft)
      || !form.breakdown.isEmpty
  }

  static func stepName(_ selector: EventSelector) -> String { SelectorForm(selector).words }

  static func view(_ form: FunnelForm, _ query: Query, _ report: Report, _ visit: Visit) -> ReportView {
    guard case .funnel(let question) = query, case .funnel(let answer) = report.content, let whole = answer.groups.first else {
      return ReportView(title: "", subtitle: "", chart: "", table: "", explanation: [], isEmpty: true)
    }
    return FunnelView(form: form, query: query, question: question, answer: answer, whole: whole).view()
  }

  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]] {
    guard case .funnel(let question) = query, case .funnel(let answer) = report.content else { return [] }
    var rows = [
      [
        "group", "step", "event", "count", "share_of_previous", "share_of_first", "median_seconds_from_previous",
        "mean_seconds_from_previous",
        "median_seconds_from_first", "mean_seconds_from_first", "open",
      ]
    ]
    for group in answer.groups {
      for (index, step) in group.steps.enumerated() {
        let before = index > 0 ? group.steps[index - 1].count : step.count
        let first = group.steps[0].count
        rows.append([
          ValueView.group(group.group, question.breakdown), String(index + 1), stepName(question.steps[index]), String(step.count),
          CSV.number(before > 0 ? Double(step.count) / Double(before) : nil),
          CSV.number(first > 0 ? Double(step.count) / Double(first) : nil),
          CSV.number(step.medianSecondsFromPrevious), CSV.number(step.averageSecondsFromPrevious), CSV.number(step.medianSecondsFromEntry),
          CSV.number(step.averageSecondsFromEntry), String(group.open),
        ])
      }
    }
    return rows
  }
}
