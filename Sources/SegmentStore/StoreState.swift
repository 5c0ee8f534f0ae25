internal import Events

/// What queries see of a store, as a whole from one moment: guarded by the store's `state` mutex, changed by the committing thread after
/// each sync and by the threads that replace files.
struct StoreState: Sendable {
  /// Takes what is committed next.
  var active: Memtable
  /// Rows of `active` that are durable and visible.
  var publishedRows = 0
  /// Full and not yet written, oldest first.
  var frozen: [Memtable] = []
  /// In the order of arrival of their rows.
  var segments: [Segment] = []
  /// Oldest first.
  var identityFiles: [IdentityFile] = []
  var profileFiles: [ProfileFile] = []
  var keyFiles: [KeyFile] = []
  var journalFiles: [JournalFile<MergeJournal.Entry>] = []
  var deletionFiles: [JournalFile<DeletionJournal.Entry>] = []
  /// By event code.
  var eventNames: [String] = []
  var journal = MergeJournal()
  var deletions = DeletionJournal()
  var expiry = Expiry()
  /// Deleted and expired rows are to be dropped from the files now, up to this version of the deletion journal.
  var wantsCompaction = false
  /// Sequence number of the last frame.
  var dataVersion: UInt64 = 0
  /// Number of the next wrapped key; they count from 1.
  var nextKey: UInt64 = 1
  var deletedKeys: UInt64 = 0
  /// Changes when files replace memory or each other.
  var layout: UInt64 = 0
  /// Why segments are no longer merged until the next start: a file that is damaged, or a disk that refuses. Events are taken all the same.
  var mergeFailure: StoreError?
  /// Set once the log could not be written: nothing more is taken.
  var failure: StoreError?

  /// Every memtable with its visible rows, oldest first.
  var memtables: [(table: Memtable, rows: Int)] {
    frozen.map { ($0, $0.rowCount) } + [(active, publishedRows)]
  }

  /// After how many of the deletions everything was written that is on disk or in memory.
  var finishedDeletions: UInt64 {
    var finished = deletions.version
    for file in segments.map(\.file) + identityFiles.map(\.file) + profileFiles.map(\.file) {
      finished = min(finished, file.reference.deletions)
    }
    for (table, _) in memtables where table.hasContent { finished = min(finished, UInt64(table.firstDeletion)) }
    return finished
  }

  /// The latest image of a profile; nil if there never was one.
  func profile(of number: UInt32, cache: BlockCache) throws(StoreError) -> ProfileImage? {
    for table in [active] + frozen.reversed() {
      // Whatever is older was written before that deletion too.
      if deletions.hides(number, since: UInt64(table.firstDeletion)) { return nil }
      if let image = table.with({ $0.profiles[number] }) { return image }
    }
    for file in profileFiles.reversed() {
      if deletions.hides(number, since: file.file.reference.deletions) { return nil }
      if let image = try file.image(of: number, cache: cache) { return image }
    }
    return nil
  }
}
