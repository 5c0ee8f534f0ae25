package import Events

/// A place in the order in which events arrived: behind `row` rows of commit `commit`. Commits count from 1; the beginning is (0, 0).
package struct TailPosition: Sendable, Hashable, Comparable {
  package var commit: UInt64
  package var row: UInt32

  package init(commit: UInt64, row: UInt32) {
    self.commit = commit
    self.row = row
  }

  package static func < (left: TailPosition, right: TailPosition) -> Bool { (left.commit, left.row) < (right.commit, right.row) }
}

/// An event as it rests behind the gate, on its way to whoever follows the store.
package struct TailEvent: Sendable, Hashable {
  /// Its own place: never another event's, and the same whenever it is read.
  package let position: TailPosition
  package let name: String
  package let time: Timestamp
  /// As it arrived; nil of an event without an actor.
  package let subject: SubjectNumber?
  /// Of the subject that the number counts as now.
  package let pseudonym: Pseudonym?
  /// Those that were asked for, in the order of their names.
  package let properties: [StoredProperty]

  package init(
    position: TailPosition, name: String, time: Timestamp, subject: SubjectNumber?, pseudonym: Pseudonym?, properties: [StoredProperty]
  ) {
    self.position = position
    self.name = name
    self.time = time
    self.subject = subject
    self.pseudonym = pseudonym
    self.properties = properties
  }
}

/// What came behind a place, in the order of arrival.
package struct TailPage: Sendable {
  package let events: [TailEvent]
  /// Where the next page begins; the same as asked for where nothing came.
  package let next: TailPosition
  /// Commits that are not kept any more, though they came behind the place that was asked for: 0 where nothing is missing.
  package let missedCommits: UInt64

  package init(events: [TailEvent], next: TailPosition, missedCommits: UInt64) {
    self.events = events
    self.next = next
    self.missedCommits = missedCommits
  }
}

extension TailPage {
  /// Without what came behind a commit.
  package func upTo(_ commit: UInt64) -> TailPage {
    TailPage(
      events: events.filter { $0.position.commit <= commit }, next: min(next, TailPosition(commit: commit, row: .max)),
      missedCommits: missedCommits)
  }
}

/// Which events somebody follows.
package struct TailSelection: Sendable, Hashable {
  /// Nil: all.
  package var events: Set<String>?
  package var properties: Set<String>

  package init(events: Set<String>?, properties: Set<String>) {
    self.events = events
    self.properties = properties
  }
}
