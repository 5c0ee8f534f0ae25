import Synchronization

/// Lets one act after the other through, in the order in which they came: what an act has looked at stays so until it is entered and done.
///
/// For acts of people, a handful a minute. An act must not wait for another one of the same row.
package final class Turns: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())

  package init() {}

  package func take<Result>(_ act: () async throws -> Result) async throws -> Result {
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state -> Bool in
        if state.isTaken {
          state.waiting.append(continuation)
          return false
        }
        state.isTaken = true
        return true
      }
      if goesOn { continuation.resume() }
    }
    defer {
      let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
        if state.waiting.isEmpty {
          state.isTaken = false
          return nil
        }
        return state.waiting.removeFirst()
      }
      next?.resume()
    }
    return try await act()
  }
}
