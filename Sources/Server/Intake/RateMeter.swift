import Synchronization

/// A bucket that fills with `rate` records a second and holds ten seconds' worth: what one project may send.
package final class RateMeter: Sendable {
  private struct State {
    var level: Double
    var filledAt: Int64
  }

  private let state: Mutex<State>
  private let rate: Double
  private let capacity: Double

  package init(recordsPerSecond: Int, now: Int64) {
    rate = Double(recordsPerSecond)
    capacity = rate * 10
    state = Mutex(State(level: rate * 10, filledAt: now))
  }

  /// Takes `count` records out; if there are not as many, takes nothing and says in how many whole seconds there will be.
  /// - Parameter now: milliseconds; a clock that was set back fills nothing.
  package func take(_ count: Int, now: Int64) -> Refusal? {
    state.withLock { state in
      let passed = max(0, now - state.filledAt)
      state.level = min(capacity, state.level + Double(passed) / 1000 * rate)
      state.filledAt = now
      // One request may be larger than a small bucket: it passes when the bucket is full.
      let needed = min(Double(count), capacity)
      guard state.level >= needed else { return Refusal(retryAfterSeconds: max(1, Int(((needed - state.level) / rate).rounded(.up)))) }
      state.level -= Double(count)
      return nil
    }
  }

  package struct Refusal: Sendable, Hashable {
    package let retryAfterSeconds: Int
  }
}
