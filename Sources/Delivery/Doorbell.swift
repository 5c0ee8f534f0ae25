import Synchronization

/// One waits, anybody rings; a ring while nobody waits is kept.
package final class Doorbell: Sendable {
  private struct State {
    var isRung = false
    var waiting: CheckedContinuation<Void, Never>?
  }
  private let state = Mutex(State())

  package init() {}

  package func ring() {
    state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard let waiting = state.waiting else {
        state.isRung = true
        return nil
      }
      state.waiting = nil
      return waiting
    }?.resume()
  }

  /// Until it rings, the time is over or the task is cancelled.
  package func wait(upTo limit: Duration) async {
    let alarm = Task {
      try? await Task.sleep(for: limit)
      if !Task.isCancelled { ring() }
    }
    defer { alarm.cancel() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isRung = state.withLock { state in
          defer { state.isRung = false }
          if !state.isRung, !Task.isCancelled { state.waiting = continuation }
          return state.isRung || state.waiting == nil
        }
        if isRung { continuation.resume() }
      }
    } onCancel: {
      ring()
    }
  }
}
