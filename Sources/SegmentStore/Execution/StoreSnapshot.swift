package import Events
internal import Journeys

/// A store as of one moment: what a query reads. Later writes do not change it.
package struct StoreSnapshot: Sendable {
  /// Runs of one partition stand in the order of arrival of their rows.
  package let runs: [ColumnRun]
  /// Canonical number now of every number that a merge newer than the oldest run moved (resolved to the end, so that no value of
  /// the map is a key of it). Numbers that stand for themselves are absent. It may hold merges that a run has already applied.
  package let merges: [UInt32: UInt32]
  /// Names by code, as in `ColumnRun.eventCodes`; all different.
  package let eventNames: [String]
  /// The pseudonym of a subject number; nil if the store does not know the number.
  package let pseudonym: @Sendable (UInt32) -> Pseudonym?
  /// A property of a canonical subject's profile, verified layer first; nil if it has none.
  package let profileValue: @Sendable (_ subject: UInt32, _ property: String) -> StoredValue?
  /// Why a profile could not be read, if that happened since the snapshot was taken: answers that looked at profiles are of no use then.
  package let profileFailure: @Sendable () -> String?
  /// The canonical number of a pseudonym; nil if the store does not know it.
  package let number: @Sendable (Pseudonym) -> UInt32?
  /// Changes with every durable write.
  package let dataVersion: UInt64
  /// Whose journeys the runs hold. Of organizations' ones every row's own subject stands as its raw number.
  var level = Level.subject
  /// Who belongs to the cohorts that the query at hand asks for.
  var cohorts: [Cohort: ActorSet] = [:]
  /// Bytes that a query may take for itself; beyond that it is refused.
  package var queryMemory = 1 << 30
  /// Where a pass may be cut in two; nil: one thread does everything.
  package var scanThreads: ScanThreads?
  /// Subjects of a band at most; no more than `Band.limit`.
  package var bandSubjects = Band.limit
  /// Below this many rows a second thread is not worth its start.
  package var rowsForTwoThreads = 131_072
  /// Whether day series may be answered from what segments have counted when they were written.
  package var usesCounts = true
  /// Where the runs hold other rows than the store: how many the store has.
  var wholeEventCount: Int?
  let groupSnapshots = GroupSnapshots()
  let movedRuns = MovedRuns.Box()

  /// Rows of the largest block.
  var largestBlock: Int { runs.reduce(0) { $1.blocks.reduce($0) { max($0, $1.rowCount) } } }

  package var eventCount: Int { wholeEventCount ?? runs.reduce(0) { $0 + $1.rowCount } }

  package init(
    runs: [ColumnRun], merges: [UInt32: UInt32], eventNames: [String], dataVersion: UInt64,
    pseudonym: @escaping @Sendable (UInt32) -> Pseudonym?, number: @escaping @Sendable (Pseudonym) -> UInt32?,
    profileValue: @escaping @Sendable (_ subject: UInt32, _ property: String) -> StoredValue?,
    profileFailure: @escaping @Sendable () -> String? = { nil }
  ) {
    self.runs = runs
    self.merges = merges
    self.eventNames = eventNames
    self.dataVersion = dataVersion
    self.pseudonym = pseudonym
    self.number = number
    self.profileValue = profileValue
    self.profileFailure = profileFailure
  }
}

extension StoreSnapshot {
  /// What the profiles of the organizations say that a value names: a list if it is one.
  func groupValue(of value: StoredValue?, _ property: String) -> StoredValue? {
    switch value {
    case .pseudonym(let pseudonym): return number(pseudonym).flatMap { profileValue($0, property) }
    case .list(let elements):
      let values = elements.compactMap { groupValue(of: $0, property) }.flatMap { value -> [StoredValue] in
        if case .list(let elements) = value { elements } else { [value] }
      }
      return values.isEmpty ? nil : .list(values)
    default: return nil
    }
  }

  /// Whether any organization that a value names is one of these.
  func names(_ value: StoredValue?, anyOf actors: ActorSet) -> Bool {
    switch value {
    case .pseudonym(let pseudonym): number(pseudonym).map(actors.contains) ?? false
    case .list(let elements): elements.contains { names($0, anyOf: actors) }
    default: false
    }
  }
}
