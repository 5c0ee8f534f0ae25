import Access
import Events
import Ledger
import Logging
import Synchronization

/// Brings to every channel what waits for it: alerts and refusals from the outbox, and, where a channel speaks OCSF, entries of the ledger.
///
/// The ledger is its own queue: a channel has the number of the entry that it gets next, so that nothing is copied on the way of a disclosure and nothing is
/// lost by a crash; what was sent and not noted comes again with the same id. Each channel has a task of its own, so that none waits for another.
package final class Dispatcher: Sendable {
  package struct Outcome: Sendable, Hashable {
    package let channel: String
    package let type: String
    /// Nil: it arrived.
    package let failure: String?
  }

  package let channels: [Channel]
  private let senders: [ChannelSender]
  private let bells: [Doorbell]
  private let control: ControlDatabase
  private let ledger: Ledger
  private let alerts: AlertDesk
  private let identity: SenderIdentity
  private let clock: @Sendable () -> Timestamp
  private let logger: Logger
  /// The next entry of each channel, where it is ahead of what is noted.
  private let positions = Mutex<[String: UInt64]>([:])

  static let batch = 64
  /// Failures of a channel after which others are told.
  static let failuresToTell = 6

  package init(
    _ channels: [Channel], control: ControlDatabase, ledger: Ledger, alerts: AlertDesk, identity: SenderIdentity, logger: Logger,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.channels = channels
    senders = channels.map { ChannelSender($0, identity: identity, clock: clock) }
    bells = channels.map { _ in Doorbell() }
    self.control = control
    self.ledger = ledger
    self.alerts = alerts
    self.identity = identity
    self.logger = logger
    self.clock = clock
  }

  package func wake() { for bell in bells { bell.ring() } }

  /// Makes the channels known; events begin with the next entry of the ledger where a channel is new.
  package func prepare() async throws {
    try await control.registerChannels(channels.map(\.name))
    for channel in channels where channel.stream?.takesEvents == true {
      let end = try await ledger.count()
      let next = try await control.nextEntry(of: channel.name)
      // A number behind the end is of another ledger, begun with --new-ledger.
      if next.map({ $0 > end }) ?? true { try await control.setNextEntry(of: channel.name, to: end, delivered: 0) }
    }
  }

  /// Until the task is cancelled. What is under way then is given its time.
  package func run() async {
    await withTaskGroup(of: Void.self) { group in
      for index in channels.indices { group.addTask { await self.serve(index) } }
    }
  }

  /// Now and then: that a channel's messages are left out because too many wait is an alert itself, which others are told of.
  package func tellOverflow() async throws {
    for state in try await control.channelStates()
    where state.disabledReason == nil && state.waiting >= ControlDatabase.mostWaiting && channels.contains(where: { $0.name == state.name })
    {
      await alerts.raise(
        NewAlert(
          .eventsLost,
          sentence: "\(state.waiting) messages wait for the channel \(state.name): further ones are left out until it takes some.",
          details: ["channel": .text(state.name), "waiting": .number(Int64(state.waiting))], sameAs: "queue/\(state.name)"))
    }
  }

  /// Sends a test to every channel, whatever waits, and says what became of it.
  package func test() async -> [Outcome] {
    let message = AlertMessage(testAt: clock())
    let id = ControlDatabase.messageID()
    return await withTaskGroup(of: (Int, Outcome).self) { group in
      for (index, sender) in senders.enumerated() {
        group.addTask {
          let failure: String?
          do throws(DeliveryError) {
            try await sender.send(message, id: id)
            failure = nil
          } catch {
            failure = error.reason
          }
          return (index, Outcome(channel: sender.channel.name, type: sender.channel.target.word, failure: failure))
        }
      }
      var outcomes: [(Int, Outcome)] = []
      for await outcome in group { outcomes.append(outcome) }
      return outcomes.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  // MARK: One channel

  private func serve(_ index: Int) async {
    let channel = channels[index]
    var failures = 0
    while !Task.isCancelled {
      do {
        if try await step(senders[index]) {
          failures = 0
          continue
        }
        await bells[index].wait(upTo: try await pause(of: channel))
      } catch {
        failures += 1
        await failed(channel, error, failures)
        let wait = (error as? DeliveryError)?.retryAfter ?? Backoff.pause(after: failures)
        try? await Task.sleep(for: wait)
      }
    }
  }

  /// How long nothing will be due. A ring ends it; entries of the ledger do not ring.
  private func pause(of channel: Channel) async throws -> Duration {
    let longest: Duration = channel.stream?.takesEvents == true ? .seconds(1) : .seconds(30)
    guard let next = try await control.nextDelivery(of: channel.name) else { return longest }
    return min(longest, max(.milliseconds(50), .milliseconds(next.milliseconds - clock().milliseconds)))
  }

  private func failed(_ channel: Channel, _ error: any Error, _ failures: Int) async {
    let reason =
      (error as? DeliveryError)?.reason ?? (error as? LedgerError)?.message ?? (error as? AccessError)?.message ?? "\(type(of: error))"
    if failures == 1 || failures == Self.failuresToTell {
      logger.warning("A channel takes no messages", metadata: ["channel": "\(channel.name)", "reason": "\(reason)"])
    }
    try? await control.noteFailure(of: channel.name, reason: reason)
    guard failures == Self.failuresToTell else { return }
    await alerts.raise(
      NewAlert(
        .deliveryFailed,
        sentence: "The channel \(channel.name) has taken no message for some minutes; its messages wait for up to three days.",
        details: ["channel": .text(channel.name), "reason": .text(reason)], sameAs: channel.name))
  }

  /// Sends what is due. False where nothing was.
  private func step(_ sender: ChannelSender) async throws -> Bool {
    guard try await control.isChannelEnabled(sender.channel.name) else { return false }
    let deliveries = try await control.dueDeliveries(of: sender.channel.name, limit: Self.batch)
    if !deliveries.isEmpty {
      try await send(deliveries, by: sender)
      return true
    }
    return try await sendEntries(by: sender)
  }

  private func send(_ deliveries: [Delivery], by sender: ChannelSender) async throws {
    for delivery in deliveries {
      do {
        switch delivery.content {
        case .alert(let message): try await sender.send(message, id: delivery.message)
        case .refusal(let refusal): try await sender.send([OCSFEvent(refusal, id: delivery.message, identity)], id: delivery.message)
        }
        // A crash here sends the message once more, under the same id.
        try await noted { [control] in try await control.deliveriesDone([delivery.id], of: delivery.channel) }
      } catch let error as DeliveryError {
        try await failed(delivery, error)
        if error.kind == .gone { return }
        if error.kind != .rejected { throw error }
      }
    }
  }

  private func failed(_ delivery: Delivery, _ error: DeliveryError) async throws {
    if error.kind == .gone {
      try await control.disableChannel(delivery.channel, reason: error.reason)
      logger.warning("A channel is switched off", metadata: ["channel": "\(delivery.channel)", "reason": "\(error.reason)"])
      await alerts.raise(
        NewAlert(
          .deliveryFailed, severity: .high,
          sentence: "The channel \(delivery.channel) answered that it is gone: nothing is sent there until somebody enables it again.",
          details: ["channel": .text(delivery.channel), "reason": .text(error.reason)], sameAs: "gone/\(delivery.channel)"))
      return
    }
    let wait = max(error.retryAfter ?? .zero, Backoff.wait(after: delivery.attempts + 1))
    let next = Timestamp(milliseconds: clock().milliseconds + Int64(wait / .milliseconds(1)))
    let isGivenUp = next >= delivery.expiresAt
    try await noted { [control] in try await control.deliveryFailed(delivery, next: isGivenUp ? nil : next, reason: error.reason) }
    guard isGivenUp else { return }
    await alerts.raise(
      NewAlert(
        .deliveryFailed, sentence: "A message for the channel \(delivery.channel) was given up after three days.",
        details: ["channel": .text(delivery.channel), "reason": .text(error.reason)], sameAs: "given up/\(delivery.channel)"))
  }

  /// What was done is noted also where the server stops at this moment.
  private func noted(_ note: @escaping @Sendable () async throws -> Void) async throws { try await Task { try await note() }.value }

  // MARK: Entries of the ledger

  private func sendEntries(by sender: ChannelSender) async throws -> Bool {
    let name = sender.channel.name
    guard let stream = sender.channel.stream, stream.takesEvents else { return false }
    let ahead = positions.withLock { $0[name] }
    let known = ahead == nil ? try await control.nextEntry(of: name) : ahead
    guard var next = known else { return false }
    let end = try await ledger.count()
    if next < end, end - next > stream.backlog {
      let dropped = end - next - stream.backlog
      next += dropped
      try await control.setNextEntry(of: name, to: next, delivered: 0, dropped: Int(dropped))
      await alerts.raise(
        NewAlert(
          .eventsLost,
          sentence: "\(dropped) entries of the ledger were left out on the way to the channel \(name), which was too far behind.",
          details: ["channel": .text(name), "entries": .number(Int64(dropped))], sameAs: name))
    }
    guard next < end else { return false }
    let entries = try await ledger.entries(from: next, limit: Self.batch)
    guard let last = entries.last?.index else { return false }
    let events = try await events(entries.filter { OCSFEvent.isSent($0, to: stream) })
    if !events.isEmpty { try await sender.send(events, id: "evt_\(next)_\(last)") }
    positions.withLock { $0[name] = last + 1 }
    // Entries that do not go there are not worth a write for every few of them: after a crash they are looked at again.
    if events.isEmpty, (last + 1) % 1_000 > UInt64(Self.batch) { return true }
    // A crash here sends them once more, with the same uids.
    try await noted { [control] in try await control.setNextEntry(of: name, to: last + 1, delivered: events.count) }
    return true
  }

  /// With their details, one reading where they lie close together. Details that the keys at hand do not open, as after a restore with other keys, must
  /// not hold up what comes behind them.
  private func events(_ entries: [LedgerEntry]) async throws -> [OCSFEvent] {
    guard let first = entries.first, let last = entries.last else { return [] }
    let wanted = Set(entries.map(\.index))
    let records: [LedgerRecord]
    do {
      records = try await ledger.records(from: first.index, limit: Int(last.index - first.index) + 1)
    } catch {
      guard error.code == .damaged else { throw error }
      return await eventsOneByOne(entries)
    }
    return records.filter { wanted.contains($0.entry.index) }.map { OCSFEvent($0, identity) }
  }

  private func eventsOneByOne(_ entries: [LedgerEntry]) async -> [OCSFEvent] {
    var events: [OCSFEvent] = []
    for entry in entries {
      let detail = try? await ledger.detail(of: entry.index)
      events.append(OCSFEvent(entry, detail, identity))
    }
    return events
  }
}

/// How long to wait after failures: seconds first, then hours, so that three days see some dozen attempts.
package enum Backoff {
  private static let waits: [Duration] = [
    .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1_800), .seconds(7_200), .seconds(18_000), .seconds(36_000),
  ]

  /// Of one message.
  package static func wait(after attempts: Int) -> Duration { waits[min(max(attempts, 1), waits.count) - 1] }

  /// Of a whole channel: 2, 4, 8 … seconds, at most five minutes.
  package static func pause(after failures: Int) -> Duration { .seconds(min(300, 1 << min(max(failures, 1), 9))) }
}
