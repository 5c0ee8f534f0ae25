import Gate
import Yams

/// What is kept beside a seal: `keep: domain`, `at_least: 10`.
extension PropertyDraft {
  func derivative(
    _ treatment: TrackingPlan.Treatment, _ fault: (Node, String, String) -> Void
  ) -> TrackingPlan.Derivative? {
    guard let derivative else {
      if let atLeast { fault(atLeast.node, "at_least", "this goes with “keep: domain” only.") }
      return nil
    }
    guard let kept = TrackingPlan.Derivative.Kind(rawValue: derivative.word) else {
      let words = TrackingPlan.Derivative.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      fault(derivative.node, "keep", "this must be one of \(words).")
      return nil
    }
    if treatment != .seal || path.first != "people" {
      fault(derivative.node, "keep", "something is kept beside sealed fields of people only: “treatment: seal”.")
    }
    if let kind, kind != .string { fault(derivative.node, "keep", "a \(kind.rawValue) has no domain; it goes with string.") }
    guard let atLeast else { return TrackingPlan.Derivative(kept) }
    let range = TrackingPlan.Derivative.leastRange
    guard let count = Int(atLeast.text), range.contains(count) else {
      fault(atLeast.node, "at_least", "this must be a whole number, \(range.lowerBound) to \(range.upperBound).")
      return nil
    }
    return TrackingPlan.Derivative(kept, atLeast: count)
  }
}
