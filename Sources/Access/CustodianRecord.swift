import Events

/// A public key of the custodian that is pinned here; the ledger entry is what binds, this only finds it.
package struct CustodianKey: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Ed25519: signs the sealing keys of later days.
    case identity
    /// HPKE: what is sealed to.
    case sealing
    /// Ed25519: cosigns checkpoints of the ledger.
    case witness
  }

  package let kind: Kind
  /// Text as the vault writes it.
  package let publicKey: String
  package let fingerprint: String
  /// The ledger entry that pins it.
  package let ledgerIndex: UInt64
  package let pinnedAt: Timestamp
}

/// Something that the custodian found wrong, such as a parcel that it cannot open.
package struct CustodianAlarm: Sendable, Hashable, Identifiable {
  package let id: Int64
  /// The custodian's own id for it; nil for one that version 1 noted.
  package let alarm: String?
  /// From a closed set; no data of anybody.
  package let code: String
  package let raisedAt: Timestamp
  /// Nil while it stands.
  package let settledAt: Timestamp?
}
