internal import Events
import Synchronization

/// What is kept between snapshots, so that a query a second under load sorts only what arrived since the one before.
struct SnapshotCache: Sendable {
  /// Sorted pieces of a memtable, in the order of arrival; each at least twice as large as the next.
  struct Pieces: Sendable {
    let table: Memtable
    /// Rows of the memtable that are in a piece.
    var rowCount = 0
    var orders: [RowOrder] = []
    /// For each piece, its runs.
    var runs: [[ColumnRun]] = []
  }

  var pieces: [Pieces] = []
  var snapshot: StoreSnapshot?
  var layout: UInt64 = 0
  var moved: [UInt32: UInt32] = [:]
  var movedRange: Range<UInt64> = 0..<0
}

extension SegmentStore {
  /// The store as of now. Sorts what arrived since the last one; otherwise free.
  package func snapshot() async throws(StoreError) -> StoreSnapshot { try snapshotNow() }

  /// - Parameter purpose: `storage` has what is held too; such a snapshot is made anew each time.
  func snapshotNow(for purpose: HiddenRows.Purpose = .queries) throws(StoreError) -> StoreSnapshot {
    try snapshots.withLock { cache throws(StoreError) in
      let (current, tables) = state.withLock { ($0, $0.memtables) }
      if purpose == .queries, let known = cache.snapshot, known.dataVersion == current.dataVersion, cache.layout == current.layout {
        return known
      }
      let codes = Dictionary(uniqueKeysWithValues: current.eventNames.enumerated().map { ($1, UInt16($0)) })
      var runs: [ColumnRun] = []
      for segment in current.segments {
        switch purpose {
        case .queries: runs += try segment.visibleRuns(current, codes: codes, cache: self.cache)
        case .storage:
          let hidden = HiddenRows(current, since: segment.file.reference.deletions, for: .storage)
          for run in try segment.columnRuns(codes: codes, cache: self.cache) {
            if let rest = try run.without(hidden, cache: nil) { runs.append(rest) }
          }
        }
      }
      cache.pieces.removeAll { piece in !tables.contains { $0.table === piece.table } }
      for (table, rows) in tables {
        if !cache.pieces.contains(where: { $0.table === table }) { cache.pieces.append(SnapshotCache.Pieces(table: table)) }
        guard let index = cache.pieces.firstIndex(where: { $0.table === table }) else { continue }
        cache.pieces[index].extend(to: rows, journal: current.journal, blockRows: options.blockRows)
        runs += try Self.visible(cache.pieces[index].runs.joined(), of: table, current, for: purpose)
      }
      let merges = cache.merges(journal: current.journal, since: runs.map(\.journalVersion).min() ?? current.journal.version)
      let profiles = Self.profileReader(current, cache: self.cache)
      var snapshot = StoreSnapshot(
        runs: runs, merges: merges, eventNames: current.eventNames, dataVersion: current.dataVersion,
        pseudonym: { [identities] in identities.pseudonym(of: $0) },
        number: { [identities] in identities.number(of: $0).map { current.journal.canonical($0) } },
        profileValue: profiles.value, profileFailure: profiles.failure)
      snapshot.queryMemory = options.queryBytes
      snapshot.scanThreads = scanThreads
      snapshot.usesCounts = options.usesCounts
      if purpose == .queries {
        cache.snapshot = snapshot
        cache.layout = current.layout
      }
      return snapshot
    }
  }

  /// Runs of a memtable without what was deleted or expired since.
  private static func visible(
    _ runs: some Sequence<ColumnRun>, of table: Memtable, _ state: StoreState, for purpose: HiddenRows.Purpose
  ) throws(StoreError) -> [ColumnRun] {
    var visible: [ColumnRun] = []
    var hidden: HiddenRows?
    for run in runs {
      guard UInt64(table.firstDeletion) < state.deletions.version || run.firstTime < state.expiry.before || !state.expiry.events.isEmpty
      else {
        visible.append(run)
        continue
      }
      let rows = hidden ?? HiddenRows(state, since: UInt64(table.firstDeletion), for: purpose)
      hidden = rows
      if let rest = try run.without(rows, cache: nil) { visible.append(rest) }
    }
    return visible
  }

  /// Reads profiles as they are in this state: memory is copied by reference, files stay open.
  private static func profileReader(_ state: StoreState, cache: BlockCache) -> (
    value: @Sendable (UInt32, String) -> StoredValue?, failure: @Sendable () -> String?
  ) {
    let fresh = ([state.active] + state.frozen.reversed()).map { table in
      (images: table.with { $0.profiles }, deletions: UInt64(table.firstDeletion))
    }.filter { !$0.images.isEmpty }
    let (files, deletions) = (state.profileFiles, state.deletions)
    let failure = ProfileFailure()
    return (
      { number, property in
        for table in fresh {
          if deletions.hides(number, since: table.deletions) { return nil }
          if let image = table.images[number] { return image[property] }
        }
        for file in files.reversed() {
          if deletions.hides(number, since: file.file.reference.deletions) { return nil }
          do throws(StoreError) {
            if let image = try file.image(of: number, cache: cache) { return image[property] }
          } catch {
            // An older file's image would be a wrong answer: the whole one becomes an error.
            failure.reason.withLock { $0 = error.description }
            return nil
          }
        }
        return nil
      }, { failure.reason.withLock { $0 } }
    )
  }
}

private final class ProfileFailure: Sendable {
  let reason = Mutex<String?>(nil)
}

extension ProfileImage {
  /// The verified layer's value, else the unverified one's.
  subscript(property: String) -> StoredValue? { verified?[property] ?? unverified?[property] }
}

extension SnapshotCache.Pieces {
  /// Bytes of memory, about, without columns.
  var footprint: Int { rowCount * (MemoryLayout<RowOrder.Key>.stride + 16) }

  /// Brings the pieces up to date with the memtable's first `count` rows.
  mutating func extend(to count: Int, journal: MergeJournal, blockRows: Int) {
    guard count > rowCount else { return }
    let first = rowCount
    let (times, events, raws, properties) = table.with { content in
      (content.times, content.events, content.rawSubjects, Set(content.columns.map(\.name)))
    }
    orders.append(
      RowOrder(times: times[first..<count], rawSubjects: raws[first..<count], firstRow: UInt32(first), journal: journal))
    rowCount = count
    while orders.count >= 2, orders[orders.count - 2].count < 2 * orders[orders.count - 1].count {
      let merged = RowOrder(merging: orders[orders.count - 2], orders[orders.count - 1], journal: journal)
      orders.removeLast(2)
      orders.append(merged)
    }
    // Pieces before the last one are as they were.
    runs.removeLast(max(0, runs.count - (orders.count - 1)))
    if let last = orders.last {
      runs.append(
        table.runs(last, events: events, properties: properties, journalVersion: journal.version, blockRows: blockRows))
    }
  }
}

extension SnapshotCache {
  /// The merges since a version of the journal; continues what it knows where it can.
  fileprivate mutating func merges(journal: MergeJournal, since version: UInt64) -> [UInt32: UInt32] {
    let wanted = version..<max(version, journal.version)
    if wanted != movedRange {
      moved = journal.moved(since: version)
      movedRange = wanted
    }
    return moved
  }
}
