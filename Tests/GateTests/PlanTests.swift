import Events
import Gate
import Testing
import Vault

/// What the plan takes away beyond the gate's own steps, and that it gives nothing back.
struct PlanTests {
  private static func plan(
    _ properties: [String: TrackingPlan.Property], unknown: TrackingPlan.Unknown = .accept, event: TrackingPlan.Event.Treatment = .keep
  ) -> TrackingPlan {
    TrackingPlan(
      unknownEvents: unknown, unknownProperties: unknown, events: ["Page View": TrackingPlan.Event(event, properties: properties)])
  }

  /// What becomes of one value.
  private static func judge(
    _ value: PropertyValue, _ property: TrackingPlan.Property, as name: String = "value"
  ) -> (StoredValue?, Decision) {
    let event = GateFixture(plan: plan([name: property])).pass([Property(name, value)])
    return (event.value(name), event.decisions[0])
  }

  @Test func withoutAPlanForItAValueIsKeptAndFlagged() {
    let fixture = GateFixture(plan: Self.plan([:]))
    let event = fixture.pass([Property("colour", .string("red")), Property("$os", .string("Linux")), Property("org_id", .string("acme"))])
    #expect(event.value("colour") == .string("red") && event.value("$os") == .string("Linux"))
    #expect(event.decision("colour") == Decision(property: "colour", treatment: .kept, reason: "plan_unknown_property"))
    #expect(event.decision("$os")?.reason == "kept" && event.decision("org_id")?.reason == "group_key" && event.groups.count == 1)
    #expect(fixture.counters.total(.kept, .planUnknownProperty) == 1 && fixture.counters.total(.kept, .kept) == 1)
    #expect(fixture.counters.unplanned.snapshot().properties == ["colour": 1])
    #expect(fixture.counters.unplanned.snapshot().events.isEmpty)
    _ = fixture.pass([Property("colour", .string("red"))], named: "Other")
    #expect(fixture.counters.unplanned.snapshot().events == ["Other": 1])
    #expect(fixture.counters.total(.kept, .planUnknownEvent) == 1)
  }

  @Test(arguments: [(TrackingPlan.Unknown.quarantine, Decision.Treatment.dropped), (.refuse, .refused)])
  func unknownPropertiesAndEventsAreLeftOut(_ unknown: TrackingPlan.Unknown, _ treatment: Decision.Treatment) {
    let fixture = GateFixture(plan: Self.plan(["n": .init(kind: .number)], unknown: unknown))
    let event = fixture.pass([
      Property("colour", .string("red")), Property("n", .number(7)), Property("$browser", .string("Firefox")),
      Property("utm_source", .string("x")),
    ])
    #expect(event.properties.map(\.name).sorted() == ["$browser", "n", "utm_source"])
    #expect(event.decision("colour") == Decision(property: "colour", treatment: treatment, reason: "plan_unknown_property"))
    let wrong = fixture.pass([Property("n", .string("seven")), Property("n", .null)])
    #expect(wrong.properties == [StoredProperty("n", .null)])
    #expect(wrong.decisions[0] == Decision(property: "n", treatment: treatment, reason: "plan_type"))
    let batch = fixture.gate.pass(
      events: [
        GateFixture.event("Strange", [Property("n", .number(1))]), GateFixture.event("Page View", [Property("n", .number(2))]),
        GateFixture.event("user-4711 came", []), GateFixture.event("$identify", []),
      ], profileUpdates: [])
    if unknown == .refuse {
      #expect(batch.events.map(\.name) == ["Page View", "$identify"] && batch.rows.count == 2 && batch.rows.held.isEmpty)
      #expect(batch.rows.properties(of: 0) == ["n": .number(2)])
      #expect(fixture.counters.total(treatment, .planUnknownEvent) == 2)
    } else {
      // Held under the names that may be stored; their values passed all steps.
      let names = batch.events.map(\.name)
      #expect(names.count == 4 && names[0] == "Strange" && !names[2].contains("4711"))
      #expect(batch.rows.held == [names[0], names[2]] && batch.rows.properties(of: 0) == ["n": .number(1)])
      #expect(batch.events[0].decisions.first == Decision(property: "event", treatment: .kept, reason: "plan_held_event"))
      #expect(fixture.counters.total(.kept, .planHeldEvent) == 2)
    }
    let listed = unknown == .refuse ? GateCounters.otherEvents : "[id] came"
    #expect(fixture.counters.unplanned.snapshot().events == ["Strange": 1, listed: 1], "an id in a name is not shown")
  }

  @Test("what was done is counted by event and property, of profiles too, and never with a value") func findings() {
    let fixture = GateFixture(plan: Self.plan(["n": .init(kind: .number), "at": .init(.drop)], unknown: .accept))
    for n in 0..<3 {
      _ = fixture.pass([Property("n", .number(Double(n))), Property("at", .string("x")), Property("c", .string("a@b.example"))])
    }
    _ = fixture.gate.pass(
      events: [
        GateFixture.event("Other", [Property("c", .string("d@e.example"))]), GateFixture.event("Other", [Property("n", .number(1))]),
      ],
      profileUpdates: [
        ReceivedProfileUpdate(
          target: .subject("u-4711"), operation: .set([.init("mail", .string("f@g.example")), .init("n", .number(1))]),
          time: Timestamp(milliseconds: 0), ignoresTime: false, address: nil, isVerified: true)
      ])
    let found = fixture.counters.findings.drain()
    func count(_ event: String, _ property: String, _ treatment: Decision.Treatment, _ reason: Reason) -> UInt64? {
      found.first { place, _ in
        place.event == event && place.property == property && place.treatment == treatment && place.reason == reason
      }?.value
    }
    #expect(count("Page View", "c", .dropped, .email) == 3)
    #expect(!found.contains { $0.key.property == "at" }, "what the plan says is no finding")
    #expect(count("Other", "c", .dropped, .email) == 1)
    #expect(found.contains { $0.key.event == GateCounters.profiles && $0.key.property == "mail" && $0.key.treatment != .kept })
    #expect(!found.contains { $0.key.property == "n" && $0.key.event == "Page View" })
    #expect(!"\(found)".contains("example") && fixture.counters.findings.drain().isEmpty)
  }

  @Test func aTypeThatIsNotTheDeclaredOneIsFlaggedAndStillTreated() {
    let (stored, decision) = Self.judge(.string("12"), .init(.coarsen(.bucket([0, 10])), kind: .number))
    #expect(stored == .number(10) && decision.reason == "plan_coarsen")
    #expect(Self.judge(.string("x"), .init(kind: .number)).1.reason == "plan_type")
    #expect(Self.judge(.list([]), .init(kind: .object)).1.reason == "plan_type")
    for (value, kind) in [
      (.null, .number), (.list([]), .list), (.object([]), .object), (.number(1), .time), (.string("x"), .time), (.boolean(true), .boolean),
    ] as [(PropertyValue, TrackingPlan.Kind)] {
      #expect(Self.judge(value, .init(kind: kind)).1.reason == "kept", "\(kind)")
    }
  }

  @Test(
    "treatments",
    arguments: [
      (.string("https://x.example/orders/4711/items/b?q=1"), .coarsen(.url), .string("https://x.example/orders/[id]/items/b"), .coarsened),
      (.string("/a/b"), .coarsen(.url), .string("/a/b"), .kept), (.string("no link"), .coarsen(.url), nil, .dropped),
      (.string("2026-11-28T07:21:18.5+01:00"), .coarsen(.hour), .string("2026-11-28T07:00:00+01:00"), .coarsened),
      (.number(1_763_400_123), .coarsen(.hour), .number(1_763_398_800), .coarsened),
      (.string("tomorrow"), .coarsen(.hour), nil, .dropped), (.number(57), .coarsen(.bucket([0, 10, 100])), .number(10), .coarsened),
      (.number(-5), .coarsen(.bucket([0, 10, 100])), .number(0), .coarsened),
      (.number(10), .coarsen(.bucket([0, 10])), .number(10), .kept),
      (.list([.number(3), .string("x"), .number(12)]), .coarsen(.bucket([0, 10])), .list([.number(0), .number(10)]), .dropped),
      (
        .string("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"), .coarsen(.userAgent),
        .string("Chrome, Windows"), .coarsened
      ),
      (.string("10.1.2.3"), .coarsen(.place), nil, .dropped), (.string("x"), .drop, nil, .dropped), (.string("x"), .refuse, nil, .refused),
      (.boolean(true), .drop, nil, .dropped), (.null, .refuse, nil, .refused), (.string("x"), .seal, nil, .dropped),
      (.boolean(true), .pseudonymize, .boolean(true), .kept),
    ] as [(PropertyValue, TrackingPlan.Treatment, StoredValue?, Decision.Treatment)])
  func treatments(_ value: PropertyValue, _ treatment: TrackingPlan.Treatment, _ stored: StoredValue?, _ word: Decision.Treatment) {
    let outcome = Self.judge(value, .init(treatment))
    #expect(outcome.0 == stored && outcome.1.treatment == word, "\(outcome)")
    if let stored, treatment != .pseudonymize, case .string(let text) = stored {
      #expect(Self.judge(.string(text), .init(treatment)).0 == stored, "what passed once passes unchanged")
    }
  }

  @Test func aPseudonymIsTheOneOfTheSameID() {
    let fixture = GateFixture(plan: Self.plan(["ref": .init(.pseudonymize)]))
    let event = fixture.pass([Property("ref", .string("customer 7")), Property("account_id", .string("customer 7"))])
    #expect(event.value("ref") == .pseudonym(fixture.pseudonymizer.subject("customer 7")))
    #expect(event.value("ref") == event.value("account_id"))
    let list = fixture.pass([Property("ref", .list([.number(7), .object([Property("a", .string("x"))])]))])
    #expect(
      list.value("ref")
        == .list([
          .pseudonym(fixture.pseudonymizer.subject("7")), .object([StoredProperty("a", .pseudonym(fixture.pseudonymizer.subject("x")))]),
        ]))
  }

  @Test("what an event says goes before what is said of all events")
  func everyEvent() {
    let plan = TrackingPlan(
      everyEvent: ["page": .init(.drop), "n": .init(.drop)],
      events: ["Page View": .init(properties: ["page": .init(.keep)]), "Gone": .init(.drop)])
    let fixture = GateFixture(plan: plan)
    let properties = [Property("page", .string("home")), Property("n", .number(1))]
    #expect(fixture.pass(properties).properties == [StoredProperty("page", .string("home"))])
    #expect(fixture.pass(properties, named: "Unknown").properties.isEmpty)
    let batch = fixture.gate.pass(events: [GateFixture.event("Gone", properties)], profileUpdates: [])
    #expect(batch.rows.count == 0 && batch.events.isEmpty)
    let gone = fixture.counters.snapshot().filter { $0.event == "Gone" }
    #expect(gone.map(\.reason) == [.planDropped] && gone.map(\.treatment) == [.dropped] && gone.map(\.count) == [1])
  }

  @Test("profiles: people and organizations by their own sections, authority from secret credentials only")
  func profiles() {
    let plan = TrackingPlan(
      unknownProperties: .refuse,
      people: ["role": .init(weight: .authority), "ref": .init(.seal, weight: .identity), "size": .init(.coarsen(.bucket([0, 50])))],
      groups: ["tier": .init(kind: .string)])
    let fixture = GateFixture(plan: plan)
    let assignments: [ProfileOperation<PropertyValue>.Assignment] = [
      .init("role", .string("admin")), .init("ref", .string("case 12")), .init("size", .number(70)), .init("tier", .string("gold")),
      .init("$email", .string("ann@example.com")),
    ]
    let open = fixture.profile(.set(assignments)).profileUpdates[0]
    #expect(open.value("role") == nil && open.decisions[0].reason == "plan_unverified" && open.decisions[0].treatment == .dropped)
    #expect(open.value("ref")?.isSealed == true && open.value("size") == .number(50) && open.value("$email")?.isSealed == true)
    #expect(open.value("tier") == nil && open.decisions[3].reason == "plan_unknown_property")
    let secret = fixture.profile(.set(assignments), isVerified: true).profileUpdates[0]
    #expect(secret.value("role") == .string("admin") && secret.value("ref")?.isSealed == true)
    for operation in [.setOnce(assignments), .append(assignments), .union(assignments)] as [ProfileOperation<PropertyValue>] {
      #expect(fixture.profile(operation).profileUpdates[0].value("role") == nil)
    }
    let group = fixture.profile(.set(assignments), target: .group(key: "org_id", id: "acme-corp")).profileUpdates[0]
    #expect(group.value("tier") == .string("gold") && group.value("ref") == nil && group.value("role") == nil)
    #expect(fixture.counters.unplanned.snapshot().properties["tier"] == 5)
  }

  @Test("no plan weakens a step of the gate", arguments: LabelledTexts.all.filter(\.holdsSomething).map(\.text))
  func keepIsNoPass(_ text: String) {
    let bare = GateFixture().judge(text)
    #expect(Self.judge(.string(text), .init(.keep)).0 == bare.stored)
    // What a step took away whole, no other treatment brings back in any form.
    if bare.stored == nil, bare.decision.treatment != .sealed {
      for treatment in [.pseudonymize, .seal, .coarsen(.url), .coarsen(.hour), .coarsen(.bucket([0]))] as [TrackingPlan.Treatment] {
        #expect(Self.judge(.string(text), .init(treatment)).0 == nil, "\(treatment)")
      }
    }
  }

  @Test(
    "names of secrets, payload and people keep their say",
    arguments: ["password", "prompt", "$email", "card_number", "first_name", "address_line", "url_search"])
  func namesKeepTheirSay(_ name: String) {
    for value in [.string("some text"), .string("17"), .list([.string("x")])] as [PropertyValue] {
      let bare = GateFixture().pass([Property(name, value)])
      for treatment in [
        .keep, .pseudonymize, .seal, .coarsen(.url), .coarsen(.bucket([0, 10])), .coarsen(.userAgent), .coarsen(.place), .coarsen(.hour),
      ] as [TrackingPlan.Treatment] {
        let stored = Self.judge(value, .init(treatment), as: name).0
        if bare.value(name) == nil { #expect(stored == nil, "\(treatment)") }
      }
    }
  }
}
