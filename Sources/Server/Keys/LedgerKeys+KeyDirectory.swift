import Crypto
import Ledger
import Vault

extension LedgerKeys {
  /// The ledger's keys out of the key directory.
  package init(_ keys: KeyDirectory) throws(LedgerError) {
    // Not a closure: it would lose the type of what it throws.
    let made: Result<LedgerKeys, LedgerError> = keys.ledgerSigning.withUnsafeBytes { seed in
      Result { () throws(LedgerError) in
        try LedgerKeys(origin: Installation.ledgerOrigin, signingSeed: seed, setsKeys: keys.ledgerSets.map(\.symmetricKey))
      }
    }
    self = try made.get()
  }
}

extension KeyDirectory {
  /// What a key is called in the ledger and by `sealane keys list`: the signing key by the id of its public half, others by a digest.
  package func id(ofSets number: Int) -> String { ledgerSets[number - 1].id(as: "ledger sets") }
  package var pseudonymID: String { pseudonym.id(as: "pseudonym") }
  package var tagID: String { tag.id(as: "tag") }
}
