import Crypto
import Ledger
import Notices
import TestSupport
import Testing

struct SortedTreeTests {
  static func leaf(_ number: Int) -> [UInt8] { Array(SHA256.hash(data: Array("leaf \(number)".utf8))) }

  @Test("every leaf is proven in, every other out, at any size", arguments: [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100])
  func inAndOut(size: Int) throws {
    let tree = SortedTree((0..<size).map(Self.leaf).shuffled() + (0..<size / 2).map(Self.leaf))
    #expect(tree.size == UInt64(size))
    let root = try tree.root
    for number in 0..<size + 20 {
      let leaf = Self.leaf(number)
      #expect(try tree.place(of: leaf).isIncluded(leaf, size: tree.size, root: root) == (number < size))
    }
  }

  @Test func nobodyIsProvenOutWhoIsIn() throws {
    let leaves = (0..<33).map(Self.leaf).sorted { $0.lexicographicallyPrecedes($1) }
    let tree = SortedTree(leaves)
    let root = try tree.root
    let victim = 16
    // Neighbours that leave somebody out, neighbours that are none, one side alone.
    let forged: [TreePlace] = [
      .absent(before: try tree.witness(at: victim - 1), after: try tree.witness(at: victim + 1)),
      .absent(before: try tree.witness(at: victim), after: try tree.witness(at: victim + 1)),
      .absent(before: try tree.witness(at: victim - 1), after: nil), .absent(before: nil, after: try tree.witness(at: victim + 1)),
      .absent(before: nil, after: nil),
    ]
    for place in forged {
      #expect(throws: TreePlace.Failure.self) { try place.isIncluded(leaves[victim], size: tree.size, root: root) }
    }
    // Another's place is not one's own.
    #expect(throws: TreePlace.Failure.anotherLeaf) {
      try TreePlace.included(tree.witness(at: 3)).isIncluded(leaves[victim], size: tree.size, root: root)
    }
    #expect(throws: MerkleProof.Failure.self) {
      try tree.place(of: leaves[victim]).isIncluded(leaves[victim], size: tree.size, root: SortedTree([leaves[0]]).root)
    }
  }
}
