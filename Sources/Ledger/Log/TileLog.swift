import Events
import Foundation

/// The log on disk and its right edge in memory: a state that one owner mutates (`Ledger` guards it with its lock).
///
/// An append is one journal record and one fsync. Publishing moves what the journal holds into details, tiles and a signed checkpoint:
/// in this order, so that the checkpoint is never ahead of the data, and the journal is cut last.
struct TileLog: Sendable {
  struct Draft: Sendable {
    let kind: String
    let project: ProjectID?
    let facts: [String: String]
    let commitment: [UInt8]
    let sealed: [UInt8]
  }

  static let checkpointPath = "checkpoint"

  let files: any LedgerFiles
  var signer: NoteSigner
  var edge = TreeEdge()
  var published: VerifiedCheckpoint
  /// The size of the checkpoint before the published one, as far as this process knows.
  var formerSize: UInt64 = 0
  var lastTime = Timestamp(milliseconds: .min)
  /// The entries from the beginning of the last published, partial bundle on.
  var bundleEntries: [[UInt8]] = []
  /// Of the entries that are in the journal and not published yet, in order.
  var waitingDetails: [[UInt8]] = []
  /// Tiles that entries in the journal filled.
  var waitingTiles: [TreeEdge.Tile] = []
  var waitingBytes = 0

  var size: UInt64 { edge.size }
  var waiting: Int { Int(edge.size - published.size) }
  var bundleStart: UInt64 { published.size / TilePath.width * TilePath.width }

  /// Enters drafts as one record, durable when this returns.
  ///
  /// After the append alone a crash leaves all, part or none of the record; a part is cut when the log opens again. After the fsync all
  /// of it stays. If either fails, the record may or may not come back: an entry for an answer that was never given, which is the side
  /// to err on, and the caller must not append again before the log was opened anew.
  mutating func append(_ drafts: [Draft], now: Timestamp) throws(LedgerError) -> [LedgerReceipt] {
    let time = max(now, lastTime)
    var items: [JournalRecord.Item] = []
    var leaves: [MerkleHash] = []
    for (position, draft) in drafts.enumerated() {
      let entry = LedgerEntry(
        index: size + UInt64(position), kind: draft.kind, time: time, project: draft.project, commitment: draft.commitment,
        facts: draft.facts)
      let bytes = entry.bytes
      items.append(JournalRecord.Item(entry: bytes, details: draft.sealed))
      leaves.append(.leaf(bytes))
    }
    let record = JournalRecord(first: size, items: items)
    try files.append(record.bytes, to: JournalRecord.path)
    try files.synchronize(JournalRecord.path)
    let first = size
    enter(record, leaves: leaves)
    lastTime = time
    return leaves.enumerated().map { LedgerReceipt(index: first + UInt64($0), treeSize: size, time: time, leaf: $1) }
  }

  mutating func enter(_ record: JournalRecord, leaves: [MerkleHash]) {
    for (item, leaf) in zip(record.items, leaves) {
      waitingTiles += edge.append(leaf)
      bundleEntries.append(item.entry)
      waitingDetails.append(item.details)
      waitingBytes += item.entry.count + item.details.count
    }
  }

  /// Moves the journal's entries under a new checkpoint.
  mutating func publish() throws(LedgerError) {
    guard waiting > 0 else { return }
    let older = published.size
    try publishDetails()
    // A crash here leaves details that no checkpoint covers; they are cut when the log opens, and the journal brings them back.
    try publishTiles()
    // A crash here leaves tiles that no checkpoint covers; publishing again writes the same bytes over them.
    try publishCheckpoint()
    let full = Int(bundleStart - older / TilePath.width * TilePath.width)
    bundleEntries.removeFirst(full)
    waitingDetails = []
    waitingTiles = []
    waitingBytes = 0
    // A crash here leaves a journal whose entries are all published; they are skipped when the log opens.
    try files.truncate(JournalRecord.path, to: 0)
    try files.synchronize(JournalRecord.path)
    removePartials(of: [formerSize, older], kept: [older, size])
    formerSize = older
  }

  private func publishDetails() throws(LedgerError) {
    var byFile: [(path: String, frames: [DetailFile.Frame])] = []
    for (position, sealed) in waitingDetails.enumerated() {
      let index = published.size + UInt64(position)
      let path = TilePath.details(index: index / TilePath.width)
      if byFile.last?.path != path { byFile.append((path, [])) }
      byFile[byFile.count - 1].frames.append(DetailFile.Frame(index: index, sealed: sealed))
    }
    var directories: Set<String> = []
    for (path, frames) in byFile {
      try files.makeDirectory(DirectoryName.of(path))
      try files.append(DetailFile(frames: frames).bytes, to: path)
      try files.synchronize(path)
      directories.insert(DirectoryName.of(path))
    }
    for directory in directories { try files.synchronizeDirectory(directory) }
  }

  private func publishTiles() throws(LedgerError) {
    var written: [(path: String, bytes: [UInt8])] = []
    let start = bundleStart
    for bundle in (start / TilePath.width)...(size / TilePath.width) {
      let first = Int(bundle * TilePath.width - start)
      let width = TilePath.occupied(level: 0, index: bundle, size: size)
      guard width > 0, !isPublished(level: 0, index: bundle, width: width) else { continue }
      let entries = bundleEntries[first..<(first + Int(width))]
      written.append((TilePath.entries(index: bundle, width: width), EntryBundle.bytes(entries)))
    }
    for tile in waitingTiles { written.append((TilePath.hashes(level: tile.level, index: tile.index), tile.hashes.flatMap(\.bytes))) }
    for (level, hashes) in edge.levels.enumerated() where !hashes.isEmpty {
      let index = size >> UInt64((level + 1) * TilePath.height)
      if isPublished(level: level, index: index, width: UInt64(hashes.count)) { continue }
      written.append((TilePath.hashes(level: level, index: index, width: UInt64(hashes.count)), hashes.flatMap(\.bytes)))
    }
    var directories: Set<String> = []
    for (path, bytes) in written {
      let directory = DirectoryName.of(path)
      try files.makeDirectory(directory)
      try files.write(bytes, to: path)
      try files.synchronize(path)
      directories.insert(directory)
    }
    for directory in directories { try files.synchronizeDirectory(directory) }
  }

  /// Whether the published checkpoint covers a tile as it is: writing it again would empty it for a moment, in which the power may go.
  private func isPublished(level: Int, index: UInt64, width: UInt64) -> Bool {
    TilePath.occupied(level: level, index: index, size: published.size) == width
  }

  private mutating func publishCheckpoint() throws(LedgerError) {
    let note = try Self.sign(Checkpoint(origin: signer.key.name, size: size, root: edge.root), by: signer)
    try files.replace(Self.checkpointPath, with: Array(note.note.utf8))
    published = note
  }

  /// Signs the published checkpoint again, under the signer of now: after a succession. A crash leaves the old or the new one.
  mutating func signAgain() throws(LedgerError) {
    let note = try Self.sign(published.checkpoint, by: signer)
    try files.replace(Self.checkpointPath, with: Array(note.note.utf8))
    published = note
  }

  static func sign(_ checkpoint: Checkpoint, by signer: NoteSigner) throws(LedgerError) -> VerifiedCheckpoint {
    do {
      return try VerifiedCheckpoint(note: Array(try checkpoint.signed(by: signer).utf8), key: signer.key)
    } catch {
      throw LedgerError(.unwritable, "The ledger's checkpoint could not be signed: \(error)")
    }
  }

  /// Removes partial tiles that the checkpoint before last needed: full ones or wider ones stand in their place. Those of the last
  /// checkpoint stay for a reader who has just read it. What cannot be removed only takes space.
  private func removePartials(of sizes: [UInt64], kept: [UInt64]) {
    func clean(level: Int, path: (UInt64, UInt64) -> String) {
      for index in Set(sizes.map { $0 >> UInt64((level + 1) * TilePath.height) }) {
        let widths = Set(kept.map { TilePath.occupied(level: level, index: index, size: $0) })
        let directory = DirectoryName.of(path(index, 1))
        for name in (try? files.names(in: directory)) ?? [] {
          if let width = UInt64(name), widths.contains(width) { continue }
          try? files.remove(directory + "/" + name)
        }
      }
    }
    for level in edge.levels.indices { clean(level: level) { TilePath.hashes(level: level, index: $0, width: $1) } }
    clean(level: 0) { TilePath.entries(index: $0, width: $1) }
  }
}
