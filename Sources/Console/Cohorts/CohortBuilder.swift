import Journeys
import Web

/// The controls of a cohort's form. Plain form controls: without a script every button is a submit.
struct CohortBuilder {
  let builder: Builder

  func rows(_ form: CohortForm) -> HTML {
    if let whole = form.whole {
      let text = Cohort(rule: whole).json.text
      return """
        <div class="where"><span class="chip" title="\(text)">\(VisibleText.shortened(text, to: 80))</span>\
        <input type="hidden" name="rule" value="\(value: text)"> \(Builder.command("unrule:", "remove"))</div>
        """
    }
    let rows = form.rules.enumerated().map { index, rule -> HTML in
      let lead: HTML
      switch index {
      case 0: lead = "<span class=\"soft\">who</span>"
      case 1: lead = Builder.select("join", "All or any", [("all", "and"), ("any", "or")], chosen: form.holdsAny ? "any" : "all")
      default: lead = "<span class=\"soft\">\(form.holdsAny ? "or" : "and")</span>"
      }
      return """
        <li class="rule"><span class="letter">\(index + 1)</span>\(lead) <input type="hidden" name="\(value: "r\(index)")" value="\(value: rule.kind.rawValue)">\
        \(row(rule, "r\(index)", index)) \(Builder.command("drop:\(index)", "×", label: "Remove rule \(index + 1)"))\(filter(rule, "r\(index)"))</li>
        """
    }
    return "<ol>\(rows)</ol>\(form.rules.count < CohortForm.maximumRules ? adders : HTML())"
  }

  private var adders: HTML {
    let all: [(CohortRuleForm.Kind, HTML)] = [
      (.did, "+ did or did not do"), (.first, "+ did for the first time"), (.stopped, "+ stopped doing"), (.property, "+ profile property"),
      (.cohort, "+ another cohort"),
    ]
    return "<div class=\"adders\">\(all.map { Builder.command("add:\($0.0.rawValue)", $0.1) }.joined(" "))</div>"
  }

  private func row(_ rule: CohortRuleForm, _ prefix: String, _ index: Int) -> HTML {
    switch rule.kind {
    case .did:
      """
      \(Builder.select("\(prefix).not", "Did or did not", [("", "did"), ("yes", "did not do")], chosen: rule.isNegated ? "yes" : "")) \(event(rule, prefix, index)) \
      <span class="counts">\(Builder.select("\(prefix).q", "How the times are counted", [("least", "at least"), ("most", "at most"), ("exactly", "exactly")], chosen: rule.count.rawValue)) \
      \(Builder.number("\(prefix).n", "How many times", rule.number, 0...1_000_000_000)) <span class="soft">times</span></span> \(period(rule, prefix))
      """
    case .first:
      "<span class=\"soft\">did</span> \(event(rule, prefix, index)) <span class=\"soft\">for the first time</span> \(period(rule, prefix))"
    case .stopped:
      """
      <span class="soft">did</span> \(event(rule, prefix, index)) <span class="soft">once, but not in the last</span> \
      \(Builder.number("\(prefix).d", "Days", rule.days, QueryLimits.cohortDays)) <span class="soft">days</span>
      """
    case .property:
      """
      <span class="soft">have a profile where</span> \(Builder.property("\(prefix).p", rule.condition.property, label: "Property of the profile")) \
      \(Builder.select("\(prefix).o", "Comparison", FilterForm.Condition.Operator.ofProperties.map { ($0.rawValue, $0.words) }, chosen: rule.condition.relation.rawValue)) \
      \(rule.condition.relation.takesValue ? Builder.values("\(prefix).v", rule.condition.value) : HTML())
      """
    case .cohort:
      """
      \(Builder.select("\(prefix).not", "In it or not", [("", "are in"), ("yes", "are not in")], chosen: rule.isNegated ? "yes" : "")) \
      \(builder.cohort("\(prefix).k", rule.cohort))
      """
    }
  }

  private func event(_ rule: CohortRuleForm, _ prefix: String, _ index: Int) -> HTML {
    "\(builder.event("\(prefix).e", rule.selector.event, label: "Event of rule \(index + 1)")) \(Builder.addCondition("\(prefix).e"))"
  }

  private func filter(_ rule: CohortRuleForm, _ prefix: String) -> HTML {
    switch rule.kind {
    case .did, .first, .stopped: builder.filter(rule.selector.filter, prefix: "\(prefix).e")
    case .property, .cohort: HTML()
    }
  }

  /// All controls stand there; the stylesheet shows those of the choice.
  private func period(_ rule: CohortRuleForm, _ prefix: String) -> HTML {
    """
    <span class="period">\(Builder.select("\(prefix).t", "When", [("ever", "ever"), ("last", "in the last"), ("between", "between")], chosen: rule.period.rawValue)) \
    <span class="if-last">\(Builder.number("\(prefix).d", "Days", rule.days, QueryLimits.cohortDays)) <span class="soft">days</span></span>\
    <span class="if-between"><input type="date" name="\(value: "\(prefix).from")" aria-label="First day" value="\(rule.from?.description ?? "")"> <span class="soft">and</span> \
    <input type="date" name="\(value: "\(prefix).to")" aria-label="Last day" value="\(rule.to?.description ?? "")"></span></span>
    """
  }
}
