import Dispatch
import Events
import Foundation
import Synchronization

/// The tamper-evident record of every disclosure and every act that changes power or data.
///
/// Callers' entries are taken together: one append and one fsync for all that wait at that moment. Work on the disk runs on a queue of
/// its own, so that no task waits on a thread that others need.
package final class Ledger: Sendable {
  /// How long an entry may stay in the journal before a checkpoint covers it.
  package static let defaultPublishInterval: Duration = .seconds(1)
  /// So many entries, or so many bytes, are published at once without waiting.
  private static let publishCount = 2048
  private static let publishBytes = 32_000_000
  /// The most that one journal record takes, so that a burst does not become one enormous write.
  private static let batchBytes = 8_000_000

  private struct Waiting: Sendable {
    let draft: TileLog.Draft
    let answer: CheckedContinuation<Result<LedgerReceipt, LedgerError>, Never>
  }

  private struct Inbox: Sendable {
    var waiting: [Waiting] = []
    /// Whether the queue has been told and has not yet found the inbox empty.
    var isScheduled = false
    /// Set once; then nothing is taken any more.
    var refusal: LedgerError?
  }

  private struct KeysInForce: Sendable {
    var publicKey: NoteKey
    var sealer: DetailSealer

    init(_ keys: LedgerKeys) {
      publicKey = keys.publicKey
      sealer = DetailSealer(keys: keys.sets)
    }
  }

  private let keys: Mutex<KeysInForce>
  private let clock: @Sendable () -> Timestamp
  private let publishInterval: Duration
  private let queue = DispatchQueue(label: "sealane.ledger", qos: .userInitiated)
  private let inbox = Mutex(Inbox())
  /// Guards the log. Held by work on `queue` only, so it is never contended; it is there for the compiler to see who may touch it.
  private let log: Mutex<TileLog>
  private let isPublishScheduled = Mutex(false)
  private let brake = Mutex<Brake?>(nil)

  /// Lets a disclosure pass, or throws; before it is entered.
  package typealias Brake = @Sendable (Disclosure, Principal) async throws(LedgerError) -> Void

  /// Nothing is disclosed from now on that this does not let pass.
  package func setBrake(_ new: @escaping Brake) { brake.withLock { $0 = new } }
  /// What is asked of witnesses, and how far they are.
  let witnessing: Mutex<Witnessing>

  private init(log: TileLog, keys: LedgerKeys, publishInterval: Duration, clock: @escaping @Sendable () -> Timestamp) {
    witnessing = Mutex(Witnessing(tail: UnwitnessedTail(witnessed: 0, size: log.size, now: .now)))
    self.publishInterval = publishInterval
    self.keys = Mutex(KeysInForce(keys))
    self.clock = clock
    self.log = Mutex(log)
  }

  /// The log's public key of now.
  package var publicKey: NoteKey { keys.withLock { $0.publicKey } }
  var sealer: DetailSealer { keys.withLock { $0.sealer } }

  /// Takes other keys into force: checkpoints are signed by their signing key from now on, the published one at once, and details are
  /// encrypted under their newest set-encryption key.
  ///
  /// - Throws: `refused` where it is another signing key and no published entry of this ledger hands over to it.
  package func adopt(_ new: LedgerKeys) async throws(LedgerError) {
    let old = publicKey
    if new.publicKey != old {
      guard try await signingChain().successors(of: old).last == new.publicKey else {
        throw LedgerError(.refused, "No entry of the ledger hands it over to this signing key.")
      }
      try await writing { log throws(LedgerError) in
        log.signer = new.signer
        try log.signAgain()
      }
    }
    keys.withLock { $0 = KeysInForce(new) }
  }

  /// The signing keys that this ledger has had.
  package func signingChain() async throws(LedgerError) -> SigningChain {
    SigningChain(try await entries(ofKinds: [AdministrativeEntry.signingKeyRotatedKind]))
  }

  /// Opens the ledger in `directory`, or begins one. Takes the directory's lock until the ledger is released.
  ///
  /// - Throws: `locked`, `damaged`, `unreadable` or `unwritable`.
  package static func open(
    directory: URL, keys: LedgerKeys, clock: @escaping @Sendable () -> Timestamp = Ledger.systemClock
  ) throws(LedgerError) -> Ledger {
    try open(files: DiskFiles(locking: directory), keys: keys, clock: clock)
  }

  package static func open(
    files: any LedgerFiles, keys: LedgerKeys, publishInterval: Duration = Ledger.defaultPublishInterval,
    clock: @escaping @Sendable () -> Timestamp = Ledger.systemClock
  ) throws(LedgerError) -> Ledger {
    var log = try TileLog.open(files, signer: keys.signer)
    // What the journal held after a crash comes under a checkpoint at once.
    try log.publish()
    return Ledger(log: log, keys: keys, publishInterval: publishInterval, clock: clock)
  }

  package static let systemClock: @Sendable () -> Timestamp = {
    Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
  }

  /// Enters what `value` shows and gives it back with its receipt: durable when this returns.
  ///
  /// - Throws: `refused` where the page is too large; `unwitnessed` where it is about subjects and witnesses are too far behind;
  ///   `unwritable`, `poisoned` or `closed` where the ledger cannot be written. Then nothing may be shown.
  package func disclose<Value: Sendable>(_ value: Value, _ disclosure: Disclosure, to principal: Principal) async throws(LedgerError)
    -> Disclosed<Value>
  {
    if disclosure.isAboutSubjects { try checkWitnessed() }
    let detail = try disclosure.detail(to: principal)
    if let brake = brake.withLock({ $0 }) { try await brake(disclosure, principal) }
    let receipt = try await enter(kind: disclosure.entryKind, project: disclosure.project, facts: [:], detail: detail)
    return Disclosed(value: value, receipt: receipt)
  }

  /// Enters an administrative act; durable when this returns. To be called before the act takes effect where it gives power.
  @discardableResult
  package func record(_ act: AdministrativeEntry, by principal: Principal) async throws(LedgerError) -> LedgerReceipt {
    try await enter(kind: act.entryKind, project: act.project, facts: act.publicFacts, detail: act.detail(by: principal))
  }

  private func enter(kind: String, project: ProjectID?, facts: [String: String], detail: LedgerDetail) async throws(LedgerError)
    -> LedgerReceipt
  {
    let (commitment, sealed) = try sealer.seal(detail)
    let draft = TileLog.Draft(kind: kind, project: project, facts: facts, commitment: commitment, sealed: sealed)
    let size = LedgerEntry(
      index: 0, kind: kind, time: Timestamp(milliseconds: CanonicalJSON.maximumInteger), project: project, commitment: commitment,
      facts: facts
    ).bytes.count
    guard size <= EntryBundle.maximumEntryBytes else {
      throw LedgerError(
        .refused, "A ledger entry of \(size) bytes is longer than the \(EntryBundle.maximumEntryBytes) that the format allows.")
    }
    let result = await withCheckedContinuation { answer in submit(Waiting(draft: draft, answer: answer)) }
    return try result.get()
  }

  private func submit(_ item: Waiting) {
    let (refusal, mustSchedule): (LedgerError?, Bool) = inbox.withLock { inbox in
      if let refusal = inbox.refusal { return (refusal, false) }
      inbox.waiting.append(item)
      defer { inbox.isScheduled = true }
      return (nil, !inbox.isScheduled)
    }
    if let refusal { return item.answer.resume(returning: .failure(refusal)) }
    if mustSchedule { queue.async { self.commitWaiting() } }
  }

  /// On the queue: commits until the inbox is empty.
  private func commitWaiting() {
    while let batch = takeBatch() {
      let result: Result<[LedgerReceipt], LedgerError> = log.withLock { log in
        Result { () throws(LedgerError) in try log.append(batch.map(\.draft), now: clock()) }
      }
      switch result {
      case .success(let receipts):
        witnessing.withLock { $0.tail.entered(at: .now) }
        for (item, receipt) in zip(batch, receipts) { item.answer.resume(returning: .success(receipt)) }
        let mustPublish = log.withLock { $0.waiting >= Self.publishCount || $0.waitingBytes >= Self.publishBytes }
        if mustPublish { publishNow() } else { publishLater() }
      case .failure(let error):
        poison(error)
        for item in batch { item.answer.resume(returning: .failure(error)) }
      }
    }
  }

  private func takeBatch() -> [Waiting]? {
    inbox.withLock { inbox in
      guard !inbox.waiting.isEmpty else {
        inbox.isScheduled = false
        return nil
      }
      var bytes = 0
      var count = 0
      while count < inbox.waiting.count, count == 0 || bytes + inbox.waiting[count].draft.sealed.count <= Self.batchBytes {
        bytes += inbox.waiting[count].draft.sealed.count
        count += 1
      }
      defer { inbox.waiting.removeFirst(count) }
      return Array(inbox.waiting.prefix(count))
    }
  }

  /// A write failed: what the disk holds is unknown until it is read back, so nothing is disclosed by this process any more.
  private func poison(_ cause: LedgerError) {
    refuse(
      LedgerError(
        .poisoned, "The ledger could not be written, so nothing is disclosed until the server is started again. Cause: \(cause.message)"))
  }

  private func refuse(_ refusal: LedgerError) {
    let rejected = inbox.withLock { inbox in
      if inbox.refusal == nil { inbox.refusal = refusal }
      defer { inbox.waiting = [] }
      return inbox.waiting
    }
    for item in rejected { item.answer.resume(returning: .failure(refusal)) }
  }

  private func publishLater() {
    let mustSchedule = isPublishScheduled.withLock { isScheduled in
      defer { isScheduled = true }
      return !isScheduled
    }
    guard mustSchedule else { return }
    let milliseconds = Int(publishInterval / .milliseconds(1))
    queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak self] in
      guard let self else { return }
      isPublishScheduled.withLock { $0 = false }
      publishNow()
    }
  }

  private func publishNow() {
    guard inbox.withLock({ $0.refusal == nil }) else { return }
    let result = log.withLock { log in Result { () throws(LedgerError) in try publish(&log) } }
    if case .failure(let error) = result { poison(error) }
  }

  /// Why nothing is taken any more; nil while the ledger works.
  package var refusal: LedgerError? { inbox.withLock { $0.refusal } }

  /// Runs on the queue, between commits.
  func onQueue<Value: Sendable>(_ work: @escaping @Sendable (inout TileLog) throws(LedgerError) -> Value) async throws(LedgerError)
    -> Value
  {
    let result: Result<Value, LedgerError> = await withCheckedContinuation { answer in
      queue.async {
        let result = self.log.withLock { log in Result { () throws(LedgerError) in try work(&log) } }
        answer.resume(returning: result)
      }
    }
    return try result.get()
  }

  /// As `onQueue`, for work that writes: a failure poisons the ledger.
  func writing<Value: Sendable>(_ work: @escaping @Sendable (inout TileLog) throws(LedgerError) -> Value) async throws(LedgerError)
    -> Value
  {
    if let refusal { throw refusal }
    do {
      return try await onQueue(work)
    } catch {
      if error.code == .unwritable { poison(error) }
      throw error
    }
  }

  /// Publishes what waits in the journal and returns the checkpoint that covers it: a signed note.
  @discardableResult
  package func publish() async throws(LedgerError) -> VerifiedCheckpoint {
    try await writing { log throws(LedgerError) in
      try self.publish(&log)
      return log.published
    }
  }

  func publish(_ log: inout TileLog) throws(LedgerError) {
    try log.publish()
    let size = log.published.size
    witnessing.withLock { $0.tail.published(size) }
  }

  /// Publishes and refuses everything from then on. Afterwards the directory is a whole log with an empty journal.
  package func close() async throws(LedgerError) {
    try await publish()
    refuse(LedgerError(.closed, "The ledger is closed: the server is stopping."))
  }
}
