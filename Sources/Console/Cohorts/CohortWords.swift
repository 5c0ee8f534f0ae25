import Events
import Journeys
import Web

/// A cohort in words: `People who did Signed Up at least 3 times in the last 30 days, and are not in “Testers”`.
enum CohortWords {
  static func sentence(_ cohort: Cohort) -> String {
    let who =
      switch cohort.level {
      case .subject: "People who"
      case .group(let key): "Organizations (\(key)) that"
      }
    return "\(who) \(words(cohort.rule, isInside: false))"
  }

  private static func words(_ rule: CohortRule, isInside: Bool) -> String {
    switch rule {
    case .all(let parts):
      if let stopped = CohortRuleForm(rule) {
        return "stopped doing \(stopped.selector.words) \(NumberFormat.count(stopped.days, "day")) ago or longer"
      }
      return joined(parts, " and ", isInside)
    case .any(let parts): return joined(parts, " or ", isInside)
    case .not(.did(let behaviour)) where behaviour.count == .atLeast(1) && !behaviour.isFirst:
      return "did not do \(SelectorForm(behaviour.selector).words)\(period(behaviour.period))"
    case .not(.saved(let id)): return "are not in \(CohortNames.shown.name(id))"
    case .not(let part): return "do not fit: (\(words(part, isInside: false)))"
    case .did(let behaviour):
      let what = SelectorForm(behaviour.selector).words
      if behaviour.isFirst { return "did \(what) for the first time\(period(behaviour.period))" }
      return "did \(what)\(times(behaviour.count))\(period(behaviour.period))"
    case .property(let name, let comparison):
      let condition = FilterForm.Condition(PropertyReference(name), comparison)
      return "have a profile where \(condition?.words ?? name)"
    case .members(let list): return "are in a list of \(NumberFormat.exact(list.count))"
    case .saved(let id): return "are in \(CohortNames.shown.name(id))"
    }
  }

  private static func joined(_ parts: [CohortRule], _ word: String, _ isInside: Bool) -> String {
    let text = parts.map { words($0, isInside: true) }.joined(separator: word)
    return isInside && parts.count > 1 ? "(\(text))" : text
  }

  private static func times(_ count: Behaviour.Count) -> String {
    switch count {
    case .atLeast(1): ""
    case .atLeast(let number): " at least \(NumberFormat.count(number, "time"))"
    case .atMost(let number): " at most \(NumberFormat.count(number, "time"))"
    case .exactly(let number): " exactly \(NumberFormat.count(number, "time"))"
    }
  }

  private static func period(_ period: Behaviour.Period) -> String {
    switch period {
    case .ever: ""
    case .last(let days): " in the last \(NumberFormat.count(days, "day"))"
    case .during(let range): " \(RangeForm(range).during)"
    }
  }
}
