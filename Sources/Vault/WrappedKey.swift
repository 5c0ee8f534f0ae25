/// One record key of an epoch, sealed to the custodian in the epoch's HPKE context. It is on disk with the first value that it seals.
///
/// Bytes as in docs/FORMATS.md, "Key parcel". Holding it reveals nothing: only the custodian opens it.
package struct WrappedKey: Sendable, Hashable {
  /// The epoch's header, whole: it travels with every key so that any one of them can be read back (the same bytes for a whole epoch).
  package let epoch: EpochHeader
  /// Position in the epoch's HPKE context, from 0 without gaps.
  package let sequence: UInt32
  /// HPKE ciphertext of (subject pseudonym, record key).
  package let ciphertext: [UInt8]

  package init(epoch: EpochHeader, sequence: UInt32, ciphertext: [UInt8]) {
    self.epoch = epoch
    self.sequence = sequence
    self.ciphertext = ciphertext
  }
}

/// What the custodian needs to open an epoch's wrapped keys.
package struct EpochHeader: Sendable, Hashable {
  /// 8 random bytes.
  package let id: UInt64
  /// First 8 bytes of SHA-256 of the custodian's HPKE public key.
  package let recipientKeyID: UInt64
  /// HPKE's encapsulated key, 32 bytes.
  package let encapsulatedKey: [UInt8]
  /// Start of the epoch, milliseconds since 1970.
  package let startedAt: Int64

  package init(id: UInt64, recipientKeyID: UInt64, encapsulatedKey: [UInt8], startedAt: Int64) {
    self.id = id
    self.recipientKeyID = recipientKeyID
    self.encapsulatedKey = encapsulatedKey
    self.startedAt = startedAt
  }
}
