import Gate
import Yams

/// What the lines of one property say, before it is known whether they go together.
struct PropertyDraft {
  let path: [String]
  let node: Node
  let onProfiles: Bool
  var kind: TrackingPlan.Kind?
  var owner: String?
  var description: String?
  var treatment: (word: String, node: Node)?
  var target: (word: String, node: Node)?
  var edges: [Int64]?
  var weight: TrackingPlan.Weight?
  var derivative: (word: String, node: Node)?
  var atLeast: (text: String, node: Node)?

  static let treatments = ["keep", "coarsen", "pseudonymize", "seal", "drop", "refuse"]
  static let targets = ["url", "hour", "bucket", "place", "user_agent"]

  /// The property as it counts; of what does not go together `faults` has a sentence each.
  func property(_ faults: inout [PlanFault]) -> TrackingPlan.Property {
    func fault(_ node: Node, _ key: String, _ sentence: String) {
      faults.append(PlanFault(line: node.mark?.line ?? 0, key: (path + [key]).joined(separator: " / "), sentence: sentence))
    }
    let word = treatment?.word ?? "keep"
    let place = treatment?.node ?? node
    if word != "coarsen" {
      if let target { fault(target.node, "to", "this goes with “treatment: coarsen” only.") }
      if edges != nil, target == nil { fault(node, "edges", "they go with “treatment: coarsen” and “to: bucket” only.") }
    }
    if weight != nil, !onProfiles { fault(node, "field", "only fields of people and groups count as identity or authority.") }
    if weight == .identity, word == "keep" || word == "coarsen" {
      fault(place, "treatment", "an identity is sealed, pseudonymized, dropped or refused; say which.")
    }
    var outcome = TrackingPlan.Treatment.keep
    switch word {
    case "keep": break
    case "coarsen": outcome = coarsening(fault).map { .coarsen($0) } ?? .keep
    case "pseudonymize": outcome = .pseudonymize
    case "seal":
      outcome = .seal
      if !onProfiles { fault(place, "treatment", "only profiles have sealed values; on events say pseudonymize or drop.") }
    case "drop": outcome = .drop
    case "refuse": outcome = .refuse
    default: fault(place, "treatment", "this must be one of \(Self.treatments.joined(separator: ", ")).")
    }
    return TrackingPlan.Property(
      outcome, kind: kind, owner: owner, description: description, weight: weight,
      derivative: derivative(outcome, fault))
  }

  private func coarsening(_ fault: (Node, String, String) -> Void) -> TrackingPlan.Coarsening? {
    guard let target else {
      fault(treatment?.node ?? node, "treatment", "say with “to:” what it becomes: \(Self.targets.joined(separator: ", ")).")
      return nil
    }
    if edges != nil, target.word != "bucket" { fault(target.node, "edges", "they go with “to: bucket” only.") }
    func expect(_ kinds: Set<TrackingPlan.Kind>, _ coarsening: TrackingPlan.Coarsening) -> TrackingPlan.Coarsening {
      if let kind, !kinds.contains(kind) {
        let fitting = kinds.map(\.rawValue).sorted().joined(separator: ", ")
        fault(target.node, "to", "a \(kind.rawValue) cannot become this; \(target.word) goes with \(fitting).")
      }
      return coarsening
    }
    switch target.word {
    case "url": return expect([.string, .list], .url)
    case "hour": return expect([.string, .number, .time, .list], .hour)
    case "place": return expect([.string, .list], .place)
    case "user_agent": return expect([.string, .list], .userAgent)
    case "bucket":
      guard let edges else {
        fault(target.node, "to", "a bucket needs “edges: [0, 10, 100]”: its lower edges.")
        return nil
      }
      return expect([.string, .number, .list], .bucket(edges))
    default:
      fault(target.node, "to", "this must be one of \(Self.targets.joined(separator: ", ")).")
      return nil
    }
  }
}
