import Access
import Answers
import Events
import Foundation
import Journeys
import Ledger
import TestSupport
import Testing

/// Whom answers single out, against a plain reference that tries out every pair and every partition of what was asked.
struct ReportDeskTests {
  static let smallest = 5

  struct Office {
    let ledger: Ledger
    let control: ControlDatabase
    let alerts: AlertDesk
    let directory: URL

    init() throws {
      directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-answers-\(UUID().uuidString)")
      let place = directory.appendingPathComponent("ledger")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      ledger = try Ledger.open(
        directory: place,
        keys: LedgerKeys(
          origin: "test.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 9, count: 32)))
      control = try ControlDatabase.open(at: directory.appendingPathComponent("control.sqlite"))
      alerts = AlertDesk(control: control, ledger: ledger)
    }

    func desk(_ book: DifferenceBook = DifferenceBook()) -> ReportDesk { ReportDesk(ledger: ledger, alerts: alerts, book: book) }

    func close() async throws {
      try await ledger.close()
      try control.close()
      try FileManager.default.removeItem(at: directory)
    }
  }

  static func subject(_ engine: SetEngine) -> ReportDesk.Subject {
    ReportDesk.Subject(
      project: ProjectID(1), engine: engine, rules: ReportRules(calendar: ProjectCalendar(), smallestGroup: smallest), number: { _ in nil })
  }

  static func account(_ name: Int) -> Principal { Principal(kind: .serviceAccount, id: "sa_\(name)", credential: "sa_\(name)") }

  static func ask(_ desk: ReportDesk, _ engine: SetEngine, _ name: String?, as who: Principal) async throws -> Disclosed<ReportDesk.Answer>
  {
    try await desk.answer(
      SetEngine.question(name), about: subject(engine), purpose: "api.query", to: who, at: SetEngine.now, now: SetEngine.now)
  }

  /// Whether the last of some sets, with those asked before, gives fewer than k away: alone, by a difference, as what parts leave of a whole.
  static func givesAway(_ asked: [Set<UInt32>], _ last: Set<UInt32>, isNarrowed: Bool) -> Bool {
    func isFew(_ count: Int) -> Bool { count > 0 && count < smallest }
    if isNarrowed && isFew(last.count) { return true }
    if asked.contains(where: { isFew($0.symmetricDifference(last).count) }) { return true }
    for whole in asked + [last] {
      for subset in 1..<(1 << asked.count) {
        var parts = asked.indices.filter { subset >> $0 & 1 == 1 }.map { asked[$0] }
        if whole != last { parts.append(last) }
        guard parts.count > 1, parts.allSatisfy({ $0.isSubset(of: whole) && !$0.isEmpty && $0 != whole }) else { continue }
        let union = parts.reduce(into: Set<UInt32>()) { $0.formUnion($1) }
        if union.count == parts.reduce(0, { $0 + $1.count }), isFew(whole.count - union.count) { return true }
      }
    }
    return false
  }

  @Test("whatever three questions about nested and disjoint groups give away is flagged, and little else")
  func randomSets() async throws {
    let office = try Office()
    var flagged = 0
    var quiet = 0
    for seed in 0..<UInt64(400) {
      var random = SeededGenerator(seed: seed)
      let everybody = Set((0..<UInt32(60)).map { $0 * 7 })
      var sets: [String: Set<UInt32>] = [:]
      // Slices of one order, so that they are nested and disjoint as the values of a property are.
      let order = everybody.sorted()
      for name in ["a", "b", "c"] {
        let from = Int(random.next() % 50)
        sets[name] = Set(order[from..<min(60, from + 1 + Int(random.next() % 40))])
      }
      let engine = SetEngine(everybody: everybody, sets: sets)
      let desk = office.desk()
      var asked: [Set<UInt32>] = []
      for name in [nil, "a", "b", "c"].shuffled(using: &random) {
        let answer = try await Self.ask(desk, engine, name, as: Self.account(Int(seed)))
        let last = name.flatMap { sets[$0] } ?? everybody
        if Self.givesAway(asked, last, isNarrowed: name != nil) {
          #expect(answer.value.singlesOut, "seed \(seed): \(name ?? "everybody") after \(asked.map(\.count))")
          flagged += 1
        } else if !answer.value.singlesOut {
          quiet += 1
        }
        asked.append(last)
      }
    }
    #expect(flagged > 100 && quiet > 400, "\(flagged) flagged, \(quiet) quiet")
    try await office.close()
  }

  @Test("those who are singled out stand in the ledger by number, and the alert names none of them")
  func entered() async throws {
    let office = try Office()
    let everybody = Set(0..<UInt32(50))
    let engine = SetEngine(everybody: everybody, sets: ["most": everybody.subtracting([3, 17, 40])])
    let desk = office.desk()
    #expect(try await !Self.ask(desk, engine, nil, as: Self.account(1)).value.singlesOut)
    let answer = try await Self.ask(desk, engine, "most", as: Self.account(1))
    #expect(answer.value.singlesOut)
    let record = try #require(try await office.ledger.records(from: answer.receipt.index, limit: 1).first)
    guard case .present(let detail) = record.detail else { throw LedgerError(.unwritable, "no detail") }
    #expect(detail.subjects?.numbers == [3, 17, 40].map { SubjectNumber($0) })
    #expect(detail.facts["singled_out"] == "3")
    let alert = try #require(try await office.control.alerts(state: .open, kind: .differencing, limit: 10).first)
    #expect(alert.about?.id == "sa_1" && alert.details["how"] == .text("difference"))
    // The machine's own user has no quota, and is not counted.
    let root = Principal(kind: .operatingSystemUser, id: "0", credential: "control-socket")
    #expect(try await !Self.ask(desk, engine, nil, as: root).value.singlesOut)
    #expect(try await !Self.ask(desk, engine, "most", as: root).value.singlesOut)
    try await office.close()
  }

  @Test("among fewer people than a group there is nobody to hide behind: charged, and no alert")
  func newProject() async throws {
    let office = try Office()
    let engine = SetEngine(everybody: [1, 2, 3], sets: ["one": [1]])
    let answer = try await Self.ask(office.desk(), engine, "one", as: Self.account(1))
    #expect(answer.value.singlesOut)
    #expect(try await office.control.alerts(state: .open, kind: .differencing, limit: 10).isEmpty)
    try await office.close()
  }

  @Test("late events that make a difference are not held against anybody")
  func otherData() async throws {
    let office = try Office()
    let everybody = Set(0..<UInt32(50))
    let desk = office.desk()
    var engine = SetEngine(everybody: everybody, sets: ["half": Set(0..<25), "same": Set(0..<25)])
    #expect(try await !Self.ask(desk, engine, "half", as: Self.account(1)).value.singlesOut)
    engine = SetEngine(everybody: everybody, sets: ["half": Set(0..<27), "same": Set(0..<27)], version: 2)
    #expect(try await !Self.ask(desk, engine, "same", as: Self.account(1)).value.singlesOut)
    try await office.close()
  }

  @Test("a hundred questions at once about sets that differ by a few: whichever comes last is flagged")
  func concurrent() async throws {
    let office = try Office()
    let everybody = Set(0..<UInt32(200))
    let sets = Dictionary(uniqueKeysWithValues: (0..<50).map { ("\($0)", everybody.subtracting([UInt32($0)])) })
    let engine = SetEngine(everybody: everybody, sets: sets)
    let desk = office.desk()
    let flagged = try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<50 { group.addTask { try await Self.ask(desk, engine, "\(index)", as: Self.account(1)).value.singlesOut } }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(flagged == 49)
    try await office.close()
  }

  @Test("what is kept is bounded: who asked longest ago is forgotten")
  func bounded() async throws {
    let office = try Office()
    let everybody = Set(0..<UInt32(4_000))
    let engine = SetEngine(everybody: everybody, sets: ["odd": everybody.filter { $0 % 2 == 1 }, "most": everybody.subtracting([1])])
    let desk = office.desk(DifferenceBook(memory: 20_000))
    _ = try await Self.ask(desk, engine, nil, as: Self.account(0))
    for account in 1..<40 { _ = try await Self.ask(desk, engine, "odd", as: Self.account(account)) }
    #expect(try await !Self.ask(desk, engine, "most", as: Self.account(0)).value.singlesOut)
    #expect(try await Self.ask(desk, engine, nil, as: Self.account(0)).value.singlesOut)
    try await office.close()
  }
}
