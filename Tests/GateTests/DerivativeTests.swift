import Events
import Gate
import Testing
import Vault

/// What the plan keeps beside a seal: what passes the gate, and when it proposes to write it in the clear. `SegmentStoreTests` has the way to
/// the disk.
struct DerivativeTests {
  static let plan = TrackingPlan(
    people: [
      "$email": .init(.seal, weight: .identity, derivative: .init(.domain, atLeast: 3)),
      "work_mail": .init(.seal, derivative: .init(.domain, atLeast: 2)), "billing": .init(.seal),
    ], groups: ["$email": .init(.seal)])

  private func waiting(_ fixture: GateFixture, _ name: String, _ domain: String) -> StoredValue {
    .pseudonym(fixture.pseudonymizer.tag(field: name, value: domain))
  }

  @Test func aDomainIsAKeyedPseudonymThatIsNobodysID() {
    let fixture = GateFixture(plan: Self.plan)
    let batch = fixture.profile(
      .set([
        .init("$email", .string("Ann@Example.COM")), .init("work_mail", .string(" a.b@mail.corp.example. ")),
        .init("billing", .string("x@y.example")), .init("$email_domain", .string("said.example")),
      ]))
    let update = batch.profileUpdates[0]
    #expect(update.value("$email")?.isSealed == true && update.value("billing")?.isSealed == true)
    #expect(update.value("$email_domain") == waiting(fixture, "$email_domain", "example.com"))
    #expect(update.value("work_mail_domain") == waiting(fixture, "work_mail_domain", "mail.corp.example"))
    #expect(update.value("billing_domain") == nil && batch.profileUpdates.count == 1 && batch.derivatives.count == 2)
    #expect(update.value("$email_domain") != .pseudonym(fixture.pseudonymizer.subject("example.com")))
    #expect(waiting(fixture, "$email_domain", "example.com") != waiting(fixture, "work_mail_domain", "example.com"))
    #expect(update.decisions.map(\.reason).suffix(1) == ["plan_keep"], "what is said under the name of a derivative is not stored")
    #expect(fixture.counters.total(.pseudonymized, .planKept) == 2 && fixture.counters.total(.dropped, .planKept) == 1)
    #expect("\(batch.derivatives)" == "[<waiting derivative>, <waiting derivative>]")
  }

  @Test(
    "values that are no one address have none, and the earlier one goes",
    arguments: [
      .null, .number(7), .string("Ann <ann@example.com>"), .string("ann@example.com, ben@example.com"), .string("ann@localhost"),
      .string("ann@[192.0.2.1]"), .string("a@b@example.com"), .string("ann@exa mple.com"), .string("ann@example.c0m-"),
      .string("ann@-x.example"),
      .string("ann@example.7"), .string("@example.com"), .string("ann@müller.example"), .list([.string("ann@example.com")]),
      .string("ann@" + String(repeating: "a", count: 64) + ".example"), .string("mailto:ann@example.com"),
    ] as [PropertyValue])
  func noAddress(_ value: PropertyValue) {
    let batch = GateFixture(plan: Self.plan).profile(.set([.init("$email", value)]))
    #expect(batch.profileUpdates[0].value("$email_domain") == nil && batch.derivatives.isEmpty)
    if batch.profileUpdates[0].value("$email") != nil {
      #expect(batch.profileUpdates.count == 2 && batch.profileUpdates[1].operation == .unset(["$email_domain"]))
    }
  }

  @Test("what else changes an address takes its domain away, or leaves both")
  func otherOperations() {
    let fixture = GateFixture(plan: Self.plan)
    let address = [ProfileOperation<PropertyValue>.Assignment("$email", .string("ann@example.com"))]
    for operation in [.append(address), .remove(address), .union([.init("$email", .list([.string("ann@example.com")]))])]
      as [ProfileOperation<PropertyValue>]
    {
      let updates = fixture.profile(operation).profileUpdates
      #expect(updates.count == 2 && updates.last?.operation == .unset(["$email_domain"]))
    }
    #expect(
      fixture.profile(.unset(["$email", "billing"])).profileUpdates.map(\.operation) == [.unset(["$email", "billing", "$email_domain"])])
    #expect(fixture.profile(.delete).profileUpdates.map(\.operation) == [.delete])
    for batch in [
      fixture.profile(.setOnce(address)), fixture.profile(.set(address), target: .group(key: "org_id", id: "acme-corp")),
      GateFixture(plan: Self.plan, seals: false).profile(.set(address)), GateFixture().profile(.set(address)),
    ] {
      #expect(batch.profileUpdates.count == 1 && batch.profileUpdates[0].value("$email_domain") == nil && batch.derivatives.isEmpty)
    }
  }

  /// People who came with a domain, one request each.
  private func come(_ people: [String], _ fixture: GateFixture, isVerified: Bool = false) -> [WaitingDerivative] {
    people.flatMap { person in
      fixture.gate.pass(
        events: [],
        profileUpdates: [
          ReceivedProfileUpdate(
            target: .subject(person), operation: .set([.init("$email", .string("\(person)@rare.example"))]), time: GateFixture.time,
            ignoresTime: false, address: nil, isVerified: isVerified)
        ]
      ).derivatives
    }
  }

  @Test func itIsProposedOnceEnoughCameAndOpenOnceTheStoreSaysSo() {
    let derivatives = Derivatives()
    let fixture = GateFixture(plan: Self.plan, derivatives: derivatives)
    #expect(derivatives.add(come(["ann", "ben", "ann", "ben"], fixture)).isEmpty)
    #expect(derivatives.add(come(["cid"], fixture, isVerified: true)).isEmpty, "layers count apart")
    let reveal = derivatives.add(come(["cid"], fixture)).first
    guard let reveal else {
      Issue.record("nothing is proposed")
      return
    }
    #expect(reveal.text == "rare.example" && reveal.name == "$email_domain" && reveal.subjects.count == 3 && reveal.atLeast == 3)
    #expect(derivatives.add(come(["dan"], fixture)).isEmpty, "one question at a time")
    // Two of the three are gone: with the one who came meanwhile they are too few again.
    #expect(derivatives.settle(reveal, holders: [reveal.subjects[0]], isRevealed: false) == nil)
    let second = derivatives.add(come(["eve"], fixture)).first
    #expect(second?.subjects.count == 3)
    #expect(come(["fay"], fixture).count == 1, "not open before the store has said so")
    let late = come(["gus"], fixture)
    #expect(derivatives.add(late).isEmpty)
    let next = second.flatMap { derivatives.settle($0, holders: $0.subjects, isRevealed: true) }
    #expect(next?.subjects == [fixture.pseudonymizer.subject("gus")] && next?.atLeast == 1)
    #expect(derivatives.counts == (open: 1, waiting: 1) && come(["hal"], fixture).isEmpty)
    #expect(derivatives.add(late).map(\.atLeast) == [1], "who passed the gate before and arrives after")
    let open = fixture.profile(.set([.init("$email", .string("ivy@rare.example"))]))
    #expect(open.profileUpdates[0].value("$email_domain") == .string("rare.example"))
    #expect(fixture.profile(.set([.init("$email", .string("ivy@rare.example"))]), isVerified: true).derivatives.count == 1)
  }

  @Test("a plan that asks for more than one before it counts for those too who passed the gate before it")
  func aStricterPlan() {
    let derivatives = Derivatives()
    let fixture = GateFixture(plan: Self.plan, derivatives: derivatives)
    let stricter = Derivatives.Census(["$email_domain": .init(.domain, atLeast: 4)], pseudonymizer: fixture.pseudonymizer)
    guard let reveal = derivatives.add(come(["ann", "ben", "cid"], fixture)).first else {
      Issue.record("nothing is proposed")
      return
    }
    derivatives.take(stricter)
    #expect(derivatives.settle(reveal, holders: reveal.subjects, isRevealed: true) == nil && derivatives.counts == (open: 0, waiting: 1))
    #expect(derivatives.add(come(["ann"], fixture)).isEmpty)
    #expect(derivatives.add(come(["dan"], fixture)).first.map { [$0.atLeast, $0.subjects.count] } == [4, 4])
  }

  @Test func aQuestionThatFailedIsAskedAgain() {
    let derivatives = Derivatives()
    let fixture = GateFixture(plan: Self.plan, derivatives: derivatives)
    guard let reveal = derivatives.add(come(["ann", "ben", "cid"], fixture)).first else {
      Issue.record("nothing is proposed")
      return
    }
    #expect(derivatives.settle(reveal, holders: nil, isRevealed: false) == nil)
    #expect(derivatives.add(come(["dan"], fixture)).first?.subjects.count == 4)
  }

  @Test("a census finds what is out where enough have it, and who waits")
  func census() {
    let derivatives = Derivatives()
    let fixture = GateFixture(plan: Self.plan, derivatives: derivatives)
    var census = Derivatives.Census(Self.plan.derivatives, pseudonymizer: fixture.pseudonymizer)
    func count(_ person: UInt32, _ value: StoredValue, as number: UInt32? = nil) {
      census.count(
        [StoredProperty("$email_domain", value), StoredProperty("other", .string("x"))], isVerified: false,
        subject: fixture.pseudonymizer.subject("p\(person)"), person: number ?? person)
    }
    for person in 0..<3 { count(UInt32(person), person == 0 ? waiting(fixture, "$email_domain", "out.example") : .string("out.example")) }
    // In the clear, but too few by now; two ids of one person are one.
    for person in 3..<6 { count(UInt32(person), .string("few.example"), as: UInt32(min(person, 4))) }
    for person in 6..<8 { count(UInt32(person), waiting(fixture, "$email_domain", "rare.example")) }
    derivatives.take(census)
    #expect(derivatives.counts == (open: 1, waiting: 2))
    func value(_ domain: String) -> StoredValue? {
      fixture.profile(.set([.init("$email", .string("x@\(domain)"))])).profileUpdates[0].value("$email_domain")
    }
    #expect(value("out.example") == .string("out.example") && value("few.example") == waiting(fixture, "$email_domain", "few.example"))
    #expect(derivatives.add(come(["p8"], fixture)).first?.subjects.count == 3)
  }

  @Test("of more than 100,000 names that wait the rest stays closed, and the other layer is not crowded out")
  func bounds() {
    let derivatives = Derivatives()
    let fixture = GateFixture(plan: Self.plan, derivatives: derivatives)
    let updates = (0..<100_010).map { number in
      ReceivedProfileUpdate(
        target: .subject("person"), operation: .set([.init("$email", .string("x@d\(number).example"))]), time: GateFixture.time,
        ignoresTime: false, address: nil, isVerified: false)
    }
    #expect(derivatives.add(fixture.gate.pass(events: [], profileUpdates: updates).derivatives).isEmpty)
    #expect(derivatives.counts.waiting == 100_000)
    #expect(derivatives.add(come(["ann", "ben", "cid"], fixture)).isEmpty)
    #expect(derivatives.add(come(["ann", "ben", "cid"], fixture, isVerified: true)).count == 1)
  }
}
