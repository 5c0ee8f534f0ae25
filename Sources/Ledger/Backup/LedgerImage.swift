/// A ledger's files as of one checkpoint, while it goes on: what may change or go soon is in memory, the rest is read when it is copied.
package struct LedgerImage: Sendable {
  /// Entries under the checkpoint.
  package let size: UInt64
  /// The checkpoint, partial tiles, and the details that grow.
  let taken: [(path: String, bytes: [UInt8])]
  /// Full tiles and bundles, and the details of those.
  let lasting: [String]
  private let files: any LedgerFiles

  fileprivate init(_ log: TileLog) throws(LedgerError) {
    files = log.files
    size = log.published.size
    var taken = [(path: TileLog.checkpointPath, bytes: Array(log.published.note.utf8))]
    var lasting: [String] = []
    func take(_ path: String) throws(LedgerError) {
      guard let bytes = try log.files.read(path) else {
        throw LedgerError(.damaged, "The ledger's file \(path) is missing. Run `sealane ledger verify`.")
      }
      taken.append((path, bytes))
    }
    for level in log.edge.levels.indices {
      let full = size >> UInt64((level + 1) * TilePath.height)
      for index in 0..<full { lasting.append(TilePath.hashes(level: level, index: index)) }
      let width = TilePath.occupied(level: level, index: full, size: size)
      if width > 0 { try take(TilePath.hashes(level: level, index: full, width: width)) }
    }
    let bundles = size / TilePath.width
    for index in 0..<bundles {
      lasting.append(TilePath.entries(index: index))
      lasting.append(TilePath.details(index: index))
    }
    if size % TilePath.width > 0 {
      try take(TilePath.entries(index: bundles, width: size % TilePath.width))
      try take(TilePath.details(index: bundles))
    }
    for name in try log.files.names(in: CosignedFile.directory).sorted() where CosignedFile.isName(name) {
      try take(CosignedFile.directory + "/" + name)
    }
    self.taken = taken
    self.lasting = lasting
  }

  func bytes(of path: String) throws(LedgerError) -> [UInt8] {
    guard let bytes = try files.read(path) else {
      throw LedgerError(.damaged, "The ledger's file \(path) is missing. Run `sealane ledger verify`.")
    }
    return bytes
  }
}

extension Ledger {
  /// Publishes what waits and takes the state as of that checkpoint: for a backup.
  package func image() async throws(LedgerError) -> LedgerImage {
    try await writing { log throws(LedgerError) in
      try self.publish(&log)
      return try LedgerImage(log)
    }
  }
}
