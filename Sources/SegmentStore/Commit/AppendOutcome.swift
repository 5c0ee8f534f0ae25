package import Events

/// What became of a batch, once it is durable.
package struct AppendOutcome: Sendable, Hashable {
  /// Events that are stored now.
  package var accepted: Int
  /// Events that were stored before (or stood in the batch twice).
  package var duplicates: Int
  /// Events whose link of a device to a user was refused; the events themselves are stored.
  package var refusedLinks: Int
  /// Profile operations that were left out because the profile would have grown past its limit (256 KiB a layer).
  package var refusedProfileUpdates: Int
  /// Events and profile operations of deleted subjects, where those are refused.
  package var refusedDeleted: Int
  /// Numbers of the ids whose data were deleted: of a deletion only.
  package var deletedNumbers: [UInt32]
  /// Of a reveal only: who has what it is about, one id for each person, and whether it stands in the clear now.
  package var holders: [Pseudonym] = []
  package var isRevealed = false
  /// The version of the data that contains them.
  package var dataVersion: UInt64

  package init(
    accepted: Int = 0, duplicates: Int = 0, refusedLinks: Int = 0, refusedProfileUpdates: Int = 0, refusedDeleted: Int = 0,
    deletedNumbers: [UInt32] = [], dataVersion: UInt64 = 0
  ) {
    self.accepted = accepted
    self.duplicates = duplicates
    self.refusedLinks = refusedLinks
    self.refusedProfileUpdates = refusedProfileUpdates
    self.refusedDeleted = refusedDeleted
    self.deletedNumbers = deletedNumbers
    self.dataVersion = dataVersion
  }
}
