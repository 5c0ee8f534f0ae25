import Synchronization

/// Counts what is in flight at the intake, so that load beyond the bounds is refused at once instead of piling up in memory.
///
/// A request takes room for its bytes as they come, and a place only once they are all there: senders that dawdle hold up nobody's place.
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

  /// For a request whose body is to be read; nil if all places are taken as it is.
  package func enter() -> Ticket? {
    state.withLock { $0.requests < requests } ? Ticket(admission: self) : nil
  }

  package var inFlight: (requests: Int, bytes: Int) { state.withLock { ($0.requests, $0.bytes) } }

  /// One request's share. Leaves by itself when it goes.
  package final class Ticket: Sendable {
    private let admission: Admission
    private struct Held {
      var bytes = 0
      var hasPlace = false
    }
    private let held = Mutex(Held())

    fileprivate init(admission: Admission) { self.admission = admission }

    /// Takes room for so many more bytes; false if there is none.
    package func take(_ count: Int) -> Bool {
      let isAdmitted = admission.state.withLock { state in
        guard state.bytes + count <= admission.bytes else { return false }
        state.bytes += count
        return true
      }
      if isAdmitted { held.withLock { $0.bytes += count } }
      return isAdmitted
    }

    /// Takes a place among the requests that are worked on; false if there is none.
    package func start() -> Bool {
      let isAdmitted = admission.state.withLock { state in
        guard state.requests < admission.requests else { return false }
        state.requests += 1
        return true
      }
      if isAdmitted { held.withLock { $0.hasPlace = true } }
      return isAdmitted
    }

    deinit {
      let (count, hasPlace) = held.withLock { ($0.bytes, $0.hasPlace) }
      admission.state.withLock { state in
        if hasPlace { state.requests -= 1 }
        state.bytes -= count
      }
    }
  }
}
