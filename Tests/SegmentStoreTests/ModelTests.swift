import Events
import Foundation
import Journeys
import SegmentStore
import TestSupport
import Testing

/// A store in plain dictionaries: what the real one must answer like.
struct PlainStore {
  struct Event: Hashable {
    var id: Int
    var name: String
    var time: Int64
    var actor: Int?
  }

  /// All that were not deleted; `events` are those that are kept.
  private var stored: [Event] = []
  var cutoff = Int64.min
  /// By event name.
  var cutoffs: [String: Int64] = [:]
  var held = Set<String>()
  var events: [Event] { kept.filter { !held.contains($0.name) } }
  var kept: [Event] { stored.filter { $0.time >= max(cutoff, cutoffs[$0.name] ?? .min) } }

  /// What the store does by a clock that stands at noon of the third day.
  mutating func change(_ generator: inout SeededGenerator, _ store: SegmentStore) async throws {
    let names = Set((0..<5).map { "n\($0)" }.filter { _ in Int.random(in: 0..<3, using: &generator) == 0 })
    let days = Int.random(in: 2...4, using: &generator)
    let expired = { (days: Int) in Int64(2 - days) * 86_400_000 }
    switch Int.random(in: 0..<8, using: &generator) {
    case 0:
      try await store.setRetention(days: days)
      cutoff = max(cutoff, expired(days))
    case 1:
      try await store.hold(names, days: days)
      held.formUnion(names)
    case 2:
      try await store.discard(names)
      stored.removeAll { names.contains($0.name) }
    default:
      var rules: [String: Int] = [:]
      for name in names { rules[name] = Int.random(in: 1...3, using: &generator) }
      let released = Bool.random(using: &generator) ? Set((0..<5).map { "n\($0)" }) : Set(["n1", "n2", "n3"])
      let discards: Set<String> = Bool.random(using: &generator) ? ["n1", "n4"] : []
      try await store.setRetention(
        days: store.retentionDays, events: rules, releases: released.count == 5 ? .all : .only(released), discards: discards)
      stored.removeAll { held.contains($0.name) && released.contains($0.name) && discards.contains($0.name) }
      held.subtract(released)
      for (name, days) in rules where !held.contains(name) { cutoffs[name] = max(cutoffs[name] ?? .min, expired(days)) }
    }
  }
  var keys = Set<StoredRow.DuplicateKey>()
  var owner: [Int: Int] = [:]
  var refused = Set<[Int]>()
  var profiles: [Int: [Bool: [String: StoredValue]]] = [:]

  func canonical(_ subject: Int) -> Int {
    var subject = subject
    while let next = owner[subject] { subject = next }
    return subject
  }

  mutating func add(_ row: StoredRow, _ event: Event, link: (Int, Int)?) -> Bool {
    if let key = row.duplicateKey, !keys.insert(key).inserted { return false }
    stored.append(event)
    if let (device, user) = link {
      if let known = owner[device] {
        if known != user { refused.insert([device, user]) }
      } else if canonical(user) != device {
        owner[device] = user
      } else if device != user {
        refused.insert([device, user])
      }
    }
    return true
  }

  mutating func delete(_ subject: Int) {
    let person = canonical(subject)
    let members = Set((0..<100).filter { canonical($0) == person })
    stored.removeAll { $0.actor.map(members.contains) ?? false }
    for subject in members { profiles[subject] = nil }
  }

  mutating func apply(_ operation: ProfileOperation<StoredValue>, to subject: Int, isVerified: Bool) {
    if case .delete = operation {
      profiles[subject]?[isVerified] = nil
      return
    }
    var layer = profiles[subject]?[isVerified] ?? [:]
    func list(_ value: StoredValue?) -> [StoredValue] {
      guard let value, value != .null else { return [] }
      if case .list(let elements) = value { return elements }
      return [value]
    }
    func tagged(_ value: StoredValue) -> StoredValue { if case .sealed(let sealed) = value { .pseudonym(sealed.tag) } else { value } }
    switch operation {
    case .set(let all): for one in all { layer[one.name] = one.value }
    case .setOnce(let all): for one in all where (layer[one.name] ?? .null) == .null { layer[one.name] = one.value }
    case .add(let all):
      for one in all {
        guard case .number(let increment) = one.value else { continue }
        switch layer[one.name] ?? .null {
        case .number(let number): layer[one.name] = .number(number + increment)
        case .null: layer[one.name] = .number(increment)
        default: break
        }
      }
    case .append(let all): for one in all { layer[one.name] = .list(list(layer[one.name]) + [one.value]) }
    case .union(let all):
      for one in all {
        guard case .list(let added) = one.value else { continue }
        var elements = list(layer[one.name])
        for value in added where !elements.map(tagged).contains(tagged(value)) { elements.append(value) }
        layer[one.name] = .list(elements)
      }
    case .remove(let all):
      for one in all {
        if case .list(let elements)? = layer[one.name] {
          layer[one.name] = .list(elements.filter { tagged($0) != tagged(one.value) })
        }
      }
    case .unset(let names): for name in names { layer[name] = nil }
    case .delete: break
    }
    profiles[subject, default: [:]][isVerified] = layer
  }
}

@Suite struct ModelTests {
  static func value(_ generator: inout SeededGenerator) -> StoredValue {
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: .number(Double(Int.random(in: -3..<4, using: &generator)))
    case 1: .string(["", "a", "ä", "b"].randomElement(using: &generator) ?? "")
    case 2: .boolean(Bool.random(using: &generator))
    case 3:
      .sealed(
        SealedValue(
          bytes: [UInt8.random(in: 0...255, using: &generator)], tag: Sample.pseudonym(Int.random(in: 900..<902, using: &generator))))
    case 4: .null
    default: .pseudonym(Sample.pseudonym(Int.random(in: 0..<3, using: &generator)))
    }
  }

  static func operation(_ generator: inout SeededGenerator) -> ProfileOperation<StoredValue> {
    let name = ["x", "y", "z"].randomElement(using: &generator) ?? "x"
    let value = Self.value(&generator)
    switch Int.random(in: 0..<9, using: &generator) {
    case 0, 1: return .set([.init(name, value)])
    case 2: return .setOnce([.init(name, value)])
    case 3: return .add([.init(name, .number(2))])
    case 4: return .append([.init(name, value)])
    case 5: return .union([.init(name, .list([value, Self.value(&generator)]))])
    case 6: return .remove([.init(name, value)])
    case 7: return .unset([name])
    default: return .delete
    }
  }

  @Test(arguments: 0..<24) func answersAsAPlainStoreDoes(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let disk = SimulatedDisk()
    var options = StoreOptions(disk: disk)
    options.memoryRows = Int.random(in: 20...200, using: &generator)
    options.mergeWidth = Int.random(in: 2...4, using: &generator)
    options.stateFileWidth = 2
    options.fingerprintBytes = [1, 1 << 20].randomElement(using: &generator) ?? 1
    options.fingerprintsOfSmallDay = [0, 1 << 15].randomElement(using: &generator) ?? 0
    options.cache = CacheMemory(limit: [0, 1 << 20].randomElement(using: &generator) ?? 0)
    options.blockRows = Int.random(in: 1...40, using: &generator)
    options.now = { 60 * 3_600_000 }
    options.deletionDelayMilliseconds = [0, 86_400_000].randomElement(using: &generator) ?? 0
    var store = try await SegmentStore.open(directory: FaultTests.directory, options: options)
    var model = PlainStore()
    var next = 0
    for _ in 0..<30 {
      var rows: [StoredRow] = []
      var accepted = 0
      for _ in 0..<Int.random(in: 0...20, using: &generator) {
        next += 1
        let actor = Int.random(in: 0..<10, using: &generator) == 0 ? nil : Int.random(in: 0..<20, using: &generator)
        let link =
          actor != nil && Int.random(in: 0..<6, using: &generator) == 0
          ? (Int.random(in: 10..<30, using: &generator), Int.random(in: 0..<14, using: &generator)) : nil
        let event = PlainStore.Event(
          id: next, name: "n\(Int.random(in: 0..<5, using: &generator))", time: Int64.random(in: -50..<50, using: &generator) * 3_600_000,
          actor: actor)
        let row = Sample.row(
          event.name, actor, event.time, key: Bool.random(using: &generator) ? UInt64.random(in: 0..<60, using: &generator) : nil,
          day: Int32.random(in: -1...2, using: &generator), link: link,
          properties: [("id", .number(Double(next))), ("v\(next % 7)", Self.value(&generator))])
        rows.append(row)
        if model.add(row, event, link: link) { accepted += 1 }
      }
      var updates: [StoredUpdate] = []
      for _ in 0..<Int.random(in: 0...4, using: &generator) {
        let subject = Int.random(in: 0..<8, using: &generator)
        let operation = Self.operation(&generator)
        let isVerified = Bool.random(using: &generator)
        updates.append(
          StoredUpdate(
            target: Sample.subject(subject), operation: operation, time: Timestamp(milliseconds: 0), ignoresTime: true,
            isVerified: isVerified))
        model.apply(operation, to: subject, isVerified: isVerified)
      }
      let outcome = try await store.append(Sample.batch(rows, updates: updates))
      #expect(outcome.accepted == accepted && outcome.duplicates == rows.count - accepted, "seed \(seed)")
      if Int.random(in: 0..<5, using: &generator) == 0 {
        let subject = Int.random(in: 0..<30, using: &generator)
        _ = try await store.deleteSubjects([Sample.pseudonym(subject)])
        model.delete(subject)
      }
      if Int.random(in: 0..<10, using: &generator) == 0 { try await model.change(&generator, store) }
      if Int.random(in: 0..<10, using: &generator) == 0 { try await store.compact() }
      switch Int.random(in: 0..<8, using: &generator) {
      case 0: try await store.close()
      case 1: await store.stop()
      case 2:
        try await compare(store, model, seed: seed)
        continue
      default: continue
      }
      store = try await SegmentStore.open(directory: FaultTests.directory, options: options)
      try await compare(store, model, seed: seed)
    }
    try await compare(store, model, seed: seed)
    try await store.close()
    #expect(try SegmentStore.check(directory: FaultTests.directory, disk: disk) == [], "seed \(seed)")
  }

  private func plain(_ event: JourneyEvent, actors: [Pseudonym: Int]) -> PlainStore.Event {
    var id = 0
    for property in event.properties where property.name == "id" { if case .number(let number) = property.value { id = Int(number) } }
    return PlainStore.Event(
      id: id, name: event.name, time: event.time.milliseconds, actor: event.original.flatMap { actors[$0.pseudonym] })
  }

  private func compare(_ store: SegmentStore, _ model: PlainStore, seed: UInt64) async throws {
    let actors = Dictionary(uniqueKeysWithValues: (0..<30).map { (Sample.pseudonym($0), $0) })
    // Export, in pages.
    var exported: [JourneyEvent] = []
    while true {
      let page = try await store.export(
        DateRange(from: CalendarDate(year: 1969, month: 1, day: 1), to: CalendarDate(year: 1971, month: 1, day: 1)), events: nil,
        calendar: ProjectCalendar(), after: exported.last?.cursor, limit: 17)
      exported += page
      if page.count < 17 { break }
    }
    #expect(Set(exported.map { plain($0, actors: actors) }) == Set(model.events), "seed \(seed)")
    #expect(exported.count == model.events.count, "seed \(seed)")
    for (left, right) in zip(exported, exported.dropFirst()) {
      let (first, second) = (left.subject?.number.rawValue ?? .max, right.subject?.number.rawValue ?? .max)
      #expect(first < second || first == second && left.time <= right.time, "seed \(seed): the export is out of order")
    }
    for subject in 0..<30 {
      let expected = model.events.filter { $0.actor.map(model.canonical) == model.canonical(subject) }
      var found: [JourneyEvent] = []
      while true {
        let page = try await store.timeline(of: Sample.pseudonym(subject), before: found.last?.cursor, limit: 5)
        found += page
        if page.count < 5 { break }
      }
      #expect(
        Set(found.map { plain($0, actors: actors) }) == Set(expected) && found.count == expected.count, "seed \(seed), subject \(subject)")
      #expect(zip(found, found.dropFirst()).allSatisfy { $0.time >= $1.time }, "seed \(seed)")
      #expect(found.allSatisfy { $0.subject?.pseudonym == Sample.pseudonym(model.canonical(subject)) }, "seed \(seed)")
      if subject < 8, let profile = try await store.profile(of: Sample.pseudonym(subject)) {
        for (isVerified, layer) in [(true, profile.verified), (false, profile.unverified)] {
          let expected = model.profiles[subject]?[isVerified] ?? [:]
          #expect(Dictionary(uniqueKeysWithValues: layer.map { ($0.name, $0.value) }) == expected, "seed \(seed), profile \(subject)")
        }
      }
    }
    let catalog = try await store.catalog()
    #expect(catalog.eventCount == model.events.count)
    #expect(
      Dictionary(uniqueKeysWithValues: catalog.events.map { ($0.name, $0.count) })
        == Dictionary(grouping: model.events, by: \.name).mapValues(\.count), "seed \(seed)")
    #expect(catalog.subjectCount == Set(model.events.compactMap { $0.actor.map(model.canonical) }).count, "seed \(seed)")
    let held = try await store.heldEvents()
    let withheld = Dictionary(grouping: model.kept.filter { model.held.contains($0.name) }, by: \.name).mapValues { $0.map(\.time) }
    #expect(Set(held.map(\.name)) == Set(withheld.keys), "seed \(seed)")
    for events in held {
      let times = withheld[events.name] ?? []
      #expect(
        events.count == times.count && events.first.milliseconds == times.min() && events.last.milliseconds == times.max(), "seed \(seed)")
    }
    for name in (0..<5).map({ "n\($0)" }) {
      let since = Int64(seed % 3) * 20 * 3_600_000 - 3_600_000
      let wanted = model.events.filter { $0.name == name && $0.time >= since }
      let statistics = try await store.statistics(of: name, since: Timestamp(milliseconds: since))
      let ids = statistics.properties.first { $0.name == "id" }
      #expect(statistics.count == wanted.count && ids?.count ?? 0 == wanted.count && ids?.distinct ?? 0 == wanted.count, "seed \(seed)")
      #expect(ids?.samples.count ?? 0 == min(5, wanted.count))
      #expect(Set(statistics.properties.map(\.name)) == Set(wanted.flatMap { ["id", "v\($0.id % 7)"] }), "seed \(seed)")
    }
    let summaries = try await store.findSubjects(prefix: "", limit: 5)
    let latest = Dictionary(grouping: model.events.filter { $0.actor != nil }, by: { model.canonical($0.actor ?? 0) })
      .mapValues { $0.map(\.time).max() ?? 0 }
    #expect(summaries.map(\.lastSeen.milliseconds) == Array(latest.values.sorted(by: >).prefix(5)), "seed \(seed)")
    for summary in summaries {
      let subject = try #require(actors[summary.subject.pseudonym])
      #expect(summary.events == model.events.filter { $0.actor.map(model.canonical) == subject }.count, "seed \(seed)")
    }
  }
}
