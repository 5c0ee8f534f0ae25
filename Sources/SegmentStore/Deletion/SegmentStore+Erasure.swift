package import Events
import Synchronization

extension SegmentStore {
  /// Every id that counts as a subject now, its own first; empty for one that never came, and for organizations.
  package func ids(of pseudonym: Pseudonym) -> [(number: SubjectNumber, pseudonym: Pseudonym)] {
    guard let number = identities.number(of: pseudonym), !identities.isGroup(number) else { return [] }
    let journal = state.withLock { $0.journal }
    let others = journal.members(of: journal.canonical(number)).filter { $0 != number }
    return ([number] + others).compactMap { member in identities.pseudonym(of: member).map { (SubjectNumber(member), $0) } }
  }

  /// Whether a number was deleted since a time, or was never given here.
  package func isErased(_ number: SubjectNumber, since time: Timestamp) -> Bool {
    guard identities.pseudonym(of: number.rawValue) != nil else { return true }
    return state.withLock { $0.deletions.lastTime(of: number.rawValue) }.map { $0 >= time.milliseconds } ?? false
  }

  /// How many deletions there were.
  package var deletionCount: UInt64 { state.withLock { $0.deletions.version } }

  /// After how many of the deletions everything was written that is on disk or in memory: of those nothing is left.
  package var finishedDeletions: UInt64 { state.withLock { $0.finishedDeletions } }
}
