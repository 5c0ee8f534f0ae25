import Events
import Foundation
import Journeys
import SegmentStore
import Synchronization
import TestSupport
import Testing

/// What is deleted or expired shows nowhere from the acknowledgement on, and is in no file once those were written anew.
@Suite struct DeletionTests {
  static let directory = FaultTests.directory
  static let hour: Int64 = 3_600_000

  static func options(_ disk: SimulatedDisk) -> StoreOptions {
    var options = StoreOptions(disk: disk)
    options.now = { 60 * hour }
    options.blockRows = 3
    return options
  }

  /// A person with two devices, and others, each with words of their own.
  private func fill(_ store: SegmentStore) async throws {
    for round in 0..<4 {
      var rows: [StoredRow] = []
      for subject in 0..<6 {
        rows.append(
          Sample.row(
            "event \(subject)", subject, Int64(round) * 20 * Self.hour + Int64(subject), key: UInt64(100 * round + subject),
            link: round == 2 && (subject == 1 || subject == 2) ? (subject, 3) : nil,
            properties: [
              ("word", .string(Self.word(subject))), ("only \(subject)", .string("lonely-\(subject)-")), ("all", .boolean(true)),
            ]))
      }
      rows.append(Sample.row("nobody", nil, Int64(round)))
      var identity = Sample.subject(3)
      identity.sealedID = SealedValue(bytes: Array("sealed-three".utf8), tag: Sample.pseudonym(900))
      let update = StoredUpdate(
        target: identity, operation: .set([.init("tier", .string("profile-of-3"))]), time: Timestamp(milliseconds: 0), isVerified: true)
      _ = try await store.append(Sample.batch(rows, updates: [update]))
      if round % 2 == 0 { try await store.flush() }
    }
  }

  /// Of a subject: of so many different letters that no compression hides it in a file.
  static func word(_ subject: Int) -> String {
    var generator = SeededGenerator(seed: UInt64(100 + subject))
    return String(decoding: (0..<24).map { _ in UInt8.random(in: 0x23...0x7E, using: &generator) }, as: UTF8.self)
  }

  static func occurs(_ text: String, in disk: SimulatedDisk) -> [String] {
    let wanted = Data(text.utf8)
    return disk.files.filter { Data($0.value).range(of: wanted) != nil }.map(\.key)
  }

  private func expectGone(_ store: SegmentStore, _ comment: Comment) async throws {
    for subject in 1...3 {
      #expect(try await store.timeline(of: Sample.pseudonym(subject), before: nil, limit: 9).isEmpty, comment)
    }
    #expect(try await store.timeline(of: Sample.pseudonym(0), before: nil, limit: 9).count == 4, comment)
    let profile = try await store.profile(of: Sample.pseudonym(3))
    #expect(profile?.verified ?? [] == [] && profile?.unverified ?? [] == [], comment)
    #expect(try store.sealedID(of: Sample.pseudonym(3)) == nil && !store.isKnown(Sample.pseudonym(3)), comment)
    let catalog = try await store.catalog()
    #expect(catalog.events.map(\.name).sorted() == ["event 0", "event 4", "event 5", "nobody"], comment)
    #expect(catalog.eventCount == 16 && catalog.subjectCount == 3, comment)
    #expect(!catalog.events.flatMap(\.properties).contains("only 2"), comment)
    #expect(
      try await store.values(of: "word", event: nil, limit: 9) == [0, 4, 5].map { Self.word($0) }.sorted().map { .string($0) },
      comment)
    let range = DateRange(from: CalendarDate(year: 1969, month: 1, day: 1), to: CalendarDate(year: 1971, month: 1, day: 1))
    #expect(try await store.export(range, events: nil, calendar: ProjectCalendar(), after: nil, limit: 99).count == 16, comment)
  }

  @Test("a deleted person, with every id that counts as theirs, is gone at once, after a start, and from the files after a compaction")
  func aPersonIsDeleted() async throws {
    let disk = SimulatedDisk()
    var store = try await SegmentStore.open(directory: Self.directory, options: Self.options(disk))
    try await fill(store)
    #expect(try await store.timeline(of: Sample.pseudonym(1), before: nil, limit: 20).count == 12)
    #expect(store.isKnown(Sample.pseudonym(3)))
    // By one of the devices: the person is meant.
    let outcome = try await store.deleteSubjects([Sample.pseudonym(1), Sample.pseudonym(77)])
    #expect(outcome.deletedNumbers.count == 3)
    try await expectGone(store, "at once")
    await store.stop()
    store = try await SegmentStore.open(directory: Self.directory, options: Self.options(disk))
    try await expectGone(store, "after a crash")
    try await store.flush()
    try await expectGone(store, "after a flush")
    try await store.compact()
    try await expectGone(store, "after the compaction")
    for text in [Self.word(1), Self.word(2), Self.word(3), "lonely-2-", "only 2", "event 3", "profile-of-3", "sealed-three"] {
      #expect(Self.occurs(text, in: disk) == [], "\(text)")
    }
    #expect(!Self.occurs(Self.word(0), in: disk).isEmpty)
    try await store.close()
    #expect(try SegmentStore.check(directory: Self.directory, disk: disk) == [])
    store = try await SegmentStore.open(directory: Self.directory, options: Self.options(disk))
    try await expectGone(store, "after all")
    // What was sent before is not taken again; what is new begins a new history.
    let again = try await store.append(
      Sample.batch([Sample.row("event 3", 3, 3, key: 3), Sample.row("new", 1, 5, properties: [("word", .string("new"))])]))
    #expect(again.duplicates == 1 && again.accepted == 1)
    #expect(try await store.timeline(of: Sample.pseudonym(3), before: nil, limit: 9).map(\.name) == ["new"])
    try await store.close()
    store = try await SegmentStore.open(directory: Self.directory, options: Self.options(disk))
    #expect(try await store.timeline(of: Sample.pseudonym(3), before: nil, limit: 9).map(\.name) == ["new"])
    await store.stop()
    #expect(try SegmentStore.check(directory: Self.directory, disk: disk) == [])
  }

  @Test("what comes under a deleted id is refused, where that is chosen, and reaches no file") func refused() async throws {
    let disk = SimulatedDisk()
    var options = Self.options(disk)
    options.refusesDeletedSubjects = true
    let store = try await SegmentStore.open(directory: Self.directory, options: options)
    try await fill(store)
    _ = try await store.deleteSubjects([Sample.pseudonym(4)])
    var identity = Sample.subject(4)
    identity.sealedID = SealedValue(bytes: Array("sealed-four".utf8), tag: Sample.pseudonym(901))
    let update = StoredUpdate(
      target: identity, operation: .set([.init("tier", .string("refused"))]), time: Timestamp(milliseconds: 0), isVerified: true)
    let outcome = try await store.append(
      Sample.batch(
        [
          Sample.row("again", 4, 1, key: 7_001, properties: [("word", .string("a"))]),
          Sample.row("again", 5, 2, key: 7_002, properties: [("word", .string("b")), ("more", .number(1))]),
          Sample.row("again", 70, 3, link: (70, 4)),
        ], updates: [update]))
    #expect(outcome.accepted == 1 && outcome.refusedDeleted == 3)
    #expect(try await store.timeline(of: Sample.pseudonym(4), before: nil, limit: 9).isEmpty)
    let kept = try await store.timeline(of: Sample.pseudonym(5), before: nil, limit: 9).first { $0.name == "again" }
    #expect(kept?.properties == [StoredProperty("more", .number(1)), StoredProperty("word", .string("b"))])
    #expect(try await store.profile(of: Sample.pseudonym(4))?.verified ?? [] == [])
    #expect(!store.isKnown(Sample.pseudonym(4)))
    #expect(Self.occurs("sealed-four", in: disk) == [])
    try await store.close()
    #expect(try SegmentStore.check(directory: Self.directory, disk: disk) == [])
  }

  @Test("days that are no longer kept vanish at once, and their months from the files") func expiry() async throws {
    let disk = SimulatedDisk()
    let clock = Mutex(Int64(60) * Self.hour)
    var options = Self.options(disk)
    options.now = { clock.withLock { $0 } }
    var store = try await SegmentStore.open(directory: Self.directory, options: options)
    try await fill(store)
    #expect(store.retentionDays == nil)
    try await store.setRetention(days: 1)
    // Now is noon of the third day: the second and the third are kept, with three of the four rounds' last two.
    for round in 0..<3 {
      let times = try await store.timeline(of: Sample.pseudonym(0), before: nil, limit: 9).map(\.time.milliseconds)
      #expect(times == [60 * Self.hour, 40 * Self.hour], "round \(round)")
      #expect(try await store.catalog().eventCount == 12 && store.retentionDays == 1, "round \(round)")
      if round == 0 {
        await store.stop()
        store = try await SegmentStore.open(directory: Self.directory, options: options)
      } else if round == 1 {
        try await store.compact()
      }
    }
    // A year on, all of it; and more days do not bring anything back.
    clock.withLock { $0 = 400 * 24 * Self.hour }
    try await store.setRetention(days: 1)
    #expect(try await store.catalog().eventCount == 0)
    try await store.setRetention(days: nil)
    #expect(try await store.catalog().eventCount == 0)
    try await store.compact()
    #expect((0..<6).allSatisfy { Self.occurs(Self.word($0), in: disk) == [] })
    let outcome = try await store.append(Sample.batch([Sample.row("new", 0, 399 * 24 * Self.hour), Sample.row("late", 0, 1)]))
    #expect(outcome.accepted == 2)
    #expect(try await store.timeline(of: Sample.pseudonym(0), before: nil, limit: 9).map(\.name) == ["new"])
    try await store.close()
    #expect(try SegmentStore.check(directory: Self.directory, disk: disk) == [])
  }

  @Test("names with days of their own go by themselves: from answers at once, from the files when their month is over") func expiryByName()
    async throws
  {
    let disk = SimulatedDisk()
    let clock = Mutex(Int64(60) * Self.hour)
    var options = Self.options(disk)
    options.idleMergeRows = 0
    options.now = { clock.withLock { $0 } }
    var store = try await SegmentStore.open(directory: Self.directory, options: options)
    try await fill(store)
    try await store.flush()
    #expect(Self.occurs(Self.word(0), in: disk) != [])
    try await store.setRetention(days: nil, events: ["event 0": 1, "event 4": 400])
    for round in 0..<2 {
      let counts = Dictionary(uniqueKeysWithValues: try await store.catalog().events.map { ($0.name, $0.count) })
      #expect(counts["event 0"] == 2 && counts["event 4"] == 4 && counts["event 5"] == 4, "round \(round)")
      #expect(store.eventDays == ["event 0": 1, "event 4": 400])
      await store.stop()
      store = try await SegmentStore.open(directory: Self.directory, options: options)
    }
    // Two months on nothing is asked for: the clock alone does it.
    clock.withLock { $0 = 80 * 24 * Self.hour }
    try await store.setRetention(days: nil, events: store.eventDays)
    try await Self.eventually { Self.occurs(Self.word(0), in: disk) == [] }
    #expect(try await store.catalog().events.map(\.name).contains("event 0") == false)
    #expect(
      Self.occurs(Self.word(4), in: disk) != []
        && Self.occurs("event 0", in: disk).allSatisfy { $0.hasSuffix("/manifest") || $0.contains("/log-") })
    try await store.compact()
    let files = Set(disk.files.keys)
    try await store.compact()
    // Nothing is left to do, so nothing is written again but the log.
    #expect(Set(disk.files.keys.filter { !$0.contains("log-") }) == files.filter { !$0.contains("log-") })
    // More days do not bring anything back, and what comes in time stays.
    try await store.setRetention(days: nil)
    _ = try await store.append(Sample.batch([Sample.row("event 0", 0, 79 * 24 * Self.hour), Sample.row("event 0", 0, 1)]))
    #expect(try await store.timeline(of: Sample.pseudonym(0), before: nil, limit: 9).map(\.time.milliseconds) == [79 * 24 * Self.hour])
    try await store.close()
    #expect(try SegmentStore.check(directory: Self.directory, disk: disk) == [])
  }

  @Test("held events are in no answer until somebody decides: they come back, or go from the files") func holding() async throws {
    let disk = SimulatedDisk()
    let clock = Mutex(Int64(60) * Self.hour)
    var options = Self.options(disk)
    options.now = { clock.withLock { $0 } }
    var store = try await SegmentStore.open(directory: Self.directory, options: options)
    try await store.hold(["event 0", "event 5"], days: 30)
    try await fill(store)
    for round in 0..<3 {
      #expect(try await store.timeline(of: Sample.pseudonym(0), before: nil, limit: 9).isEmpty, "round \(round)")
      #expect(try await store.catalog().events.map(\.name).contains { $0 == "event 0" || $0 == "event 5" } == false, "round \(round)")
      #expect(try await store.timeline(of: Sample.pseudonym(0), before: nil, limit: 9, includingHeld: true).count == 4, "round \(round)")
      let held = try await store.heldEvents()
      #expect(held.map(\.name) == ["event 0", "event 5"] && held.map(\.count) == [4, 4], "round \(round)")
      #expect(held[0].first.milliseconds == 0 && held[0].last.milliseconds == 60 * Self.hour)
      switch round {
      case 0:
        await store.stop()
        store = try await SegmentStore.open(directory: Self.directory, options: options)
      default: try await store.compact()
      }
    }
    try await store.setRetention(days: nil, releases: .only(["event 0"]))
    #expect(try await store.timeline(of: Sample.pseudonym(0), before: nil, limit: 9).count == 4)
    #expect(Self.occurs(Self.word(5), in: disk) != [])
    try await store.setRetention(days: nil, releases: .only(["event 5", "event 0"]), discards: ["event 5", "event 0"])
    #expect(try await store.heldEvents().isEmpty)
    #expect(try await store.timeline(of: Sample.pseudonym(5), before: nil, limit: 9).isEmpty)
    #expect(try await store.timeline(of: Sample.pseudonym(0), before: nil, limit: 9).count == 4, "shown already, so nothing is dropped")
    // Whoever changes their mind gets what comes from then on, whatever its time.
    _ = try await store.append(Sample.batch([Sample.row("event 5", 5, 60 * Self.hour), Sample.row("event 5", 5, 1)]))
    #expect(try await store.timeline(of: Sample.pseudonym(5), before: nil, limit: 9).count == 2)
    try await Self.eventually { Self.occurs(Self.word(5), in: disk) == [] }
    #expect(Self.occurs(Self.word(0), in: disk) != [])
    // What nobody decides about goes, however old its times are.
    try await store.hold(["late"], days: 30)
    _ = try await store.append(Sample.batch([Sample.row("late", 7, -400 * 24 * Self.hour)]))
    clock.withLock { $0 += 30 * 24 * Self.hour }
    try await store.setRetention(days: nil)
    #expect(try await store.heldEvents().map(\.name) == ["late"])
    clock.withLock { $0 += 24 * Self.hour }
    try await store.setRetention(days: nil)
    #expect(try await store.heldEvents() == [] && store.heldNames == ["late"])
    // And the wait begins anew.
    _ = try await store.append(Sample.batch([Sample.row("late", 7, -400 * 24 * Self.hour)]))
    #expect(try await store.heldEvents().map(\.count) == [1])
    #expect(try await store.timeline(of: Sample.pseudonym(5), before: nil, limit: 9).count == 2)
    try await store.close()
    #expect(try SegmentStore.check(directory: Self.directory, disk: disk) == [])
  }

  /// Waits for what is done in the background, a minute at most.
  static func eventually(_ condition: () -> Bool) async throws {
    for _ in 0..<6_000 where !condition() { try await Task.sleep(for: .milliseconds(10)) }
    #expect(condition())
  }
}
