internal import Synchronization

/// Names that came and that the plan does not know, for whoever keeps it: names behind the gate and how often, never values.
///
/// Since the start of the server, and until the plan knows them. Safe from any thread; the mutex guards `state`. At most `limit` of a kind, the
/// rest count under `GateCounters.otherEvents`.
package final class UnplannedNames: Sendable {
  package static let limit = 500

  package struct Counts: Sendable, Hashable {
    package var events: [String: UInt64] = [:]
    package var properties: [String: UInt64] = [:]

    package init() {}
  }

  private let state = Mutex(Counts())

  package init() {}

  package func snapshot() -> Counts { state.withLock { $0 } }

  /// Takes out the names that are no strangers any more.
  package func forget(events: (String) -> Bool, properties: (String) -> Bool) {
    state.withLock { state in
      state.events = state.events.filter { !events($0.key) }
      state.properties = state.properties.filter { !properties($0.key) }
    }
  }

  func add(_ counts: Counts) {
    state.withLock { state in
      for (name, count) in counts.events { Self.add(count, to: &state.events, name) }
      for (name, count) in counts.properties { Self.add(count, to: &state.properties, name) }
    }
  }

  private static func add(_ count: UInt64, to counts: inout [String: UInt64], _ name: String) {
    counts[counts[name] != nil || counts.count < limit ? name : GateCounters.otherEvents, default: 0] += count
  }
}
