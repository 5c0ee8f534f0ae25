import Foundation
import Ledger
import Testing

/// The tree in memory, the plainest way: what tiles and proofs are compared with.
struct PlainTree: MerkleNodes {
  let leaves: [MerkleHash]

  init(size: Int) { leaves = (0..<size).map { MerkleHash.leaf(Array("entry \($0)".utf8)) } }
  init(entries: [[UInt8]]) { leaves = entries.map { MerkleHash.leaf($0) } }

  func root(_ size: Int) -> MerkleHash { MerkleTree.root(of: leaves[..<size]) }

  func hash(height: Int, index: UInt64) throws(LedgerError) -> MerkleHash {
    let span = 1 << height
    let start = Int(index) * span
    guard start + span <= leaves.count else { throw LedgerError(.refused, "outside") }
    return MerkleTree.root(of: leaves[start..<(start + span)])
  }
}

func hex(_ text: String) -> [UInt8] {
  stride(from: 0, to: text.utf8.count, by: 2).map { position in
    let start = text.index(text.startIndex, offsetBy: position)
    return UInt8(text[start..<text.index(start, offsetBy: 2)], radix: 16) ?? 0
  }
}

struct MerkleTests {
  /// The leaves of RFC 6962's reference tests and the roots of the trees of the first 0 to 8 of them.
  static let leaves = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
  ].map { hex($0) }
  static let roots = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]

  @Test("roots are RFC 6962's", arguments: 0...8)
  func rootsAreGolden(size: Int) {
    let tree = PlainTree(entries: Array(Self.leaves.prefix(size)))
    #expect(tree.root(size).bytes == hex(Self.roots[size]))
    // Of the hasher's own tests: a leaf with something in it.
    #expect(MerkleHash.leaf(Array("L123456".utf8)).bytes == hex("395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"))
  }

  @Test("every inclusion proof of every tree up to 70 leads to its root, and no mutation of it does")
  func inclusionProofs() throws {
    let tree = PlainTree(size: 70)
    for size in 1...70 {
      let root = tree.root(size).bytes
      for index in 0..<size {
        let proof = try tree.inclusionProof(of: UInt64(index), in: UInt64(size)).map(\.bytes)
        let leaf = tree.leaves[index].bytes
        try MerkleProof.verifyInclusion(leaf: leaf, index: UInt64(index), size: UInt64(size), proof: proof, root: root)
        for mutation in InclusionMutation.all(leaf: leaf, index: UInt64(index), size: UInt64(size), proof: proof, root: root) {
          #expect(throws: MerkleProof.Failure.self, "\(mutation.name) of entry \(index) in \(size)") {
            try MerkleProof.verifyInclusion(
              leaf: mutation.leaf, index: mutation.index, size: mutation.size, proof: mutation.proof, root: mutation.root)
          }
        }
      }
    }
  }

  @Test("every consistency proof between trees up to 70 holds, and no mutation of it does")
  func consistencyProofs() throws {
    let tree = PlainTree(size: 70)
    for newer in 1...70 {
      for older in 1...newer {
        let proof = try tree.consistencyProof(from: UInt64(older), to: UInt64(newer)).map(\.bytes)
        let olderRoot = tree.root(older).bytes
        let newerRoot = tree.root(newer).bytes
        func verify(_ older: Int, _ olderRoot: [UInt8], _ newer: Int, _ newerRoot: [UInt8], _ proof: [[UInt8]]) throws {
          try MerkleProof.verifyConsistency(
            older: UInt64(older), olderRoot: olderRoot, newer: UInt64(newer), newerRoot: newerRoot, proof: proof)
        }
        try verify(older, olderRoot, newer, newerRoot, proof)
        var bad: [(String, () throws -> Void)] = [
          ("size1-zero", { try verify(0, MerkleHash.emptyTree.bytes, newer, newerRoot, proof) }),
          ("sizes-swapped", { try verify(newer + 1, olderRoot, newer, newerRoot, proof) }),
          ("wrong-old-root", { try verify(older, flipped(olderRoot), newer, newerRoot, proof) }),
          ("wrong-new-root", { try verify(older, olderRoot, newer, flipped(newerRoot), proof) }),
          ("empty-root", { try verify(older, [], newer, newerRoot, proof) }),
          ("trailing-hash", { try verify(older, olderRoot, newer, newerRoot, proof + [olderRoot]) }),
        ]
        if !proof.isEmpty {
          bad.append(("truncated", { try verify(older, olderRoot, newer, newerRoot, proof.dropLast()) }))
          bad.append(("beheaded", { try verify(older, olderRoot, newer, newerRoot, Array(proof.dropFirst())) }))
          bad.append(("empty-proof", { try verify(older, olderRoot, newer, newerRoot, []) }))
          bad.append(("short-hash", { try verify(older, olderRoot, newer, newerRoot, [Array(proof[0].dropLast())] + proof.dropFirst()) }))
          bad.append(
            ("flipped-hash", { try verify(older, olderRoot, newer, newerRoot, proof.dropLast() + [flipped(proof[proof.count - 1])]) }))
        }
        for (name, check) in bad {
          #expect(throws: MerkleProof.Failure.self, "\(name) from \(older) to \(newer)") { try check() }
        }
      }
    }
  }

  @Test("size1 = 0 and hashes that are not 32 bytes are refused by name")
  func refusals() throws {
    let root = PlainTree(size: 2).root(2).bytes
    #expect(throws: MerkleProof.Failure.olderSizeIsZero) {
      try MerkleProof.verifyConsistency(older: 0, olderRoot: MerkleHash.emptyTree.bytes, newer: 2, newerRoot: root, proof: [])
    }
    #expect(throws: MerkleProof.Failure.hashIsNot32Bytes(position: 0)) {
      try MerkleProof.verifyInclusion(leaf: root, index: 0, size: 2, proof: [[]], root: root)
    }
    #expect(throws: MerkleProof.Failure.hashIsNot32Bytes(position: nil)) {
      try MerkleProof.verifyInclusion(leaf: [], index: 0, size: 1, proof: [], root: root)
    }
    #expect(throws: MerkleProof.Failure.indexIsOutside(index: 0, size: 0)) {
      try MerkleProof.verifyInclusion(leaf: root, index: 0, size: 0, proof: [], root: root)
    }
  }
}

func flipped(_ bytes: [UInt8]) -> [UInt8] {
  var bytes = bytes
  bytes[bytes.count / 2] ^= 0x10
  return bytes
}

/// Named as transparency-dev/merkle names its bad cases.
struct InclusionMutation {
  let name: String
  var leaf: [UInt8]
  var index: UInt64
  var size: UInt64
  var proof: [[UInt8]]
  var root: [UInt8]

  static func all(leaf: [UInt8], index: UInt64, size: UInt64, proof: [[UInt8]], root: [UInt8]) -> [InclusionMutation] {
    func mutation(_ name: String, _ change: (inout InclusionMutation) -> Void) -> InclusionMutation {
      var mutation = InclusionMutation(name: name, leaf: leaf, index: index, size: size, proof: proof, root: root)
      change(&mutation)
      return mutation
    }
    var all = [
      mutation("wrong-leaf") { $0.leaf = flipped(leaf) },
      mutation("empty-leaf") { $0.leaf = [] },
      mutation("wrong-root") { $0.root = flipped(root) },
      mutation("random-root-length") { $0.root.append(0) },
      mutation("index-past-size") { $0.index = size },
      mutation("trailing-garbage") { $0.proof.append([]) },
      mutation("trailing-root") { $0.proof.append(root) },
      mutation("preceding-root") { $0.proof.insert(root, at: 0) },
    ]
    if size > 1 { all.append(mutation("wrong-index") { $0.index ^= 1 }) }
    if size > 1, index ^ 1 >= size { all.removeLast() }
    if !proof.isEmpty {
      all += [
        mutation("removed-component") { $0.proof.removeLast() },
        mutation("beheaded") { $0.proof.removeFirst() },
        mutation("empty-proof") { $0.proof = [] },
        mutation("flipped-component") { $0.proof[0] = flipped(proof[0]) },
        mutation("short-component") { $0.proof[0].removeLast() },
      ]
    }
    return all
  }
}
