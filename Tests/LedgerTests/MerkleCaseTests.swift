import Crypto
import Foundation
import Ledger
import Testing

/// The verdicts of transparency-dev/merkle are ours, but for one.
///
/// `transparency-dev-cases.json` has the facts (numbers, hashes, verdicts; no text) of the JSON files under `testdata` of
/// https://github.com/transparency-dev/merkle at commit 417fb0c314750d94e53942e9f92e79b6d35915db, a project under the Apache License 2.0; a
/// case is named by its file. Its 518 files put 298 questions to a log like ours. What asks the same twice stands here once: a proof about
/// the subtree from 0 on is one about the log. A leaf of a subtree that begins elsewhere is looked for as in a log of that subtree's
/// entries. Left out are 27 files on the consistency of subtrees that are empty or begin elsewhere, of which this log proves nothing.
struct MerkleCaseTests {
  struct Cases: Decodable {
    /// Hashes are numbers of the table `hashes`. The subtree is the one of entries `start` to before `end`.
    struct Inclusion: Decodable {
      let name: String
      let start: UInt64
      let index: UInt64
      let end: UInt64
      let leaf: Int
      let root: Int
      let proof: [Int]
      let holds: Bool
    }
    struct Consistency: Decodable {
      let name: String
      let older: UInt64
      let newer: UInt64
      let olderRoot: Int
      let newerRoot: Int
      let proof: [Int]
      let holds: Bool

      enum CodingKeys: String, CodingKey {
        case name, older, newer, proof, holds
        case olderRoot = "older_root"
        case newerRoot = "newer_root"
      }
    }
    let hashes: [Data]
    let inclusion: [Inclusion]
    let consistency: [Consistency]

  }

  /// The hashes as they stand, and for consistency once more with a hash in the place of what is none: a case is then judged by what it is
  /// about, not by a "hash" of 12 bytes in it.
  enum Table: CaseIterable { case asTheyStand, asHashes }

  /// Two equal roots of 12 bytes: enough for the reference, not for us, to whom a checkpoint's root is 32 bytes.
  static let stricter = "consistency/additional/sizes-are-equal-one-and-proof-is-empty"

  private static func read(_ table: Table) throws -> (Cases, [[UInt8]]) {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("transparency-dev-cases.json")
    let cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: file))
    let hashes = cases.hashes.map { hash in
      table == .asTheyStand || hash.count == MerkleHash.byteCount ? [UInt8](hash) : Array(SHA256.hash(data: hash))
    }
    return (cases, hashes)
  }

  @Test func inclusion() throws {
    let (cases, hashes) = try Self.read(.asTheyStand)
    #expect(cases.inclusion.count == 200 && cases.inclusion.count(where: \.holds) == 12)
    for item in cases.inclusion {
      let refusal = Self.refusal { () throws(MerkleProof.Failure) in
        // Wraps where the leaf lies before the subtree: an index that is in no tree.
        try MerkleProof.verifyInclusion(
          leaf: hashes[item.leaf], index: item.index &- item.start, size: item.end &- item.start, proof: item.proof.map { hashes[$0] },
          root: hashes[item.root])
      }
      #expect((refusal == nil) == item.holds, "\(item.name)")
    }
  }

  @Test(arguments: Table.allCases)
  func consistency(table: Table) throws {
    let (cases, hashes) = try Self.read(table)
    #expect(cases.consistency.count == 98 && cases.consistency.count(where: \.holds) == 6)
    for item in cases.consistency {
      let refusal = Self.refusal { () throws(MerkleProof.Failure) in
        try MerkleProof.verifyConsistency(
          older: item.older, olderRoot: hashes[item.olderRoot], newer: item.newer, newerRoot: hashes[item.newerRoot],
          proof: item.proof.map { hashes[$0] })
      }
      if table == .asTheyStand, item.name == Self.stricter {
        #expect(item.holds && refusal == .hashIsNot32Bytes(position: nil))
      } else {
        #expect((refusal == nil) == item.holds, "\(item.name)")
      }
    }
  }

  private static func refusal(_ check: () throws(MerkleProof.Failure) -> Void) -> MerkleProof.Failure? {
    do throws(MerkleProof.Failure) {
      try check()
      return nil
    } catch { return error }
  }
}
