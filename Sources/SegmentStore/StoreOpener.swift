internal import Events
import Synchronization

/// Opens a store: reads the manifest and its files, then the log, and clears away what a crash left behind.
struct StoreOpener {
  static let lockName = "lock"

  let directory: String
  let options: StoreOptions

  private var disk: any Disk { options.disk }

  func open() throws(StoreError) -> SegmentStore {
    do {
      try disk.createDirectory(directory)
      let lock = try disk.lock(directory + "/" + Self.lockName)
      let names = try disk.list(directory)
      let manifest = try upgrade(try readOrCreateManifest(names: names))
      let store = try openFiles(manifest, lock: lock)
      // Before anything is written: a leftover may bear the number that the next file gets.
      try removeLeftovers(names: names, manifest: manifest)
      let committer = Committer(store: store)
      let logs = names.compactMap(LogFormat.number(ofName:)).filter { $0 >= manifest.firstLog }.sorted()
      let next = try replay(logs, store: store, committer: committer, manifest: manifest)
      try checkVersions(store)
      committer.log = try LogWriter(
        disk: disk, directory: directory, number: next, firstSequence: store.state.withLock { $0.dataVersion } + 1,
        salt: options.random())
      store.start(committer)
      return store
    } catch let error as StoreError {
      throw error
    } catch let error as DiskError {
      throw .disk(error)
    } catch {
      throw .corrupt(file: directory, reason: "\(error)")
    }
  }

  private func readOrCreateManifest(names: [String]) throws -> Manifest {
    if let manifest = try Manifest.read(disk: disk, directory: directory) { return manifest }
    // The manifest is the first file of a store, so anything else means that it was lost.
    if let other = names.first(where: { name in
      LogFormat.number(ofName: name) != nil || SectionFile.Kind.allCases.contains { name.hasPrefix($0.prefix) }
    }) {
      throw StoreError.corrupt(file: Manifest.name, reason: "it is missing, but \(other) is there")
    }
    let manifest = Manifest(numberKey0: options.random(), numberKey1: options.random())
    // A crash during this leaves an empty directory or an empty store.
    try manifest.write(disk: disk, directory: directory)
    return manifest
  }

  private func openFiles(_ manifest: Manifest, lock: any AnyObject & Sendable) throws -> SegmentStore {
    let identities = IdentityTable(permutation: NumberPermutation(key0: manifest.numberKey0, key1: manifest.numberKey1))
    var state = StoreState(
      active: Memtable(
        firstLog: manifest.firstLog, firstSequence: manifest.sequence + 1, firstOrdinal: Int(manifest.identityCount),
        firstJournalEntry: Int(manifest.journalCount), firstKey: manifest.nextKey, firstDeletion: Int(manifest.deletionCount)))
    let opened = try OpenedFiles(manifest.files, disk: disk, directory: directory) { pseudonym, isGroup throws(FormatError) in
      guard identities.restore(pseudonym, flags: isGroup ? 1 : 0) else { throw FormatError("an id occurs twice") }
    }
    for file in opened.deletionFiles { for entry in file.entries { state.deletions.append(entry) } }
    for file in opened.identityFiles {
      for ordinal in file.sealed {
        let number = identities.permutation.number(ofOrdinal: ordinal)
        if !state.deletions.hides(number, since: file.file.reference.deletions) { _ = identities.markSealed(number) }
      }
    }
    for file in opened.journalFiles {
      guard state.journal.allows(file.entries) else {
        throw StoreError.corrupt(file: file.file.name, reason: "it merges an id twice or into itself")
      }
      for entry in file.entries { state.journal.append(entry) }
    }
    var names = Set<String>()
    for segment in opened.segments {
      for event in segment.statistics where names.insert(event.name).inserted { state.eventNames.append(event.name) }
    }
    let events = opened.segments.reduce(0) { $0 + $1.rowCount }
    guard identities.count == Int(manifest.identityCount), state.journal.entries.count == Int(manifest.journalCount),
      state.deletions.entries.count == Int(manifest.deletionCount),
      events == Int(manifest.eventCount), names.count <= Committer.eventNameLimit
    else { throw StoreError.corrupt(file: Manifest.name, reason: "it counts other contents than its files have") }
    state.segments = opened.segments
    state.identityFiles = opened.identityFiles
    state.journalFiles = opened.journalFiles
    state.deletionFiles = opened.deletionFiles
    state.expiry = manifest.expiry
    state.profileFiles = opened.profileFiles
    state.keyFiles = opened.keyFiles
    state.dataVersion = manifest.sequence
    state.nextKey = manifest.nextKey
    state.deletedKeys = manifest.deletedKeys
    return SegmentStore(
      directory: directory, options: options, identities: identities, state: state, manifest: manifest,
      lastFileNumber: manifest.nextFile - 1, cache: BlockCache(options.cache), directoryLock: lock)
  }

  /// Writes segments of an earlier version anew. The old files are deleted as leftovers then.
  private func upgrade(_ manifest: Manifest) throws -> Manifest {
    var upgraded = manifest
    for (index, reference) in manifest.files.enumerated() where reference.kind == .segment {
      let file = try SectionFileReader(disk: disk, directory: directory, reference: reference)
      guard file.version == 1 else { continue }
      let deletions = reference.deletions
      upgraded.files[index] = try SegmentVersion1(file).rewrite(
        disk: disk, directory: directory, number: upgraded.nextFile, blockRows: options.blockRows)
      upgraded.files[index].deletions = deletions
      upgraded.nextFile += 1
    }
    guard upgraded != manifest else { return manifest }
    // A crash before this leaves files that no manifest names, and the old ones in force: the next start begins the upgrade again.
    try upgraded.write(disk: disk, directory: directory)
    return upgraded
  }

  /// Takes in the log files and returns the number of the next one.
  private func replay(_ logs: [UInt64], store: SegmentStore, committer: Committer, manifest: Manifest) throws -> UInt64 {
    var expected = manifest.firstLog
    for (index, number) in logs.enumerated() {
      guard number == expected else {
        throw StoreError.corrupt(file: LogFormat.name(expected), reason: "it is missing, but later log files are there")
      }
      let version = store.state.withLock { $0.dataVersion }
      let reader = LogReader(disk: disk, directory: directory, number: number, isLast: index == logs.count - 1)
      let result = try reader.read { sequence, payload in
        // The log goes on in another file behind a deletion, so that a memtable stands before it or after it as a whole.
        guard store.state.withLock({ $0.active.firstDeletion == $0.deletions.entries.count }) else {
          throw FormatError("a frame follows a deletion in one file")
        }
        try committer.replay(payload, sequence: sequence)
      }
      if let header = result.header, header.firstSequence != version + 1 {
        throw StoreError.corrupt(
          file: LogFormat.name(number), reason: "it begins with frame \(header.firstSequence), but frame \(version + 1) comes next")
      }
      if result.header == nil {
        // A crash while the file was made: it never held anything, and its number is used again.
        try disk.remove(directory + "/" + LogFormat.name(number))
        return number
      }
      if result.wholeLength < result.length {
        // Nothing of a torn tail was acknowledged. Cut off, it does not stand before the frames of the next file as damage would.
        try disk.truncate(directory + "/" + LogFormat.name(number), to: result.wholeLength)
      }
      expected = number + 1
      let table = store.state.withLock { $0.active }
      let isDeletedFrom = table.firstDeletion < store.state.withLock { $0.deletions.entries.count }
      if isDeletedFrom || table.rowCount >= options.memoryRows || table.footprint >= options.memoryBytes {
        committer.freeze(nextLog: expected)
        _ = try store.flushOldest()
      }
    }
    return expected
  }

  /// A segment is in an order that the merge journal knows, and no file was written after deletions that never were; checked once the log
  /// was read, which may hold the end of both journals.
  private func checkVersions(_ store: SegmentStore) throws {
    let (segments, version, deletions) = store.state.withLock { ($0.segments, $0.journal.version, $0.deletions.version) }
    for file in store.manifest.withLock({ $0.files }) where file.deletions > deletions {
      throw StoreError.corrupt(file: Manifest.name, reason: "it says that \(file.name) knows of more deletions than there were")
    }
    for segment in segments where segment.journalVersion > version {
      throw StoreError.corrupt(file: segment.file.name, reason: "it names a state of the merge journal that never was")
    }
  }

  /// Deletes what the manifest does not name: files that were written but never came into force, and those that were replaced.
  private func removeLeftovers(names: [String], manifest: Manifest) throws {
    let inForce = Set(manifest.files.map(\.name))
    for name in names where !inForce.contains(name) {
      let isOldLog = LogFormat.number(ofName: name).map { $0 < manifest.firstLog } ?? false
      if isOldLog, options.keepsPastLogs, let number = LogFormat.number(ofName: name) {
        try disk.rename(directory + "/" + name, to: directory + "/" + PastLogs.name(number))
        continue
      }
      if PastLogs.number(ofName: name) != nil, !options.keepsPastLogs {
        try disk.remove(directory + "/" + name)
        continue
      }
      let isUnnamed = SectionFile.Kind.allCases.contains { name.hasPrefix($0.prefix) }
      if isOldLog || isUnnamed || name == Manifest.nextName { try disk.remove(directory + "/" + name) }
    }
  }
}
