import Events
import Foundation
import Gate
import Journeys
import SegmentStore
import TestSupport
import Testing
import Vault

/// The domain of a sealed address stands in the clear only where enough people have it: whatever comes in which order, at once, and over starts.
struct DerivativeTests {
  static let name = "$email_domain"

  /// A store, the gate before it, and who waits for which domain.
  struct Place {
    let disk: SimulatedDisk
    let least: Int
    let pseudonymizer: Pseudonymizer
    let derivatives = Derivatives()
    let store: SegmentStore
    let gate: Gate

    /// Opens what is on the disk, as a server that starts.
    init(_ disk: SimulatedDisk, least: Int) async throws {
      self.disk = disk
      self.least = least
      let key = try #require(SecretKey(bytes: (0..<32).map { UInt8($0) }))
      let pseudonymizer = Pseudonymizer(key: key, project: ProjectID(1))
      let custodian = try #require(CustodianPublicKey(bytes: [9] + [UInt8](repeating: 0, count: 31)))
      let store = try await SegmentStore.open(directory: DeletionTests.directory, options: DeletionTests.options(disk))
      let plan = TrackingPlan(people: ["$email": .init(.seal, weight: .identity, derivative: .init(.domain, atLeast: least))])
      gate = Gate(
        configuration: GateConfiguration(groupKeys: [], plan: PlanTable(plan, groupKeys: []), derivatives: derivatives),
        pseudonymizer: pseudonymizer, sealer: Sealer(project: ProjectID(1), custodianKey: custodian, pseudonymizer: pseudonymizer),
        isKnown: { store.isKnown($0) }, counters: GateCounters())
      self.store = store
      self.pseudonymizer = pseudonymizer
      var census = Derivatives.Census(plan.derivatives, pseudonymizer: pseudonymizer)
      try store.readProfiles { census.count($0, isVerified: $1, subject: $2, person: $3) }
      derivatives.take(census)
    }

    func send(_ person: String, _ operation: ProfileOperation<PropertyValue>, isVerified: Bool = false) async throws {
      let update = ReceivedProfileUpdate(
        target: .subject(person), operation: operation, time: Timestamp(milliseconds: 0), ignoresTime: true, address: nil,
        isVerified: isVerified)
      let batch = gate.pass(events: [], profileUpdates: [update])
      _ = try await store.append(batch)
      try await store.keep(batch.derivatives, by: derivatives)
    }

    func set(_ person: String, _ domain: String, isVerified: Bool = false) async throws {
      try await send(
        person, .set([.init("$email", .string("\(person.filter(\.isLetter))\(person.filter(\.isNumber))@\(domain)"))]),
        isVerified: isVerified)
    }

    func value(_ person: String, isVerified: Bool = false) async throws -> StoredValue? {
      let profile = try await store.profile(of: pseudonymizer.subject(person))
      return (isVerified ? profile?.verified : profile?.unverified)?.first { $0.name == DerivativeTests.name }?.value
    }

    func waiting(_ domain: String) -> StoredValue { .pseudonym(pseudonymizer.tag(field: DerivativeTests.name, value: domain)) }

    func isOnDisk(_ text: String) -> Bool { !DeletionTests.occurs(text, in: disk).isEmpty }
  }

  @Test("the domain is a pseudonym until enough people have it, and then in the clear for all of them, those before included, over a start")
  func reveals() async throws {
    let disk = SimulatedDisk()
    var place = try await Place(disk, least: 3)
    try await place.set("ann", "rare.example")
    try await place.set("ben", "RARE.example")
    try await place.set("ann", "rare.example")
    try await place.set("ann", "rare.example", isVerified: true)
    #expect(try await place.value("ann") == place.waiting("rare.example") && !place.isOnDisk("rare.example"))
    try await place.store.flush()
    await place.store.stop()
    place = try await Place(disk, least: 3)
    #expect(place.derivatives.counts == (open: 0, waiting: 2))
    try await place.set("cid", "rare.example")
    for person in ["ann", "ben", "cid"] { #expect(try await place.value(person) == .string("rare.example"), "\(person)") }
    #expect(try await place.value("ann", isVerified: true) == place.waiting("rare.example"), "layers count apart")
    try await place.set("dan", "rare.example")
    #expect(try await place.value("dan") == .string("rare.example"))
    await place.store.stop()
    place = try await Place(disk, least: 3)
    #expect(place.derivatives.counts == (open: 1, waiting: 1))
    for person in ["ann", "ben", "cid", "dan"] { #expect(try await place.value(person) == .string("rare.example"), "\(person)") }
    await place.store.stop()
  }

  @Test("people who changed their address, took it away or were erased do not count, and nothing of them comes back")
  func counts() async throws {
    let place = try await Place(SimulatedDisk(), least: 3)
    for person in ["ann", "ben", "cid", "dan"] { try await place.set(person, person == "dan" ? "late.example" : "other.example") }
    for person in ["ann", "ben"] { try await place.set(person, "rare.example") }
    try await place.send("ann", .unset(["$email"]))
    _ = try await place.store.deleteSubjects([place.pseudonymizer.subject("ben")])
    try await place.set("eve", "rare.example")
    try await place.send("eve", .delete)
    try await place.set("eve", "rare.example")
    try await place.set("fay", "rare.example")
    #expect(!place.isOnDisk("rare.example") && place.isOnDisk("other.example"))
    try await place.send("gus", .set([.init("$email", .string("gus@rare.example")), .init(Self.name, .string("spoofed.example"))]))
    for person in ["eve", "fay", "gus"] { #expect(try await place.value(person) == .string("rare.example"), "\(person)") }
    #expect(try await place.value("ann") == nil && !place.isOnDisk("spoofed.example"))
    #expect(try await place.store.profile(of: place.pseudonymizer.subject("ben"))?.unverified ?? [] == [])
    // What is out stays out for those who have it; who has no single address has no domain.
    for operation in [
      .append([.init("$email", .string("x@rare.example"))]), .set([.init("$email", .null)]), .unset(["$email"]),
      .set([.init("$email", .string("no address"))]),
    ] as [ProfileOperation<PropertyValue>] {
      try await place.set("gus", "rare.example")
      #expect(try await place.value("gus") == .string("rare.example"))
      try await place.send("gus", operation)
      #expect(try await place.value("gus") == nil)
    }
    await place.store.stop()
  }

  @Test("one address under many ids, as devices have them, is one person") func oneAddressCountsOnce() async throws {
    let disk = SimulatedDisk()
    var place = try await Place(disk, least: 3)
    for id in ["phone", "tablet", "laptop", "desk"] { try await place.send(id, .set([.init("$email", .string("ann@rare.example"))])) }
    for id in ["phone", "desk"] { #expect(try await place.value(id) == place.waiting("rare.example")) }
    await place.store.stop()
    place = try await Place(disk, least: 3)
    try await place.set("ben", "rare.example")
    #expect(try await place.value("ben") == place.waiting("rare.example") && !place.isOnDisk("rare.example"))
    try await place.set("cid", "rare.example")
    for id in ["ben", "cid"] { #expect(try await place.value(id) == .string("rare.example")) }
    await place.store.stop()
  }

  @Test func theIDsOfOnePersonCountOnce() async throws {
    let place = try await Place(SimulatedDisk(), least: 3)
    let merges = [("device-1", "ann"), ("device-2", "ann")].map { device, user in
      ReceivedEvent(
        name: "Sign In", time: Timestamp(milliseconds: 0), sentTime: Timestamp(milliseconds: 0),
        identity: ReceivedIdentity(userID: user, deviceID: device), insertID: nil, properties: [], address: nil, isVerified: false)
    }
    _ = try await place.store.append(place.gate.pass(events: merges, profileUpdates: []))
    let ids = ["ann", "$device:device-1", "$device:device-2"]
    for id in ids + ["ben"] { try await place.set(id, "rare.example") }
    for id in ids { #expect(try await place.value(id) == place.waiting("rare.example"), "\(id)") }
    #expect(!place.isOnDisk("rare.example"))
    try await place.set("cid", "rare.example")
    for id in ["ben", "cid"] { #expect(try await place.value(id) == .string("rare.example")) }
    await place.store.stop()
  }

  @Test("many at once: never too early, and nobody is left behind", arguments: [2, 5])
  func atOnce(least: Int) async throws {
    let disk = SimulatedDisk()
    let place = try await Place(disk, least: least)
    let domains = (0..<12).map { "domain-\($0).example" }
    try await withThrowingTaskGroup { group in
      for domain in domains {
        for person in 1..<least { group.addTask { try await place.set("\(person) of \(domain)", domain) } }
        // Two who have been there before.
        group.addTask {
          try await place.set("gone from \(domain)", domain)
          try await place.set("gone from \(domain)", "common.example")
        }
      }
      try await group.waitForAll()
    }
    // Who had it for a while may have been among as many as are needed.
    let early = domains.filter { place.isOnDisk($0) }
    for domain in early { #expect(try await place.value("1 of \(domain)") == .string(domain)) }
    try await withThrowingTaskGroup { group in
      for domain in domains {
        for person in least..<(least + 3) { group.addTask { try await place.set("\(person) of \(domain)", domain) } }
      }
      try await group.waitForAll()
    }
    for domain in domains {
      for person in 1..<(least + 3) {
        #expect(try await place.value("\(person) of \(domain)") == .string(domain), "\(person) of \(domain)")
      }
    }
    await place.store.stop()
  }

  @Test("many, but never enough at the same time: not in the clear", arguments: [1, 2, 3] as [UInt64])
  func tooFewAtOnce(seed: UInt64) async throws {
    let disk = SimulatedDisk()
    let place = try await Place(disk, least: 4)
    try await withThrowingTaskGroup { group in
      for task in 0..<6 {
        group.addTask {
          var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(task))
          let isVerified = Bool.random(using: &generator)
          for round in 0..<60 {
            // Three senders of a domain, each with one person after the other.
            let domain = "domain-\(task % 2)-\(Int.random(in: 0..<2, using: &generator)).example"
            let person = "person \(task)-\(round % 7)"
            try await place.set(person, domain, isVerified: isVerified)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: try await place.send(person, .unset(["$email"]), isVerified: isVerified)
            case 1: try await place.send(person, .delete, isVerified: isVerified)
            case 2: _ = try await place.store.deleteSubjects([place.pseudonymizer.subject(person)])
            default: try await place.set(person, "own.example", isVerified: isVerified)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    try await place.store.flush()
    for domain in ["0-0", "0-1", "1-0", "1-1"] { #expect(!place.isOnDisk("domain-\(domain).example"), "seed \(seed)") }
    await place.store.stop()
  }

  /// The figure is printed: it is what a server's start takes longer where a plan keeps something.
  @Test func aCensusReadsEveryProfileOnce() async throws {
    let disk = SimulatedDisk()
    let place = try await Place(disk, least: 10)
    let count = 30_000
    for first in stride(from: 0, to: count, by: 3000) {
      let updates = (first..<first + 3000).map { number in
        ReceivedProfileUpdate(
          target: .subject("person-\(number)"), operation: .set([.init("$email", .string("p\(number)@domain-\(number % 5000).example"))]),
          time: Timestamp(milliseconds: 0), ignoresTime: true, address: nil, isVerified: false)
      }
      let batch = place.gate.pass(events: [], profileUpdates: updates)
      _ = try await place.store.append(batch)
      try await place.store.keep(batch.derivatives, by: place.derivatives)
    }
    try await place.store.flush()
    let start = ContinuousClock.now
    var census = Derivatives.Census(["$email_domain": .init(.domain)], pseudonymizer: place.pseudonymizer)
    try place.store.readProfiles { census.count($0, isVerified: $1, subject: $2, person: $3) }
    print("census of \(count) profiles: \(ContinuousClock.now - start)")
    let derivatives = Derivatives()
    derivatives.take(census)
    #expect(derivatives.counts == (open: 0, waiting: 5000) && place.derivatives.counts == (open: 0, waiting: 5000))
    await place.store.stop()
  }

  /// One layer's domains as they should be.
  private struct Model {
    struct Held: Equatable {
      var domain: String
      var isOut: Bool
    }

    let least: Int
    var held: [String: Held] = [:]
    var open: Set<String> = []
    var everOut: Set<String> = []

    mutating func set(_ person: String, _ domain: String) {
      held[person] = Held(domain: domain, isOut: open.contains(domain))
      guard !open.contains(domain), holders(domain).count >= least else { return }
      open.insert(domain)
      everOut.insert(domain)
      for person in holders(domain) { held[person]?.isOut = true }
    }

    mutating func restart() {
      open = open.union(everOut).filter { domain in
        holders(domain).count >= least && held.values.contains { $0.domain == domain && $0.isOut }
      }
    }

    func holders(_ domain: String) -> [String] { held.filter { $0.value.domain == domain }.map(\.key) }
  }

  @Test("random arrivals, changes, erasures and starts, against a plain count", arguments: 1...12 as ClosedRange<UInt64>)
  func againstAModel(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let disk = SimulatedDisk()
    let least = Int.random(in: 2...4, using: &generator)
    var place = try await Place(disk, least: least)
    var models = [false: Model(least: least), true: Model(least: least)]
    for step in 0..<150 {
      let isVerified = Bool.random(using: &generator)
      let person = "person \(Int.random(in: 0..<9, using: &generator))"
      // The layers' domains differ, so that each can be looked for on the disk.
      let domain = "\(isVerified ? "secret" : "public")-\(Int.random(in: 0..<4, using: &generator)).example"
      switch Int.random(in: 0..<20, using: &generator) {
      case 0:
        await place.store.stop()
        place = try await Place(disk, least: least)
        for layer in [false, true] { models[layer]?.restart() }
      case 1: try await place.store.flush()
      case 2:
        _ = try await place.store.deleteSubjects([place.pseudonymizer.subject(person)])
        for layer in [false, true] { models[layer]?.held[person] = nil }
      case 3, 4:
        try await place.send(person, Bool.random(using: &generator) ? .unset(["$email"]) : .delete, isVerified: isVerified)
        models[isVerified]?.held[person] = nil
      default:
        try await place.set(person, domain, isVerified: isVerified)
        models[isVerified]?.set(person, domain)
      }
      for (layer, model) in models {
        for number in 0..<9 {
          let value = try await place.value("person \(number)", isVerified: layer)
          let expected = model.held["person \(number)"].map { $0.isOut ? .string($0.domain) : place.waiting($0.domain) }
          guard value == expected else {
            Issue.record(
              "seed \(seed), step \(step), person \(number), \(layer): \(String(describing: value)), not \(String(describing: expected))")
            return
          }
        }
        for number in 0..<4 {
          let domain = "\(layer ? "secret" : "public")-\(number).example"
          if place.isOnDisk(domain) { #expect(model.everOut.contains(domain), "seed \(seed), step \(step): \(domain)") }
        }
      }
    }
    await place.store.stop()
    #expect(try SegmentStore.check(directory: DeletionTests.directory, disk: disk) == [])
  }
}
