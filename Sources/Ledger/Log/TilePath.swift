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
