internal import Crypto
package import Ledger

/// Values that are committed to in ascending order, so that a gap between two neighbours proves that nothing is there: a statement's names, a
/// dispatch's letters.
package struct SortedTree: Sendable {
  /// 32 bytes each, ascending, each once.
  package let leaves: [[UInt8]]
  /// By height; `levels[0]` are the leaves' hashes. Only complete subtrees.
  private let levels: [[MerkleHash]]

  /// Of a statement: SHA-256 of a VOPRF's output.
  package static func leaf(ofOutput output: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: output)) }

  /// - Parameter unsorted: 32 bytes each; what comes twice counts once.
  package init(_ unsorted: [[UInt8]]) {
    let sorted = unsorted.sorted { $0.lexicographicallyPrecedes($1) }
    var leaves: [[UInt8]] = []
    leaves.reserveCapacity(sorted.count)
    for leaf in sorted where leaf != leaves.last { leaves.append(leaf) }
    self.leaves = leaves
    var levels = [leaves.map { MerkleHash.leaf($0) }]
    while let below = levels.last, below.count > 1 {
      levels.append((0..<below.count / 2).map { MerkleHash.node(below[2 * $0], below[2 * $0 + 1]) })
    }
    self.levels = levels
  }

  package var size: UInt64 { UInt64(leaves.count) }

  package var root: MerkleHash {
    get throws(LedgerError) { try Nodes(levels: levels).root(of: 0..<size) }
  }

  /// Where a leaf stands, or else where it would.
  private func index(of leaf: [UInt8]) -> Int {
    var (low, high) = (0, leaves.count)
    while low < high {
      let middle = (low + high) / 2
      if leaves[middle].lexicographicallyPrecedes(leaf) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  package func witness(at index: Int) throws(LedgerError) -> TreePlace.Leaf {
    TreePlace.Leaf(
      index: UInt64(index), value: leaves[index],
      path: try Nodes(levels: levels).inclusionProof(of: UInt64(index), in: size).map(\.bytes))
  }

  /// That a leaf is in the tree, or that it is not.
  package func place(of leaf: [UInt8]) throws(LedgerError) -> TreePlace {
    let index = index(of: leaf)
    if index < leaves.count, leaves[index] == leaf { return .included(try witness(at: index)) }
    return .absent(before: index > 0 ? try witness(at: index - 1) : nil, after: index < leaves.count ? try witness(at: index) : nil)
  }

  private struct Nodes: MerkleNodes {
    let levels: [[MerkleHash]]
    func hash(height: Int, index: UInt64) throws(LedgerError) -> MerkleHash { levels[height][Int(index)] }
  }
}

/// Where a leaf stands in a sorted tree, or between which neighbours it does not.
package enum TreePlace: Sendable, Hashable {
  package struct Leaf: Sendable, Hashable {
    package let index: UInt64
    /// 32 bytes.
    package let value: [UInt8]
    /// From the sibling up.
    package let path: [[UInt8]]

    package init(index: UInt64, value: [UInt8], path: [[UInt8]]) {
      self.index = index
      self.value = value
      self.path = path
    }
  }

  case included(Leaf)
  /// Nil where there is no neighbour on that side.
  case absent(before: Leaf?, after: Leaf?)

  /// Whether `leaf` is in the tree of this size and root.
  ///
  /// - Throws: `Failure` or `MerkleProof.Failure` where neither is proven.
  package func isIncluded(_ leaf: [UInt8], size: UInt64, root: MerkleHash) throws -> Bool {
    func verify(_ neighbour: Leaf) throws {
      try MerkleProof.verifyInclusion(
        leaf: MerkleHash.leaf(neighbour.value).bytes, index: neighbour.index, size: size, proof: neighbour.path, root: root.bytes)
    }
    switch self {
    case .included(let place):
      guard place.value == leaf else { throw Failure.anotherLeaf }
      try verify(place)
      return true
    case .absent(let before, let after):
      if let before {
        try verify(before)
        guard before.value.lexicographicallyPrecedes(leaf) else { throw Failure.notBetween }
      }
      if let after {
        try verify(after)
        guard leaf.lexicographicallyPrecedes(after.value) else { throw Failure.notBetween }
      }
      switch (before, after) {
      case (nil, nil): guard size == 0, root == .emptyTree else { throw Failure.notNeighbours }
      case (nil, let after?): guard after.index == 0 else { throw Failure.notNeighbours }
      case (let before?, nil): guard before.index == size - 1 else { throw Failure.notNeighbours }
      case (let before?, let after?): guard after.index == before.index + 1 else { throw Failure.notNeighbours }
      }
      return false
    }
  }

  package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    case anotherLeaf, notBetween, notNeighbours

    package var description: String {
      switch self {
      case .anotherLeaf: "The place that is shown is not the one of this value."
      case .notBetween: "The neighbours that are shown do not stand on either side of this value."
      case .notNeighbours: "The places that are shown are not next to each other, so that something may stand between them."
      }
    }
  }
}
