internal import Events
import Synchronization

/// Making few files of many. One thread at a time, beside the one that writes memtables.
extension SegmentStore {
  /// Does one piece of work; false if there is none.
  func mergeOnce() throws(StoreError) -> Bool {
    try merging {
      advanceExpiry()
      if try dropDeliveredKeys() { return true }
      if try dropHiddenRows() { return true }
      if try mergeStateFiles() { return true }
      return try mergeSegments()
    }
  }

  /// Does nothing once merging has failed; gives failures their kind.
  private func merging(_ work: () throws -> Bool) throws(StoreError) -> Bool {
    guard state.withLock({ $0.mergeFailure }) == nil else { return false }
    do {
      return try work()
    } catch let error as StoreError {
      throw error
    } catch let error as DiskError {
      throw .disk(error)
    } catch {
      throw .corrupt(file: "the memory of this process", reason: "\(error)")
    }
  }

  // MARK: Segments

  /// Neighbours in the order of arrival that are about as large as each other.
  static func candidates(rowCounts: [Int], options: StoreOptions) -> Range<Int>? {
    let width = options.mergeWidth
    // Segments below this are one size: merging them costs next to nothing.
    let floor = max(1, options.memoryRows / 16)
    for start in stride(from: rowCounts.count - width, through: 0, by: -1) {
      let sizes = rowCounts[start..<start + width].map { max($0, floor) }
      let total = rowCounts[start..<start + width].reduce(0, +)
      if total <= options.largestSegmentRows, (sizes.max() ?? 0) <= width * (sizes.min() ?? 0) { return start..<start + width }
    }
    guard rowCounts.count > 3 * width else { return nil }
    let pairs = (1..<rowCounts.count).filter { rowCounts[$0 - 1] + rowCounts[$0] <= options.largestSegmentRows / 2 }
    return pairs.min { rowCounts[$0 - 1] + rowCounts[$0] < rowCounts[$1 - 1] + rowCounts[$1] }.map { $0 - 1..<$0 + 1 }
  }

  /// With nothing else to do: the most neighbours that can become one, so that a store at rest is read as one run a month. A few rows beside
  /// many are no reason to write the many again.
  package static func idleCandidates(rowCounts: [Int], options: StoreOptions) -> Range<Int>? {
    var best: (range: Range<Int>, rows: Int)?
    for start in rowCounts.indices.dropLast() {
      var (total, largest) = (0, 0)
      for end in start..<min(rowCounts.count, start + idleMergeWidth) {
        total += rowCounts[end]
        largest = max(largest, rowCounts[end])
        if total > min(options.idleMergeRows, options.largestSegmentRows) { break }
        guard end > start, largest <= max(8 * (total - largest), options.memoryRows) else { continue }
        let range = start..<end + 1
        if let best, (best.range.count, -best.rows) >= (range.count, -total) { continue }
        best = (range, total)
      }
    }
    return best?.range
  }

  /// Of each segment a few blocks are in memory while it is merged.
  private static let idleMergeWidth = 16

  func mergeWhenIdle() throws(StoreError) -> Bool {
    let rowCounts = state.withLock { $0.segments.map(\.rowCount) }
    guard let range = Self.idleCandidates(rowCounts: rowCounts, options: options) else { return false }
    return try merging { try merge(range) }
  }

  private func mergeSegments() throws -> Bool {
    let rowCounts = state.withLock { $0.segments.map(\.rowCount) }
    guard let range = Self.candidates(rowCounts: rowCounts, options: options) else { return false }
    return try merge(range)
  }

  /// Only the thread that merges shortens the list of segments, so a range of it stays what it was.
  private func merge(_ range: Range<Int>) throws -> Bool {
    let current = state.withLock { $0 }
    let inputs = Array(current.segments[range])
    let reference = try merged(inputs, current)
    let opened = try Segment(disk: disk, directory: directory, reference: reference)
    // A crash here leaves a file that no manifest names; its inputs are in force.
    let rows = inputs.reduce(0) { $0 + $1.rowCount }
    try replace(inputs.map(\.file.reference), by: [reference], dropping: rows - opened.rowCount) { state in
      guard let first = state.segments.firstIndex(where: { $0 === inputs[0] }) else { return }
      state.segments.replaceSubrange(first..<first + inputs.count, with: [opened])
    }
    return true
  }

  /// Writes neighbouring segments as one, in the order of the merges that are known now.
  private func merged(_ inputs: [Segment], _ state: StoreState) throws -> FileReference {
    let hidden = inputs.map { input in
      input.mayHide(state, for: .storage) ? HiddenRows(state, since: input.file.reference.deletions, for: .storage) : nil
    }
    let merger = try SegmentMerger(
      inputs, hidden: hidden, journal: state.journal, names: state.eventNames, blockRows: options.blockRows
    ) { [self] in flusher.shouldStop }
    var reference = try merger.write(disk: disk, directory: directory, number: nextFileNumber())
    reference.deletions = state.deletions.version
    return reference
  }

  // MARK: Deleted and expired rows

  /// Whether there is work that only the clock makes due.
  var dependsOnTime: Bool {
    state.withLock { state in
      state.expiry.dependsOnTime || state.segments.contains { $0.file.reference.deletions < state.deletions.version }
    }
  }

  /// Writes one file anew that has rows, profiles or sealed ids which nobody sees any more, if that is due.
  private func dropHiddenRows() throws -> Bool {
    let current = state.withLock { $0 }
    if let segment = try current.segments.first(where: { try isDue($0, current) }) {
      try drop(from: segment, current)
      return true
    }
    // Each kind for itself: one that is up to date is not written again.
    if isDue(current.profileFiles.map(\.file.reference), current), try mergeProfiles(current) { return true }
    if isDue(current.identityFiles.map(\.file.reference), current), try mergeIdentities(current) { return true }
    guard current.wantsCompaction, current.frozen.isEmpty else { return false }
    state.withLock { $0.wantsCompaction = false }
    return true
  }

  /// Profiles and sealed ids are due after a while too, or at once where that is asked for.
  private func isDue(_ files: [FileReference], _ state: StoreState) -> Bool {
    guard let oldest = files.map(\.deletions).min(), oldest < state.deletions.version else { return false }
    return state.wantsCompaction || isOverdue(oldest, state)
  }

  private func isOverdue(_ version: UInt64, _ state: StoreState) -> Bool {
    version < state.deletions.version
      && state.deletions.entries[Int(version)].time <= options.now() - options.deletionDelayMilliseconds
  }

  /// Rows of deleted subjects are due after a while, expired ones month by month; both at once where that is asked for.
  private func isDue(_ segment: Segment, _ state: StoreState) throws -> Bool {
    let version = segment.file.reference.deletions
    if isOverdue(version, state) || state.wantsCompaction && version < state.deletions.version { return true }
    return try segment.runs.indices.contains { try segment.hasExpired($0, state, wholly: !state.wantsCompaction) }
  }

  private func drop(from segment: Segment, _ current: StoreState) throws {
    if try hasNothingToDrop(segment, current) {
      // It has none of them: only the manifest says so from now on.
      var reference = segment.file.reference
      reference.deletions = current.deletions.version
      let opened = try Segment(disk: disk, directory: directory, reference: reference)
      try changeManifest { manifest, _ in
        for (index, file) in manifest.files.enumerated() where file == segment.file.reference { manifest.files[index] = reference }
      } publish: { state in
        for (index, known) in state.segments.enumerated() where known === segment { state.segments[index] = opened }
        state.layout += 1
      }
      return
    }
    guard let index = current.segments.firstIndex(where: { $0 === segment }) else { return }
    _ = try merge(index..<index + 1)
  }

  private func hasNothingToDrop(_ segment: Segment, _ state: StoreState) throws -> Bool {
    let codes = Dictionary(uniqueKeysWithValues: state.eventNames.enumerated().map { ($1, UInt16($0)) })
    let hidden = HiddenRows(state, since: segment.file.reference.deletions, for: .storage)
    return try segment.columnRuns(codes: codes, cache: cache).allSatisfy { try $0.without(hidden, cache: nil) === $0 }
  }

  // MARK: Other files

  private func mergeStateFiles() throws -> Bool {
    let current = state.withLock { $0 }
    let width = options.stateFileWidth
    if current.journalFiles.count >= width {
      let count = current.journalFiles.reduce(0) { $0 + $1.entries.count }
      let reference = try JournalFile<MergeJournal.Entry>.write(
        disk: disk, directory: directory, number: nextFileNumber(), first: 0, entries: current.journal.entries[..<count])
      let opened = try JournalFile<MergeJournal.Entry>(disk: disk, directory: directory, reference: reference)
      try replace(current.journalFiles.map(\.file.reference), by: [reference]) { state in
        state.journalFiles.replaceSubrange(..<current.journalFiles.count, with: [opened])
      }
      return true
    }
    if current.identityFiles.count >= width { return try mergeIdentities(current) }
    if current.profileFiles.count >= width { return try mergeProfiles(current) }
    if current.deletionFiles.count >= width {
      let count = current.deletionFiles.reduce(0) { $0 + $1.entries.count }
      let reference = try JournalFile<DeletionJournal.Entry>.write(
        disk: disk, directory: directory, number: nextFileNumber(), first: 0, entries: current.deletions.entries[..<count])
      let opened = try JournalFile<DeletionJournal.Entry>(disk: disk, directory: directory, reference: reference)
      try replace(current.deletionFiles.map(\.file.reference), by: [reference]) { state in
        state.deletionFiles.replaceSubrange(..<current.deletionFiles.count, with: [opened])
      }
      return true
    }
    return false
  }

  /// Makes one of all identity files, without the sealed ids of deleted subjects. Their pseudonyms stay: the numbers of ids never change.
  private func mergeIdentities(_ current: StoreState) throws -> Bool {
    guard !current.identityFiles.isEmpty else { return false }
    let files = current.identityFiles
    let ids = identities.entries(0..<(files.reduce(0) { $0 + $1.count }))
    let sealed = Set(
      files.flatMap { file in
        file.sealed.filter { ordinal in
          !current.deletions.hides(identities.permutation.number(ofOrdinal: ordinal), since: file.file.reference.deletions)
        }
      }
    ).sorted()
    var reference = try IdentityFile.write(
      disk: disk, directory: directory, number: nextFileNumber(), firstOrdinal: 0, ids: ids, sealed: sealed
    ) { ordinal in
      let number = identities.permutation.number(ofOrdinal: ordinal)
      for file in files where !current.deletions.hides(number, since: file.file.reference.deletions) {
        if let value = try file.sealedID(ofOrdinal: ordinal, cache: cache) { return value }
      }
      throw FormatError("a sealed id is missing")
    }
    reference.deletions = current.deletions.version
    let opened = try IdentityFile(disk: disk, directory: directory, reference: reference) { _, _ in }
    try replace(files.map(\.file.reference), by: [reference]) { state in
      state.identityFiles.replaceSubrange(..<files.count, with: [opened])
    }
    return true
  }

  /// Makes one of all profile files, without deleted profiles.
  private func mergeProfiles(_ current: StoreState) throws -> Bool {
    guard !current.profileFiles.isEmpty else { return false }
    let files = current.profileFiles
    let numbers = files.flatMap { file in
      file.numbers.filter { !current.deletions.hides($0, since: file.file.reference.deletions) }
    }
    var reference = try ProfileFile.write(
      disk: disk, directory: directory, number: nextFileNumber(), numbers: Set(numbers).sorted()
    ) { number in
      for file in files.reversed() { if let image = try file.image(of: number, cache: cache) { return image } }
      return ProfileImage()
    }
    reference.deletions = current.deletions.version
    let opened = try ProfileFile(disk: disk, directory: directory, reference: reference)
    try replace(files.map(\.file.reference), by: [reference]) { state in
      state.profileFiles.replaceSubrange(..<files.count, with: [opened])
    }
    return true
  }

  private func dropDeliveredKeys() throws -> Bool {
    let (files, deleted) = state.withLock { ($0.keyFiles, $0.deletedKeys) }
    let delivered = files.filter { $0.first + UInt64($0.count) <= deleted + 1 }
    guard !delivered.isEmpty else { return false }
    try replace(delivered.map(\.file.reference), by: []) { state in
      state.keyFiles.removeAll { file in delivered.contains { $0 === file } }
    }
    return true
  }

  /// Switches to files that say the same as others, then deletes those. The new ones take the place of the first of the old ones.
  ///
  /// - Parameter rows: how many rows fewer the new ones have, which nobody saw any more.
  private func replace(
    _ old: [FileReference], by new: [FileReference], dropping rows: Int = 0, publish: (inout StoreState) -> Void
  ) throws(StoreError) {
    try changeManifest { manifest, state in
      let position = manifest.files.firstIndex(of: old[0]) ?? manifest.files.count
      manifest.files.insert(contentsOf: new, at: position)
      manifest.files.removeAll { old.contains($0) }
      manifest.deletedKeys = max(manifest.deletedKeys, state.deletedKeys)
      manifest.eventCount -= UInt64(rows)
    } publish: { state in
      publish(&state)
      state.layout += 1
    }
    for file in old {
      cache.forget(file: file.number)
      // A crash here leaves files that the manifest does not name: recovery deletes them. Queries that read them keep them open.
      do { try disk.remove(directory + "/" + file.name) } catch { throw .disk(error) }
    }
  }
}
