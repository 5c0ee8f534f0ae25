/// Where tiles stand, relative to the ledger's directory: C2SP tlog-tiles.
package enum TilePath {
  /// Hashes in a full tile, and entries in a full entry bundle.
  package static let width: UInt64 = 256
  /// Levels of the tree from one tile's level to the next: log2 of the width.
  package static let height = 8

  /// `width` 256 is a full tile, less a partial one.
  package static func hashes(level: Int, index: UInt64, width: UInt64 = width) -> String {
    "tile/\(level)/" + number(index) + partial(width)
  }

  package static func entries(index: UInt64, width: UInt64 = width) -> String { "tile/entries/" + number(index) + partial(width) }

  /// The details of the entries of bundle `index`.
  package static func details(index: UInt64) -> String { "details/" + number(index) }

  private static func partial(_ width: UInt64) -> String { width == Self.width ? "" : ".p/\(width)" }

  /// Groups of three digits, all but the last with an x before: 1234067 is `x001/x234/067`.
  static func number(_ index: UInt64) -> String {
    var rest = index / 1000
    var path = digits(index % 1000)
    while rest > 0 {
      path = "x\(digits(rest % 1000))/\(path)"
      rest /= 1000
    }
    return path
  }

  private static func digits(_ value: UInt64) -> String {
    let text = String(value)
    return String(repeating: "0", count: 3 - text.count) + text
  }

  /// How many hashes of tile `index` at `level` a tree of `size` entries has: 256 if the tile is full, 0 if it has none yet.
  static func occupied(level: Int, index: UInt64, size: UInt64) -> UInt64 {
    let hashes = level * height < 64 ? size >> UInt64(level * height) : 0
    return hashes > index * width ? min(width, hashes - index * width) : 0
  }
}

extension TilePath {
  /// A hash tile as somebody asks for it.
  package struct HashTile: Sendable, Hashable {
    package let level: Int
    package let index: UInt64
    /// 256: a full one.
    package let width: UInt64

    /// Reads what stands behind `tile/`: level, number in groups of three digits, and perhaps `.p/<width>`. Nil for anything else; a number
    /// has one spelling.
    package init?(path: [String]) {
      var parts = path[...]
      guard let first = parts.popFirst(), let level = Int(first), String(level) == first, (0..<8).contains(level) else { return nil }
      var width = TilePath.width
      if parts.count >= 2, let last = parts.last, let stem = parts.dropLast().last, stem.hasSuffix(".p") {
        guard let number = UInt64(last), String(number) == last, (1..<TilePath.width).contains(number) else { return nil }
        width = number
        parts.removeLast(2)
        parts.append(String(stem.dropLast(2)))
      }
      guard (1...6).contains(parts.count) else { return nil }
      var index: UInt64 = 0
      for (position, part) in parts.enumerated() {
        let digits = position < parts.count - 1 ? part.dropFirst(part.hasPrefix("x") ? 1 : part.count) : part[...]
        guard digits.utf8.count == 3, digits.utf8.allSatisfy({ (48...57).contains($0) }), let value = UInt64(digits) else { return nil }
        index = index * 1000 + value
      }
      guard TilePath.number(index) == parts.joined(separator: "/") else { return nil }
      self.level = level
      self.index = index
      self.width = width
    }
  }
}

extension Ledger {
  /// The hashes of a tile, as many as are asked for: also those of partial tiles of earlier checkpoints, which later ones begin with. Nil
  /// where the published log has not so many.
  package func hashes(of tile: TilePath.HashTile) async throws(LedgerError) -> [UInt8]? {
    try await onQueue { log throws(LedgerError) in
      let size = log.published.size
      guard TilePath.occupied(level: tile.level, index: tile.index, size: size) >= tile.width else { return nil }
      return try TileReader(files: log.files, size: size).hashes(level: tile.level, index: tile.index).prefix(Int(tile.width)).flatMap(
        \.bytes)
    }
  }
}
