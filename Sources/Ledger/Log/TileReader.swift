/// Hashes and entries of a published log, read from its tiles. Keeps nothing but the last tile of each level.
struct TileReader: MerkleNodes {
  let files: any LedgerFiles
  /// The published size: says how wide the last tile of each level is.
  let size: UInt64

  func hashes(level: Int, index: UInt64) throws(LedgerError) -> [MerkleHash] {
    let width = TilePath.occupied(level: level, index: index, size: size)
    let path = TilePath.hashes(level: level, index: index, width: width)
    guard let bytes = try files.read(path) else { throw LedgerError(.damaged, "The ledger's tile \(path) is missing.") }
    guard bytes.count == Int(width) * MerkleHash.byteCount else {
      throw LedgerError(.damaged, "The ledger's tile \(path) is \(bytes.count) bytes long instead of \(Int(width) * MerkleHash.byteCount).")
    }
    return stride(from: 0, to: bytes.count, by: MerkleHash.byteCount).compactMap { MerkleHash(bytes[$0..<($0 + MerkleHash.byteCount)]) }
  }

  /// The entries of bundle `index`: 256, or what the published size leaves for the last.
  func entries(index: UInt64) throws(LedgerError) -> [[UInt8]] {
    let width = TilePath.occupied(level: 0, index: index, size: size)
    let path = TilePath.entries(index: index, width: width)
    guard let bytes = try files.read(path) else { throw LedgerError(.damaged, "The ledger's entry bundle \(path) is missing.") }
    guard let entries = EntryBundle.entries(bytes), entries.count == Int(width) else {
      throw LedgerError(.damaged, "The ledger's entry bundle \(path) does not hold \(width) whole entries.")
    }
    return entries
  }

  func hash(height: Int, index: UInt64) throws(LedgerError) -> MerkleHash {
    let level = height / TilePath.height
    let span = UInt64(1) << UInt64(height % TilePath.height)
    let first = index * span
    let tile = try hashes(level: level, index: first / TilePath.width)
    let start = Int(first % TilePath.width)
    guard start + Int(span) <= tile.count else {
      throw LedgerError(.refused, "The published ledger has \(size) entries; the proof asks for more.")
    }
    return MerkleTree.root(of: tile[start..<(start + Int(span))])
  }
}

/// Entries one after another, each after its length in two bytes, big-endian: C2SP tlog-tiles.
enum EntryBundle {
  static let maximumEntryBytes = 65_535

  static func bytes(_ entries: some Sequence<[UInt8]>) -> [UInt8] {
    var bytes: [UInt8] = []
    for entry in entries {
      bytes.append(UInt8(truncatingIfNeeded: entry.count >> 8))
      bytes.append(UInt8(truncatingIfNeeded: entry.count))
      bytes += entry
    }
    return bytes
  }

  /// Nil if the last one is cut.
  static func entries(_ bytes: [UInt8]) -> [[UInt8]]? {
    var entries: [[UInt8]] = []
    var position = 0
    while position < bytes.count {
      guard position + 2 <= bytes.count else { return nil }
      let end = position + 2 + (Int(bytes[position]) << 8 | Int(bytes[position + 1]))
      guard end <= bytes.count else { return nil }
      entries.append(Array(bytes[(position + 2)..<end]))
      position = end
    }
    return entries
  }
}
