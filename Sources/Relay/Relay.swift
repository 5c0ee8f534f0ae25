import Access
import Delivery
import Events
import Journeys
import Ledger
import Logging
import Synchronization

/// Brings to every vendor that flows the events that it may get.
///
/// The store's own log is the queue: of each vendor only the place is kept behind which its next batch begins, so that taking events in costs nothing more, and
/// nothing is lost by a crash: what was sent and not noted comes again, with the same insert ids. Each vendor has a task of its own, so that none
/// waits for another. A batch is an entry of the ledger, with exactly its subjects, before its first byte leaves.
package final class Relay: Sendable {
  let control: ControlDatabase
  let ledger: Ledger
  let alerts: AlertDesk
  let source: any RelaySource
  package let gate: VendorGate
  let version: String
  let clock: @Sendable () -> Timestamp
  let logger: Logger
  private let running = Mutex<[Vendor.ID: Running]>([:])

  private struct Running: Sendable {
    let inForce: Int
    let number: UInt64
    let task: Task<Void, Never>
  }

  private let numbers = Atomic<UInt64>(0)
  /// Of each vendor one thing at a time is under way, a batch or a deletion: neither overtakes the other.
  private let lanes = Mutex<[Vendor.ID: Turns]>([:])
  /// By vendor and version: each has a connection of its own that stays.
  private let senders = Mutex<[Vendor.ID: (version: Int, sender: VendorSender)]>([:])

  func lane(of vendor: Vendor.ID) -> Turns {
    lanes.withLock { lanes in
      if let lane = lanes[vendor] { return lane }
      let lane = Turns()
      lanes[vendor] = lane
      return lane
    }
  }

  func sender(of vendor: Vendor.ID, _ inForce: Int, _ destination: Destination) -> VendorSender {
    senders.withLock { senders in
      if let known = senders[vendor], known.version == inForce { return known.sender }
      let sender = VendorSender(vendor, destination, version: version, clock: clock)
      senders[vendor] = (inForce, sender)
      return sender
    }
  }

  /// How often what nobody said is looked for: vendors that somebody declared, paused or resumed.
  static let look: Duration = .milliseconds(500)
  /// Failures in a row after which others are told.
  static let failuresToTell = 5

  package init(
    control: ControlDatabase, ledger: Ledger, alerts: AlertDesk, source: any RelaySource, gate: VendorGate, version: String,
    logger: Logger, clock: @escaping @Sendable () -> Timestamp
  ) {
    self.control = control
    self.ledger = ledger
    self.alerts = alerts
    self.source = source
    self.gate = gate
    self.version = version
    self.logger = logger
    self.clock = clock
  }

  /// Until the task is cancelled. What is under way then is given its time.
  package func run() async {
    let passing = Task { await passOnDeletions() }
    while !Task.isCancelled {
      do { try await look() } catch {
        logger.warning("The relay cannot read which vendors there are", metadata: ["reason": "\(error)"])
      }
      try? await Task.sleep(for: Self.look)
    }
    let tasks = running.withLock { running in
      defer { running.removeAll() }
      return running.values.map(\.task)
    }
    for task in tasks + [passing] { task.cancel() }
    for task in tasks + [passing] { await task.value }
  }

  /// Begins and ends tasks, so that there is one for each vendor that flows.
  private func look() async throws {
    let vendors = try await control.vendors()
    let flowing = Dictionary(uniqueKeysWithValues: vendors.filter { $0.state == .flowing && $0.inForce != nil }.map { ($0.id, $0) })
    // One that is to end takes itself out when it has ended; only then the next one begins.
    for (id, run) in running.withLock({ $0 }) where flowing[id]?.inForce != run.inForce { run.task.cancel() }
    for (id, vendor) in flowing {
      guard let inForce = vendor.inForce, !gate.isShut(id) else { continue }
      running.withLock { running in
        guard running[id] == nil else { return }
        let number = numbers.add(1, ordering: .relaxed).newValue
        let task = Task {
          await self.serve(vendor, inForce: inForce)
          self.running.withLock { if $0[id]?.number == number { $0[id] = nil } }
        }
        running[id] = Running(inForce: inForce, number: number, task: task)
      }
    }
    for (project, vendors) in Dictionary(grouping: vendors, by: \.project) {
      // Of whoever may go on one day.
      let needed = vendors.filter { $0.state == .flowing || $0.state == .paused }.compactMap { vendor in
        // Of a commit whose rows have not all left, the rest is needed.
        vendor.progress.commit.map { vendor.progress.row == .max ? $0 + 1 : $0 }
      }
      source.release(project, before: needed.min())
    }
  }

  private func serve(_ vendor: Vendor, inForce: Int) async {
    var failures = 0
    while !Task.isCancelled {
      do {
        guard let now = try await control.vendor(vendor.id), now.state == .flowing, now.inForce == inForce else { return }
        // What came before a version was agreed to is under the one before.
        let commit = now.progress.commit ?? 0
        let isBehind = now.progress.row == .max ? commit < now.progress.changedAtCommit : commit <= now.progress.changedAtCommit
        let (number, end) = now.progress.previousVersion.flatMap { isBehind ? ($0, now.progress.changedAtCommit) : nil } ?? (inForce, nil)
        guard let version = try await control.version(number, of: vendor.id) else { return }
        let declaration = try VendorDeclaration(yaml: version.source)
        guard let destination = declaration.destination, let pseudonyms = source.pseudonyms(of: vendor.id.rawValue, in: vendor.project)
        else {
          // The register knows it, and Sealane sends nothing: nothing waits for it.
          if let committed = source.committed(in: vendor.project), committed > commit {
            try await control.advance(vendor.id, to: committed, row: .max, events: 0, batches: 0, missed: 0, letters: [])
          }
          try await Task.sleep(for: .seconds(5))
          continue
        }
        let (source, project) = (source, vendor.project)
        let lens = VendorLens(
          pseudonyms: pseudonyms, fields: declaration.fields, number: { source.number(of: $0, in: project) },
          isForgotten: { source.isForgotten($0, in: project) })
        var run = VendorRun(
          vendor: now, declaration: declaration, relay: self, lens: lens, sender: sender(of: vendor.id, number, destination),
          tail: source.follow(
            vendor.project, selecting: TailSelection(events: declaration.events.map(Set.init), properties: Set(declaration.fields))),
          until: end)
        defer { if run.hasMoved { failures = 0 } }
        try await run.run()
        if gate.isShut(vendor.id) { return }
      } catch is CancellationError {
        return
      } catch {
        // A ledger, a database or a store that refuses, or a vendor that refuses everything: all waits, nothing is lost.
        failures += 1
        let reason = "\(error)"
        logger.warning("A vendor's relay waits", metadata: ["vendor": "\(vendor.id)", "reason": "\(reason)"])
        try? await control.noteFailure(of: vendor.id, reason: reason)
        if failures == Self.failuresToTell {
          await alerts.raise(
            NewAlert(
              .vendorFailed, project: vendor.project, sentence: "Nothing leaves for the vendor \(vendor.id) for a while; its events wait.",
              details: ["vendor": .text(vendor.id.rawValue), "reason": .text(reason)], sameAs: "vendor/\(vendor.id)"))
        }
        try? await Task.sleep(for: Backoff.pause(after: failures))
      }
    }
  }
}
