import Access
import Events
import Foundation
import Ledger
import Testing

struct AlertTests {
  private let around: Surroundings
  private let ledger: Ledger
  private let desk: AlertDesk
  private static let owner = Principal(kind: .owner, id: "owner", credential: "ses_0123456789abcdef")
  private static let account = Principal(kind: .serviceAccount, id: "sa_0123456789abcdef", credential: "sa_0123456789abcdef")

  init() throws {
    around = try Surroundings()
    let directory = around.directory.appendingPathComponent("ledger")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let keys = try LedgerKeys(
      origin: "test.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 9, count: 32))
    ledger = try Ledger.open(directory: directory, keys: keys, clock: { [around] in around.clock.now })
    desk = AlertDesk(control: around.control, ledger: ledger, clock: { [around] in around.clock.now })
  }

  private func frozen(_ sentence: String = "It reached its quota.") -> NewAlert {
    NewAlert(.credentialFrozen, of: Self.account, project: ProjectID(1), sentence: sentence, details: ["rows": .number(10_000)])
  }

  @Test func aRaisedAlertIsARecordAndAnEntry() async throws {
    let id = try #require(await desk.raise(frozen()))
    let found = try await around.control.alert(id)
    #expect(found.alert.kind == .credentialFrozen && found.alert.severity == .high && found.alert.state == .open && found.alert.count == 1)
    #expect(found.alert.about == Alert.About(Self.account) && found.alert.details == ["rows": .number(10_000)] && found.history.isEmpty)
    let index = try #require(found.alert.ledgerIndex)
    let record = try #require(try await ledger.records(from: index, limit: 1).first)
    #expect(record.entry.kind == "alert_raised" && record.entry.project == ProjectID(1) && record.entry.facts.isEmpty)
    guard case .present(let detail) = record.detail else { return #expect(Bool(false), "no details") }
    #expect(detail.facts == ["alert": String(id), "alert_kind": "credential_frozen", "severity": "high"])
    #expect(around.control.openAlertCount == 1)
  }

  @Test func theSameIsCountedWhileItStands() async throws {
    let first = try #require(await desk.raise(frozen()))
    around.clock.advance(by: .seconds(60))
    #expect(await desk.raise(frozen()) == first)
    // Another credential is another alert; so is another kind.
    let other = Principal(kind: .serviceAccount, id: "sa_ffffffffffffffff", credential: "sa_ffffffffffffffff")
    #expect(await desk.raise(NewAlert(.credentialFrozen, of: other, project: ProjectID(1), sentence: "x")) != first)
    #expect(await desk.raise(NewAlert(.unusualUse, of: Self.account, project: ProjectID(1), sentence: "x")) != first)
    #expect(try await around.control.alert(first).alert.count == 2)
    // An hour of silence later it is news again.
    around.clock.advance(by: .seconds(3_700))
    #expect(await desk.raise(frozen()) != first)
  }

  @Test func aThousandKnocksCostFewWritesAndAreAllCounted() async throws {
    let id = try #require(await desk.raise(frozen()))
    for _ in 0..<999 { await desk.raise(frozen()) }
    #expect(try await around.control.alert(id).alert.count == 1, "counted in memory at first")
    await desk.catchUp()
    #expect(try await around.control.alert(id).alert.count == 1_000)
    around.clock.advance(by: .seconds(10))
    await desk.raise(frozen())
    for _ in 0..<5 { await desk.raise(frozen()) }
    around.clock.advance(by: .seconds(10))
    await desk.raise(frozen())
    #expect(try await around.control.alert(id).alert.count == 1_007)
    #expect(try await around.control.alerts().count == 1)
  }

  @Test func historySaysWhoAndWhy() async throws {
    let id = try #require(await desk.raise(frozen()))
    try await desk.change(id, to: .acknowledged, note: "I look at it", by: Self.owner)
    await #expect(throws: AccessError.self) { try await desk.change(id, to: .acknowledged, note: "", by: Self.owner) }
    await #expect(throws: AccessError.self) { try await desk.change(id, to: .closed, note: "  ", by: Self.owner) }
    try await desk.change(id, to: .closed, note: "a nightly job", by: Self.owner)
    let (alert, history) = try await around.control.alert(id)
    #expect(alert.state == .closed && around.control.openAlertCount == 0)
    #expect(history.map(\.to) == [.acknowledged, .closed] && history.map(\.note) == ["I look at it", "a nightly job"])
    for change in history {
      let index = try #require(change.ledgerIndex)
      let record = try #require(try await ledger.records(from: index, limit: 1).first)
      guard case .present(let detail) = record.detail else { return #expect(Bool(false), "no details") }
      #expect(record.entry.kind == "alert_changed" && detail.principal == Self.owner && detail.facts["to"] == change.to.rawValue)
      #expect(!detail.facts.values.contains("a nightly job"), "what somebody typed stays out of the ledger")
    }
    // Closed is done with: the same again is another one.
    around.clock.advance(by: .seconds(10))
    #expect(await desk.raise(frozen()) != id)
    try await desk.change(id, to: .open, note: "", by: Self.owner)
    #expect(around.control.openAlertCount == 2)
    #expect(try around.reopened().openAlertCount == 2)
  }

  @Test func anAlertThatTheLedgerCouldNotTakeIsEnteredLater() async throws {
    try await ledger.close()
    #expect(await desk.raise(frozen()) == nil)
    let waiting = try await around.control.alerts()
    #expect(waiting.count == 1 && waiting[0].ledgerIndex == nil, "the record stands all the same")
    // As after a restart.
    let elsewhere = try Surroundings()
    let again = try Ledger.open(
      directory: elsewhere.directory,
      keys: LedgerKeys(origin: "test.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 9, count: 32)))
    await AlertDesk(control: around.control, ledger: again).catchUp()
    #expect(try await around.control.alerts()[0].ledgerIndex == 0)
    #expect(try await again.entries(from: 0, limit: 9).map(\.kind) == ["alert_raised"])
    await AlertDesk(control: around.control, ledger: again).catchUp()
    #expect(try await again.count() == 1)
  }

  @Test func aFloodOfOneKindIsBounded() async throws {
    for number in 0..<230 {
      await desk.raise(NewAlert(.canaryUsed, sentence: "canary", sameAs: "export \(number)"))
    }
    let all = try await around.control.alerts(limit: 1_000)
    #expect(all.count { $0.kind == .canaryUsed } == 200)
    let flood = try #require(all.first { $0.kind == .flood })
    #expect(flood.count == 30 && flood.severity == .critical && all.count == 201)
  }

  @Test func everyChannelGetsOneMessageWithOneId() async throws {
    let routes = [
      AlertRoute(channel: "mail", minimumSeverity: .low, takesEvents: false),
      AlertRoute(channel: "pager", minimumSeverity: .critical, takesEvents: false),
      AlertRoute(channel: "siem", minimumSeverity: .low, takesEvents: true),
    ]
    desk.direct(to: routes, wake: {}, note: { _ in })
    let id = try #require(await desk.raise(frozen()))
    around.clock.advance(by: .seconds(60))
    await desk.raise(frozen())
    let mail = try await around.control.dueDeliveries(of: "mail", limit: 10)
    let siem = try await around.control.dueDeliveries(of: "siem", limit: 10)
    #expect(mail.count == 1 && siem.count == 1 && mail[0].message == siem[0].message, "a repetition sends nothing")
    #expect(try await around.control.dueDeliveries(of: "pager", limit: 10).isEmpty)
    try await desk.change(id, to: .acknowledged, note: "secret words", by: Self.owner)
    let both = try await around.control.dueDeliveries(of: "mail", limit: 10)
    #expect(both.count == 2 && Set(both.map(\.message)).count == 2)
    guard case .alert(let raised) = both[0].content, case .alert(let changed) = both[1].content else {
      return #expect(Bool(false), "no alerts")
    }
    #expect(raised.occasion == .raised && raised.state == "open", "a message says what was so when it was made")
    #expect(changed.occasion == .changed && changed.from == "open" && changed.state == "acknowledged")
    #expect(!"\(changed)".contains("secret words"))
    try await around.control.enqueue(
      [RefusalMessage(status: 401, method: "GET", route: "/x", door: "console", account: nil, at: around.clock.now)], routes: routes)
    #expect(try await around.control.dueDeliveries(of: "siem", limit: 10).count == 3)
    #expect(try await around.control.dueDeliveries(of: "mail", limit: 10).count == 2)
  }

  @Test func whatWaitsSurvivesARestartAndEndsWhenItArrived() async throws {
    desk.direct(to: [AlertRoute(channel: "mail", minimumSeverity: .low, takesEvents: false)], wake: {}, note: { _ in })
    await desk.raise(frozen())
    let control = try around.reopened()
    let delivery = try #require(try await control.dueDeliveries(of: "mail", limit: 10).first)
    let later = Timestamp(milliseconds: around.clock.now.milliseconds + 5_000)
    try await control.deliveryFailed(delivery, next: later, reason: "no connection")
    #expect(try await control.dueDeliveries(of: "mail", limit: 10).isEmpty)
    #expect(try await control.nextDelivery(of: "mail") == later)
    around.clock.advance(by: .seconds(5))
    let again = try #require(try await control.dueDeliveries(of: "mail", limit: 10).first)
    #expect(again.message == delivery.message && again.attempts == 1)
    try await control.deliveriesDone([again.id], of: "mail")
    let state = try #require(try await control.channelStates().first)
    #expect(state.waiting == 0 && state.delivered == 1 && state.failed == 0 && state.lastError == "no connection")
  }

  @Test func aChannelThatIsGoneGetsNothingUntilSomebodyEnablesIt() async throws {
    desk.direct(to: [AlertRoute(channel: "hook", minimumSeverity: .low, takesEvents: false)], wake: {}, note: { _ in })
    await desk.raise(frozen())
    try await around.control.disableChannel("hook", reason: "410")
    around.clock.advance(by: .seconds(4_000))
    await desk.raise(frozen())
    #expect(try await around.control.dueDeliveries(of: "hook", limit: 10).isEmpty)
    #expect(try await around.control.channelStates()[0].dropped == 2)
    try await around.control.enableChannel("hook")
    around.clock.advance(by: .seconds(4_000))
    await desk.raise(frozen())
    #expect(try await around.control.dueDeliveries(of: "hook", limit: 10).count == 1)
  }

  @Test func whatIsTooLongOrHasLineEndsIsMadeOneLine() {
    let alert = NewAlert(
      .unusualUse, sentence: "a\nb\r\nc\u{2028}d" + String(repeating: "x", count: 1_000),
      details: ["note": .text("1\n2" + String(repeating: "y", count: 900))])
    #expect(alert.sentence.hasPrefix("a b  c d") && alert.sentence.unicodeScalars.count == NewAlert.maximumSentence)
    #expect(alert.details["note"] == .text("1 2" + String(repeating: "y", count: 197)))
  }
}
