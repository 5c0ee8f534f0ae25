internal import Events
import Synchronization
internal import Vault

/// What arrived since the last segment was written: rows, ids, merges, profiles and wrapped keys of one or more log files.
///
/// The committing thread adds, any thread reads. Rows become visible to queries when the store publishes their count; arrays are copied
/// on write, so that a reader holds the lock only to take a reference.
final class Memtable: Sendable {
  struct Content: Sendable {
    var times: [Int64] = []
    var events: [UInt16] = []
    var rawSubjects: [UInt32] = []
    var columns: [MemoryColumn] = []
    var columnIndexes: [String: Int] = [:]
    var fingerprints: [Int32: [UInt64]] = [:]
    /// By subject number; the first sealed id of each.
    var sealedIDs: [UInt32: SealedValue] = [:]
    var profiles: [UInt32: ProfileImage] = [:]
    var keys: [WrappedKey] = []
    /// Bytes of sealed ids, profiles and keys, about.
    var otherBytes = 0
  }

  /// The first log file that holds content of this memtable.
  let firstLog: UInt64
  /// Sequence number of the first frame of this memtable.
  let firstSequence: UInt64
  /// Number of ids and of journal entries, and number of the first wrapped key, when it began.
  let firstOrdinal: Int
  let firstJournalEntry: Int
  let firstKey: UInt64
  /// Entries of the deletion journal when it began: later ones hide all that it has.
  let firstDeletion: Int
  private let content = Mutex(Content())

  init(firstLog: UInt64, firstSequence: UInt64, firstOrdinal: Int, firstJournalEntry: Int, firstKey: UInt64, firstDeletion: Int) {
    self.firstLog = firstLog
    self.firstSequence = firstSequence
    self.firstOrdinal = firstOrdinal
    self.firstJournalEntry = firstJournalEntry
    self.firstKey = firstKey
    self.firstDeletion = firstDeletion
  }

  func with<Result: Sendable, Failure: Error>(_ body: (inout sending Content) throws(Failure) -> sending Result) throws(Failure) -> Result {
    try content.withLock(body)
  }

  var rowCount: Int { content.withLock { $0.times.count } }

  /// Whether it, and so the log, has anything of anybody.
  var hasContent: Bool { content.withLock { !$0.times.isEmpty || !$0.profiles.isEmpty || !$0.sealedIDs.isEmpty } }

  /// Bytes of memory, about.
  var footprint: Int {
    content.withLock { content in
      content.columns.reduce(content.times.count * 24 + content.otherBytes) { $0 + $1.footprint }
    }
  }
}
