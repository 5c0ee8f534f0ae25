import Foundation
import Ledger
import Testing

/// Proofs that a program of its own made and judged (Tests/Stranger/merkle_cases.py): the good ones pass, each altered one is refused.
struct MerkleCaseTests {
  struct Cases: Decodable {
    struct Inclusion: Decodable {
      let name: String
      let index: UInt64
      let size: UInt64
      let leaf: Data
      let root: Data
      let proof: [Data]
      let holds: Bool
    }
    struct Consistency: Decodable {
      let name: String
      let older: UInt64
      let newer: UInt64
      let olderRoot: Data
      let newerRoot: Data
      let proof: [Data]
      let holds: Bool

      enum CodingKeys: String, CodingKey {
        case name, older, newer, proof, holds
        case olderRoot = "older_root"
        case newerRoot = "newer_root"
      }
    }
    let inclusion: [Inclusion]
    let consistency: [Consistency]
  }

  private static func read() throws -> Cases {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("merkle-cases.json")
    return try JSONDecoder().decode(Cases.self, from: Data(contentsOf: file))
  }

  private static func holds(_ check: () throws -> Void) -> Bool { (try? check()) != nil }

  @Test func inclusion() throws {
    let cases = try Self.read().inclusion
    #expect(cases.count > 150 && cases.contains { $0.holds } && cases.contains { !$0.holds })
    for item in cases {
      let holds = Self.holds {
        try MerkleProof.verifyInclusion(
          leaf: [UInt8](item.leaf), index: item.index, size: item.size, proof: item.proof.map { [UInt8]($0) }, root: [UInt8](item.root))
      }
      #expect(holds == item.holds, "\(item.name)")
    }
  }

  @Test func consistency() throws {
    let cases = try Self.read().consistency
    #expect(cases.count > 150 && cases.contains { $0.holds } && cases.contains { !$0.holds })
    for item in cases {
      let holds = Self.holds {
        try MerkleProof.verifyConsistency(
          older: item.older, olderRoot: [UInt8](item.olderRoot), newer: item.newer, newerRoot: [UInt8](item.newerRoot),
          proof: item.proof.map { [UInt8]($0) })
      }
      #expect(holds == item.holds, "\(item.name)")
    }
  }
}
