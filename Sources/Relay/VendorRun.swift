import Access
import Delivery
import Events
import Journeys
import Ledger
import Logging

/// One vendor's way through the log, under one version of its declaration.
struct VendorRun {
  let vendor: Vendor
  let declaration: VendorDeclaration
  let relay: Relay
  let lens: VendorLens
  let sender: VendorSender
  let tail: any RelayTail
  /// The last commit that is for this version; nil: there is no end.
  let until: UInt64?

  private var position: TailPosition
  /// Commits that were looked at without anything for the vendor since the place was noted.
  private var unnoted: UInt64 = 0
  private var failures = 0
  private(set) var hasMoved = false
  /// Single events that the vendor refused since it took one.
  private var refusals = 0
  private static let mostRefusals = 20

  /// How far the place may run ahead of what is noted, where nothing is for the vendor.
  private static let stretch: UInt64 = 1_000

  init(
    vendor: Vendor, declaration: VendorDeclaration, relay: Relay, lens: VendorLens, sender: VendorSender, tail: any RelayTail,
    until: UInt64?
  ) {
    self.vendor = vendor
    self.declaration = declaration
    self.relay = relay
    self.lens = lens
    self.sender = sender
    self.tail = tail
    self.until = until
    let kept = TailPosition(commit: vendor.progress.commit ?? 0, row: vendor.progress.row)
    // A store that was restored to an earlier state gives numbers of commits again: those that come are not read already.
    let end = TailPosition(commit: relay.source.committed(in: vendor.project) ?? 0, row: .max)
    position = min(kept, end)
  }

  mutating func run() async throws {
    while !Task.isCancelled, !relay.gate.isShut(vendor.id) {
      if let until, position.commit > until || (position.commit == until && position.row == .max) {
        // From here on another version is in force.
        return try await note(position)
      }
      let known = relay.source.forgetting(in: vendor.project)
      var page = try await tail.page(after: position, limit: VendorSender.batch)
      if let until { page = page.upTo(until) }
      if page.missedCommits > 0 {
        try await note(position, missed: page.missedCommits)
        await tellMissed(page.missedCommits)
      }
      let events = mixed(page.events)
      guard !events.isEmpty else {
        if page.next == position {
          if unnoted > 0 { try await note(page.next) }
          try await Task.sleep(for: .milliseconds(250))
        } else {
          unnoted += page.next.commit - position.commit + 1
          position = page.next
          if unnoted > Self.stretch { try await note(position) }
        }
        continue
      }
      var rest = Self.batches(events)[...]
      var isStale = false
      while let batch = rest.popFirst() {
        guard let last = batch.last?.position else { continue }
        var letters: [DeadLetter] = []
        let outcome = try await deliver(batch, known)
        // Somebody was erased meanwhile: what is left of the page is read anew, without them.
        guard let outcome else {
          isStale = true
          break
        }
        switch outcome {
        case .taken: refusals = 0
        case .partly(let refused):
          refusals = 0
          letters = refused.sorted { $0.key < $1.key }.map { letter(batch[$0.key], $0.value) }
        case .refused(let reason) where batch.count == 1:
          refusals += 1
          // That is no event's fault.
          guard refusals < Self.mostRefusals else { throw AccessError(.unavailable, "The vendor refuses everything: \(reason)") }
          letters = [letter(batch[0], reason)]
        case .refused:
          // Which one it is the vendor does not say: halves find it.
          let middle = batch.count / 2
          rest = [Array(batch[..<middle]), Array(batch[middle...])] + rest
          continue
        case .stopped, .later: return
        }
        // A crash before this sends the batch once more, with the same insert ids.
        try await note(
          TailPosition(commit: last.commit, row: last.row + 1), events: batch.count { !$0.isCanary } - letters.count, batches: 1,
          letters: letters)
        if !letters.isEmpty { await tellLetters(letters.count) }
      }
      if isStale { continue }
      unnoted += 1
      position = page.next
    }
  }

  /// With canaries among them, each beside a real event of about its time.
  private func mixed(_ page: [TailEvent]) -> [OutgoingEvent] {
    let canaries = relay.source.canaries(declaration.canaries, of: vendor.id.rawValue, in: vendor.project, among: page)
    guard !canaries.isEmpty else { return page.map { lens($0) } }
    var beside: [Int: [CanaryEvent]] = [:]
    for canary in canaries {
      let place = page.indices.min {
        abs(page[$0].time.milliseconds - canary.time.milliseconds) < abs(page[$1].time.milliseconds - canary.time.milliseconds)
      }
      beside[place ?? 0, default: []].append(canary)
    }
    return page.indices.flatMap { index in
      [lens(page[index])] + beside[index, default: []].map { lens($0, beside: page[index].position) }
    }
  }

  private mutating func note(
    _ next: TailPosition, events: Int = 0, batches: Int = 0, missed: UInt64 = 0, letters: [DeadLetter] = []
  ) async throws {
    let (control, vendor) = (relay.control, vendor)
    // Also where the server stops at this moment.
    try await Task {
      try await control.advance(
        vendor.id, to: next.commit, row: next.row, events: events, batches: batches, missed: missed, letters: letters)
    }.value
    position = next
    unnoted = 0
    if batches > 0 { hasMoved = true }
  }

  /// Bounded in bytes: a vendor's limit is one of bytes as well.
  private static func batches(_ events: [OutgoingEvent]) -> [[OutgoingEvent]] {
    var batches: [[OutgoingEvent]] = []
    var (batch, bytes) = ([OutgoingEvent](), 0)
    for event in events {
      let size = event.plain.text.utf8.count + 64
      if bytes + size > VendorSender.batchBytes, !batch.isEmpty {
        batches.append(batch)
        (batch, bytes) = ([], 0)
      }
      batch.append(event)
      bytes += size
    }
    if !batch.isEmpty { batches.append(batch) }
    return batches
  }

  /// Enters the batch once and sends it until the vendor has answered for it, or is shut. Nil: somebody was erased since it was read, so that it must not
  /// leave as it is.
  ///
  /// - Parameter known: of what was to be forgotten when the page was read.
  private mutating func deliver(_ batch: [OutgoingEvent], _ known: UInt64) async throws -> BatchOutcome? {
    var entered: Disclosed<[OutgoingEvent]>?
    while !Task.isCancelled {
      let (relay, sender, vendor, before) = (relay, sender, vendor, entered)
      enum Attempt: Sendable {
        case stale, shut
        case made(Disclosed<[OutgoingEvent]>, BatchOutcome)
      }
      // No deletion is under way at the same time, so that none is overtaken by what it is about.
      let attempt = try await relay.lane(of: vendor.id).take { () async throws -> Attempt in
        guard relay.source.forgetting(in: vendor.project) == known else { return .stale }
        // The entry too is made within the pass: nothing is entered for a vendor that is shut.
        let passed = try await relay.gate.pass(vendor.id) { () async throws -> Attempt in
          let disclosed: Disclosed<[OutgoingEvent]>
          if let before {
            disclosed = before
          } else {
            disclosed = try await relay.ledger.disclose(batch, disclosure(of: batch), to: Relay.principal(vendor, sender.destination))
          }
          return .made(disclosed, await sender.send(disclosed) { relay.gate.isShut(vendor.id) })
        }
        return passed ?? .shut
      }
      let (disclosed, outcome): (Disclosed<[OutgoingEvent]>, BatchOutcome)
      switch attempt {
      case .stale: return nil
      case .shut: return .stopped
      case .made(let made, let came): (disclosed, outcome) = (made, came)
      }
      entered = disclosed
      guard case .later(let reason, let wait) = outcome else {
        if failures >= Relay.failuresToTell {
          relay.logger.notice("A vendor takes events again", metadata: ["vendor": "\(vendor.id)"])
        }
        failures = 0
        return outcome
      }
      failures += 1
      try? await relay.control.noteFailure(of: vendor.id, reason: reason)
      if failures == 1 || failures == Relay.failuresToTell {
        relay.logger.warning("A vendor takes no events", metadata: ["vendor": "\(vendor.id)", "reason": "\(reason)"])
      }
      if failures == Relay.failuresToTell { await tellFailure(reason) }
      let end = ContinuousClock.now + (wait ?? Backoff.pause(after: failures))
      while ContinuousClock.now < end, !Task.isCancelled {
        if relay.gate.isShut(vendor.id) { return .stopped }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    return .stopped
  }

  private func disclosure(of batch: [OutgoingEvent]) -> Disclosure {
    var fields: Set<String> = ["event", "time"]
    for event in batch { fields.formUnion(event.properties.keys) }
    let canaries = batch.filter(\.isCanary)
    return Disclosure(
      .delivery(set: batch.flatMap(\.subjects), events: batch.count - canaries.count), project: vendor.project,
      purpose: "relay.\(sender.destination.word)", fields: fields.sorted(), canaries: Self.mark(canaries, of: vendor))
  }

  /// Of a vendor's canaries, in the place of an export's random bytes: the same for all its deliveries.
  private static func mark(_ canaries: [OutgoingEvent], of vendor: Vendor) -> Disclosure.CanaryMark? {
    guard !canaries.isEmpty else { return nil }
    let people = Set(canaries.compactMap(\.person)).sorted()
    return Disclosure.CanaryMark(
      export: String(VendorDesk.digest(of: "vendor \(vendor.id)").prefix(32)), count: people.count, lines: canaries.count,
      commitment: VendorDesk.digest(of: people.map { "\($0)\n" }.joined()))
  }

  private func letter(_ event: OutgoingEvent, _ reason: String) -> DeadLetter {
    DeadLetter(
      vendor: vendor.id, commit: event.position.commit, row: event.position.row, event: event.name, reason: String(reason.prefix(200)),
      at: relay.clock())
  }

  // MARK: Alerts

  private func tellFailure(_ reason: String) async {
    await relay.alerts.raise(
      NewAlert(
        .vendorFailed, project: vendor.project, sentence: "The vendor \(vendor.id) has taken no events for a while; they wait.",
        details: ["vendor": .text(vendor.id.rawValue), "reason": .text(reason)], sameAs: "vendor/\(vendor.id)"))
  }

  private func tellLetters(_ count: Int) async {
    await relay.alerts.raise(
      NewAlert(
        .vendorEventsLost, severity: .low, project: vendor.project,
        sentence: "The vendor \(vendor.id) refused events for good; `sealane vendors dead-letters \(vendor.id)` says which and why.",
        details: ["vendor": .text(vendor.id.rawValue), "events": .number(Int64(count))], sameAs: "letters/\(vendor.id)"))
  }

  private func tellMissed(_ commits: UInt64) async {
    await relay.alerts.raise(
      NewAlert(
        .vendorEventsLost, project: vendor.project,
        sentence: "Events did not reach the vendor \(vendor.id): it was behind for longer than they are kept for it.",
        details: ["vendor": .text(vendor.id.rawValue), "commits": .number(Int64(commits))], sameAs: "missed/\(vendor.id)"))
  }
}
