internal import Synchronization

/// How often each step did what to values of which event: for `/metrics` and the console.
///
/// Safe from any thread; `state` is guarded by its mutex, taken once a batch. Event names are those behind the gate, so that none of
/// them is an identifier; beyond `nameLimit` distinct ones the rest count under `otherEvents`.
package final class GateCounters: Sendable {
  package static let otherEvents = "(other)"
  package static let profiles = "(profile)"
  package static let groupProfiles = "(group profile)"
  package static let nameLimit = 500

  package struct Count: Sendable, Hashable {
    package let step: GateStep
    package let treatment: Decision.Treatment
    package let reason: Reason
    package let event: String
    package let count: UInt64
  }

  /// What the tracking plan does not know.
  package let unplanned = UnplannedNames()
  package let findings = PropertyFindings()
  private let state = Mutex<[String: [UInt64]]>([:])

  package init() {}

  /// All counts that are not zero, by event, then in the order of the steps.
  package func snapshot() -> [Count] {
    let rows = state.withLock { $0 }
    var counts: [Count] = []
    for (event, row) in rows.sorted(by: { $0.key < $1.key }) {
      for (slot, count) in row.enumerated() where count > 0 {
        guard let (treatment, reason) = Tally.meaning(ofSlot: slot) else { continue }
        counts.append(Count(step: reason.step, treatment: treatment, reason: reason, event: event, count: count))
      }
    }
    return counts
  }

  /// Sum over all events.
  package func total(_ treatment: Decision.Treatment, _ reason: Reason) -> UInt64 {
    let slot = Tally.slot(treatment, reason)
    return state.withLock { rows in rows.values.reduce(0) { $0 + $1[slot] } }
  }

  func add(_ tally: Tally) {
    state.withLock { rows in
      for (event, counts) in zip(tally.events, tally.rows) {
        let known = rows[event] != nil || rows.count < Self.nameLimit || event == Self.profiles || event == Self.groupProfiles
        rows[known ? event : Self.otherEvents, default: [UInt64](repeating: 0, count: Tally.width)].withUnsafeMutableBufferPointer { row in
          for (slot, count) in counts.enumerated() where count > 0 { row[slot] += UInt64(count) }
        }
      }
    }
  }
}

/// The counts of one batch, without a lock.
struct Tally {
  static let treatments = Decision.Treatment.allCases.count
  static let width = Reason.allCases.count * treatments
  private static let rowLimit = 200

  private(set) var events: [String] = []
  private(set) var rows: [[UInt32]] = []
  private var current = 0
  private var numbers: [String: Int] = [:]

  static func slot(_ treatment: Decision.Treatment, _ reason: Reason) -> Int {
    Int(reason.rawValue) * treatments + treatment.index
  }

  static func meaning(ofSlot slot: Int) -> (Decision.Treatment, Reason)? {
    Reason(rawValue: UInt8(slot / treatments)).map { (Decision.Treatment.allCases[slot % treatments], $0) }
  }

  /// The row that counts for an event; the events beyond a bound share one.
  mutating func row(of event: String) -> Int {
    if let known = numbers[event] { return known }
    let event = events.count >= Self.rowLimit ? GateCounters.otherEvents : event
    if let known = numbers[event] { return known }
    numbers[event] = events.count
    events.append(event)
    rows.append([UInt32](repeating: 0, count: Self.width))
    return events.count - 1
  }

  /// From here on it counts for this row.
  @inline(__always) mutating func turn(to row: Int) { current = row }

  mutating func count(_ treatment: Decision.Treatment, _ reason: Reason, times: UInt32 = 1) {
    rows[current][Self.slot(treatment, reason)] &+= times
  }
}

extension Decision.Treatment {
  /// Position in `allCases`; of several treatments within one value the highest is told, the one that took most away.
  var index: Int {
    switch self {
    case .kept: 0
    case .coarsened: 1
    case .pseudonymized: 2
    case .sealed: 3
    case .dropped: 4
    case .refused: 5
    }
  }
}
