import Gate
import Journeys

/// What becomes of a value under a plan, beyond what the gate's own steps do.
package enum PlanEffect: Sendable, Hashable, CustomStringConvertible {
  case stored
  case coarsened(TrackingPlan.Coarsening)
  case pseudonymized
  /// On profiles alone.
  case sealed
  case dropped
  case refused

  init(onEvent event: String, of plan: TrackingPlan?) {
    switch plan?.events[event]?.treatment {
    case .keep: self = .stored
    case .drop: self = .dropped
    case .refuse: self = .refused
    case nil:
      guard let plan, !plan.knows(event: event) else {
        self = .stored
        return
      }
      // What is compared is stored and seen: under quarantine such events are not held but left out.
      self = Self.unknown(plan.unknownEvents)
    }
  }

  init(onProperty name: String, _ kind: TrackingPlan.Kind?, of event: String, _ plan: TrackingPlan?, _ groupKeys: Set<String>) {
    guard let plan else {
      self = .stored
      return
    }
    guard let property = plan.property(name, of: event) ?? (groupKeys.contains(name) ? TrackingPlan.Property() : nil) else {
      self = Self.unknown(plan.unknownProperties)
      return
    }
    if let kind, let expected = property.kind, !expected.mayBe(kind),
      plan.unknownProperties != .accept
    {
      self = Self.unknown(plan.unknownProperties)
      return
    }
    switch property.treatment {
    case .keep: self = .stored
    case .coarsen(let coarsening): self = .coarsened(coarsening)
    case .pseudonymize: self = .pseudonymized
    case .seal, .drop: self = .dropped
    case .refuse: self = .refused
    }
  }

  init(onProfile value: ProfileValues, _ plan: TrackingPlan?, _ groupKeys: Set<String>) {
    guard let plan else {
      self = .stored
      return
    }
    if value.section == .people, plan.derivatives[value.property] != nil {
      // The gate alone writes it.
      self = .dropped
      return
    }
    let declared = value.section == .people ? plan.people[value.property] : plan.groups[value.property]
    let isFamiliar = groupKeys.contains(value.property) || ReservedNames.isProperty(value.property)
    guard let property = declared ?? (isFamiliar ? TrackingPlan.Property() : nil) else {
      self = Self.unknown(plan.unknownProperties)
      return
    }
    if property.weight == .authority, !value.isVerified {
      self = .dropped
      return
    }
    if let kind = value.kind?.planKind, let expected = property.kind, !expected.mayBe(kind), plan.unknownProperties != .accept {
      self = Self.unknown(plan.unknownProperties)
      return
    }
    switch property.treatment {
    case .keep: self = .stored
    case .coarsen(let coarsening): self = .coarsened(coarsening)
    case .pseudonymize: self = .pseudonymized
    case .seal: self = .sealed
    case .drop: self = .dropped
    case .refuse: self = .refused
    }
  }

  private static func unknown(_ policy: TrackingPlan.Unknown) -> PlanEffect {
    switch policy {
    case .accept: .stored
    case .quarantine: .dropped
    case .refuse: .refused
    }
  }

  package var description: String {
    switch self {
    case .stored: "stored"
    case .coarsened(let coarsening): "coarsened to \(coarsening.word)"
    case .pseudonymized: "pseudonymized"
    case .sealed: "sealed"
    case .dropped: "dropped"
    case .refused: "refused"
    }
  }
}

extension TrackingPlan.Kind {
  /// Whether a value of a kind may be of this one.
  fileprivate func mayBe(_ kind: TrackingPlan.Kind) -> Bool {
    kind == self || (self == .time && (kind == .string || kind == .number))
  }
}

extension PropertyStatistics.Kind {
  /// Nil where what rests does not tell what was sent.
  fileprivate var planKind: TrackingPlan.Kind? {
    switch self {
    case .text: .string
    case .number: .number
    case .boolean: .boolean
    case .list: .list
    case .object: .object
    case .pseudonym, .sealed: nil
    }
  }
}
