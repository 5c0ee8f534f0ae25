internal import Synchronization

/// What the gate's own steps found in values of which property, for whoever decides about it: names behind the gate and how often, never
/// values.
///
/// Safe from any thread; the mutex guards `state`. At most `limit` places between two drains, the rest are counted nowhere but in
/// `GateCounters`.
package final class PropertyFindings: Sendable {
  package struct Place: Sendable, Hashable {
    /// As it is stored, `GateCounters.profiles` or `.groupProfiles`.
    package let event: String
    package let property: String
    package let treatment: Decision.Treatment
    package let reason: Reason
  }

  package static let limit = 5_000
  private let state = Mutex<[Place: UInt64]>([:])

  package init() {}

  package func snapshot() -> [Place: UInt64] { state.withLock { $0 } }

  /// Hands over what was counted since the last time.
  package func drain() -> [Place: UInt64] {
    state.withLock { counts in
      defer { counts = [:] }
      return counts
    }
  }

  /// Adds counts; those of a drain, where they could not be kept.
  package func add(_ counts: [Place: UInt64]) {
    state.withLock { state in
      for (place, count) in counts where state[place] != nil || state.count < Self.limit { state[place, default: 0] += count }
    }
  }
}
