/// How many rows of a run each event has in each quarter-hour slot: day series of whole event names need no scan, in any time zone.
package final class EventCounts: Sendable {
  /// Runs of more event names have none.
  static let nameLimit = 512

  /// By event code of the run: where its entries begin in the two lists, and their end at last.
  let starts: [Int]
  let slots: [UInt16]
  let counts: [UInt32]

  init(starts: [Int], slots: [UInt16], counts: [UInt32]) {
    self.starts = starts
    self.slots = slots
    self.counts = counts
  }
}
