import Events
import Gate
import TestSupport
import Testing
import Vault

/// The same as `BatchTests` under random plans: what is remembered from event to event changes no verdict and no count.
struct PlanBatchTests {
  static let treatments: [TrackingPlan.Treatment] = [
    .keep, .keep, .coarsen(.url), .coarsen(.hour), .coarsen(.bucket([0, 10, 100])), .coarsen(.userAgent), .coarsen(.place), .pseudonymize,
    .seal, .drop, .refuse,
  ]

  static func properties(_ generator: inout SeededGenerator) -> [String: TrackingPlan.Property] {
    var properties: [String: TrackingPlan.Property] = [:]
    for name in BatchTests.names where Bool.random(using: &generator) {
      properties[name] = TrackingPlan.Property(
        treatments.randomElement(using: &generator) ?? .keep,
        kind: Bool.random(using: &generator) ? nil : TrackingPlan.Kind.allCases.randomElement(using: &generator))
    }
    return properties
  }

  static func plan(_ generator: inout SeededGenerator) -> TrackingPlan {
    TrackingPlan(
      unknownProperties: TrackingPlan.Unknown.allCases.randomElement(using: &generator) ?? .accept,
      everyEvent: properties(&generator),
      events: ["Page View": .init(properties: properties(&generator)), "B": .init(properties: properties(&generator))])
  }

  @Test("random batches under random plans", arguments: 1...40 as ClosedRange<UInt64>)
  func fuzzBatches(seed: UInt64) {
    Fuzzing.rounds(1, arguments: 40) { round in sameAsOneByOne(seed: seed &+ UInt64(round) << 16 &+ Fuzzing.seed) }
  }

  private func sameAsOneByOne(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let plan = Self.plan(&generator)
    let fixture = GateFixture(plan: plan, isKnown: { _ in true })
    let bare = GateFixture(isKnown: { _ in true })
    let pool = (0..<12).map { _ in BatchTests.text(&generator) } + BatchTests.ids + ["2026-11-28T07:21:18Z", "/orders/4711", "home"]
    let events = (0..<120).map { number in
      let id = BatchTests.ids.randomElement(using: &generator)
      let identity =
        Bool.random(using: &generator)
        ? ReceivedIdentity(distinctID: id) : ReceivedIdentity(userID: id, deviceID: "d-\(number % 3)000")
      let names = BatchTests.names.shuffled(using: &generator).prefix(Int.random(in: 1...6, using: &generator))
      return GateFixture.event(
        ["Page View", "B", "Strange"][number % 3], names.map { Property($0, BatchTests.value(pool, &generator)) }, identity: identity)
    }
    let batch = fixture.gate.pass(events: events, profileUpdates: [])
    let few = fixture.gate.pass(events: events, profileUpdates: [], kept: 7)
    for (number, event) in events.enumerated() {
      let alone = fixture.gate.pass(events: [event], profileUpdates: []).events[0]
      let other = batch.events[number]
      #expect(other.properties == alone.properties && other.decisions == alone.decisions, "seed \(seed), event \(number)")
      let stored = Dictionary(alone.properties.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
      for rows in [batch.rows, few.rows] { #expect(rows.properties(of: number) == stored, "seed \(seed), event \(number)") }
      // The plan takes away only: what it leaves in the clear the gate alone would have left, or a closed form of it.
      let without = bare.gate.pass(events: [event], profileUpdates: []).events[0]
      for property in alone.properties {
        let treatment = plan.property(property.name, of: event.name)?.treatment ?? .keep
        if treatment == .keep { #expect(without.value(property.name) == property.value, "seed \(seed), event \(number), \(property.name)") }
        if without.value(property.name) == nil, treatment != .coarsen(.userAgent) {
          Issue.record("seed \(seed), event \(number): \(property.name) came back under \(treatment.word)")
        }
      }
    }
    for count in fixture.counters.snapshot() { #expect(count.count.isMultiple(of: 3), "seed \(seed): \(count)") }
    for count in fixture.counters.unplanned.snapshot().properties.values { #expect(count.isMultiple(of: 3), "seed \(seed)") }
  }

  @Test(
    "random texts under every coarsening: no crash, nothing identifying, and what passed once passes unchanged",
    arguments: [1, 2] as [UInt64])
  func fuzz(seed: UInt64) {
    var generator = Fuzzing.generator(seed)
    let coarsenings: [TrackingPlan.Coarsening] = [.url, .hour, .bucket([-5, 0, 10]), .userAgent, .place]
    let properties = Dictionary(uniqueKeysWithValues: coarsenings.map { ($0.word, TrackingPlan.Property(.coarsen($0))) })
    let fixture = GateFixture(plan: TrackingPlan(everyEvent: properties))
    let without = GateFixture()
    let fragments = FuzzTests.fragments + ["2026-", "11-28", "T07", ":21", "Z", "+01:00", "/orders/", "1e999", "-0", "nan", "inf", "0x1p3"]
    Fuzzing.rounds(3000, arguments: 2) { round in
      let text = (0..<Int.random(in: 0...8, using: &generator)).map { _ in fragments.randomElement(using: &generator) ?? "" }.joined()
      let once = fixture.pass(coarsenings.map { Property($0.word, .string(text)) })
      for property in once.properties {
        // What the gate alone leaves of it, a plan may leave; more it may not.
        let bare = without.pass([Property(property.name, .string(text))]).value(property.name)?.texts ?? []
        let secrets = ["ann@example.com", "user-4711", "4111111111111111"].filter { secret in !bare.contains { $0.contains(secret) } }
        if property.value.texts.contains(where: { text in secrets.contains { text.contains($0) } }) {
          Issue.record("seed \(seed) round \(round): \(property.name) kept \(text.debugDescription)")
          return
        }
        guard case .string(let kept) = property.value else { continue }
        let again = fixture.pass([Property(property.name, .string(kept))])
        #expect(again.value(property.name) == property.value, "seed \(seed) round \(round), \(property.name): \(text.debugDescription)")
      }
    }
  }
}
