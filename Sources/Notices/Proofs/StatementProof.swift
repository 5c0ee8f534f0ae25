internal import Foundation
package import Ledger

/// Whether one person is in a statement, for that person: the answer to “was I affected”, and part of what is attached to a notice.
package struct StatementProof: Sendable, Hashable {
  package let statement: CommittedText
  package let name: StatementName
  package let blind: BlindProof
  package let place: TreePlace

  package init(statement: CommittedText, name: StatementName, blind: BlindProof, place: TreePlace) {
    self.statement = statement
    self.name = name
    self.blind = blind
    self.place = place
  }

  package enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
    case notAStatement

    package var description: String { "What is signed is not a statement that this version can read." }
  }

  package struct Verified: Sendable, Hashable {
    package let statement: Statement
    package let digest: String
    package let checkpoint: VerifiedCheckpoint
    package let isIncluded: Bool
  }

  /// - Throws: `CommittedText.Failure`, `BlindProof.Failure`, `TreePlace.Failure`, `MerkleProof.Failure` or `Failure`.
  package func verify(by anchors: TrustAnchors) throws -> Verified {
    let verified = try statement.verify(.statement, by: anchors)
    guard let read = Statement(text: verified.text) else { throw Failure.notAStatement }
    let leaf = SortedTree.leaf(ofOutput: try blind.output(of: name.bytes, publicKey: read.key))
    return Verified(
      statement: read, digest: verified.digest, checkpoint: verified.checkpoint,
      isIncluded: try place.isIncluded(leaf, size: read.names, root: read.root))
  }
}
