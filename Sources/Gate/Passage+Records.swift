internal import Events
internal import Vault

/// Profile updates on their way through the gate.
extension Passage {
  /// - Returns: the update, and behind it one that takes away what has to go with what it changed.
  mutating func pass(_ update: ReceivedProfileUpdate) -> [GatedProfileUpdate] {
    own = OwnIdentifiers(update.target)
    let target: GatedProfileUpdate.Target
    plannedProfile = (isGroup: false, isVerified: update.isVerified)
    switch update.target {
    case .subject(let id):
      turn(to: GateCounters.profiles)
      let pseudonym = subject(id)
      sealingSubject = pseudonym
      target = .subject(identity(pseudonym, id: id))
    case .group(let key, let id):
      turn(to: GateCounters.groupProfiles)
      plannedProfile.isGroup = true
      let pseudonym = group(key, id)
      sealingSubject = pseudonym
      target = .group(key: Redaction.shown(key, own: own), identity(pseudonym, id: id))
    }
    outdated.removeAll(keepingCapacity: true)
    var decisions: [Decision] = []
    let operation = pass(update.operation, address: update.address, &decisions)
    countKept()
    sealingSubject = nil
    let passed = GatedProfileUpdate(
      target: target, operation: operation, time: update.time, ignoresTime: update.ignoresTime, isVerified: update.isVerified,
      decisions: decisions)
    if outdated.isEmpty { return [passed] }
    let following = GatedProfileUpdate(
      target: target, operation: .unset(outdated), time: update.time, ignoresTime: true, isVerified: update.isVerified, decisions: [])
    return [passed, following]
  }

  private mutating func pass(
    _ operation: ProfileOperation<PropertyValue>, address: String?, _ decisions: inout [Decision]
  ) -> ProfileOperation<StoredValue> {
    switch operation {
    case .set(let assignments):
      var stored = pass(assignments, &decisions)
      stored += derivatives(of: assignments, stored)
      if let address {
        var places = stored.map { StoredProperty($0.name, $0.value) }
        addPlace(of: address, to: &places, &decisions)
        stored += places[stored.count...].map { .init($0.name, $0.value) }
      }
      return .set(stored)
    case .setOnce(let assignments): return .setOnce(pass(assignments, &decisions))
    case .add(let assignments): return .add(pass(assignments, &decisions).filter { if case .number = $0.value { true } else { false } })
    case .append(let assignments): return .append(outdating(pass(assignments, &decisions)))
    case .union(let assignments): return .union(outdating(pass(assignments, &decisions)))
    case .remove(let assignments): return .remove(outdating(pass(assignments, &decisions)))
    case .unset(let names):
      var kept: [String] = []
      for name in names {
        if rule(for: name).reason == .unfitName || own.isNamed(by: name) {
          note(.dropped, .unfitName)
        } else {
          kept.append(name)
        }
        decisions.append(decision(on: Redaction.shown(name, own: own)))
      }
      return .unset(kept + derivatives(ofFields: kept))
    case .delete: return .delete
    }
  }

  private mutating func pass(
    _ assignments: [ProfileOperation<PropertyValue>.Assignment], _ decisions: inout [Decision]
  ) -> [ProfileOperation<StoredValue>.Assignment] {
    var kept: [ProfileOperation<StoredValue>.Assignment] = []
    kept.reserveCapacity(assignments.count)
    for (position, assignment) in assignments.enumerated() {
      let rule = rule(for: assignment.name, at: position)
      guard rule.reason != .unfitName, !own.isNamed(by: assignment.name) else {
        note(.dropped, .unfitName)
        decisions.append(decision(on: Redaction.shown(assignment.name, own: own)))
        continue
      }
      let stored: StoredValue?
      if let plan = gate.configuration.plan {
        stored = plannedOnProfile(
          assignment, by: plan, isGroup: plannedProfile.isGroup, isVerified: plannedProfile.isVerified, rule: rule)
      } else {
        stored = value(assignment.value, rule: rule, path: assignment.name, field: assignment.name)
      }
      if let stored { kept.append(.init(assignment.name, stored)) }
      if let (treatment, reason) = finding {
        let event = plannedProfile.isGroup ? GateCounters.groupProfiles : GateCounters.profiles
        findings[.init(event: event, property: assignment.name, treatment: treatment, reason: reason), default: 0] += 1
      }
      decisions.append(decision(on: assignment.name))
    }
    return kept
  }

  /// Turns the address into a place and forgets it. What the sender said about the place wins.
  private mutating func addPlace(of address: String, to properties: inout [StoredProperty], _ decisions: inout [Decision]) {
    guard let place = gate.configuration.places?.place(of: address) else {
      note(.dropped, .addressForgotten)
      decisions.append(decision(on: "ip"))
      return
    }
    let parts = [("$city", place.city), ("$region", place.region), ("$country_code", place.country), ("$timezone", place.timeZone)]
    for case (let name, let text?) in parts where !properties.contains(where: { $0.name == name }) {
      properties.append(StoredProperty(name, .string(text)))
    }
    note(.coarsened, .place)
    decisions.append(decision(on: "ip"))
  }
}

extension Int64 {
  /// Division that rounds down, also before 1970.
  func floored(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
