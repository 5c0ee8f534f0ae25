import Synchronization

/// Counts what is in flight at the intake, so that load beyond the bounds is refused at once instead of piling up in memory.
package final class Admission: Sendable {
  private struct State {
    var requests = 0
    var bytes = 0
    var mostBytes = 0
  }

  private let state = Mutex(State())
  private let requests: Int
  private let bytes: Int

  package init(requests: Int, bytes: Int) {
    self.requests = requests
    self.bytes = bytes
  }

  /// A request's place, to be left with `leave`; nil if all are taken.
  package func enter() -> Ticket? {
    let isAdmitted = state.withLock { state in
      guard state.requests < requests else { return false }
      state.requests += 1
      return true
    }
    return isAdmitted ? Ticket(admission: self) : nil
  }

  package var inFlight: (requests: Int, bytes: Int) { state.withLock { ($0.requests, $0.bytes) } }

  /// One request's share. Leaves by itself when it goes.
  package final class Ticket: Sendable {
    private let admission: Admission
    private let held = Mutex(0)

    fileprivate init(admission: Admission) { self.admission = admission }

    /// Takes room for so many more bytes; false if there is none.
    package func take(_ count: Int) -> Bool {
      let isAdmitted = admission.state.withLock { state in
        guard state.bytes + count <= admission.bytes else { return false }
        state.bytes += count
        return true
      }
      if isAdmitted { held.withLock { $0 += count } }
      return isAdmitted
    }

    deinit {
      let count = held.withLock { $0 }
      admission.state.withLock { state in
        state.requests -= 1
        state.bytes -= count
      }
    }
  }
}
