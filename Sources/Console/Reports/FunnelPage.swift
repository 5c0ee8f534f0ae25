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
    return "<ol>\(steps)</ol><div>\(form.steps.count < QueryLimits.steps.upperBound ? Builder.command("grow", "+ step") : HTML())</div>"
  }

  static func stepName(_ selector: EventSelector) -> String { SelectorForm(selector).words }

  static func view(_ form: FunnelForm, _ query: Query, _ report: Report, _ visit: Visit) -> ReportView {
    guard case .funnel(let question) = query, case .funnel(let answer) = report.content, let whole = answer.groups.first else {
      return ReportView(title: "", subtitle: "", chart: "", table: "", explanation: [], isEmpty: true)
    }
    return FunnelView(form: form, query: query, question: question, answer: answer, whole: whole, visit: visit).view()
  }

  static func rows(_ query: Query, _ report: Report, _ time: LocalTime) -> [[String]] {
    guard case .funnel(let question) = query, case .funnel(let answer) = report.content else { return [] }
    return FunnelRows(question: question, answer: answer).rows
  }
}
