import Events
import Synchronization

/// Holds the numbers of distinct event and property names of a project below their bounds, so that a sender that puts ids into names
/// cannot grow dictionaries without end.
package final class NameCaps: Sendable {
  private struct State {
    var events: Set<String>
    var properties: Set<String>
  }

  private let state: Mutex<State>
  private let eventLimit: Int
  private let propertyLimit: Int

  /// - Parameters: `events` and `properties` are the names that the store has already.
  package init(events: Set<String>, properties: Set<String>, eventLimit: Int, propertyLimit: Int) {
    state = Mutex(State(events: events, properties: properties))
    self.eventLimit = eventLimit
    self.propertyLimit = propertyLimit
  }

  /// Takes out events whose name is one too many and properties whose name is; returns how many of each.
  package func apply(to events: inout [ReceivedEvent]) -> (events: Int, properties: Int) {
    state.withLock { state in
      var refused = 0
      var dropped = 0
      var isRefused: [Bool] = []
      // Senders send the same names in the same order: those of the event before were admitted already.
      var recentEvent = ""
      var recent: [String] = []
      for index in events.indices {
        guard events[index].name == recentEvent || Self.admit(events[index].name, to: &state.events, limit: eventLimit) else {
          refused += 1
          if isRefused.isEmpty { isRefused = [Bool](repeating: false, count: events.count) }
          isRefused[index] = true
          continue
        }
        recentEvent = events[index].name
        let count = events[index].properties.count
        var unknown = false
        for (position, property) in events[index].properties.enumerated() {
          if position < recent.count, recent[position] == property.name { continue }
          guard Self.admit(property.name, to: &state.properties, limit: propertyLimit) else {
            unknown = true
            continue
          }
          if position < recent.count {
            recent[position] = property.name
          } else if position == recent.count {
            recent.append(property.name)
          }
        }
        guard unknown else { continue }
        events[index].properties.removeAll { !state.properties.contains($0.name) }
        dropped += count - events[index].properties.count
      }
      if refused > 0 { events = zip(events, isRefused).filter { !$1 }.map(\.0) }
      return (refused, dropped)
    }
  }

  private static func admit(_ name: String, to names: inout Set<String>, limit: Int) -> Bool {
    if names.contains(name) { return true }
    guard names.count < limit else { return false }
    names.insert(name)
    return true
  }
}
