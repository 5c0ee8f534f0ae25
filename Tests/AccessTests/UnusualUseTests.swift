import Access
import Crypto
import Events
import Foundation
import Ledger
import Synchronization
import Testing

struct UnusualUseTests {
  private let here: Surroundings
  private let watch: UseWatch
  private let raised = Raised()
  private let key = SymmetricKey(data: [UInt8](repeating: 3, count: 32))
  private let who: Principal
  private let holder: QuotaHolder

  private final class Raised: Sendable {
    let reports = Mutex<[UseReport]>([])
    var count: Int { reports.withLock { $0.count } }
    var last: UseReport? { reports.withLock { $0.last } }
  }

  init() async throws {
    here = try Surroundings()
    let project = try await here.control.createProject(name: "Orrery", zone: "Europe/Berlin")
    let made = try await here.control.createServiceAccount(name: "Nightly", project: project.id, scopes: [.export])
    who = Principal(kind: .serviceAccount, id: made.account.username, credential: made.account.username)
    holder = try #require(QuotaHolder(who))
    watch = try await Self.watch(here.control, here.clock, key, raised)
  }

  private static func watch(_ control: ControlDatabase, _ clock: MockClock, _ key: SymmetricKey, _ raised: Raised) async throws -> UseWatch
  {
    try await UseWatch(
      control: control, key: key, clock: { clock.now }, raised: { _, report in raised.reports.withLock { $0.append(report) } })
  }

  private func use(
    _ watch: UseWatch? = nil, from address: String = "198.51.100.7", by agent: String = "python-requests/2.32", times: Int = 1
  )
    async
  {
    for _ in 0..<times { await (watch ?? self.watch).noteUse(by: who, from: address, agent: agent) }
  }

  private var signals: [UseSignal] { watch.report(of: holder).marks.map(\.signal).sorted { $0.rawValue < $1.rawValue } }

  /// Twenty days, an hour from nine to five on each, by one program from one network.
  private func learn(days: Int = 20) async {
    for _ in 0..<days {
      for _ in 0..<8 {
        await use()
        here.clock.advance(by: .seconds(3_600))
      }
      here.clock.advance(by: .seconds(16 * 3_600))
    }
  }

  private func page(_ subjects: [UInt32], rows: Int = 1, bytes: Int = 0, purpose: String = "api.profile") -> Disclosure {
    Disclosure(.subjects(set: subjects.map { SubjectNumber($0) }, rows: rows), project: ProjectID(1), purpose: purpose, bytes: bytes)
  }

  // MARK: Learning

  @Test func aNewInstallationIsQuiet() async {
    await use(from: "192.0.2.1")
    await use(from: "203.0.113.9", by: "curl/8.5")
    await use(from: "2001:db8:1::5", by: "Wget/1.21")
    #expect(watch.report(of: holder).marks.isEmpty && watch.report(of: holder).isLearning && raised.count == 0)
  }

  @Test func learningTakesUsesAndDays() async {
    await use(times: 25)
    here.clock.advance(by: .seconds(2 * 86_400))
    await use(from: "192.0.2.1")
    #expect(watch.report(of: holder).isLearning && signals == [])
    here.clock.advance(by: .seconds(86_401))
    #expect(!watch.report(of: holder).isLearning)
    await use(from: "203.0.113.9")
    #expect(signals == [.newNetwork])
  }

  @Test func manyDaysOfFewUsesAreNotEnough() async {
    await use(times: 5)
    here.clock.advance(by: .seconds(10 * 86_400))
    await use(from: "192.0.2.1")
    #expect(watch.report(of: holder).isLearning && signals == [])
  }

  // MARK: Signals

  @Test func theSameNetworkAndAnUpdatedClientAreNoNews() async {
    await learn()
    await use(from: "198.51.100.200", by: "python-requests/3.0 (x)")
    #expect(signals == [] && watch.report(of: holder).score == 0)
  }

  @Test func aStolenKeyInAnotherHandIsAnAlert() async {
    await learn()
    await use(from: "203.0.113.9", by: "curl/8.5")
    #expect(signals == [.newClient, .newNetwork])
    #expect(watch.report(of: holder).score == 50 && raised.count == 1)
    #expect(raised.last?.marks.contains { $0.words.contains("(curl)") } == true)
    // Once: the same again is no news.
    await use(from: "203.0.113.77", by: "curl/8.6", times: 50)
    #expect(raised.count == 1)
    // Another one on top of it is.
    await watch.note(page([1, 2, 3], rows: 10_000, bytes: 1_000, purpose: "api.export"), to: who)
    #expect(raised.count == 2 && watch.report(of: holder).score == 70)
  }

  @Test func oneSignalAloneIsShownAndNoAlert() async {
    await learn()
    await use(from: "203.0.113.9")
    #expect(watch.report(of: holder).score == 30 && raised.count == 0)
  }

  @Test func whatSomebodyCallsTheirClientIsNotRepeated() async {
    await learn()
    await use(from: "203.0.113.9", by: "ada@orrery.example/1 <script>")
    #expect(raised.last?.marks.map(\.words).joined().contains("another program") == true)
    #expect(raised.last?.marks.map(\.words).joined().contains("orrery") == false)
  }

  @Test(
    "a network of IPv6 is 48 bits", arguments: [("2001:db8:1:ffff::9", false), ("2001:db8:2::9", true), ("::ffff:198.51.100.9", false)])
  func networks(address: String, isNew: Bool) async {
    await use(from: "2001:db8:1::5")
    await learn()
    await use(from: address)
    #expect(signals == (isNew ? [.newNetwork] : []))
  }

  /// The mock clock begins on a Monday (17 November 2025), 18:20 in Berlin, and each day is used for eight hours from then on.
  @Test("hours of the week", arguments: [(0, false), (7, false), (8, false), (12, true), (-6, true)])
  func offHours(hours: Int, isUnusual: Bool) async {
    await learn()
    here.clock.advance(by: .seconds(hours * 3_600))
    await use()
    #expect(signals == (isUnusual ? [.offHours] : []))
  }

  @Test func hoursTakeTwoWeeks() async {
    await learn(days: 10)
    here.clock.advance(by: .seconds(12 * 3_600))
    await use()
    #expect(signals == [])
  }

  @Test func theFirstRowsInBulkCountAlsoWhileLearning() async {
    await watch.note(page([1], rows: 999), to: who)
    #expect(signals == [])
    await watch.note(page([1, 2], rows: 1_000), to: who)
    #expect(signals == [.firstExport] && watch.report(of: holder).score == 20 && raised.count == 0)
    here.clock.advance(by: .seconds(86_400))
    #expect(watch.report(of: holder).score == 0, "a day later it is over")
    await watch.note(page([1, 2], rows: 1_000), to: who)
    #expect(signals == [], "and was the first only once")
  }

  // MARK: Enumeration

  private func lookUp(_ subjects: Range<UInt32>) async { for subject in subjects { await watch.note(page([subject]), to: who) } }

  @Test func subjectsOneByOneAreAnAlertAlsoWhileLearning() async {
    await lookUp(0..<49)
    // The same ones again are no further ones.
    await lookUp(0..<49)
    #expect(signals == [] && raised.count == 0)
    await lookUp(49..<50)
    #expect(signals == [.enumeration] && raised.count == 1)
    await lookUp(50..<400)
    #expect(raised.count == 1 && watch.report(of: holder).marks.first?.number == 400)
  }

  @Test func slowlyIsNotOneByOneWithinAnHour() async {
    for subject in UInt32(0)..<300 {
      await lookUp(subject..<subject + 1)
      here.clock.advance(by: .seconds(90))
    }
    #expect(signals == [])
  }

  @Test func whoLooksAtManyEveryDayIsUsedToIt() async {
    await lookUp(0..<49)
    await lookUp(49..<52)
    #expect(raised.count == 1)
    here.clock.advance(by: .seconds(2 * 86_400))
    await lookUp(1_000..<1_155)
    #expect(signals == [], "three times what was usual is 156")
    await lookUp(1_155..<1_156)
    #expect(signals == [.enumeration] && raised.count == 2)
  }

  @Test func nobodyGetsUsedToItWithinADay() async {
    await lookUp(0..<45)
    here.clock.advance(by: .seconds(2 * 3_600))
    await lookUp(100..<150)
    #expect(signals == [.enumeration])
  }

  @Test func arrivalsOfTheLiveViewAreNobodysChoice() async {
    for subject in UInt32(0)..<200 { await watch.note(page([subject], purpose: "console.live"), to: who) }
    #expect(signals == [])
  }

  @Test func guessingIsAnAlert() async {
    for subject in UInt64(0)..<19 { await watch.noteLookUp(of: subject, isKnown: false, by: who) }
    #expect(signals == [])
    await watch.noteLookUp(of: 19, isKnown: false, by: who)
    #expect(signals == [.guessing] && raised.count == 1)
  }

  @Test func goingThroughThePropertiesIsSeen() async {
    for number in 0..<100 {
      #expect(signals == [])
      await watch.note(
        Disclosure(.catalog(), project: ProjectID(1), purpose: "api.values", fields: number % 2 == 0 ? ["p\(number)"] : []), to: who)
    }
    #expect(signals == [.schemaEnumeration] && raised.count == 0)
  }

  @Test func theMachinesUserIsNotWatched() async {
    let user = Principal(kind: .operatingSystemUser, id: "0", credential: "control-socket")
    for subject in UInt64(0)..<100 { await watch.noteLookUp(of: subject, isKnown: false, by: user) }
    #expect(raised.count == 0)
  }

  // MARK: Kept

  @Test func whatWasLearntSurvivesARestartAndHasNoAddress() async throws {
    await learn()
    await use(from: "203.0.113.9", by: "curl/8.5")
    let before = watch.report(of: holder)
    try await watch.keep()
    let again = try here.reopened()
    let second = try await Self.watch(again, here.clock, key, raised)
    #expect(second.report(of: holder) == before && before.score == 50)
    await use(second, from: "203.0.113.9", by: "curl/8.5")
    #expect(raised.count == 1, "neither is new after the restart")
    for file in here.files {
      let bytes = try Data(contentsOf: file)
      for text in ["203.0.113", "198.51.100", "python-requests"] {
        #expect(bytes.range(of: Data(text.utf8)) == nil, "\(text) is in \(file.lastPathComponent)")
      }
    }
    // Another key finds nothing again: the hashes are no plain ones.
    let other = try await Self.watch(again, here.clock, SymmetricKey(size: .bits256), raised)
    await use(other, from: "198.51.100.7")
    #expect(other.report(of: holder).marks.contains { $0.signal == .newNetwork })
  }

  @Test func aNetworkIsForgottenAfterAQuarterOfAYear() async {
    await use(from: "203.0.113.9")
    await learn()
    for _ in 0..<14 {
      here.clock.advance(by: .seconds(7 * 86_400))
      await use()
    }
    await use(from: "203.0.113.9")
    #expect(signals == [.newNetwork])
  }

  @Test func aUseLikeTheOneBeforeIsCheap() async {
    await use()
    let began = ContinuousClock.now
    await use(times: 100_000)
    let each = (ContinuousClock.now - began) / 100_000
    print("a use like the one before: \(each)")
    #expect(each < .microseconds(50), "measured at about one; every request pays it")
  }

  @Test func memoryIsBounded() async throws {
    await learn(days: 4)
    for network in 0..<500 { await use(from: "10.\(network / 250).\(network % 250).1", by: "program-\(network)/1") }
    try await watch.keep()
    for subject in UInt64(0)..<30_000 { await watch.noteLookUp(of: subject, isKnown: true, by: who) }
    #expect(watch.report(of: holder).marks.first { $0.signal == .enumeration }?.number == 20_000)
  }

  @Test func alertsOfOneCredentialAreOneRecordWithTheNewestWords() async throws {
    let directory = here.directory.appendingPathComponent("ledger")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let keys = try LedgerKeys(
      origin: "test.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 9, count: 32))
    let desk = AlertDesk(
      control: here.control, ledger: try Ledger.open(directory: directory, keys: keys, clock: { [here] in here.clock.now }),
      clock: { [here] in here.clock.now })
    await lookUp(0..<50)
    let enumeration = try #require(raised.last)
    let first = try #require(await desk.raise(.unusual(holder, enumeration, project: ProjectID(1))))
    here.clock.advance(by: .seconds(5 * 3_600))
    for subject in UInt64(0)..<20 { await watch.noteLookUp(of: subject, isKnown: false, by: who) }
    let both = try #require(raised.last)
    #expect(await desk.raise(.unusual(holder, both, project: ProjectID(1))) == first)
    let alert = try await here.control.alert(first).alert
    #expect(alert.count == 2 && alert.kind == .unusualUse && alert.about?.id == who.id)
    #expect(
      alert.details == [
        "score": .number(100), "signals": .text("guessing enumeration"), "enumeration": .number(50), "guessing": .number(20),
      ])
    #expect(alert.sentence.contains("20 look-ups of subjects that do not exist"))
    // Closed, it is another record that tells of the next.
    try await desk.change(first, to: .closed, note: "a test", by: who)
    here.clock.advance(by: .seconds(60))
    #expect(await desk.raise(.unusual(holder, both, project: ProjectID(1))) != first)
  }
}
