import Events

/// An entry with what is known beside it.
package struct LedgerRecord: Sendable, Hashable {
  package enum Detail: Sendable, Hashable {
    case present(LedgerDetail)
    /// Removed for good, by an entry that says so.
    case erased
    /// Missing, or not to be opened with the keys at hand. Given only to whoever asks to go on nevertheless.
    case unreadable
  }

  package let entry: LedgerEntry
  package let detail: Detail
}

extension Ledger {
  /// Entries that one call returns at most.
  package static let maximumPage = 1000

  /// How many entries there are, those included that no checkpoint covers yet.
  package func count() async throws(LedgerError) -> UInt64 { try await onQueue { log throws(LedgerError) in log.size } }

  /// The last checkpoint: a signed note.
  package func checkpoint() async throws(LedgerError) -> VerifiedCheckpoint {
    try await onQueue { log throws(LedgerError) in log.published }
  }

  /// Entries from `first` on, oldest first, at most `limit` (and `maximumPage`). Says nothing about anybody.
  package func entries(from first: UInt64, limit: Int) async throws(LedgerError) -> [LedgerEntry] {
    try await onQueue { log throws(LedgerError) in try log.entries(from: first, limit: min(limit, Self.maximumPage)) }
  }

  /// As `entries`, with their details. Whoever shows them enters a disclosure first.
  ///
  /// - Parameter goesOn: whether details that cannot be read are told of one by one, and are not an error of the whole.
  package func records(from first: UInt64, limit: Int, goesOn: Bool = false) async throws(LedgerError) -> [LedgerRecord] {
    let sealer = sealer
    return try await onQueue { log throws(LedgerError) in
      try log.records(from: first, limit: min(limit, Self.maximumPage), sealer: sealer, goesOn: goesOn)
    }
  }

  /// The details of one entry, nil once they are erased. Whoever shows them enters a disclosure first.
  ///
  /// - Throws: `refused` where there is no such entry, `damaged` where its details are missing or do not fit it.
  package func detail(of index: UInt64) async throws(LedgerError) -> LedgerDetail? {
    guard let record = try await records(from: index, limit: 1).first else {
      throw LedgerError(.refused, "The ledger has no entry \(index).")
    }
    if case .present(let detail) = record.detail { return detail }
    return nil
  }

  /// The details of one entry as its commitment is over them: `SHA-256(salt ‖ json)`. Nil once they are erased.
  ///
  /// Whoever has both can check that an entry says what it is said to say; whoever has not learns nothing from the entry.
  package func opening(of index: UInt64) async throws(LedgerError) -> (salt: [UInt8], json: [UInt8])? {
    guard let (entry, details) = try await sealed(from: index, limit: 1).entries.first, case .sealed(let sealed) = details else {
      return nil
    }
    return try? sealer.parts(sealed, commitment: entry.commitment)
  }

  /// The siblings from entry `index` up to the root of `size` entries, the published size if nil.
  ///
  /// - Throws: `refused` where the checkpoint does not cover it.
  package func inclusionProof(of index: UInt64, in size: UInt64? = nil) async throws(LedgerError) -> (size: UInt64, proof: [MerkleHash]) {
    try await onQueue { log throws(LedgerError) in
      let size = size ?? log.published.size
      guard index < size, size <= log.published.size else {
        throw LedgerError(
          .refused, "The checkpoint covers \(log.published.size) entries; no proof of entry \(index) among \(size) can be made.")
      }
      return (size, try TileReader(files: log.files, size: log.published.size).inclusionProof(of: index, in: size))
    }
  }

  /// That the log of `newer` entries begins with that of `older`; the published size if nil.
  package func consistencyProof(from older: UInt64, to newer: UInt64? = nil) async throws(LedgerError) -> [MerkleHash] {
    try await onQueue { log throws(LedgerError) in
      let newer = newer ?? log.published.size
      guard older > 0, older <= newer, newer <= log.published.size else {
        throw LedgerError(
          .refused,
          "The checkpoint covers \(log.published.size) entries; a proof from \(older) to \(newer) cannot be made (from at least 1).")
      }
      return try TileReader(files: log.files, size: log.published.size).consistencyProof(from: older, to: newer)
    }
  }

  /// Removes the details of one entry for good. The log keeps its entry and its commitment, and a new entry says what was done.
  package func eraseDetail(of index: UInt64, by principal: Principal) async throws(LedgerError) {
    guard index < (try await count()) else { throw LedgerError(.refused, "The ledger has no entry \(index).") }
    try await record(.detailErased(index: index), by: principal)
    try await writing { log throws(LedgerError) in
      try self.publish(&log)
      try log.eraseDetail(of: index)
    }
  }
}

extension TileLog {
  func entries(from first: UInt64, limit: Int) throws(LedgerError) -> [LedgerEntry] {
    guard first < size else { return [] }
    var entries: [LedgerEntry] = []
    let end = min(size, first + UInt64(max(limit, 0)))
    var index = first
    var bundle: (number: UInt64, entries: [[UInt8]])?
    while index < end {
      let bytes: [UInt8]
      if index >= bundleStart {
        bytes = bundleEntries[Int(index - bundleStart)]
      } else {
        let number = index / TilePath.width
        let loaded: [[UInt8]]
        if let bundle, bundle.number == number {
          loaded = bundle.entries
        } else {
          loaded = try TileReader(files: files, size: published.size).entries(index: number)
          bundle = (number, loaded)
        }
        bytes = loaded[Int(index % TilePath.width)]
      }
      guard let entry = LedgerEntry(index: index, bytes: bytes) else {
        throw LedgerError(.damaged, "The ledger's entry \(index) is not an entry. Run `sealane ledger verify`.")
      }
      entries.append(entry)
      index += 1
    }
    return entries
  }

  func records(from first: UInt64, limit: Int, sealer: DetailSealer, goesOn: Bool) throws(LedgerError) -> [LedgerRecord] {
    var records: [LedgerRecord] = []
    for (entry, details) in try sealed(from: first, limit: limit).entries {
      switch details {
      case .erased: records.append(LedgerRecord(entry: entry, detail: .erased))
      case .missing where goesOn: records.append(LedgerRecord(entry: entry, detail: .unreadable))
      case .missing:
        throw LedgerError(.damaged, "The details of ledger entry \(entry.index) are missing. Run `sealane ledger verify`.")
      case .sealed(let sealed):
        do {
          records.append(LedgerRecord(entry: entry, detail: .present(try sealer.open(sealed, commitment: entry.commitment))))
        } catch {
          guard goesOn else {
            throw LedgerError(.damaged, "The details of ledger entry \(entry.index) do not fit its commitment or the key at hand.")
          }
          records.append(LedgerRecord(entry: entry, detail: .unreadable))
        }
      }
    }
    return records
  }

  /// The entry is published.
  func eraseDetail(of index: UInt64) throws(LedgerError) {
    let path = TilePath.details(index: index / TilePath.width)
    guard let bytes = try files.read(path) else { return }
    var file = DetailFile(bytes, bundle: index / TilePath.width)
    file.frames = file.frames.map { $0.index == index ? DetailFile.Frame(index: index, sealed: nil) : $0 }
    // A crash before the file is replaced leaves the details with an entry that announces their end; erasing again finishes it.
    try files.replace(path, with: file.bytes)
  }
}
