import Events
import Gate
import Synchronization

/// The newest events of a project with what the gate did to each value, for the live view. Bounded, in memory only, gone with the process.
package final class LiveBuffer: Sendable {
  package struct Entry: Sendable {
    /// Counts up without gaps; what a view passes to get what came since.
    package let number: UInt64
    package let receivedAt: Timestamp
    package let event: GatedEvent
  }

  private struct State {
    var entries: [Entry] = []
    var next: UInt64 = 0
  }

  package static let capacity = 200
  /// Of one batch: an import must not cost a view that nobody looks at.
  static let newest = 20
  private let state = Mutex(State())

  package init() {}

  /// Of a large batch only the last few are kept.
  ///
  /// - Parameter count: events of the batch; `newest` are its last.
  func append(_ newest: [GatedEvent], of count: Int, at time: Timestamp) {
    guard !newest.isEmpty else { return }
    let newest = newest.suffix(Self.newest)
    state.withLock { state in
      state.next += UInt64(count - newest.count)
      for event in newest {
        state.entries.append(Entry(number: state.next, receivedAt: time, event: event))
        state.next += 1
      }
      if state.entries.count > Self.capacity { state.entries.removeFirst(state.entries.count - Self.capacity) }
    }
  }

  /// Drops all that is held. Numbers go on.
  func forget() { state.withLock { $0.entries = [] } }

  /// Entries from `number` on, oldest first, at most `limit` of the newest.
  package func entries(from number: UInt64 = 0, limit: Int = LiveBuffer.capacity) -> [Entry] {
    state.withLock { state in Array(state.entries.filter { $0.number >= number }.suffix(limit)) }
  }
}
