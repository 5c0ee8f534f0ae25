internal import Events
import Synchronization

/// Writing full memtables. One thread at a time.
extension SegmentStore {
  /// Writes the oldest frozen memtable to files and switches to them. False if there is none.
  func flushOldest() throws(StoreError) -> Bool {
    let (table, next, journal, names) = state.withLock { state in
      (state.frozen.first, state.frozen.dropFirst().first ?? state.active, state.journal, state.eventNames)
    }
    guard let table else { return false }
    let content = table.with { $0 }
    // Its files say that they were written before every later deletion, which is hidden from queries until the rows are dropped.
    let deletions = UInt64(table.firstDeletion)
    do {
      var files: [FileReference] = []
      if !content.times.isEmpty {
        files.append(try writeSegment(content, journal: journal, names: names))
        files[files.count - 1].deletions = deletions
      }
      let ordinals = table.firstOrdinal..<next.firstOrdinal
      if !ordinals.isEmpty || !content.sealedIDs.isEmpty {
        let sealed = content.sealedIDs.keys.map { identities.permutation.ordinal(ofNumber: $0) }.sorted()
        files.append(
          try IdentityFile.write(
            disk: disk, directory: directory, number: nextFileNumber(), firstOrdinal: ordinals.lowerBound,
            ids: identities.entries(ordinals), sealed: sealed
          ) { ordinal in
            guard let value = content.sealedIDs[identities.permutation.number(ofOrdinal: ordinal)] else {
              throw FormatError("a sealed id is missing")
            }
            return value
          })
        files[files.count - 1].deletions = deletions
      }
      if next.firstJournalEntry > table.firstJournalEntry {
        files.append(
          try JournalFile<MergeJournal.Entry>.write(
            disk: disk, directory: directory, number: nextFileNumber(), first: table.firstJournalEntry,
            entries: journal.entries[table.firstJournalEntry..<next.firstJournalEntry]))
      }
      if next.firstDeletion > table.firstDeletion {
        let entries = state.withLock { $0.deletions.entries }
        files.append(
          try JournalFile<DeletionJournal.Entry>.write(
            disk: disk, directory: directory, number: nextFileNumber(), first: table.firstDeletion,
            entries: entries[table.firstDeletion..<next.firstDeletion]))
      }
      if !content.profiles.isEmpty {
        files.append(
          try ProfileFile.write(
            disk: disk, directory: directory, number: nextFileNumber(), numbers: content.profiles.keys.sorted()
          ) { content.profiles[$0] ?? ProfileImage() })
        files[files.count - 1].deletions = deletions
      }
      if !content.keys.isEmpty {
        files.append(
          try KeyFile.write(disk: disk, directory: directory, number: nextFileNumber(), first: table.firstKey, keys: content.keys))
      }
      // A crash up to here leaves files that no manifest names, and the log that holds the same: recovery deletes the one and reads the other.
      try switchFiles(adding: files, flushed: table, next: next)
      return true
    } catch let error as StoreError {
      throw error
    } catch let error as DiskError {
      throw .disk(error)
    } catch {
      throw .corrupt(file: "the memory of this process", reason: "\(error)")
    }
  }

  private func writeSegment(_ content: Memtable.Content, journal: MergeJournal, names: [String]) throws -> FileReference {
    let order = RowOrder(times: content.times[...], rawSubjects: content.rawSubjects[...], firstRow: 0, journal: journal)
    let columns = content.columns.sorted { $0.name < $1.name }
    let codes = columns.map { $0.dense(count: content.times.count) }
    let limits = zip(columns, codes).map { column, codes in
      SegmentWriter.sharedLimit(distinct: column.dictionary.count, rows: codes.count { $0 != 0 })
    }
    var writer = try SegmentWriter(
      disk: disk, directory: directory, number: nextFileNumber(), journalVersion: journal.version,
      numbering: EventNumbering(content.events), eventNames: names,
      properties: columns.map(\.name)
    ) { property in SegmentWriter.shared(columns[property].dictionary, limit: limits[property]) }
    for (partition, keys) in order.partitions {
      try writer.begin(partition)
      for range in keys.cut(every: options.blockRows) {
        let rows = order.keys[range].map { Int($0.row) }
        try writer.block(order.rows(range, events: content.events)) { property in
          let dense = codes[property]
          return SegmentWriter.Column(rows.map { dense[$0] }, of: columns[property].dictionary, limit: limits[property])
        }
      }
    }
    return try writer.finish(days: content.fingerprints.keys) { content.fingerprints[$0] ?? [] }
  }

  /// The point at which a memtable's files replace it: manifest first, then memory, then the log files that nobody needs any more.
  private func switchFiles(adding files: [FileReference], flushed: Memtable, next: Memtable) throws(StoreError) {
    let opened = try OpenedFiles(files, disk: disk, directory: directory)
    try changeManifest { manifest, state in
      manifest.files += files
      manifest.firstLog = next.firstLog
      manifest.sequence = next.firstSequence - 1
      manifest.nextKey = next.firstKey
      manifest.deletedKeys = state.deletedKeys
      manifest.identityCount = UInt64(next.firstOrdinal)
      manifest.journalCount = UInt64(next.firstJournalEntry)
      manifest.deletionCount = UInt64(next.firstDeletion)
      // These may be newer than the sequence number says: the log only repeats them.
      manifest.expiry = state.expiry
      manifest.eventCount += UInt64(flushed.rowCount)
    } publish: { state in
      state.segments += opened.segments
      state.identityFiles += opened.identityFiles
      state.journalFiles += opened.journalFiles
      state.deletionFiles += opened.deletionFiles
      state.profileFiles += opened.profileFiles
      state.keyFiles += opened.keyFiles
      state.frozen.removeFirst()
      state.layout += 1
    }
    for number in flushed.firstLog..<next.firstLog {
      // A crash here leaves log files before the manifest's first: recovery does with them what is done here.
      do { try retire(log: number) } catch { throw .disk(error) }
    }
  }

  /// Writes a changed manifest and, once it is in force, shows queries the same change. One change at a time.
  func changeManifest(_ change: (inout Manifest, StoreState) -> Void, publish: (inout StoreState) -> Void) throws(StoreError) {
    let result = manifest.withLock { manifest -> Result<Void, StoreError> in
      var next = manifest
      change(&next, state.withLock { $0 })
      next.nextFile = lastFileNumber.withLock { $0 } + 1
      do throws(DiskError) { try next.write(disk: disk, directory: directory) } catch { return .failure(.disk(error)) }
      manifest = next
      state.withLock { publish(&$0) }
      return .success(())
    }
    try result.get()
  }

  func nextFileNumber() -> UInt64 {
    lastFileNumber.withLock { number in
      number += 1
      return number
    }
  }
}

/// New files, opened and so checked, by kind.
struct OpenedFiles {
  var segments: [Segment] = []
  var identityFiles: [IdentityFile] = []
  var journalFiles: [JournalFile<MergeJournal.Entry>] = []
  var profileFiles: [ProfileFile] = []
  var keyFiles: [KeyFile] = []
  var deletionFiles: [JournalFile<DeletionJournal.Entry>] = []

  init(
    _ files: [FileReference], disk: any Disk, directory: String, visit: (Pseudonym, Bool) throws(FormatError) -> Void = { _, _ in }
  ) throws(StoreError) {
    for file in files {
      switch file.kind {
      case .segment: segments.append(try Segment(disk: disk, directory: directory, reference: file))
      case .identities:
        identityFiles.append(try IdentityFile(disk: disk, directory: directory, reference: file, visit: visit))
      case .journal: journalFiles.append(try JournalFile<MergeJournal.Entry>(disk: disk, directory: directory, reference: file))
      case .profiles: profileFiles.append(try ProfileFile(disk: disk, directory: directory, reference: file))
      case .deletions: deletionFiles.append(try JournalFile<DeletionJournal.Entry>(disk: disk, directory: directory, reference: file))
      case .keys: keyFiles.append(try KeyFile(disk: disk, directory: directory, reference: file))
      }
    }
  }
}
