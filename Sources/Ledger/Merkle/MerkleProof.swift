/// Checks of proofs that came from outside: hashes as they were sent, none trusted.
package enum MerkleProof {
  package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    /// `position` in the proof; nil for the leaf's hash or a root.
    case hashIsNot32Bytes(position: Int?)
    case indexIsOutside(index: UInt64, size: UInt64)
    case olderSizeIsZero
    case olderIsNewer(older: UInt64, newer: UInt64)
    case wrongLength(expected: Int, found: Int)
    case equalSizesDiffer
    case rootDiffers(size: UInt64)

    package var description: String {
      switch self {
      case .hashIsNot32Bytes(let position?): "Hash \(position) of the proof is not 32 bytes long."
      case .hashIsNot32Bytes(nil): "The leaf's hash or a root is not 32 bytes long."
      case .indexIsOutside(let index, let size): "The tree has \(size) entries; there is no entry \(index) in it."
      case .olderSizeIsZero: "Nothing can be proven from an empty tree; start from a checkpoint with at least one entry."
      case .olderIsNewer(let older, let newer): "The older tree (\(older) entries) is larger than the newer (\(newer))."
      case .wrongLength(let expected, let found): "The proof has \(found) hashes where \(expected) are needed."
      case .equalSizesDiffer: "Two trees of the same size have different roots: the log was forked."
      case .rootDiffers(let size): "The proof does not lead to the root of the tree with \(size) entries."
      }
    }
  }

  /// RFC 9162, section 2.1.3.2: `leaf` is entry `index` of the tree of `size` entries that has `root`.
  package static func verifyInclusion(leaf: [UInt8], index: UInt64, size: UInt64, proof: [[UInt8]], root: [UInt8]) throws(Failure) {
    guard index < size else { throw .indexIsOutside(index: index, size: size) }
    let leaf = try hash(leaf, nil)
    let root = try hash(root, nil)
    let hashes = try parse(proof)
    var node = index
    var last = size - 1
    var result = leaf
    for sibling in hashes {
      if last == 0 { throw .wrongLength(expected: inclusionLength(index: index, size: size), found: hashes.count) }
      if node & 1 == 1 || node == last {
        result = .node(sibling, result)
        while node & 1 == 0, node != 0 {
          node >>= 1
          last >>= 1
        }
      } else {
        result = .node(result, sibling)
      }
      node >>= 1
      last >>= 1
    }
    if last != 0 { throw .wrongLength(expected: inclusionLength(index: index, size: size), found: hashes.count) }
    if result != root { throw .rootDiffers(size: size) }
  }

  /// RFC 9162, section 2.1.4.2: the tree of `newer` entries begins with the tree of `older` entries.
  ///
  /// An older size of zero is refused, since any tree follows from the empty one and the proof would say nothing.
  package static func verifyConsistency(
    older: UInt64, olderRoot: [UInt8], newer: UInt64, newerRoot: [UInt8], proof: [[UInt8]]
  ) throws(Failure) {
    guard older > 0 else { throw .olderSizeIsZero }
    guard older <= newer else { throw .olderIsNewer(older: older, newer: newer) }
    let olderRoot = try hash(olderRoot, nil)
    let newerRoot = try hash(newerRoot, nil)
    var hashes = try parse(proof)[...]
    if older == newer {
      if !hashes.isEmpty { throw .wrongLength(expected: 0, found: hashes.count) }
      if olderRoot != newerRoot { throw .equalSizesDiffer }
      return
    }
    let found = hashes.count
    if older & (older - 1) == 0 { hashes = ([olderRoot] + hashes)[...] }
    guard let seed = hashes.popFirst() else { throw .wrongLength(expected: 1, found: found) }
    var node = older - 1
    var last = newer - 1
    while node & 1 == 1 {
      node >>= 1
      last >>= 1
    }
    var olderResult = seed
    var newerResult = seed
    for sibling in hashes {
      if last == 0 { throw .rootDiffers(size: newer) }
      if node & 1 == 1 || node == last {
        olderResult = .node(sibling, olderResult)
        newerResult = .node(sibling, newerResult)
        while node & 1 == 0, node != 0 {
          node >>= 1
          last >>= 1
        }
      } else {
        newerResult = .node(newerResult, sibling)
      }
      node >>= 1
      last >>= 1
    }
    if olderResult != olderRoot { throw .rootDiffers(size: older) }
    if newerResult != newerRoot || last != 0 { throw .rootDiffers(size: newer) }
  }

  private static func parse(_ proof: [[UInt8]]) throws(Failure) -> [MerkleHash] {
    var hashes: [MerkleHash] = []
    hashes.reserveCapacity(proof.count)
    for (position, bytes) in proof.enumerated() { hashes.append(try hash(bytes, position)) }
    return hashes
  }

  private static func hash(_ bytes: [UInt8], _ position: Int?) throws(Failure) -> MerkleHash {
    guard let hash = MerkleHash(bytes) else { throw .hashIsNot32Bytes(position: position) }
    return hash
  }

  /// How many siblings a leaf has on its way up: RFC 9162's inner and border nodes.
  private static func inclusionLength(index: UInt64, size: UInt64) -> Int {
    let inner = 64 - (index ^ (size - 1)).leadingZeroBitCount
    return inner + (inner < 64 ? (index >> UInt64(inner)).nonzeroBitCount : 0)
  }
}
