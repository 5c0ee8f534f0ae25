import Events
import Gate
import TestSupport
import Testing
import Vault

/// What is remembered from event to event of a batch changes no verdict: a batch comes out as its events do one by one.
struct BatchTests {
  static let names = [
    "$current_url", "page", "version", "phone_note", "title", "path", "referrer", "org_id", "n", "deep", "user_id", "$email",
  ]
  static let ids = ["user-4711", "ann", "a1b2c3", "471147", "42", "Example", "keys", "ü-7890", "org-0000000007"]

  static func text(_ generator: inout SeededGenerator) -> String {
    let parts =
      FuzzTests.fragments + ids + [
        "%75ser-4711", "USER-4711", "user%2D4711", "https://console.example.com/", "/users/", "1.2.3.4", "&#117;ser-4711",
      ]
    return (0..<Int.random(in: 0...4, using: &generator)).map { _ in parts.randomElement(using: &generator) ?? "" }.joined()
  }

  static func value(_ pool: [String], _ generator: inout SeededGenerator) -> PropertyValue {
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: .number([42, 471_147, 0.5, 4_111_111_111_111_111].randomElement(using: &generator) ?? 0)
    case 1: .list((0..<2).map { _ in .string(pool.randomElement(using: &generator) ?? "") })
    case 2: .object([Property("path", .string(pool.randomElement(using: &generator) ?? ""))])
    default: .string(pool.randomElement(using: &generator) ?? "")
    }
  }

  @Test("random batches", arguments: 1...40 as ClosedRange<UInt64>)
  func fuzzBatches(seed: UInt64) {
    Fuzzing.rounds(1, arguments: 40) { round in sameAsOneByOne(seed: seed &+ UInt64(round) << 16 &+ Fuzzing.seed) }
  }

  private func sameAsOneByOne(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let fixture = GateFixture(isKnown: { _ in true })
    // Few texts and few people: each text stands on events of many.
    let pool = (0..<12).map { _ in Self.text(&generator) } + Self.ids
    let events = (0..<120).map { number in
      let id = Self.ids.randomElement(using: &generator)
      let identity =
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: ReceivedIdentity(distinctID: id)
        case 1: ReceivedIdentity(userID: id, deviceID: Self.ids.randomElement(using: &generator))
        default: ReceivedIdentity()
        }
      let names = Self.names.shuffled(using: &generator).prefix(Int.random(in: 1...6, using: &generator))
      return GateFixture.event(
        Bool.random(using: &generator) ? "Page View" : pool[number % pool.count],
        names.map { Property($0, Self.value(pool, &generator)) }, identity: identity, insertID: "i-\(number)")
    }
    let batch = fixture.gate.pass(events: events, profileUpdates: [])
    let few = fixture.gate.pass(events: events, profileUpdates: [], kept: 7)
    #expect(few.events.count == 7 && batch.events.count == 120 && few.rows.count == 120)
    for (number, event) in events.enumerated() {
      let alone = fixture.gate.pass(events: [event], profileUpdates: []).events[0]
      let other = batch.events[number]
      #expect(
        other.name == alone.name && other.properties == alone.properties && other.duplicateKeys == alone.duplicateKeys
          && other.groups.map(\.identity.pseudonym) == alone.groups.map(\.identity.pseudonym)
          && other.actor?.pseudonym == alone.actor?.pseudonym && other.link?.device.pseudonym == alone.link?.device.pseudonym
          && other.decisions == alone.decisions,
        "seed \(seed), event \(number)")
      for rows in [batch.rows, few.rows] { #expect(Self.tells(rows, number, alone), "seed \(seed), event \(number)") }
      if number >= 113 { #expect(few.events[number - 113].decisions == alone.decisions, "seed \(seed), event \(number)") }
    }
    // Three passes over the same events counted the same.
    for count in fixture.counters.snapshot() { #expect(count.count.isMultiple(of: 3), "seed \(seed): \(count)") }
  }

  @Test("what passed for one event is judged anew where it names another's id")
  func idsOfLaterEvents() {
    let fixture = GateFixture(isKnown: { _ in true })
    let properties = [
      Property("page", .string("https://example.com/of/bob-4711")), Property("who", .string("BOB-4711")),
      Property("title", .string("a cab")),
      Property("seen by bob-4711", .number(1)), Property("n", .number(471_147)), Property("also", .string("of acme-corp")),
      Property("label", .string("sent to Zo\u{EB} twice")),
    ]
    func rows(_ identity: ReceivedIdentity, _ more: [Property] = []) -> [StoredValue?] {
      let others = (0..<3).map { GateFixture.event("bob-4711 came", properties, identity: ReceivedIdentity(distinctID: "other-\($0)")) }
      let event = GateFixture.event("bob-4711 came", properties + more, identity: identity)
      let rows = fixture.gate.pass(ReceivedEvents(others + [event] + others)).rows
      for row in [0, 2, 4, 6] {
        #expect(rows.names[Int(rows.rowNames[row])] == "bob-4711 came")
        #expect(rows.properties(of: row) == Dictionary(uniqueKeysWithValues: properties.map { ($0.name, Self.asSent($0.value)) }))
      }
      #expect((rows.names[Int(rows.rowNames[3])] == "[id] came") == (identity.actor == "bob-4711"))
      return properties.map { rows.properties(of: 3)[$0.name] }
    }
    let asSent = properties.map { Self.asSent($0.value) as StoredValue? }
    #expect(rows(ReceivedIdentity(distinctID: "ann-1234")) == asSent)
    let bob = rows(ReceivedIdentity(userID: "bob-4711"))
    #expect(bob[0] == .string("https://example.com/of/[id]") && bob[1] == .pseudonym(fixture.pseudonymizer.subject("bob-4711")))
    #expect(bob[3] == nil && [2, 4, 5, 6].allSatisfy { bob[$0] == asSent[$0] })
    let number = rows(ReceivedIdentity(deviceID: "471147"))
    #expect(number[4] == .pseudonym(fixture.pseudonymizer.subject("$device:471147")) && number[0] == asSent[0])
    let group = rows(ReceivedIdentity(distinctID: "ann-1234"), [Property("org_id", .string("acme-corp"))])
    #expect(group[5] == .string("of [id]") && group[0] == asSent[0])
    let list = rows(ReceivedIdentity(distinctID: "ann-1234"), [Property("org_id", .list([.string("acme-corp")]))])
    #expect(list[5] == .string("of [id]") && list[0] == asSent[0])
    let wide = rows(ReceivedIdentity(distinctID: "sent to Zo\u{EB} twice"))
    #expect(wide[6] == .pseudonym(fixture.pseudonymizer.subject("sent to Zo\u{EB} twice")))
  }

  /// For values that the gate leaves alone.
  static func asSent(_ value: PropertyValue) -> StoredValue {
    switch value {
    case .number(let number): .number(number)
    case .string(let text): .string(text)
    case .null, .boolean, .list, .object: .null
    }
  }

  @Test("equal names in other bytes are one column, and the last of a name given twice counts")
  func columns() {
    let fixture = GateFixture(isKnown: { _ in true })
    let batch = fixture.gate.pass(
      events: [
        GateFixture.event("A", [Property("caf\u{E9}", .number(1)), Property("caf\u{65}\u{301}", .number(2))]),
        GateFixture.event("A", [Property("caf\u{65}\u{301}", .number(-0.0)), Property("x", .string("y"))]),
        GateFixture.event("A", [Property("caf\u{E9}", .number(0)), Property("x", .string("y"))]),
      ], profileUpdates: [])
    #expect(batch.rows.columns.map(\.rows) == [[0, 1, 2], [1, 2]])
    #expect((0..<3).map { batch.rows.properties(of: $0)["caf\u{E9}"] } == [.number(2), .number(0), .number(0)])
    #expect(batch.rows.columns.last?.values == [.string("y")] && batch.rows.columns.last?.codes == [0, 0])
  }

  /// Whether a row says what the event says.
  static func tells(_ rows: GatedRows, _ row: Int, _ event: GatedEvent) -> Bool {
    let actor = rows.actors[row] == GatedRows.absent ? nil : rows.identities[Int(rows.actors[row])].identity.pseudonym
    let link = rows.links.first { $0.row == row }
    let groups = Set(rows.identities.filter(\.isGroup).map(\.identity.pseudonym))
    return rows.names[Int(rows.rowNames[row])] == event.name && rows.times[row] == event.time.milliseconds
      && rows.properties(of: row) == Dictionary(event.properties.map { ($0.name, $0.value) }) { $1 }
      && rows.duplicateKeys[row] == event.duplicateKeys && actor == event.actor?.pseudonym
      && link.map { rows.identities[Int($0.device)].identity.pseudonym } == event.link?.device.pseudonym
      && link.map { rows.identities[Int($0.user)].identity.pseudonym } == event.link?.user.pseudonym
      && groups.isSuperset(of: event.groups.map(\.identity.pseudonym))
  }
}
