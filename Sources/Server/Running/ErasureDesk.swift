import Access
import Console
import Crypto
import Events
import Foundation
import HTTPTypes
import Journeys
import Ledger
import Logging
import SegmentStore
import Synchronization
import Vault

/// Erasures of subjects (GDPR Art. 17): the ledger's entry first, then the store, then the custodian, which destroys the keys and signs it.
///
/// The ledger is never rolled back, so what a restore brings back is erased again before anything is served: every entry
/// `subject_erased` that the control database does not know is carried out.
final class ErasureDesk: Sendable {
  private let access: ControlDatabase
  private let ledger: Ledger
  private let projects: OpenProjects
  private let logger: Logger
  private let clock: @Sendable () -> Timestamp
  /// Entries that are written or about to be, of which the control database may not know yet.
  private let underWay = Atomic(0)
  /// Of those, which ended with an error: tried again until they are done.
  private let failed = Atomic(0)

  /// Whether the ledger has erasures that are not carried out yet.
  /// Versions of plans that the ledger knows and this installation does not: it was restored to a time before them.
  var missingPlans: [(project: ProjectID, version: Int)] {
    plansInLedger.withLock { $0 }.filter { $0.value > projects[$0.key]?.plan?.version ?? 0 }.map { ($0.key, $0.value) }
  }

  /// The newest version of each project's plan among the entries that were looked at at the start.
  private let plansInLedger = Mutex<[ProjectID: Int]>([:])

  var isBehind: Bool { failed.load(ordering: .sequentiallyConsistent) > 0 }

  private struct Order {
    var entry: UInt64
    var ids: [Pseudonym]
  }

  /// Up to which entry of the ledger the control database knows all erasures.
  private static let seen = "erasures_seen"
  private static let system = Principal(kind: .system, id: "server", credential: "start")

  init(
    access: ControlDatabase, ledger: Ledger, projects: OpenProjects, logger: Logger, clock: @escaping @Sendable () -> Timestamp
  ) {
    self.access = access
    self.ledger = ledger
    self.projects = projects
    self.logger = logger
    self.clock = clock
  }

  /// Erases subjects, with all ids that count as theirs; returns how many ids those were.
  ///
  /// - Throws: `APIError` 404, before anything is erased, where one of them never came.
  func erase(_ pseudonyms: [Pseudonym], of project: OpenProject, by principal: Principal) async throws -> Int {
    let subjects = pseudonyms.map { project.store.ids(of: $0) }
    let unknown = subjects.count { $0.isEmpty }
    guard unknown == 0 else {
      throw APIError.notFound("\(unknown) of these \(pseudonyms.count) subjects never came; nothing was erased.")
    }
    underWay.add(1, ordering: .sequentiallyConsistent)
    do {
      var orders: [Order] = []
      for ids in subjects {
        let receipt = try await ledger.record(
          .subjectErased(project.id, ids.map(\.number), ids: ids.map(\.pseudonym)), by: principal)
        orders.append(Order(entry: receipt.index, ids: ids.map(\.pseudonym)))
      }
      // A crash here leaves entries that nothing followed: the next start follows them.
      let gone = try await erase(orders, of: project)
      underWay.subtract(1, ordering: .sequentiallyConsistent)
      return gone
    } catch {
      // Whatever the ledger has is carried out by `keepUp`.
      failed.add(1, ordering: .sequentiallyConsistent)
      throw error
    }
  }

  private func erase(_ orders: [Order], of project: OpenProject) async throws -> Int {
    let outcome = try await project.store.deleteSubjects(orders.flatMap(\.ids))
    // Nothing is sealed any more under a key that the custodian destroys.
    project.sealer.endEpoch()
    // The view of what arrives keeps the newest events for a moment: whose they are is not known there once ids were merged.
    project.live.forget()
    let gone = outcome.deletedNumbers.compactMap { project.store.pseudonym(of: $0) }
    // A crash here leaves the subjects' pseudonyms in saved lists; erasing them again takes them out.
    try await CohortLibrary(access, of: project.id).remove(Set(gone))
    guard !orders.isEmpty else { return outcome.deletedNumbers.count }
    var orders = orders
    // An id that was merged with the subject's in between belongs to the last order.
    orders[orders.count - 1].ids += Set(gone).subtracting(orders.flatMap(\.ids)).sorted()
    try await note(orders, of: project.id, deletions: project.store.deletionCount)
    return outcome.deletedNumbers.count
  }

  private func note(_ orders: [Order], of project: ProjectID, deletions: UInt64) async throws {
    for order in orders {
      guard let entry = try await ledger.entries(from: order.entry, limit: 1).first else { continue }
      try await access.note(
        Erasure(
          entry: order.entry, commitment: CustodianDesk.hexadecimal(entry.commitment), project: project, subjects: order.ids,
          orderedAt: entry.time, deletions: deletions))
    }
  }

  /// Before anything is served: carries out every erasure of the ledger that is not known here, as after a restore or a crash.
  func catchUp() async throws {
    var next = try await access.setting(Self.seen).flatMap { UInt64($0) } ?? 0
    let end = try await ledger.count()
    if next > end {
      // Another ledger, begun with --new-ledger.
      try await access.forgetErasures()
      next = 0
    }
    while next < end {
      let entries = try await ledger.entries(from: next, limit: Ledger.maximumPage)
      guard let last = entries.last else { break }
      for entry in entries where entry.kind == "subject_erased" {
        if try await access.erasure(entry.index) == nil { try await erase(again: entry.index) }
      }
      for entry in entries where entry.kind == "tracking_plan_changed" {
        guard let id = entry.project, let version = entry.facts["version"].flatMap(Int.init) else { continue }
        plansInLedger.withLock { $0[id] = version }
      }
      for entry in entries where entry.kind == "project_created" {
        if let id = entry.project { try await access.note(projectInLedger: id) }
      }
      next = last.index + 1
    }
    try await access.setSetting(Self.seen, to: String(end))
  }

  private func erase(again index: UInt64) async throws {
    guard let record = try await ledger.records(from: index, limit: 1).first, case .present(let detail) = record.detail,
      let id = record.entry.project
    else {
      logger.critical("An erasure cannot be repeated: its details are erased. Erase the subject again", metadata: ["entry": "\(index)"])
      return
    }
    var ids = (detail.facts["ids"] ?? "").split(separator: " ").compactMap { Pseudonym(String($0)) }
    guard let project = projects[id] else {
      // The keys are destroyed all the same.
      logger.error("An erasure is of a project that is not here", metadata: ["entry": "\(index)", "project": "\(id)"])
      return try await note([Order(entry: index, ids: ids)], of: id, deletions: 0)
    }
    // Entries of earlier versions have numbers alone.
    if ids.isEmpty { ids = (detail.subjects?.numbers ?? []).compactMap { project.store.pseudonym(of: $0.rawValue) } }
    let known = ids.flatMap { project.store.ids(of: $0) }
    let order = Order(entry: index, ids: Set(ids + known.map(\.pseudonym)).sorted())
    // Carried out here, and only not noted: what came since is a new history.
    if known.allSatisfy({ project.store.isErased($0.number, since: record.entry.time) }) {
      try await CohortLibrary(access, of: id).remove(Set(order.ids))
      return try await note([order], of: id, deletions: project.store.deletionCount)
    }
    _ = try await erase([order], of: project)
    logger.notice("An erasure of the ledger was repeated here", metadata: ["entry": "\(index)", "ids": "\(order.ids.count)"])
  }

  /// Now and then: finishes what failed, and notes how far the ledger is known, so that the next start need not look at all of it.
  func advance() async throws {
    let failures = failed.load(ordering: .sequentiallyConsistent)
    if failures > 0, underWay.load(ordering: .sequentiallyConsistent) == failures {
      try await catchUp()
      failed.subtract(failures, ordering: .sequentiallyConsistent)
      underWay.subtract(failures, ordering: .sequentiallyConsistent)
    }
    let end = try await ledger.count()
    // An erasure whose entry is before `end` began before: if none is under way now, it is known.
    guard underWay.load(ordering: .sequentiallyConsistent) == 0 else { return }
    try await access.setSetting(Self.seen, to: String(end))
  }

  // MARK: The custodian

  func ordersToCarryOut(after entry: UInt64?) async throws -> [Erasure] { try await access.erasuresToCarryOut(after: entry) }

  /// Takes the custodian's receipt. The same again changes nothing.
  func take(_ text: String, pinned: CustodianIdentity?) async throws {
    let receipt: ErasureReceipt
    do { receipt = try ErasureReceipt(text: text) } catch {
      switch error {
      case .malformed: throw APIError.badRequest(error.description)
      case .badSignature: throw APIError(.forbidden, "forbidden", error.description)
      }
    }
    guard let pinned, receipt.identity == pinned else {
      throw APIError(.forbidden, "forbidden", "This receipt is signed by another identity than the one pinned here.")
    }
    guard let erasure = try await access.erasure(receipt.entry), erasure.project.rawValue == receipt.project,
      erasure.commitment == receipt.commitment
    else {
      throw APIError.notFound("There is no such erasure here.")
    }
    guard erasure.receipt != text else { return }
    // A custodian that was restored from a backup after the erasure signs that it had nothing to destroy: what was signed first says more.
    if let known = erasure.receipt.flatMap({ try? ErasureReceipt(text: $0) }), known.keys > 0, receipt.keys == 0 { return }
    let digest = SHA256.hash(data: Data(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    _ = try await ledger.record(
      .erasureReceipted(erasure.project, entry: receipt.entry, digest: digest),
      by: Principal(kind: .custodian, id: "custodian", credential: "server-token"))
    // A crash here leaves an entry without its receipt: the custodian sends it again, and there are two.
    try await access.keep(receipt: text, of: receipt.entry)
  }

  // MARK: Status

  /// Oldest first, behind an entry, those of one subject where it is named.
  func erasures(after entry: UInt64?, of subject: Pseudonym?) async throws -> [Erasure] {
    try await access.erasures(after: entry, of: subject)
  }

  /// One erasure as it stands: what is gone, and when the last copy dies.
  func status(_ erasure: Erasure) -> JSONValue {
    let finished = projects[erasure.project]?.store.finishedDeletions ?? 0
    var members: [String: JSONValue] = [
      "entry": .number(Double(erasure.entry)), "project_id": .number(Double(erasure.project.rawValue)),
      "ids": .number(Double(erasure.subjects.count)), "ordered_at": .number(Double(erasure.orderedAt.milliseconds)),
      "in_answers": .boolean(false), "in_files": .boolean(finished < erasure.deletions), "receipt": .null, "keys_destroyed": .null,
      "keys_destroyed_at": .null, "last_copy_dies_at": .null,
    ]
    if let text = erasure.receipt, let receipt = try? ErasureReceipt(text: text) {
      members["receipt"] = .string(text)
      members["keys_destroyed"] = .number(Double(receipt.keys))
      members["keys_destroyed_at"] = .number(Double(receipt.erasedAt))
      members["last_copy_dies_at"] = .number(Double(receipt.copiesUntil))
    }
    return .object(members)
  }
}
