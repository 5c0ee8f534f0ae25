internal import Events
internal import Vault

/// What the plan does to a value. It gets what the gate's own steps left, so that it can only take away more; where it wants nothing of the
/// value, nobody looks at it.
extension Passage {
  mutating func planned(_ value: PropertyValue, by plan: PlanTable.Rule, rule: NameRule, field: String) -> StoredValue? {
    switch plan.treatment {
    case .keep: return self.value(value, rule: rule, path: field, field: field)
    case .drop:
      note(.dropped, .planDropped)
      return nil
    case .refuse:
      note(.refused, .planRefused)
      return nil
    case .coarsen(let coarsening):
      if coarsening.readsAsSent, Self.mayRead(rule, for: coarsening) { return asSent(value, coarsening, depth: 0) }
      return self.value(value, rule: rule, path: field, field: field).flatMap { coarsened($0, coarsening) }
    case .pseudonymize:
      return self.value(value, rule: rule, path: field, field: field).flatMap { pseudonymized($0) }
    case .seal:
      return self.value(value, rule: rule, path: field, field: field).flatMap { sealed($0, field: field) }
    }
  }

  /// Names of secrets, payload and people keep their say.
  private static func mayRead(_ rule: NameRule, for coarsening: TrackingPlan.Coarsening) -> Bool {
    switch rule.action {
    case .judge, .identityOnProfiles: true
    case .address: coarsening == .place
    case .remove, .removeAllButFlags, .removeText, .identity, .identifier, .deviceIdentifier, .group, .coordinate: false
    }
  }

  private mutating func asSent(_ value: PropertyValue, _ coarsening: TrackingPlan.Coarsening, depth: Int) -> StoredValue? {
    switch value {
    case .null: return .null
    case .boolean(let flag): return .boolean(flag)
    case .list(let elements) where depth == 0:
      return .list(elements.compactMap { asSent($0, coarsening, depth: 1) })
    case .string(let text):
      let (found, reason) = lookedUp(text, coarsening)
      guard let found else {
        note(.dropped, reason)
        return nil
      }
      if found != text { note(.coarsened, .planCoarsened) }
      return .string(found)
    case .number, .list, .object: return unfit()
    }
  }

  /// Words of a closed set for a text as it was sent, or why there are none.
  private func lookedUp(_ text: String, _ coarsening: TrackingPlan.Coarsening) -> (String?, otherwise: Reason) {
    if coarsening == .userAgent { return (gate.configuration.userAgents?.names(in: text), .userAgentForgotten) }
    let place = gate.configuration.places?.place(of: text)
    return (place.map { [$0.city, $0.region, $0.country].compactMap(\.self).joined(separator: ", ") }, .addressForgotten)
  }

  private mutating func coarsened(_ value: StoredValue, _ coarsening: TrackingPlan.Coarsening) -> StoredValue? {
    each(value) { passage, value in
      let outcome: StoredValue? =
        switch value {
        case .string(let text) where text.isEmpty: value
        case .string(let text) where coarsening == .userAgent: passage.lookedUp(text, coarsening).0.map { .string($0) }
        case .string(let text): coarsening.coarsened(text)
        case .number(let number): coarsening.coarsened(number)
        default: value
        }
      guard let outcome else { return passage.unfit() }
      if outcome != value { passage.note(.coarsened, .planCoarsened) }
      return outcome
    }
  }

  private mutating func pseudonymized(_ value: StoredValue) -> StoredValue? {
    each(value) { passage, value in
      let text: String
      switch value {
      case .string(let sent): text = sent
      case .number(let number): text = Self.text(number)
      default: return value
      }
      guard !text.isEmpty else { return value }
      passage.note(.pseudonymized, .planPseudonymized)
      return .pseudonym(passage.subject(text))
    }
  }

  private mutating func sealed(_ value: StoredValue, field: String) -> StoredValue? {
    each(value) { passage, value in
      switch value {
      case .string(let text): text.isEmpty ? value : passage.sealedOrDropped(text, .planSealed, field: field)
      case .number(let number): passage.sealedOrDropped(Self.text(number), .planSealed, field: field)
      case .boolean(let flag): passage.sealedOrDropped(flag ? "true" : "false", .planSealed, field: field)
      default: value
      }
    }
  }

  /// Goes through lists and objects; what is a pseudonym or sealed already stays. The gate's own steps have bounded the depth.
  private mutating func each(_ value: StoredValue, _ change: (inout Passage, StoredValue) -> StoredValue?) -> StoredValue? {
    switch value {
    case .null, .pseudonym, .sealed: return value
    case .boolean, .number, .string: return change(&self, value)
    case .list(let elements):
      let kept = elements.compactMap { each($0, change) }
      return kept.isEmpty && !elements.isEmpty ? nil : .list(kept)
    case .object(let members):
      let kept = members.compactMap { member in each(member.value, change).map { StoredProperty(member.name, $0) } }
      return kept.isEmpty && !members.isEmpty ? nil : .object(kept)
    }
  }

  private mutating func unfit() -> StoredValue? {
    note(.dropped, .planUnfit)
    return nil
  }

  // MARK: What the plan does not know

  /// False if nothing may be stored of it.
  mutating func accepts(unknown reason: Reason, _ policy: TrackingPlan.Unknown) -> Bool {
    switch policy {
    case .accept:
      flag(reason)
      return true
    case .quarantine: note(.dropped, reason)
    case .refuse: note(.refused, reason)
    }
    return false
  }

  /// A value of a profile; nil: nothing of it is stored.
  mutating func plannedOnProfile(
    _ assignment: ProfileOperation<PropertyValue>.Assignment, by plan: PlanTable, isGroup: Bool, isVerified: Bool, rule: NameRule
  ) -> StoredValue? {
    if !isGroup, plan.derivedNames.contains(assignment.name) {
      note(.dropped, .planKept)
      return nil
    }
    let planned = plan.rule(ofProfileProperty: assignment.name, isGroup: isGroup)
    if !planned.isDeclared {
      unplanned.properties[assignment.name, default: 0] += 1
      guard accepts(unknown: .planUnknownProperty, plan.plan.unknownProperties) else { return nil }
    }
    if planned.isAuthority, !isVerified {
      note(.dropped, .planUnverified)
      return nil
    }
    if let kind = planned.kind, !kind.holds(assignment.value) {
      guard accepts(unknown: .planType, plan.plan.unknownProperties) else { return nil }
    }
    return self.planned(assignment.value, by: planned, rule: rule, field: assignment.name)
  }
}

extension TrackingPlan.Kind {
  /// Whether a value is of this kind; null always is.
  func holds(_ value: PropertyValue) -> Bool {
    switch (value, self) {
    case (.null, _), (.string, .string), (.string, .time), (.number, .number), (.number, .time), (.boolean, .boolean), (.list, .list),
      (.object, .object):
      true
    default: false
    }
  }
}
