import Events
import Foundation
import Ledger

/// A log in memory, the plainest way: entries, their tree, and checkpoints signed by a key of its own.
struct FakeLedger: MerkleNodes {
  static let origin = "sealane.test/ledger"

  var entries: [[UInt8]] = (0...40).map { Self.entry("settings_changed", facts: ["number": "\($0)"], project: nil) }
  var seed: UInt8 = 7
  var name = Self.origin
  /// Shown beside the checkpoint, as those that followed one another.
  var successions: [String] = []
  /// Instead of what is true.
  var shownSize: Int?
  var forgedProof: [String]?

  func signer(_ seed: UInt8? = nil) throws -> NoteSigner {
    guard let signer = NoteSigner(name: name, seed: [UInt8](repeating: seed ?? self.seed, count: 32)) else { throw FakeServer.Broken() }
    return signer
  }

  static func entry(_ kind: String, facts: [String: String], project: Int64?) -> [UInt8] {
    let list = facts.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
    let place = project.map { "\"project\":\($0)," } ?? ""
    return Array(
      "{\"commitment\":\"\(String(repeating: "ab", count: 32))\",\"facts\":{\(list)},\"kind\":\"\(kind)\",\(place)\"time\":1763400000000,\"v\":1}"
        .utf8)
  }

  var size: Int { shownSize ?? entries.count }

  func hash(height: Int, index: UInt64) throws(LedgerError) -> MerkleHash {
    let span = 1 << height
    let leaves = entries.prefix(size).map { MerkleHash.leaf($0) }
    guard Int(index + 1) * span <= leaves.count else { throw LedgerError(.refused, "outside") }
    return MerkleTree.root(of: leaves[(Int(index) * span)..<(Int(index + 1) * span)])
  }

  func checkpoint() throws -> Checkpoint {
    Checkpoint(origin: name, size: UInt64(size), root: MerkleTree.root(of: entries.prefix(size).map { MerkleHash.leaf($0) }))
  }

  /// The body of the answer to `GET /custodian/v1/checkpoint`.
  func answer(from: UInt64, entry: Int?, witness: String?, cosigned: UInt64, alarmed: Bool) throws -> [String: Any] {
    let checkpoint = try checkpoint()
    let proof = from > 0 && from < checkpoint.size ? try consistencyProof(from: from, to: checkpoint.size).map(\.description) : []
    var body: [String: Any] = [
      "checkpoint": try checkpoint.signed(by: signer()), "key": try signer().key.description, "proof": forgedProof ?? proof,
      "successions": successions, "cosigned": cosigned, "alarmed": alarmed,
    ]
    body["witness"] = witness
    if let entry, entry < size {
      body["entry"] = Data(entries[entry]).base64EncodedString()
      body["inclusion"] = try inclusionProof(of: UInt64(entry), in: checkpoint.size).map(\.description)
    }
    return body
  }
}
