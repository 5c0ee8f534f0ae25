internal import Events
internal import Vault

/// Events and profile updates on their way through the gate.
extension Passage {
  /// - Parameter isDecided: whether the decisions are kept; they are counted in any case.
  mutating func pass(_ event: ReceivedEvent, isDecided: Bool = true) -> GatedEvent {
    own = OwnIdentifiers(event.identity)
    sealingSubject = nil
    rules.removeAll(keepingCapacity: true)
    for position in event.properties.indices {
      let rule = rule(for: event.properties[position].name, at: position)
      if rule.action == .group { own.add(group: event.properties[position].name, event.properties[position].value) }
      rules.append(rule)
    }
    let name = eventName(event.name)
    turn(to: name)

    var properties: [StoredProperty] = []
    properties.reserveCapacity(event.properties.count + 3)
    var decisions: [Decision] = []
    if isDecided { decisions.reserveCapacity(event.properties.count + 4) }
    var groups: [GatedEvent.Group] = []

    if name != event.name {
      note(.coarsened, .eventName)
      decide(on: "event", isDecided, &decisions)
    }
    for position in event.properties.indices {
      let property = event.properties[position]
      let rule = rules[position]
      guard rule.reason != .unfitName, !own.isNamed(by: property.name) else {
        note(.dropped, .unfitName)
        decide(on: isDecided ? Redaction.shown(property.name, own: own) : "", isDecided, &decisions)
        continue
      }
      let stored: StoredValue?
      if rule.action == .group {
        var ids: [(id: String, pseudonym: Pseudonym)] = []
        stored = self.groups(property.value, key: property.name, into: &ids)
        for (id, pseudonym) in ids { groups.append(.init(key: property.name, identity: identity(pseudonym, id: id))) }
      } else {
        stored = value(property.value, rule: rule, path: property.name, field: property.name)
      }
      if let stored { properties.append(StoredProperty(property.name, stored)) }
      decide(on: property.name, isDecided, &decisions)
    }
    if let address = event.address {
      addPlace(of: address, to: &properties, &decisions, country: "mp_country_code", withTimeZone: false)
      if !isDecided { decisions = [] }
    }

    countKept()
    let actor = event.identity.actor
    return GatedEvent(
      name: name, time: event.time, actor: actor.map { identity(subject($0), id: $0) }, link: link(event.identity),
      duplicateKeys: duplicateKeys(of: event), groups: groups, properties: properties, decisions: decisions)
  }

  private mutating func decide(on property: String, _ isDecided: Bool, _ decisions: inout [Decision]) {
    if isDecided { decisions.append(decision(on: property)) } else { settle() }
  }

  private mutating func link(_ received: ReceivedIdentity) -> GatedEvent.Link? {
    guard let (device, user) = received.link else { return nil }
    return .init(device: identity(subject(device), id: device), user: identity(subject(user), id: user))
  }

  /// Over the id and the event's name as sent (analytics-semantics A.21, 2): what the gate does later does not change them.
  private func duplicateKeys(of event: ReceivedEvent) -> DuplicateKeys? {
    guard let insertID = event.insertID else { return nil }
    let day = Int32(clamping: event.sentTime.milliseconds.floored(by: 86_400_000))
    let id = event.identity.actor ?? ""
    return DuplicateKeys(
      day: gate.pseudonymizer.duplicate(id: id, event: event.name, insertID: insertID, slot: .day(day)), dayNumber: day)
  }

  mutating func pass(_ update: ReceivedProfileUpdate) -> GatedProfileUpdate {
    own = OwnIdentifiers(update.target)
    let target: GatedProfileUpdate.Target
    switch update.target {
    case .subject(let id):
      turn(to: GateCounters.profiles)
      let pseudonym = subject(id)
      sealingSubject = pseudonym
      target = .subject(identity(pseudonym, id: id))
    case .group(let key, let id):
      turn(to: GateCounters.groupProfiles)
      let pseudonym = group(key, id)
      sealingSubject = pseudonym
      target = .group(key: Redaction.shown(key, own: own), identity(pseudonym, id: id))
    }
    var decisions: [Decision] = []
    let operation = pass(update.operation, address: update.address, &decisions)
    countKept()
    sealingSubject = nil
    return GatedProfileUpdate(
      target: target, operation: operation, time: update.time, ignoresTime: update.ignoresTime, isVerified: update.isVerified,
      decisions: decisions)
  }

  private mutating func pass(
    _ operation: ProfileOperation<PropertyValue>, address: String?, _ decisions: inout [Decision]
  ) -> ProfileOperation<StoredValue> {
    switch operation {
    case .set(let assignments):
      var stored = pass(assignments, &decisions)
      if let address {
        var places = stored.map { StoredProperty($0.name, $0.value) }
        addPlace(of: address, to: &places, &decisions, country: "$country_code", withTimeZone: true)
        stored += places[stored.count...].map { .init($0.name, $0.value) }
      }
      return .set(stored)
    case .setOnce(let assignments): return .setOnce(pass(assignments, &decisions))
    case .add(let assignments): return .add(pass(assignments, &decisions).filter { if case .number = $0.value { true } else { false } })
    case .append(let assignments): return .append(pass(assignments, &decisions))
    case .union(let assignments): return .union(pass(assignments, &decisions))
    case .remove(let assignments): return .remove(pass(assignments, &decisions))
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
      return .unset(kept)
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
      if let stored = value(assignment.value, rule: rule, path: assignment.name, field: assignment.name) {
        kept.append(.init(assignment.name, stored))
      }
      decisions.append(decision(on: assignment.name))
    }
    return kept
  }

  /// Turns the address into a place and forgets it. What the sender said about the place wins.
  private mutating func addPlace(
    of address: String, to properties: inout [StoredProperty], _ decisions: inout [Decision], country: String, withTimeZone: Bool
  ) {
    guard let place = gate.configuration.places?.place(of: address) else {
      note(.dropped, .addressForgotten)
      decisions.append(decision(on: "ip"))
      return
    }
    var parts = [("$city", place.city), ("$region", place.region), (country, place.country)]
    if withTimeZone { parts.append(("$timezone", place.timeZone)) }
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
