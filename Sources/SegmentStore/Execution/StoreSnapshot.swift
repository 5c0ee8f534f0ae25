package import Events

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
  /// Changes with every durable write.
  package let dataVersion: UInt64
  let movedRuns = MovedRuns.Box()

  /// Rows of the largest block.
  var largestBlock: Int { runs.reduce(0) { $1.blocks.reduce($0) { max($0, $1.rowCount) } } }

  package var eventCount: Int { runs.reduce(0) { $0 + $1.rowCount } }

  package init(
    runs: [ColumnRun], merges: [UInt32: UInt32], eventNames: [String], dataVersion: UInt64,
    pseudonym: @escaping @Sendable (UInt32) -> Pseudonym?,
    profileValue: @escaping @Sendable (_ subject: UInt32, _ property: String) -> StoredValue?,
    profileFailure: @escaping @Sendable () -> String? = { nil }
  ) {
    self.runs = runs
    self.merges = merges
    self.eventNames = eventNames
    self.dataVersion = dataVersion
    self.pseudonym = pseudonym
    self.profileValue = profileValue
    self.profileFailure = profileFailure
  }
}
