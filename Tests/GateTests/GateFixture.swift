import Events
import Gate
import Synchronization
import Vault

/// A gate with a fixed pseudonym key and a sealer to a public key whose private half nobody has.
struct GateFixture {
  static let key = SecretKey(bytes: (0..<32).map { UInt8($0) })
  static let project = ProjectID(1)
  static let time = Timestamp(milliseconds: 1_763_400_000_123)

  let pseudonymizer: Pseudonymizer
  let sealer: Sealer
  let counters = GateCounters()
  let gate: Gate

  init(
    groupKeys: [String] = ["org_id", "organization_id"], places: Places? = nil, userAgents: UserAgents? = UserAgentTests.few,
    plan: TrackingPlan? = nil, derivatives: Derivatives? = nil, seals: Bool = true,
    isKnown: @escaping @Sendable (Pseudonym) -> Bool = { _ in false }
  ) {
    let key = Self.key ?? SecretKey()
    pseudonymizer = Pseudonymizer(key: key, project: Self.project)
    // The base point of X25519: a valid public key.
    let custodian = CustodianPublicKey(bytes: [9] + [UInt8](repeating: 0, count: 31))
    guard let custodian else { preconditionFailure("the base point is 32 bytes") }
    sealer = Sealer(project: Self.project, custodianKey: custodian, pseudonymizer: pseudonymizer)
    gate = Gate(
      configuration: GateConfiguration(
        groupKeys: groupKeys, places: places, userAgents: userAgents, plan: plan.map { PlanTable($0, groupKeys: groupKeys) },
        derivatives: derivatives),
      pseudonymizer: pseudonymizer,
      sealer: seals ? sealer : nil, isKnown: isKnown, counters: counters)
  }

  static func event(
    _ name: String = "Page View", _ properties: [Property], identity: ReceivedIdentity = ReceivedIdentity(distinctID: "user-4711"),
    insertID: String? = nil, address: String? = nil
  ) -> ReceivedEvent {
    ReceivedEvent(
      name: name, time: time, sentTime: time, identity: identity, insertID: insertID, properties: properties, address: address,
      isVerified: false)
  }

  func pass(
    _ properties: [Property], named name: String = "Page View", identity: ReceivedIdentity = ReceivedIdentity(distinctID: "user-4711"),
    insertID: String? = nil, address: String? = nil
  ) -> GatedEvent {
    let event = Self.event(name, properties, identity: identity, insertID: insertID, address: address)
    return gate.pass(events: [event], profileUpdates: []).events[0]
  }

  /// What is stored of one string under a harmless name, and what was decided.
  func judge(_ text: String, as name: String = "value") -> (stored: StoredValue?, decision: Decision) {
    let event = pass([Property(name, .string(text))])
    return (event.value(name), event.decisions[0])
  }

  func profile(
    _ operation: ProfileOperation<PropertyValue>, target: ReceivedProfileUpdate.Target = .subject("user-4711"), address: String? = nil,
    isVerified: Bool = false
  ) -> GatedBatch {
    gate.pass(
      events: [],
      profileUpdates: [
        ReceivedProfileUpdate(
          target: target, operation: operation, time: Self.time, ignoresTime: false, address: address, isVerified: isVerified)
      ])
  }
}

extension GatedEvent {
  func value(_ name: String) -> StoredValue? { properties.first { $0.name == name }?.value }
  func decision(_ name: String) -> Decision? { decisions.first { $0.property == name } }
}

extension GatedProfileUpdate {
  func value(_ name: String) -> StoredValue? {
    switch operation {
    case .set(let all), .setOnce(let all), .add(let all), .append(let all), .union(let all), .remove(let all):
      all.first { $0.name == name }?.value
    case .unset, .delete: nil
    }
  }
}

extension StoredValue {
  /// Every text in the clear that this value would put on disk, names of members included.
  var texts: [String] {
    switch self {
    case .string(let text): [text]
    case .list(let elements): elements.flatMap(\.texts)
    case .object(let members): members.flatMap { [$0.name] + $0.value.texts }
    case .number(let number): ["\(number)"]
    case .null, .boolean, .pseudonym, .sealed: []
    }
  }

  var isSealed: Bool { if case .sealed = self { true } else { false } }
}
