import Events
import Gate
import Journeys

/// One event as it passed the gate, for the live view: what it became, and what was done to each value.
package struct LiveEvent: Sendable {
  package struct Value: Sendable {
    package var name: String
    /// What is stored; nil where nothing of it is (dropped, refused).
    package var shown: StoredValue?
    package var treatment: Decision.Treatment
    /// From the gate's closed set of words.
    package var reason: String
    package init(name: String, shown: StoredValue?, treatment: Decision.Treatment, reason: String) {
      self.name = name
      self.shown = shown
      self.treatment = treatment
      self.reason = reason
    }
  }

  /// Rises with every event of the project; where a page goes on reading.
  package var sequence: UInt64
  package var name: String
  package var time: Timestamp
  package var receivedAt: Timestamp
  /// Nil for an event without an actor.
  package var subject: SubjectReference?
  package var values: [Value]

  package init(
    sequence: UInt64, name: String, time: Timestamp, receivedAt: Timestamp, subject: SubjectReference?, values: [Value]
  ) {
    self.sequence = sequence
    self.name = name
    self.time = time
    self.receivedAt = receivedAt
    self.subject = subject
    self.values = values
  }
}
