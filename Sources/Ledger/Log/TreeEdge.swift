/// The right edge of the tree: the hashes of the last, partial tile of every level. All that an append needs.
struct TreeEdge: Sendable {
  struct Tile: Sendable {
    let level: Int
    let index: UInt64
    /// 256 of them.
    let hashes: [MerkleHash]
  }

  private(set) var size: UInt64 = 0
  /// By level; each below 256 hashes. Always one at least.
  private(set) var levels: [[MerkleHash]] = [[]]

  init() {}

  /// `levels` as they are in a tree of `size` entries.
  init(size: UInt64, levels: [[MerkleHash]]) {
    self.size = size
    self.levels = levels.isEmpty ? [[]] : levels
  }

  /// Adds a leaf and returns the tiles that it fills, lowest level first; almost always none.
  mutating func append(_ leaf: MerkleHash) -> [Tile] {
    size += 1
    levels[0].append(leaf)
    var filled: [Tile] = []
    var level = 0
    while levels[level].count == Int(TilePath.width) {
      let tile = Tile(level: level, index: (size >> UInt64((level + 1) * TilePath.height)) - 1, hashes: levels[level])
      filled.append(tile)
      levels[level] = []
      if level + 1 == levels.count { levels.append([]) }
      levels[level + 1].append(MerkleTree.root(of: tile.hashes))
      level += 1
    }
    return filled
  }

  /// The root of the whole tree: the complete subtrees of the edge, joined from the right.
  var root: MerkleHash {
    var result: MerkleHash?
    for hashes in levels {
      var end = hashes.count
      while end > 0 {
        let width = 1 << end.trailingZeroBitCount
        let subtree = MerkleTree.root(of: hashes[(end - width)..<end])
        result = result.map { .node(subtree, $0) } ?? subtree
        end -= width
      }
    }
    return result ?? .emptyTree
  }
}
