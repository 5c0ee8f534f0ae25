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
    let task: Task<Void, Never>
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
    let ended = running.withLock { running in
      let ended = running.filter { id, run in flowing[id]?.inForce != run.inForce }
      for id in ended.keys { running[id] = nil }
      return ended.values.map(\.task)
    }
    for task in ended { task.cancel() }
    for task in ended { await task.value }
    for (id, vendor) in flowing {
      guard let inForce = vendor.inForce, running.withLock({ $0[id] }) == nil, !gate.isShut(id) else { continue }
      let task = Task { await self.serve(vendor, inForce: inForce) }
      running.withLock { $0[id] = Running(inForce: inForce, task: task) }
    }
    for (project, vendors) in Dictionary(grouping: vendors, by: \.project) {
      // Of whoever may go on one day.
      let needed = vendors.filter { $0.state == .flowing || $0.state == .paused }.compactMap(\.progress.commit).min()
      source.release(project, before: needed.map { $0 + 1 })
    }
  }

  private func serve(_ vendor: Vendor, inForce: Int) async {
    var failures = 0
    while !Task.isCancelled {
      do {
        guard let version = try await control.version(inForce, of: vendor.id) else { return }
        let declaration = try VendorDeclaration(yaml: version.source)
        guard let destination = declaration.destination,
          let pseudonyms = source.pseudonyms(of: vendor.id.rawValue, in: vendor.project)
        else { return }
        let (source, project) = (source, vendor.project)
        let lens = VendorLens(pseudonyms: pseudonyms, fields: declaration.fields) { source.number(of: $0, in: project) }
        let now = try await control.vendor(vendor.id) ?? vendor
        var run = VendorRun(
          vendor: now, declaration: declaration, relay: self, lens: lens,
          sender: VendorSender(vendor.id, destination, version: self.version, clock: clock),
          tail: source.follow(
            vendor.project, selecting: TailSelection(events: declaration.events.map(Set.init), properties: Set(declaration.fields))))
        try await run.run()
        return
      } catch is CancellationError {
        return
      } catch {
        // A ledger, a database or a store that refuses: everything waits, nothing is lost.
        failures += 1
        logger.warning("A vendor's relay waits", metadata: ["vendor": "\(vendor.id)", "reason": "\(error)"])
        try? await control.noteFailure(of: vendor.id, reason: "\(error)")
        try? await Task.sleep(for: Backoff.pause(after: failures))
      }
    }
  }
}
