/// Entries with their details as they lie on the disk: opened by whoever needs them, on a thread of its own.
struct SealedBundle: Sendable {
  enum Details: Sendable {
    case sealed([UInt8])
    case erased
    case missing
  }

  let entries: [(entry: LedgerEntry, details: Details)]

  /// A full bundle that the checkpoint covers: nothing but an erasure of details, which replaces their file as a whole, changes it any more,
  /// so that it can be read beside the ledger's own work.
  init(reading number: UInt64, from files: any LedgerFiles) throws(LedgerError) {
    let start = number * TilePath.width
    let bytes = try TileReader(files: files, size: start + TilePath.width).entries(index: number)
    let frames = DetailFile(try files.read(TilePath.details(index: number)) ?? [], bundle: number).frames
    let byIndex = Dictionary(frames.map { ($0.index, $0) }, uniquingKeysWith: { $1 })
    var entries: [(LedgerEntry, Details)] = []
    for (position, bytes) in bytes.enumerated() {
      let index = start + UInt64(position)
      guard let entry = LedgerEntry(index: index, bytes: bytes) else {
        throw LedgerError(.damaged, "The ledger's entry \(index) is not an entry. Run `sealane ledger verify`.")
      }
      entries.append((entry, Self.details(byIndex[index])))
    }
    self.entries = entries
  }

  init(_ entries: [(entry: LedgerEntry, details: Details)]) { self.entries = entries }

  static func details(_ frame: DetailFile.Frame?) -> Details {
    guard let frame else { return .missing }
    return frame.sealed.map { .sealed($0) } ?? .erased
  }
}

extension TileLog {
  /// Entries from `first` on with their details, unopened.
  func sealed(from first: UInt64, limit: Int) throws(LedgerError) -> SealedBundle {
    var found: [(LedgerEntry, SealedBundle.Details)] = []
    var loaded: (number: UInt64, frames: [UInt64: DetailFile.Frame])?
    for entry in try entries(from: first, limit: limit) {
      if entry.index >= published.size {
        found.append((entry, .sealed(waitingDetails[Int(entry.index - published.size)])))
        continue
      }
      let number = entry.index / TilePath.width
      if loaded?.number != number {
        let bytes = try files.read(TilePath.details(index: number)) ?? []
        loaded = (number, Dictionary(DetailFile(bytes, bundle: number).frames.map { ($0.index, $0) }, uniquingKeysWith: { $1 }))
      }
      found.append((entry, SealedBundle.details(loaded?.frames[entry.index])))
    }
    return SealedBundle(found)
  }
}

/// Where the log ends, and where its files are.
struct LedgerEdge: Sendable {
  let files: any LedgerFiles
  let size: UInt64
  let published: UInt64
}

extension Ledger {
  func edge() async throws(LedgerError) -> LedgerEdge {
    try await onQueue { log throws(LedgerError) in LedgerEdge(files: log.files, size: log.size, published: log.published.size) }
  }

  func sealed(from first: UInt64, limit: Int) async throws(LedgerError) -> SealedBundle {
    try await onQueue { log throws(LedgerError) in try log.sealed(from: first, limit: limit) }
  }
}
