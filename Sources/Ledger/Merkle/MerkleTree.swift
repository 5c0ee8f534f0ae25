/// The tree of RFC 9162, section 2.1, over hashes that somebody else keeps.
package enum MerkleTree {
  /// The root over these hashes of neighbours at one level. The empty tree's is SHA-256 of nothing.
  package static func root(of hashes: ArraySlice<MerkleHash>) -> MerkleHash {
    guard let first = hashes.first else { return .emptyTree }
    if hashes.count == 1 { return first }
    let middle = hashes.startIndex + Int(split(UInt64(hashes.count)))
    return .node(root(of: hashes[..<middle]), root(of: hashes[middle...]))
  }

  package static func root(of hashes: [MerkleHash]) -> MerkleHash { root(of: hashes[...]) }

  /// The largest power of two smaller than `size`, which is at least 2: where a tree divides.
  static func split(_ size: UInt64) -> UInt64 { 1 << (63 - UInt64((size - 1).leadingZeroBitCount)) }
}

/// Gives the hash of any complete subtree: `height` 0 is a leaf, `index` counts subtrees of that height from the left.
package protocol MerkleNodes {
  func hash(height: Int, index: UInt64) throws(LedgerError) -> MerkleHash
}

extension MerkleNodes {
  /// The root over leaves `range`, which begins at a multiple of the power of two that holds it.
  package func root(of range: Range<UInt64>) throws(LedgerError) -> MerkleHash {
    let size = range.upperBound - range.lowerBound
    if size == 0 { return .emptyTree }
    if size & (size - 1) == 0 {
      let height = size.trailingZeroBitCount
      return try hash(height: height, index: range.lowerBound >> UInt64(height))
    }
    let middle = range.lowerBound + MerkleTree.split(size)
    return .node(try root(of: range.lowerBound..<middle), try root(of: middle..<range.upperBound))
  }

  /// RFC 9162, section 2.1.3.1. From the leaf's sibling up. `index` is below `size`.
  package func inclusionProof(of index: UInt64, in size: UInt64) throws(LedgerError) -> [MerkleHash] {
    var proof: [MerkleHash] = []
    var range = 0..<size
    while range.upperBound - range.lowerBound > 1 {
      let middle = range.lowerBound + MerkleTree.split(range.upperBound - range.lowerBound)
      if index < middle {
        proof.append(try root(of: middle..<range.upperBound))
        range = range.lowerBound..<middle
      } else {
        proof.append(try root(of: range.lowerBound..<middle))
        range = middle..<range.upperBound
      }
    }
    return proof.reversed()
  }

  /// RFC 9162, section 2.1.4.1. Empty if the sizes are equal. `older` is at least 1 and at most `newer`.
  package func consistencyProof(from older: UInt64, to newer: UInt64) throws(LedgerError) -> [MerkleHash] {
    if older == newer { return [] }
    var proof: [MerkleHash] = []
    var range = 0..<newer
    // Whether the verifier knows the older tree's root over what remains: true as long as the walk never went right.
    var isWholeOlderTree = true
    while range.upperBound != older {
      let middle = range.lowerBound + MerkleTree.split(range.upperBound - range.lowerBound)
      if older <= middle {
        proof.append(try root(of: middle..<range.upperBound))
        range = range.lowerBound..<middle
      } else {
        proof.append(try root(of: range.lowerBound..<middle))
        range = middle..<range.upperBound
        isWholeOlderTree = false
      }
    }
    if !isWholeOlderTree { proof.append(try root(of: range)) }
    return proof.reversed()
  }
}
