import Journeys
import Web

/// What a funnel counts, in words.
extension FunnelView {
  var rules: [String] {
    [counted, "window \(form.window.words) of elapsed time from the first step, its end included", order] + exclusions + bounds + value
  }

  private var counted: String {
    let judged =
      switch question.entry {
      case .longest: "the attempt that got furthest"
      case .first: "its first attempt"
      case .lastBeforeNext: "the attempt that got furthest, entered by the last first step before its second"
      }
    return switch question.counting {
    case .unique: "each subject counts once, by \(judged)"
    case .totals: "every attempt counts, one open at a time"
    case .sessions:
      "each session counts once, by \(judged); it ends with a pause of more than "
        + "\(NumberFormat.duration(seconds: Double(question.sessionGapSeconds ?? 0)))"
    }
  }

  private var order: String {
    switch question.order {
    case .sequential: "steps in this order, anything may lie between"
    case .strict: "each step is the very next event"
    case .any: "steps in any order"
    }
  }

  private var exclusions: [String] {
    guard !question.exclusions.isEmpty else { return [] }
    let words = question.exclusions.prefix(5).map { exclusion in
      "\(VisibleText.shortened(SelectorForm(exclusion.selector).words, to: 60)) between step \(exclusion.fromStep + 1) and \(exclusion.toStep + 1)"
    }
    let more = question.exclusions.count > words.count ? " and others" : ""
    let effect =
      question.exclusionMode == .removeSubject ? "takes the subject out of the funnel" : "ends the attempt, any one without it converts"
    return ["\(words.joined(separator: ", "))\(more) \(effect)"]
  }

  private var bounds: [String] {
    var parts: [String] = []
    if !question.hold.isEmpty {
      parts.append("all steps have the same \(question.hold.map { VisibleText.shortened($0, to: 40) }.joined(separator: ", "))")
    }
    if let hop = form.hop { parts.append("each step within \(hop.words) of the one before") }
    if question.graceMilliseconds > 0 {
      parts.append("steps within \(NumberFormat.exact(question.graceMilliseconds)) ms of each other count in either order")
    }
    if question.withinRange { parts.append("later steps lie in the range too") }
    return parts
  }

  private var value: [String] {
    switch question.attribution {
    case .entry: []
    case .firstEntry: ["split by the value at the first entry of all"]
    case .last: ["split by the value at the last step reached"]
    case .step(let step): ["split by the value at step \(step + 1), “not set” for who did not get there"]
    }
  }
}
