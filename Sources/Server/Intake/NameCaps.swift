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
  package func apply(to events: inout ReceivedEvents) -> (events: Int, properties: Int) {
    state.withLock { state in
      // Of each number of a name, once it occurred, whether it was admitted.
      var eventNames = [Bool?](repeating: nil, count: events.eventNames.count)
      var names = [Bool?](repeating: nil, count: events.names.count)
      var refused = 0
      var dropped = 0
      for event in events.events {
        let isAdmitted: Bool
        if let known = eventNames[Int(event.name)] {
          isAdmitted = known
        } else {
          isAdmitted = Self.admit(events.eventNames[Int(event.name)].string, to: &state.events, limit: eventLimit)
          eventNames[Int(event.name)] = isAdmitted
        }
        guard isAdmitted else {
          refused += 1
          continue
        }
        for index in Int(event.first)..<Int(event.end) {
          let name = Int(events.values[index].name)
          if let known = names[name] {
            if !known { dropped += 1 }
          } else {
            let isAdmitted = Self.admit(events.names[name].string, to: &state.properties, limit: propertyLimit)
            names[name] = isAdmitted
            if !isAdmitted { dropped += 1 }
          }
        }
      }
      if refused > 0 || dropped > 0 {
        events.keep(events: { eventNames[Int($0.name)] == true }, values: { names[Int($0.name)] == true })
      }
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
