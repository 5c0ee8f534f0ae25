import Events

extension TileLog {
  /// Reads the log back: what the last checkpoint covers, then the journal. Cuts what a crash left unfinished, and only that.
  ///
  /// - Throws: `damaged` where something that was acknowledged is missing or altered. Nothing is repaired by guessing.
  static func open(_ files: any LedgerFiles, signer: NoteSigner) throws(LedgerError) -> TileLog {
    guard let note = try files.read(checkpointPath) else { return try create(files, signer: signer) }
    let checkpoint: VerifiedCheckpoint
    var isOfPredecessor = false
    do {
      checkpoint = try VerifiedCheckpoint(note: note, key: signer.key)
    } catch {
      guard let found = try checkpointOfPredecessor(note, files, of: signer.key) else {
        throw LedgerError(.damaged, "The ledger's checkpoint is not one of \(signer.key.name) under the signing key at hand: \(error)")
      }
      checkpoint = found
      isOfPredecessor = true
    }
    var log = TileLog(files: files, signer: signer, published: checkpoint)
    try log.readEdge()
    try log.cutDetails()
    try log.readJournal()
    if isOfPredecessor { try log.signAgain() }
    return log
  }

  /// The checkpoint as the key before this one signed it, where an entry of this log hands over from that one to this: a crash came between.
  ///
  /// - Throws: `refused` where it is the other way round.
  private static func checkpointOfPredecessor(
    _ note: [UInt8], _ files: any LedgerFiles, of key: NoteKey
  ) throws(LedgerError) -> VerifiedCheckpoint? {
    let chain = SigningChain(try EntryScan(files).entries(ofKinds: [AdministrativeEntry.signingKeyRotatedKind]))
    if let successor = chain.successors(of: key).last, (try? VerifiedCheckpoint(note: note, key: successor)) != nil {
      throw LedgerError(
        .refused,
        "The ledger was handed over to a newer signing key than the one at hand: the key directory, or what the key command prints, is of "
          + "before the last “sealane keys rotate”. Put the newest keys there.")
    }
    guard let previous = chain.successions.last(where: { $0.succession.next == key })?.succession.previous else { return nil }
    return try? VerifiedCheckpoint(note: note, key: previous)
  }

  /// A new ledger. The checkpoint of the empty log is its birth certificate: without it and with data, somebody removed it.
  private static func create(_ files: any LedgerFiles, signer: NoteSigner) throws(LedgerError) -> TileLog {
    let journal = try files.read(JournalRecord.path) ?? []
    let hasTiles = try !files.names(in: "tile/0").isEmpty
    guard journal.isEmpty, !hasTiles else {
      throw LedgerError(.damaged, "The ledger's checkpoint is missing while its data are there. Restore the checkpoint from a backup.")
    }
    let empty = try sign(Checkpoint(origin: signer.key.name, size: 0, root: .emptyTree), by: signer)
    let log = TileLog(files: files, signer: signer, published: empty)
    try files.makeDirectory("tile/entries")
    try files.makeDirectory("tile/0")
    try files.makeDirectory("details")
    try files.write([], to: JournalRecord.path)
    try files.synchronize(JournalRecord.path)
    // A crash here leaves empty directories and an empty journal: still a new ledger.
    try files.replace(checkpointPath, with: Array(empty.note.utf8))
    return log
  }

  private mutating func readEdge() throws(LedgerError) {
    let reader = TileReader(files: files, size: published.size)
    var levels: [[MerkleHash]] = []
    var level = 0
    while level == 0 || published.size >> UInt64(level * TilePath.height) > 0 {
      let index = published.size >> UInt64((level + 1) * TilePath.height)
      let width = TilePath.occupied(level: level, index: index, size: published.size)
      levels.append(width == 0 ? [] : try reader.hashes(level: level, index: index))
      level += 1
      if level == 8 { break }
    }
    edge = TreeEdge(size: published.size, levels: levels)
    guard edge.root == published.root else {
      throw LedgerError(.damaged, "The ledger's tiles do not have the root of its checkpoint. Run `sealane ledger verify` for the place.")
    }
    if published.size % TilePath.width > 0 {
      bundleEntries = try reader.entries(index: published.size / TilePath.width)
      guard bundleEntries.map(MerkleHash.leaf) == edge.levels[0] else {
        throw LedgerError(.damaged, "The ledger's last entry bundle does not fit its hashes. Run `sealane ledger verify` for the place.")
      }
    }
    // The bundle may be empty while the log is not: the last entry then closes the bundle before.
    var lastEntry = bundleEntries.last
    if lastEntry == nil, published.size > 0 { lastEntry = try reader.entries(index: published.size / TilePath.width - 1).last }
    if let lastEntry {
      guard let entry = LedgerEntry(index: published.size - 1, bytes: lastEntry) else {
        throw LedgerError(.damaged, "The ledger's entry \(published.size - 1) is not an entry.")
      }
      lastTime = entry.time
    }
  }

  /// Cuts details that a publication left behind which did not come as far as its checkpoint; the journal has them.
  private func cutDetails() throws(LedgerError) {
    var bundle = published.size / TilePath.width
    while let bytes = try files.read(TilePath.details(index: bundle)) {
      let path = TilePath.details(index: bundle)
      let file = DetailFile(bytes, bundle: bundle)
      let kept = DetailFile(frames: file.frames.filter { $0.index < published.size }).bytes
      if kept.isEmpty {
        try files.remove(path)
        try files.synchronizeDirectory(DirectoryName.of(path))
      } else if kept.count < bytes.count {
        try files.truncate(path, to: kept.count)
        try files.synchronize(path)
      }
      bundle += 1
    }
  }

  private mutating func readJournal() throws(LedgerError) {
    let journal = try files.read(JournalRecord.path) ?? []
    let (records, validLength) = try JournalRecord.read(journal, publishedSize: published.size)
    for record in records where record.first + UInt64(record.items.count) > published.size {
      guard record.first == size else {
        throw LedgerError(
          .damaged,
          "The ledger's journal continues at entry \(record.first), but the log has \(size) entries: the checkpoint or the journal "
            + "was restored from another time. Restore the whole ledger directory from one backup.")
      }
      for item in record.items {
        guard let entry = LedgerEntry(index: size, bytes: item.entry), entry.time >= lastTime else {
          throw LedgerError(.damaged, "The ledger's journal holds something at entry \(size) that is not an entry in order of time.")
        }
        lastTime = entry.time
        enter(JournalRecord(first: size, items: [item]), leaves: [.leaf(item.entry)])
      }
    }
    if validLength < journal.count {
      // The torn end of an append that was never acknowledged.
      try files.truncate(JournalRecord.path, to: validLength)
      try files.synchronize(JournalRecord.path)
    }
  }
}
