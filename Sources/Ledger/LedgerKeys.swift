import Crypto
import Events
import Foundation

/// The ledger's secrets: what signs checkpoints and what encrypts details. Does not print.
package struct LedgerKeys: Sendable {
  let signer: NoteSigner
  /// The one in force first, then those before it, to read with; never empty.
  let sets: [SymmetricKey]

  /// - Parameters:
  ///   - origin: the log's name on its checkpoints, such as `analytics.example.com/ledger`; never changed once published.
  ///   - signingSeed: 32 bytes, Ed25519.
  ///   - setsKeys: 32 bytes each; the one in force last.
  package init(origin: String, signingSeed: some ContiguousBytes, setsKeys: [SymmetricKey]) throws(LedgerError) {
    guard let signer = NoteSigner(name: origin, seed: signingSeed) else {
      throw LedgerError(
        .refused, "The ledger's signing key is not 32 bytes, or its origin \"\(origin)\" is empty or holds a space or a plus sign.")
    }
    guard !setsKeys.isEmpty, setsKeys.allSatisfy({ $0.bitCount == 256 }) else {
      throw LedgerError(.refused, "A set-encryption key of the ledger is not 32 bytes, or there is none.")
    }
    self.signer = signer
    sets = setsKeys.reversed()
  }

  package init(origin: String, signingSeed: [UInt8], setsKey: [UInt8]) throws(LedgerError) {
    try self.init(origin: origin, signingSeed: signingSeed, setsKeys: [SymmetricKey(data: setsKey)])
  }

  /// What outsiders verify checkpoints with: `origin+id+base64`.
  package var publicKey: NoteKey { signer.key }

  /// The note by which the key in force hands over to that of `next`. Both sign it.
  package func succession(to next: LedgerKeys) throws(LedgerError) -> Succession { try Succession(from: signer, to: next.signer) }
}

extension LedgerKeys: Silent {
  package var description: String { "<keys of \(signer.key.name)>" }
}
