internal import Foundation

/// The limits of one store. The defaults suit a machine with 2 GiB for Sealane.
package struct StoreOptions: Sendable {
  package var disk: any Disk
  /// Where the key of the subject numbers and the salts of log files come from; fixed in tests of the formats.
  package var random: @Sendable () -> UInt64 = { UInt64.random(in: 0 ... .max) }
  /// Rows that are held in memory before they become a segment.
  package var memoryRows = 1 << 19
  /// Bytes in memory, about, after which they become a segment.
  package var memoryBytes = 160 << 20
  /// Length of a log file after which the next one begins.
  package var logBytes = 256 << 20
  /// Bytes that may wait for the log; beyond that `append` throws `.overloaded`.
  package var queueBytes = 64 << 20
  /// Bytes that one write to the log may take together.
  package var groupBytes = 8 << 20
  /// Bytes of duplicate fingerprints in memory.
  package var fingerprintBytes = 128 << 20
  /// A day of no more stored fingerprints is read into memory as a whole when an event of it arrives.
  package var fingerprintsOfSmallDay = 1 << 15
  /// Memory for decoded columns and file chunks. All stores that are opened with it share it.
  package var cache = CacheMemory(limit: 256 << 20)
  /// Threads that queries are answered on.
  package var scanThreads = min(4, max(2, ProcessInfo.processInfo.activeProcessorCount))
  /// Reports that are kept for whoever asks the same; 0: none.
  package var cachedReports = 64
  /// For how long after its evaluation instant a report answers the same question, as long as the data are the same.
  package var reportMilliseconds: Int64 = 10_000
  /// Bytes that one query may take beside the cache; beyond that it is refused with an error.
  package var queryBytes = 1 << 30
  /// Whether day series may be answered from what segments have counted when they were written; off to measure the scan.
  package var usesCounts = true
  /// Rows of a block: what is decoded at a time. At most `ColumnRun.blockRows`; smaller in tests.
  package var blockRows = ColumnRun.blockRows
  /// Segments of about one size that are merged into one.
  package var mergeWidth = 4
  /// While nothing arrives, neighbours of no more rows than this together become one.
  package var idleMergeRows = 1 << 28
  /// No merge makes a segment of more rows than this.
  package var largestSegmentRows = 1 << 28
  /// Whether what comes under the id of a deleted subject is refused; otherwise it begins a new history.
  package var refusesDeletedSubjects = false
  /// How long deleted rows, hidden at once, may stay in the files until those are written anew: so that many deletions share the work.
  package var deletionDelayMilliseconds: Int64 = 86_400_000
  /// The time of day, milliseconds since 1970: for expiry.
  package var now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
  /// Whether log files stay behind for whoever follows the store, from the moment when it opens on.
  package var keepsPastLogs = false
  /// Files of one kind (identities, merges, profiles) that are merged into one.
  package var stateFileWidth = 8

  package init(disk: any Disk = PosixDisk()) { self.disk = disk }
}
