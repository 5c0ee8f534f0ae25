package import Events
package import Foundation
package import Gate
import Synchronization
package import Vault

/// The embedded engine: the events, ids, merges, profiles and undelivered keys of one project, in one directory.
///
/// What `append` acknowledged survives a crash of the process and of the machine. Queries read snapshots: they neither wait for intake nor
/// hold it up. See docs/FORMATS.md for the files and docs/ARCHITECTURE.md for the walk of an event.
package final class SegmentStore: Sendable {
  let directory: String
  let options: StoreOptions
  let identities: IdentityTable
  let cache: BlockCache
  let state: Mutex<StoreState>
  /// Taken before `state` where both are needed.
  let manifest: Mutex<Manifest>
  let lastFileNumber: Mutex<UInt64>
  let snapshots = Mutex(SnapshotCache())
  let scanThreads: ScanThreads
  let results: ResultCache
  /// Of the committing thread's duplicate index.
  let fingerprintBytes = Atomic(0)
  private let queue: CommitQueue
  private let expiryIsWaiting = Atomic(false)
  let keepsPastLogs: Atomic<Bool>
  /// Holds the directory for this process until `stop`.
  private let directoryLock: Mutex<(any AnyObject & Sendable)?>
  private let committing = Mutex(false)
  private let flusherBox = Mutex<Flusher?>(nil)

  var disk: any Disk { options.disk }

  /// Set in `start`, before anything can ask for it.
  var flusher: Flusher {
    flusherBox.withLock { flusher in
      if let flusher { return flusher }
      let made = Flusher(store: self)
      flusher = made
      return made
    }
  }

  init(
    directory: String, options: StoreOptions, identities: IdentityTable, state: StoreState, manifest: Manifest, lastFileNumber: UInt64,
    cache: BlockCache, directoryLock: any AnyObject & Sendable
  ) {
    self.directory = directory
    self.options = options
    keepsPastLogs = Atomic(options.keepsPastLogs)
    self.identities = identities
    self.cache = cache
    self.state = Mutex(state)
    self.manifest = Mutex(manifest)
    self.lastFileNumber = Mutex(lastFileNumber)
    self.directoryLock = Mutex(directoryLock)
    queue = CommitQueue(byteLimit: options.queueBytes)
    results = ResultCache(limit: options.cachedReports, milliseconds: options.reportMilliseconds)
    scanThreads = ScanThreads(count: options.scanThreads)
  }

  /// Opens a project's store, making it if the directory is empty, and recovers what the log holds.
  ///
  /// - Throws: `StoreError`: `.corrupt`, `.unsupported`, or `.disk` (also where another process has it open).
  package static func open(directory: URL, options: StoreOptions = StoreOptions()) async throws -> SegmentStore {
    try StoreOpener(directory: directory.path, options: options).open()
  }

  func start(_ committer: sending Committer) {
    flusher.start()
    committing.withLock { $0 = true }
    let box = ThreadConfined(committer)
    let thread = Thread { [self] in
      box.value.run(queue)
      committing.withLock { $0 = false }
      finished.signal()
    }
    thread.name = "sealane.store.commit"
    thread.stackSize = 8 << 20
    thread.start()
  }

  private let finished = DispatchSemaphore(value: 0)

  // MARK: Writing

  /// Makes a batch durable: returns after the sync that it shares with others.
  package func append(_ batch: GatedBatch) async throws(StoreError) -> AppendOutcome { try await append(IncomingBatch(batch)) }

  package func append(_ batch: IncomingBatch) async throws(StoreError) -> AppendOutcome {
    if batch.isEmpty { return AppendOutcome(dataVersion: state.withLock { $0.dataVersion }) }
    var writer = ByteWriter()
    batch.write(to: &writer)
    return try await commit(.batch(batch, bytes: writer.bytes))
  }

  /// Writes a derivative in the clear for those who have it, if they are enough still.
  func reveal(_ reveal: GatedReveal) async throws(StoreError) -> AppendOutcome { try await commit(.reveal(reveal)) }

  private func commit(_ work: CommitQueue.Request.Work) async throws(StoreError) -> AppendOutcome {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<AppendOutcome, StoreError>, Never>) in
      do throws(StoreError) {
        try queue.add(CommitQueue.Request(work: work) { continuation.resume(returning: $0) })
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
    return try result.get()
  }

  /// Deletes what is stored of subjects up to now: of every id that counts as theirs. From the return on no answer shows any of it; the
  /// files are written anew in the background, or at once by `compact`. What comes under their ids later begins a new history, or is refused
  /// (`StoreOptions.refusesDeletedSubjects`). Ids that the store does not know, and those of organizations, are left alone.
  package func deleteSubjects(_ pseudonyms: [Pseudonym]) async throws(StoreError) -> AppendOutcome {
    try await commit(.deleteSubjects(pseudonyms, time: options.now()))
  }

  /// Keeps events for a number of days from now on, by whole days of UTC; nil: for ever. What is older is not shown from the return on and
  /// does not come back, also if more days are chosen later. Names with days of their own are kept for the shorter time.
  ///
  /// - Parameters:
  ///   - events: days by name, in place of those before.
  ///   - releases: which of the held names are shown from now on.
  ///   - discards: names of which, where they are released by this, all that came is discarded instead.
  package func setRetention(
    days: Int?, events: [String: Int] = [:], releases: HeldNames = .only([]), discards: Set<String> = []
  ) async throws(StoreError) {
    let rules = Expiry.Rules(
      keepDays: UInt64(max(0, days ?? 0)), days: events.mapValues { UInt64(max(0, $0)) }.filter { $0.value > 0 }, releases: releases,
      discards: discards)
    _ = try await commit(.expire(.set(rules)))
    flusher.wake()
  }

  /// Holds events of these names until `setRetention` releases them: what is stored of them is in no answer. What nobody decided about for this
  /// number of days is discarded.
  package func hold(_ names: Set<String>, days: Int) async throws(StoreError) {
    _ = try await commit(.expire(.hold(names, days: UInt64(max(0, days)))))
  }

  /// Discards everything that came of these names: it is in no answer any more, and dropped from the files. What comes later is kept.
  package func discard(_ names: Set<String>) async throws(StoreError) {
    _ = try await commit(.expire(.discard(names)))
    flusher.wake()
  }

  /// For how many days events are kept; nil: for ever.
  package var retentionDays: Int? { state.withLock { $0.expiry.keepDays == 0 ? nil : Int(clamping: $0.expiry.keepDays) } }

  /// The days of single names that are not held.
  package var eventDays: [String: Int] {
    state.withLock { $0.expiry.events }.filter { $0.value.keepDays > 0 && $0.value.heldSince == nil }.mapValues {
      Int(clamping: $0.keepDays)
    }
  }

  package var heldNames: Set<String> { Set(state.withLock { $0.expiry.events }.filter { $0.value.heldSince != nil }.keys) }

  /// Those of the names that are not held.
  package func unheld(_ names: Set<String>) -> Set<String> {
    state.withLock { state in names.filter { state.expiry.events[$0]?.heldSince == nil } }
  }

  /// Moves the beginning of what is kept on with the clock. Called now and then by the thread that merges.
  func advanceExpiry() {
    let now = options.now()
    guard state.withLock({ $0.expiry }).isDue(now: now), !expiryIsWaiting.exchange(true, ordering: .relaxed) else { return }
    let request = CommitQueue.Request(work: .expire(.advance)) { [weak self] _ in
      self?.expiryIsWaiting.store(false, ordering: .relaxed)
    }
    // While the queue is full or closed there is nothing to do but to try again later.
    do throws(StoreError) { try queue.add(request) } catch { expiryIsWaiting.store(false, ordering: .relaxed) }
  }

  /// Writes everything in memory to files, then every file anew that has rows, profiles or sealed ids that were deleted or expired.
  package func compact() async throws(StoreError) {
    try await flush()
    state.withLock { $0.wantsCompaction = true }
    flusher.wake()
    await wait { [self] in
      flusher.wait(until: { state.withLock { !$0.wantsCompaction || $0.mergeFailure != nil || $0.failure != nil } })
    }
    if let failure = state.withLock({ $0.failure ?? $0.mergeFailure }) { throw failure }
  }

  /// Whether a sealed id is stored for a pseudonym.
  package func isKnown(_ pseudonym: Pseudonym) -> Bool { identities.hasSealedID(pseudonym) }

  /// Why nothing more is taken; nil if all is well.
  package var failure: StoreError? { state.withLock { $0.failure } }

  /// What is wrong though everything goes on: segments are not merged, since one is damaged or the disk refuses. Nil if all is well.
  package var warning: StoreError? { state.withLock { $0.mergeFailure } }

  /// Writes everything that is in memory to segments. The log is empty after it.
  package func flush() async throws(StoreError) {
    _ = try await commit(.rotate)
    await wait { [self] in flusher.waitUntilFlushed() }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  /// Writes everything that is in memory to segments and stops. What was acknowledged is durable before that already.
  package func close() async throws(StoreError) {
    let hasContent = state.withLock { state in
      state.dataVersion >= state.active.firstSequence || !state.frozen.isEmpty
    }
    var failure: StoreError?
    if hasContent, state.withLock({ $0.failure }) == nil {
      do { try await flush() } catch { failure = error }
    }
    await stop()
    if let failure { throw failure }
  }

  /// Stops without writing anything more: as a crash would, for tests.
  package func stop() async {
    await wait { [self] in
      queue.close()
      scanThreads.stop()
      flusher.stop()
      finished.wait()
      finished.signal()
      cache.forgetAll()
      directoryLock.withLock { $0 = nil }
    }
  }

  private func wait(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let thread = Thread {
        body()
        continuation.resume()
      }
      thread.start()
    }
  }

  // MARK: Wrapped keys

  /// Keys that the custodian has not fetched yet, with their numbers, ascending.
  package func undeliveredKeys(after number: UInt64, limit: Int) throws(StoreError) -> [(UInt64, WrappedKey)] {
    let (files, tables, deleted, end) = state.withLock { ($0.keyFiles, $0.frozen + [$0.active], $0.deletedKeys, $0.nextKey) }
    var next = max(number, deleted) + 1
    var found: [(UInt64, WrappedKey)] = []
    while found.count < limit, next < end {
      var keys: ArraySlice<WrappedKey> = []
      for file in files where keys.isEmpty { keys = try file.keys(from: next) }
      for table in tables where keys.isEmpty && table.firstKey <= next {
        keys = table.with { $0.keys.dropFirst(Int(next - table.firstKey)) }
      }
      if keys.isEmpty { break }
      for key in keys.prefix(min(limit - found.count, Int(end - next))) {
        found.append((next, key))
        next += 1
      }
    }
    return found
  }

  /// Forgets the keys up to this number: the custodian has them.
  package func deleteKeys(through number: UInt64) async throws(StoreError) {
    // There are none beyond those that were numbered, and what stands in the log must be a number that can be.
    let last = state.withLock { $0.nextKey } - 1
    _ = try await commit(.deleteKeys(through: min(number, last)))
    flusher.wake()
  }

  /// The sealed id of a subject or organization, for an opening; nil if none was stored.
  package func sealedID(of pseudonym: Pseudonym) throws(StoreError) -> SealedValue? {
    guard let number = identities.number(of: pseudonym) else { return nil }
    let (tables, files, deletions) = state.withLock { ($0.frozen + [$0.active], $0.identityFiles, $0.deletions) }
    for table in tables where !deletions.hides(number, since: UInt64(table.firstDeletion)) {
      if let sealed = table.with({ $0.sealedIDs[number] }) { return sealed }
    }
    for file in files where !deletions.hides(number, since: file.file.reference.deletions) {
      if let sealed = try file.sealedID(ofOrdinal: identities.permutation.ordinal(ofNumber: number), cache: cache) { return sealed }
    }
    return nil
  }
}

/// Hands a value over to the one thread that uses it from then on.
private struct ThreadConfined<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: sending Value) { self.value = value }
}
