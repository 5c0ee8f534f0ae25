import Access
import Delivery
import Events
import Foundation
import Ledger
import Logging
import Synchronization
import Testing

final class StandingClock: Sendable {
  let milliseconds = Mutex<Int64>(1_763_400_000_000)
  var time: Timestamp { Timestamp(milliseconds: milliseconds.withLock { $0 }) }
}

/// The dispatcher with a real ledger and control database, a clock that is moved, and files as channels.
final class Post: Sendable {
  let directory: URL
  let control: ControlDatabase
  let ledger: Ledger
  let alerts: AlertDesk
  private let now = StandingClock()
  static let owner = Principal(kind: .owner, id: "owner", credential: "ses_0123456789abcdef")

  init() throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-post-\(UUID().uuidString)")
    let place = directory.appendingPathComponent("ledger")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let keys = try LedgerKeys(
      origin: "t.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 9, count: 32))
    ledger = try Ledger.open(directory: place, keys: keys)
    control = try ControlDatabase.open(at: directory.appendingPathComponent("control.sqlite"), clock: { [now] in now.time })
    alerts = AlertDesk(control: control, ledger: ledger, clock: { [now] in now.time })
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  var clock: @Sendable () -> Timestamp { { [now] in now.time } }
  func advance(by duration: Duration) { now.milliseconds.withLock { $0 += duration.components.seconds * 1_000 } }

  func file(_ name: String) -> URL { directory.appendingPathComponent(name) }

  func channel(_ name: String, at file: URL? = nil, backlog: UInt64 = 1_000, aggregates: Bool = false) -> Channel {
    Channel(
      name: name, minimumSeverity: .low, target: .file(file ?? self.file(name)),
      stream: Channel.Stream(takesEvents: true, takesAggregates: aggregates, backlog: backlog))
  }

  func dispatcher(_ channels: Channel...) -> Dispatcher {
    let dispatcher = Dispatcher(
      channels, control: control, ledger: ledger, alerts: alerts,
      identity: SenderIdentity(origin: "https://analytics.example.com", version: "1"),
      logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() },
      clock: clock)
    alerts.direct(to: channels.map(\.route), wake: { [weak dispatcher] in dispatcher?.wake() }, note: { _ in })
    return dispatcher
  }

  /// Runs a dispatcher until the condition holds.
  func run(_ dispatcher: Dispatcher, until condition: () async throws -> Bool) async throws {
    let task = Task { await dispatcher.run() }
    for _ in 0..<600 {
      if try await condition() { break }
      try await Task.sleep(for: .milliseconds(20))
    }
    task.cancel()
    await task.value
    #expect(try await condition(), "waited in vain")
  }

  func codes(_ name: String) -> [String] {
    let text = (try? String(contentsOf: file(name), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return (object?["metadata"] as? [String: Any])?["event_code"] as? String
    }
  }
}

struct DispatcherTests {
  @Test func entriesFlowInOrderEachOnceOverRestarts() async throws {
    let post = try Post()
    try await post.ledger.record(.projectCreated(ProjectID(1)), by: Post.owner)
    var dispatcher = post.dispatcher(post.channel("a"))
    try await dispatcher.prepare()
    // A new channel begins with what comes.
    let session = try await post.ledger.record(.sessionBegan(session: "ses_1"), by: Post.owner)
    for number in 0..<150 { try await post.ledger.record(.settingsChanged(["s\(number)"]), by: Post.owner) }
    try await post.run(dispatcher) { post.codes("a").count >= 151 }
    dispatcher = post.dispatcher(post.channel("a"))
    try await dispatcher.prepare()
    try await post.ledger.record(.sessionEnded(session: "ses_1"), by: Post.owner)
    try await post.run(dispatcher) { post.codes("a").count >= 152 }
    #expect(post.codes("a") == ["session_began"] + Array(repeating: "settings_changed", count: 150) + ["session_ended"])
    #expect(try await post.control.nextEntry(of: "a") == session.index + 152)
  }

  @Test func figuresGoWhereTheyAreWantedOnly() async throws {
    let post = try Post()
    let dispatcher = post.dispatcher(post.channel("some"), post.channel("all", aggregates: true))
    try await dispatcher.prepare()
    for kind in [Disclosure.Kind.aggregate(queryDigest: "q", dataVersion: 1, groupSizes: [3]), .subjects(set: [SubjectNumber(1)], rows: 1)]
    {
      _ = try await post.ledger.disclose(1, Disclosure(kind, project: ProjectID(1), purpose: "api.query"), to: Post.owner)
    }
    try await post.run(dispatcher) { post.codes("all").count >= 2 && post.codes("some").count >= 1 }
    #expect(post.codes("some") == ["disclosure.subjects"] && post.codes("all") == ["disclosure.aggregate", "disclosure.subjects"])
  }

  @Test func detailsThatOtherKeysSealedHoldNothingUp() async throws {
    let post = try Post()
    try await post.ledger.record(.settingsChanged(["before"]), by: Post.owner)
    try await post.ledger.close()
    let keys = try LedgerKeys(
      origin: "t.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 1, count: 32))
    let place = post.directory.appendingPathComponent("copy")
    try FileManager.default.copyItem(at: post.directory.appendingPathComponent("ledger"), to: place)
    let other = try Ledger.open(directory: place, keys: keys)
    try await other.record(.sessionBegan(session: "ses_1"), by: Post.owner)
    let dispatcher = Dispatcher(
      [post.channel("a")], control: post.control, ledger: other, alerts: post.alerts,
      identity: SenderIdentity(origin: "https://analytics.example.com", version: "1"),
      logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }, clock: post.clock)
    try await post.control.setNextEntry(of: "a", to: 0, delivered: 0)
    try await post.run(dispatcher) { post.codes("a").count >= 2 }
    #expect(post.codes("a") == ["settings_changed", "session_began"])
    let text = try String(contentsOf: post.file("a"), encoding: .utf8)
    #expect(text.contains("ses_1") && !text.contains("before"))
  }

  @Test func whatIsTooFarBehindIsLeftOutCountedAndSaid() async throws {
    let post = try Post()
    let dispatcher = post.dispatcher(post.channel("slow", backlog: 10))
    try await dispatcher.prepare()
    for number in 0..<30 { try await post.ledger.record(.settingsChanged(["s\(number)"]), by: Post.owner) }
    try await post.run(dispatcher) {
      try await post.control.alerts(kind: .eventsLost).count == 1 && post.codes("slow").contains("alert.raised")
    }
    let alert = try #require(try await post.control.alerts(kind: .eventsLost).first)
    #expect(alert.details == ["channel": .text("slow"), "entries": .number(20)])
    #expect(post.codes("slow").count { $0 == "settings_changed" } == 10)
    #expect(try await post.control.channelStates()[0].dropped == 20)
  }

  @Test func aMessageThatNobodyTakesEndsAfterThreeDaysWithAnAlertToTheOthers() async throws {
    let post = try Post()
    // A device that takes nothing.
    let dispatcher = post.dispatcher(post.channel("broken", at: URL(fileURLWithPath: "/dev/full")), post.channel("well"))
    try await dispatcher.prepare()
    await post.alerts.raise(NewAlert(.phished, sentence: "x"))
    try await post.run(dispatcher) {
      try await post.control.channelStates().contains { $0.name == "broken" && $0.lastError != nil && $0.waiting == 1 }
    }
    post.advance(by: .seconds(3 * 86_400))
    try await post.run(dispatcher) { try await !post.control.alerts(kind: .deliveryFailed).isEmpty }
    let state = try #require(try await post.control.channelStates().first { $0.name == "broken" })
    #expect(state.failed == 1)
    try await post.run(dispatcher) { post.codes("well").count { $0 == "alert.raised" } >= 2 }
    // The alert about the channel waits for the channel, too, and raises no further one.
    #expect(try await post.control.alerts().count == 2)
  }

  @Test func aFullQueueTakesNothingMoreAndIsSaid() async throws {
    let post = try Post()
    let dispatcher = post.dispatcher(post.channel("full"), post.channel("well"))
    let refusal = RefusalMessage(status: 401, method: "GET", route: "/x", door: "console", account: nil, at: post.clock())
    let full = post.channel("full").route
    try await post.control.enqueue(Array(repeating: refusal, count: ControlDatabase.mostWaiting - 1), routes: [full])
    try await dispatcher.tellOverflow()
    #expect(try await post.control.alerts().isEmpty)
    try await post.control.enqueue(Array(repeating: refusal, count: 6), routes: [full])
    try await dispatcher.tellOverflow()
    try await dispatcher.tellOverflow()
    let alert = try #require(try await post.control.alerts().first)
    #expect(alert.kind == .eventsLost && alert.details["channel"] == .text("full"))
    let states = try await post.control.channelStates()
    // The alert found no room in the full queue either, and waits for the other channel.
    #expect(states.map(\.name) == ["full", "well"] && states.map(\.waiting) == [ControlDatabase.mostWaiting, 1] && states[0].dropped == 6)
  }

  @Test func aNumberOfAnotherLedgerIsForgotten() async throws {
    let post = try Post()
    let dispatcher = post.dispatcher(post.channel("a"))
    try await post.control.setNextEntry(of: "a", to: 1_000, delivered: 0)
    try await dispatcher.prepare()
    #expect(try await post.control.nextEntry(of: "a") == 0)
  }
}
