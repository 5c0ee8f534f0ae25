internal import Foundation
import Synchronization

/// Turns full memtables into files, and many files into few, on two threads of its own: writing must not wait for merging.
///
/// `@unchecked Sendable`: `condition` guards every variable property.
final class Flusher: @unchecked Sendable {
  /// Memtables that may wait; beyond that the committing thread waits, the queue fills, and senders are told to come back.
  private static let waitingLimit = 2

  /// How long nothing may arrive before segments are merged that could wait.
  private static let quietSeconds = 2.0

  /// How often the clock is looked at while nothing else happens.
  private static let clockSeconds = 60.0

  private let condition = NSCondition()
  private unowned let store: SegmentStore
  private var isStopped = false
  private var runningThreads = 0
  /// Counts the calls of `wake`, so that none is missed by a thread that is just about to wait.
  private var wakes = 0

  init(store: SegmentStore) { self.store = store }

  func start() {
    runningThreads = 2
    let jobs = [
      Job(name: "sealane.store.flush", work: flushAll, idleWork: nil, fail: endIntake),
      Job(name: "sealane.store.merge", work: mergeAll, idleWork: mergeIdly, fail: endMerging),
    ]
    for job in jobs {
      let thread = Thread { [self] in
        loop(job)
        condition.lock()
        runningThreads -= 1
        condition.broadcast()
        condition.unlock()
      }
      thread.name = job.name
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  /// Something changed that may be work.
  func wake() {
    condition.lock()
    wakes += 1
    condition.broadcast()
    condition.unlock()
  }

  /// What one of the threads does.
  private struct Job: @unchecked Sendable {
    // Its functions are those of the flusher and the store, which both are safe to call from any thread.
    let name: String
    let work: () throws(StoreError) -> Bool
    /// What can wait until nothing else is to do.
    let idleWork: (() throws(StoreError) -> Bool)?
    let fail: (StoreError) -> Void
  }

  /// Called by the committing thread before it freezes another memtable.
  func waitForRoom() {
    condition.lock()
    while !isStopped, runningThreads > 0, store.state.withLock({ $0.frozen.count >= Self.waitingLimit && $0.failure == nil }) {
      condition.wait()
    }
    condition.unlock()
  }

  /// Waits until something is so, which is looked at after every piece of work.
  func wait(until isDone: () -> Bool) {
    condition.lock()
    while !isStopped, runningThreads > 0, !isDone() { condition.wait() }
    condition.unlock()
  }

  /// Waits until no memtable waits to be written (or writing failed).
  func waitUntilFlushed() {
    condition.lock()
    while !isStopped, store.state.withLock({ !$0.frozen.isEmpty && $0.failure == nil }) { condition.wait() }
    condition.unlock()
  }

  func stop() {
    condition.lock()
    isStopped = true
    condition.broadcast()
    while runningThreads > 0 { condition.wait() }
    condition.unlock()
  }

  /// Long work asks and gives up: a stop does not wait for a merge.
  var shouldStop: Bool {
    condition.lock()
    defer { condition.unlock() }
    return isStopped
  }

  /// Does work while there is any, then waits for more; after a quiet while, what can only be done then.
  private func loop(_ job: Job) {
    var isQuiet = false
    while true {
      condition.lock()
      if isStopped {
        condition.unlock()
        return
      }
      let seen = wakes
      condition.unlock()
      var didWork = false
      var hasFailed = false
      do throws(StoreError) {
        if store.state.withLock({ $0.failure }) == nil {
          didWork = try job.work()
          if !didWork, isQuiet, let idleWork = job.idleWork { didWork = try idleWork() }
        }
      } catch {
        hasFailed = true
        job.fail(error)
      }
      condition.lock()
      // Whoever waits for room, or for the end of a flush, looks again; after a failure too.
      if didWork || hasFailed {
        wakes += 1
        condition.broadcast()
      } else if !isStopped, wakes == seen {
        // Once nothing has happened for a while and there is nothing to do then either, only a wake changes that.
        if job.idleWork == nil || isQuiet {
          // Time alone makes events expire and deleted rows due.
          if job.idleWork != nil, store.dependsOnTime {
            _ = condition.wait(until: Date(timeIntervalSinceNow: Self.clockSeconds))
          } else {
            condition.wait()
          }
          isQuiet = false
        } else {
          let version = store.state.withLock { $0.dataVersion }
          let timedOut = !condition.wait(until: Date(timeIntervalSinceNow: Self.quietSeconds))
          isQuiet = timedOut && version == store.state.withLock { $0.dataVersion }
        }
      } else {
        isQuiet = false
      }
      condition.unlock()
    }
  }

  /// The thread that writes memtables cannot go on. Nothing is lost: what could not be written is in the log still, which is kept. But
  /// memory would grow from here on.
  private func endIntake(_ error: StoreError) {
    store.state.withLock { if $0.failure == nil { $0.failure = .poisoned(error.description) } }
  }

  /// Files that cannot be merged stay as they are, and stay readable as far as they are whole. That is no reason to refuse events.
  private func endMerging(_ error: StoreError) {
    if shouldStop { return }
    store.state.withLock { $0.mergeFailure = error }
  }

  private func flushAll() throws(StoreError) -> Bool { try store.flushOldest() }
  private func mergeAll() throws(StoreError) -> Bool { try store.mergeOnce() }
  private func mergeIdly() throws(StoreError) -> Bool { try store.mergeWhenIdle() }
}
