import Events
import Gate
import Synchronization
import Testing
import Vault

/// Ids, organizations, duplicates and seals.
struct IdentityTests {
  @Test("actor, device and user come as pseudonyms and are sealed at first sight")
  func firstSight() throws {
    let fixture = GateFixture()
    let identity = ReceivedIdentity(userID: "ann@example.com", deviceID: "d-1", distinctID: "ann@example.com")
    let batch = fixture.gate.pass(
      events: [GateFixture.event("A", [], identity: identity), GateFixture.event("B", [], identity: identity)], profileUpdates: [])
    let first = batch.events[0]
    #expect(first.actor?.pseudonym == fixture.pseudonymizer.subject("ann@example.com"))
    #expect(first.actor?.sealedID != nil)
    #expect(first.link?.device.pseudonym == fixture.pseudonymizer.subject("$device:d-1"))
    #expect(first.link?.device.sealedID != nil)
    #expect(batch.events[1].actor?.sealedID == nil, "once a batch is enough")
    #expect(batch.wrappedKeys.count == 2)
    #expect(Set(batch.wrappedKeys).count == 2)
  }

  @Test("an id that the store knows is not sealed again")
  func known() {
    let fixture = GateFixture(isKnown: { _ in true })
    let event = fixture.pass([Property("org_id", .string("acme"))])
    #expect(event.actor?.sealedID == nil)
    #expect(event.groups[0].identity.sealedID == nil)
  }

  @Test("organizations are pseudonyms, as string, number or list")
  func groups() {
    let fixture = GateFixture()
    let acme = fixture.pseudonymizer.group(key: "org_id", id: "acme")
    let event = fixture.pass([
      Property("org_id", .list([.string("acme"), .number(7), .string("acme"), .string("undefined"), .boolean(true)]))
    ])
    #expect(event.groups.map(\.identity.pseudonym) == [acme, fixture.pseudonymizer.group(key: "org_id", id: "7")])
    #expect(event.groups[0].identity.sealedID != nil)
    #expect(
      event.value("org_id") == .list([.pseudonym(acme), .pseudonym(fixture.pseudonymizer.group(key: "org_id", id: "7")), .pseudonym(acme)]))
    #expect(fixture.pass([Property("org_id", .string("acme"))]).value("org_id") == .pseudonym(acme))
    let many = fixture.pass([Property("org_id", .list((0..<400).map { .string("o\($0)") }))])
    #expect(many.groups.count == 300)
    #expect(many.decisions[0].reason == "too_many_identifiers")
    #expect(acme != fixture.pseudonymizer.subject("acme"))
  }

  @Test("own ids do not come back under other names")
  func ownIdentifiers() {
    let fixture = GateFixture()
    let identity = ReceivedIdentity(userID: "ann-4711", deviceID: "5f1c-device", distinctID: "ann-4711")
    let event = fixture.pass(
      [
        Property("who", .string("ann-4711")), Property("list", .list([.string("5f1c-device")])), Property("text", .string("x")),
        Property("title", .string("Dashboard of ann-4711")), Property("seen by ann-4711", .number(1)),
      ], identity: identity)
    #expect(event.value("who") == .pseudonym(fixture.pseudonymizer.subject("ann-4711")))
    #expect(event.value("list") == .list([.pseudonym(fixture.pseudonymizer.subject("$device:5f1c-device"))]))
    #expect(event.value("title") == .string("Dashboard of [id]"))
    #expect(!event.properties.contains { $0.name.contains("4711") })
    #expect(event.decisions.allSatisfy { !$0.property.contains("4711") })
    let numeric = fixture.pass([Property("n", .number(123_456)), Property("k", .number(5))], identity: ReceivedIdentity(userID: "123456"))
    #expect(numeric.value("n") == .pseudonym(fixture.pseudonymizer.subject("123456")))
    #expect(numeric.value("k") == .number(5))
    let short = fixture.pass([Property("step", .string("1")), Property("who", .string("u1"))], identity: ReceivedIdentity(userID: "u1"))
    #expect(short.value("step") == .string("1"))
    #expect(short.value("who") == .pseudonym(fixture.pseudonymizer.subject("u1")))
  }

  @Test("organizations that the event names do not come back either, nor short ids in paths")
  func ownOrganizations() {
    let fixture = GateFixture()
    let event = fixture.pass(
      [
        Property("$current_url", .string("https://x.example/orgs/acme-corp/members/u1?tab=2")), Property("tenant", .string("acme-corp")),
        Property("greeting", .string("Welcome, acme-corp!")), Property("org_id", .string("acme-corp")),
        Property("account_id", .string("acme-corp")),
        Property("page", .string("/users/u1")), Property("step", .string("u10")),
      ], identity: ReceivedIdentity(userID: "u1"))
    let acme = StoredValue.pseudonym(fixture.pseudonymizer.group(key: "org_id", id: "acme-corp"))
    #expect(event.value("$current_url") == .string("https://x.example/orgs/[id]/members/[id]"))
    #expect(event.value("tenant") == acme && event.value("org_id") == acme)
    #expect(event.value("account_id") == .pseudonym(fixture.pseudonymizer.subject("acme-corp")))
    #expect(event.value("greeting") == .string("Welcome, [id]!"))
    #expect(event.value("page") == .string("/users/[id]"))
    #expect(event.value("step") == .string("u10"))
    let numeric = fixture.pass(
      [Property("page", .string("/users/42/keys")), Property("n", .string("42"))], identity: ReceivedIdentity(userID: "42"))
    #expect(numeric.properties.map(\.value) == [.string("/users/[id]/keys"), .string("42")])
  }

  @Test("duplicates are recognised by keyed fingerprints of what was sent")
  func duplicates() throws {
    let fixture = GateFixture()
    let event = fixture.pass([], named: "A", insertID: "i-1")
    let keys = try #require(event.duplicateKeys)
    #expect(keys.dayNumber == 20_409)
    #expect(keys.day == fixture.pseudonymizer.duplicate(id: "user-4711", event: "A", insertID: "i-1", slot: .day(20_409)))
    #expect(fixture.pass([], named: "A").duplicateKeys == nil)
  }

  @Test("an event without ids has no actor")
  func nobody() {
    let event = GateFixture().pass([], identity: ReceivedIdentity(), insertID: "i")
    #expect(event.actor == nil && event.link == nil && event.duplicateKeys != nil)
  }

  @Test("without a working sealer identities on profiles are dropped, with the reason")
  func failsClosed() {
    let without = GateFixture(seals: false)
    let dropped = without.profile(.set([.init("$email", .string("ann@example.com"))])).profileUpdates[0]
    #expect(dropped.value("$email") == nil)
    #expect(dropped.decisions == [Decision(property: "$email", treatment: .dropped, reason: "sealer_absent")])
    let stopped = GateFixture()
    stopped.sealer.stop(reason: "The custodian raised an alarm.")
    let batch = stopped.profile(.set([.init("$email", .string("ann@example.com")), .init("plan", .string("pro"))]))
    #expect(batch.profileUpdates[0].decisions.map(\.reason) == ["sealer_stopped", "kept"])
    #expect(batch.profileUpdates[0].value("plan") == .string("pro"))
    #expect(batch.wrappedKeys.isEmpty)
    guard case .subject(let target) = batch.profileUpdates[0].target else { return #expect(Bool(false)) }
    #expect(target.sealedID == nil)
  }

  @Test("equal values of one field have equal tags, so that lists can be united")
  func tags() throws {
    let fixture = GateFixture()
    let first = fixture.profile(.union([.init("emails", .list([.string("ann@example.com")]))])).profileUpdates[0]
    let second = fixture.profile(.remove([.init("emails", .string("ann@example.com"))])).profileUpdates[0]
    guard case .list(let united)? = first.value("emails"), case .sealed(let one)? = united.first,
      case .sealed(let other)? = second.value("emails")
    else {
      return #expect(Bool(false))
    }
    #expect(one.tag == other.tag && one.bytes != other.bytes)
  }

  @Test("group profiles are sealed for the group")
  func groupProfiles() {
    let fixture = GateFixture()
    let batch = fixture.profile(
      .set([.init("$name", .string("Acme")), .init("plan", .string("pro"))]), target: .group(key: "org_id", id: "acme"))
    guard case .group(let key, let identity) = batch.profileUpdates[0].target else { return #expect(Bool(false)) }
    #expect(key == "org_id" && identity.pseudonym == fixture.pseudonymizer.group(key: "org_id", id: "acme") && identity.sealedID != nil)
    #expect(batch.profileUpdates[0].value("$name")?.isSealed == true)
    #expect(batch.profileUpdates[0].value("plan") == .string("pro"))
  }

  @Test("counters hold a bounded number of event names")
  func boundedNames() {
    let fixture = GateFixture()
    for batch in 0..<20 {
      let events = (0..<100).map { GateFixture.event("event \(batch) \($0)", [Property("a", .number(1))]) }
      _ = fixture.gate.pass(events: events, profileUpdates: [])
    }
    let counts = fixture.counters.snapshot()
    #expect(Set(counts.map(\.event)).count <= GateCounters.nameLimit + 1)
    #expect(counts.filter { $0.reason == .kept }.reduce(0) { $0 + $1.count } == 2000)
  }

  @Test("many threads may use one gate")
  func concurrently() async {
    let fixture = GateFixture()
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for round in 0..<50 {
            _ = fixture.gate.pass(events: [GateFixture.event("E", [Property("p\(task) \(round)", .string("x"))])], profileUpdates: [])
          }
        }
      }
    }
    #expect(fixture.counters.total(.kept, .kept) == 400)
  }

  @Test func aSealSaysWhetherASecretCredentialWroteIt() throws {
    let fixture = GateFixture()
    for isVerified in [true, false] {
      let update = fixture.profile(.set([.init("$email", .string("ada@orrery.example"))]), isVerified: isVerified).profileUpdates[0]
      guard case .sealed(let value)? = update.value("$email") else {
        Issue.record("an address is sealed")
        continue
      }
      #expect(value.bytes.first == (isVerified ? 2 : 1))
      guard case .subject(let identity) = update.target, let id = identity.sealedID else { continue }
      #expect(id.bytes.first == 1, "an id is nobody's word")
    }
  }
}
