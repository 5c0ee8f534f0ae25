import Access
import Delivery
import Events
import Ledger
import Logging
import Vault

/// Erasures are passed on: each vendor is asked to delete what it has of the subject, and whether it did is kept track of.
extension Relay {
  /// Until the task is cancelled.
  func passOnDeletions() async {
    while !Task.isCancelled {
      do {
        try await control.noteVendorDeletions()
        try await enterThoseOfKilled()
        let due = try await control.dueVendorDeletions(limit: 100).filter { !gate.isShut($0.vendor) }
        // None waits for another vendor's answers, and one that fails keeps no other from being asked.
        await withTaskGroup { group in
          for deletions in Dictionary(grouping: due, by: \.vendor).values {
            group.addTask { for deletion in deletions where !Task.isCancelled { await self.tryToPassOn(deletion) } }
          }
        }
      } catch {
        logger.warning("Erasures cannot be passed on to vendors; it is tried again", metadata: ["reason": "\(error)"])
      }
      try? await Task.sleep(for: .seconds(2))
    }
  }

  /// Nothing leaves for a killed vendor any more, no request either. That it is to delete these stands in the ledger and in its list all the same, for
  /// whoever asks by hand.
  private func enterThoseOfKilled() async throws {
    for deletion in try await control.unenteredDeletionsOfKilled(limit: 100) where !Task.isCancelled {
      guard let vendor = try await control.vendor(deletion.vendor) else { continue }
      let isEntered = try await enter(deletion, of: vendor)
      try await control.vendorDeletionFailed(
        deletion.id, reason: "The kill switch was pulled: ask the vendor by hand, and confirm here.",
        next: isEntered ? Timestamp(milliseconds: .max) : later(deletion.attempts))
    }
  }

  /// - Returns: whether the ledger has it; it does not where nobody is known whom it is about, since nobody named would mean everybody.
  private func enter(_ deletion: VendorDeletion, of vendor: Vendor) async throws -> Bool {
    let numbers = deletion.subjects.compactMap { source.number(of: $0, in: vendor.project) }
    if deletion.isEntered { return true }
    if numbers.isEmpty { return false }
    try await ledger.record(
      .vendorDeletionAsked(vendor.project, vendor: vendor.id.rawValue, subjects: numbers),
      by: Principal(kind: .system, id: "relay", credential: "erasure"))
    // A crash before this asks, and enters, once more.
    try await control.vendorDeletionEntered(deletion.id)
    return true
  }

  private func tryToPassOn(_ deletion: VendorDeletion) async {
    do { try await lane(of: deletion.vendor).take { try await passOn(deletion) } } catch {
      let reason = (error as? AccessError)?.message ?? (error as? LedgerError)?.message ?? (error as? ChannelError)?.description
      logger.warning(
        "A deletion cannot be passed on", metadata: ["vendor": "\(deletion.vendor)", "reason": "\(reason ?? "\(type(of: error))")"])
      try? await control.vendorDeletionFailed(deletion.id, reason: reason ?? "it failed", next: later(deletion.attempts))
    }
  }

  private func passOn(_ deletion: VendorDeletion) async throws {
    guard let vendor = try await control.vendor(deletion.vendor), let inForce = vendor.inForce,
      let version = try await control.version(inForce, of: vendor.id),
      let destination = try VendorDeclaration(yaml: version.source).destination,
      let pseudonyms = source.pseudonyms(of: vendor.id.rawValue, in: vendor.project)
    else { return }
    let sender = sender(of: vendor.id, inForce, destination)
    if deletion.sentAt != nil { return try await askHowFar(deletion, of: vendor, sender, destination) }
    guard try await enter(deletion, of: vendor) else {
      throw AccessError(.unavailable, "Whom this deletion is about is not known here: nothing is sent that the ledger does not have first.")
    }
    // Every id that ever counted as the subject: the vendor knows it by whichever was in force when an event left.
    let people = deletion.subjects.map { pseudonyms($0).description }
    let size = destination.mostIDsOfDeletion
    let pieces = stride(from: 0, to: people.count, by: size).map { Array(people[$0..<min($0 + size, people.count)]) }
    var tasks = deletion.tasks ?? DeletionTasks(size: size)
    // Cut in another way, by another version of the declaration: all of it anew.
    if tasks.size != size { tasks = DeletionTasks(size: size) }
    for (index, piece) in pieces.enumerated() {
      if tasks.parts.indices.contains(index), tasks.parts[index] != .again { continue }
      let id = "deletion_\(deletion.entry)\(index == 0 ? "" : "_\(index + 1)")"
      guard let outcome = await gate.pass(vendor.id, { await sender.delete(piece, id: id) { self.gate.isShut(vendor.id) } }) else { return }
      let part: DeletionTasks.Part
      switch outcome {
      case .done: part = .done
      case .taken(let task): part = .taken(task)
      case .failed(let reason), .unreached(let reason): return try await failed(deletion, of: vendor, reason, tasks)
      }
      if tasks.parts.indices.contains(index) { tasks.parts[index] = part } else { tasks.parts.append(part) }
      // A crash before this sends this one again; the vendor deletes twice what it has once.
      if pieces.count > 1 { try await control.vendorDeletionPartlySent(deletion.id, tasks: tasks) }
    }
    if tasks.areAllDone { return try await confirm(deletion, of: vendor, by: Self.principal(vendor, destination)) }
    try await control.vendorDeletionSent(deletion.id, tasks: tasks, next: tasks.canBeAsked ? later(0) : nil)
  }

  private func askHowFar(_ deletion: VendorDeletion, of vendor: Vendor, _ sender: VendorSender, _ destination: Destination) async throws {
    guard var tasks = deletion.tasks else { return }
    var reason: String?
    for (index, part) in tasks.parts.enumerated() {
      guard case .taken(let task?) = part else { continue }
      guard let state = await gate.pass(vendor.id, { await sender.deletionState(task) { self.gate.isShut(vendor.id) } }) else { return }
      switch state {
      case .done: tasks.parts[index] = .done
      case .underWay: break
      case .failed(let why):
        tasks.parts[index] = .again
        reason = reason ?? why
      case .unreached:
        // It said nothing of it: what it took it has still, and is asked about later.
        return try await control.vendorDeletionSent(deletion.id, tasks: tasks, next: later(deletion.attempts))
      }
    }
    if let reason { return try await failed(deletion, of: vendor, reason, tasks) }
    if tasks.areAllDone { return try await confirm(deletion, of: vendor, by: Self.principal(vendor, destination)) }
    try await control.vendorDeletionSent(deletion.id, tasks: tasks, next: tasks.canBeAsked ? later(deletion.attempts) : nil)
  }

  /// It is asked for anew, later; whoever is told of alerts learns of it when it does not get better.
  private func failed(_ deletion: VendorDeletion, of vendor: Vendor, _ reason: String, _ tasks: DeletionTasks) async throws {
    try await control.vendorDeletionFailed(deletion.id, reason: reason, tasks: tasks, next: later(deletion.attempts))
    guard deletion.attempts >= Relay.failuresToTell else { return }
    await alerts.raise(
      NewAlert(
        .vendorFailed, project: vendor.project, sentence: "The vendor \(vendor.id) does not carry out a deletion that it is asked for.",
        details: ["vendor": .text(vendor.id.rawValue), "reason": .text(reason), "ledger_entry": .number(Int64(deletion.entry))],
        sameAs: "deletion/\(vendor.id)"))
  }

  /// The vendor says, or somebody says of it, that it has deleted what it had.
  private func confirm(_ deletion: VendorDeletion, of vendor: Vendor, by principal: Principal) async throws {
    try await VendorDeletions(control: control, ledger: ledger, source: source).confirm(deletion.id, of: vendor, by: principal)
  }

  private func later(_ attempts: Int) -> Timestamp {
    Timestamp(milliseconds: clock().milliseconds + Int64(Backoff.wait(after: attempts + 1) / .milliseconds(1)))
  }

  static func principal(_ vendor: Vendor, _ destination: Destination) -> Principal {
    Principal(kind: .vendor, id: vendor.id.rawValue, credential: destination.word)
  }
}

/// Confirmations, by vendors and by hand.
package struct VendorDeletions: Sendable {
  let control: ControlDatabase
  let ledger: Ledger
  let source: any RelaySource

  package init(control: ControlDatabase, ledger: Ledger, source: any RelaySource) {
    self.control = control
    self.ledger = ledger
    self.source = source
  }

  /// Somebody says that a killed vendor has deleted all that it had: from then on it counts as holding nothing.
  ///
  /// - Throws: `AccessError` `invalid` while events may still leave for it.
  package func confirmAll(of vendor: Vendor, by principal: Principal) async throws -> LedgerReceipt {
    guard vendor.state == .killed else {
      throw AccessError(.invalid, "Only a vendor whose kill switch was pulled can have deleted everything: others get more.")
    }
    let receipt = try await ledger.record(
      .vendorDeletionConfirmed(vendor.project, vendor: vendor.id.rawValue, subjects: []), by: principal)
    try await control.confirmAllVendorDeletions(of: vendor.id)
    return receipt
  }

  /// From then on the subject counts as not held by the vendor any more.
  ///
  /// - Throws: `AccessError` `notFound` where no such deletion waits.
  @discardableResult
  package func confirm(_ id: Int64, of vendor: Vendor, by principal: Principal) async throws -> LedgerReceipt {
    try await control.turns.take {
      let deletion = try await control.confirmVendorDeletion(id, of: vendor.id, undone: true)
      let numbers = deletion.subjects.compactMap { source.number(of: $0, in: vendor.project) }
      // Nobody named would mean everybody.
      guard !numbers.isEmpty else { throw AccessError(.unavailable, "Whom this deletion is about is not known here.") }
      let receipt = try await ledger.record(
        .vendorDeletionConfirmed(vendor.project, vendor: vendor.id.rawValue, subjects: numbers), by: principal)
      _ = try await control.confirmVendorDeletion(id, of: vendor.id)
      return receipt
    }
  }
}
