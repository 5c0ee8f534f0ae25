internal import Events
internal import Vault

/// What the plan keeps beside a seal, on its way into a profile.
extension Passage {
  /// Of fields that are set: in the clear what is out already, as a keyed pseudonym what too few people share.
  mutating func derivatives(
    of assignments: [ProfileOperation<PropertyValue>.Assignment], _ stored: [ProfileOperation<StoredValue>.Assignment]
  ) -> [ProfileOperation<StoredValue>.Assignment] {
    guard let plan = planOfDerivatives, let subject = sealingSubject else { return [] }
    var kept: [ProfileOperation<StoredValue>.Assignment] = []
    for assignment in assignments {
      guard let derivative = plan.plan.people[assignment.name]?.derivative,
        let value = stored.last(where: { $0.name == assignment.name })?.value
      else { continue }
      let name = derivative.name(of: assignment.name)
      guard case .sealed = value, case .string(let sent) = assignment.value, let text = derivative.kind.text(of: sent) else {
        outdated.append(name)
        continue
      }
      let key = Derivatives.Key(
        name: name, isVerified: plannedProfile.isVerified, pseudonym: gate.pseudonymizer.tag(field: name, value: text))
      if gate.configuration.derivatives?.isOpen(key) == true {
        count(.coarsened, .planKept)
        kept.append(.init(name, .string(text)))
      } else {
        count(.pseudonymized, .planKept)
        kept.append(.init(name, .pseudonym(key.pseudonym)))
        waiting.append(WaitingDerivative(key: key, text: text, subject: subject, atLeast: derivative.atLeast))
      }
    }
    return kept
  }

  /// Of fields that are changed in another way than by being set: no one value, no derivative.
  mutating func outdating(_ stored: [ProfileOperation<StoredValue>.Assignment]) -> [ProfileOperation<StoredValue>.Assignment] {
    if planOfDerivatives != nil { outdated += derivatives(ofFields: stored.map(\.name)) }
    return stored
  }

  func derivatives(ofFields names: [String]) -> [String] {
    guard let plan = planOfDerivatives else { return [] }
    return names.compactMap { name in plan.plan.people[name]?.derivative?.name(of: name) }
  }

  private var planOfDerivatives: PlanTable? {
    guard let plan = gate.configuration.plan, !plan.derivedNames.isEmpty, !plannedProfile.isGroup else { return nil }
    return plan
  }
}
