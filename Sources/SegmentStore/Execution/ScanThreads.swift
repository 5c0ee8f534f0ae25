internal import Foundation
package import Journeys
import Synchronization

/// Whether whoever asked still wants the answer. Scans look at it between blocks.
final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)
  init() {}
  func cancel() { flag.store(true, ordering: .relaxed) }
  var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// Of the query that this thread works on; nil in a task, which knows by itself.
  @TaskLocal static var current: Cancellation?
}

/// The threads that queries are answered on, so that a long scan holds up neither intake nor other requests. As many queries as threads
/// run at a time; the others wait in a row of bounded length. A query whose pass may be cut in two uses a second thread if one is idle.
package final class ScanThreads: Sendable {
  private struct State {
    var waiting: [@Sendable () -> Void] = []
    /// Halves of passes, done before new queries.
    var halves: [Half] = []
    var idle = 0
    var started = 0
    var isStopped = false
  }

  /// A half of a pass: done by an idle thread, or, if none has taken it, by the thread that cut the pass.
  private final class Half: Sendable {
    let isTaken = Atomic<Bool>(false)
    let done = DispatchSemaphore(value: 0)
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    func take() -> Bool { isTaken.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged }
  }

  private static let waitingLimit = 64

  package let count: Int
  private let state = Mutex(State())
  private let wakeUps = DispatchSemaphore(value: 0)

  package init(count: Int) { self.count = max(1, count) }

  /// Waits for nobody: threads end when they are idle, scans under way are let finish.
  package func stop() {
    state.withLock { $0.isStopped = true }
    for _ in 0..<count { wakeUps.signal() }
  }

  /// - Throws: what `body` does, or `busy` where too many queries wait.
  package func run<Answer: Sendable>(_ body: @escaping @Sendable () throws(QueryError) -> Answer) async throws(QueryError) -> Answer {
    let cancellation = Cancellation()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Result<Answer, QueryError>, Never>) in
        let work: @Sendable () -> Void = {
          continuation.resume(returning: Cancellation.$current.withValue(cancellation) { Self.result(body) })
        }
        if let refusal = add(work) { continuation.resume(returning: .failure(refusal)) }
      }
    } onCancel: {
      cancellation.cancel()
    }
    return try result.get()
  }

  private static func result<Answer>(_ body: () throws(QueryError) -> Answer) -> Result<Answer, QueryError> {
    do throws(QueryError) {
      try JourneyScan.checkCancellation()
      return .success(try body())
    } catch { return .failure(error) }
  }

  private func add(_ work: @escaping @Sendable () -> Void) -> QueryError? {
    let outcome = state.withLock { state -> (refusal: QueryError?, starts: Bool) in
      if state.isStopped { return (QueryError(.unreadable, "The store is closed. Restart Sealane."), false) }
      guard state.waiting.count < Self.waitingLimit else {
        return (QueryError(.busy, "Too many questions wait for an answer already. Ask again in a few seconds."), false)
      }
      state.waiting.append(work)
      return (nil, needsThread(&state))
    }
    if let refusal = outcome.refusal { return refusal }
    if outcome.starts { start() } else { wakeUps.signal() }
    return nil
  }

  /// A thread more where all that there are have work.
  private func needsThread(_ state: inout State) -> Bool {
    guard state.idle == 0, state.started < count else { return false }
    state.started += 1
    return true
  }

  private func start() {
    let thread = Thread { [self] in
      while let work = next() { work() }
    }
    thread.name = "sealane.scan"
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Nil when the threads are to end.
  private func next() -> (@Sendable () -> Void)? {
    while true {
      let found = state.withLock { state -> (work: (@Sendable () -> Void)?, isStopped: Bool) in
        while let half = state.halves.popLast() {
          if half.take() {
            return (
              {
                half.body()
                half.done.signal()
              }, false
            )
          }
        }
        if !state.waiting.isEmpty { return (state.waiting.removeFirst(), false) }
        if !state.isStopped { state.idle += 1 }
        return (nil, state.isStopped)
      }
      if let work = found.work { return work }
      if found.isStopped { return nil }
      wakeUps.wait()
      state.withLock { $0.idle -= 1 }
    }
  }

  /// Does both, the second on another thread if one is idle. Returns when both are done.
  func both(_ first: () -> Void, _ second: @escaping @Sendable () -> Void) {
    let cancellation = Cancellation.current
    let half = Half { Cancellation.$current.withValue(cancellation) { second() } }
    let outcome = state.withLock { state -> (isOffered: Bool, starts: Bool) in
      // Who waits in the row goes first: a second thread for one query must not starve another.
      guard !state.isStopped, state.waiting.isEmpty, state.idle > 0 || state.started < count else { return (false, false) }
      state.halves.append(half)
      return (true, needsThread(&state))
    }
    if outcome.isOffered { if outcome.starts { start() } else { wakeUps.signal() } }
    first()
    if half.take() { half.body() } else { half.done.wait() }
  }
}
