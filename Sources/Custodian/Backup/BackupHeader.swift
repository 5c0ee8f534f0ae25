internal import Crypto
package import Events
internal import Vault

/// What stands in the clear before a backup's frames, and is authenticated with each of them. docs/FORMATS.md, "Custodian backup":
///
/// | offset | size | field |
/// | 0 | 27 | `sealane custodian backup 1`, LF |
/// | 27 | 6 | id, random |
/// | 33 | 8 | made, milliseconds since 1970 (int64) |
/// | 41 | 8 | expires, milliseconds since 1970 (int64), later, by at most 30 days |
/// | 49 | 32 | the custodian's Ed25519 identity key |
package struct BackupHeader: Sendable, Hashable {
  package let id: [UInt8]
  package let madeAt: Timestamp
  package let expiresAt: Timestamp
  package let identity: [UInt8]

  /// How people tell one backup from another.
  package var name: String { id.hexadecimal }

  package static let size = 81
  package static let idLength = 6
  /// Keys that are erased after a backup stand in it still: this is for how long.
  package static let lifetime: Int64 = 30 * 86_400_000
  /// By so much two clocks may differ.
  private static let tolerance: Int64 = 300_000
  private static let title = Array("sealane custodian backup 1\n".utf8)
  private static let untilVersion = Array("sealane custodian backup ".utf8)

  package init(id: [UInt8], madeAt: Timestamp, identity: [UInt8], lifetime: Int64 = BackupHeader.lifetime) {
    self.id = id
    self.madeAt = madeAt
    self.identity = identity
    expiresAt = Timestamp(milliseconds: madeAt.milliseconds + min(lifetime, Self.lifetime))
  }

  package init(_ bytes: [UInt8]) throws(BackupError) {
    guard bytes.starts(with: Self.untilVersion) else { throw .notABackup }
    guard bytes.starts(with: Self.title) else { throw .otherVersion }
    var reader = ByteReader(Array(bytes.dropFirst(Self.title.count)))
    guard let id = reader.take(Self.idLength), let made = reader.littleEndian(Int64.self), let expires = reader.littleEndian(Int64.self),
      let identity = reader.take(32), reader.remaining == 0
    else { throw .cutShort }
    // Bounded, so that neither is a number with which one cannot reckon: up to the year 9999.
    guard (0...253_402_300_799_999).contains(made), expires > made, expires <= made + Self.lifetime else { throw .damagedHeader }
    self.id = id
    self.identity = identity
    madeAt = Timestamp(milliseconds: made)
    expiresAt = Timestamp(milliseconds: expires)
  }

  package var bytes: [UInt8] {
    var bytes = Self.title + id
    bytes.append(littleEndian: madeAt.milliseconds)
    bytes.append(littleEndian: expiresAt.milliseconds)
    return bytes + identity
  }

  /// Refuses a backup that is over, or that is not made yet: one of the two clocks is wrong then, and by a clock that is wrong nothing
  /// would ever be over.
  func check(at now: Timestamp) throws(BackupError) {
    guard madeAt.milliseconds <= now.milliseconds + Self.tolerance else { throw .fromTheFuture(made: madeAt, now: now) }
    guard now < expiresAt else { throw .expired(made: madeAt, expired: expiresAt) }
  }

  /// The key of the frames: bound to every byte of the header, so that none of them can be changed.
  func frameKey(_ key: SecretKey) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: key.symmetricKey, salt: [UInt8](), info: Array("sealane custodian backup frames v1\n".utf8) + bytes,
      outputByteCount: 32)
  }

  /// The key that two shares give. They must be two different ones of this very backup; a third one must lie on the same lines.
  func key(from shares: [BackupShare]) throws(BackupError) -> SecretKey {
    for share in shares where share.backup != id { throw .shareOfAnother(share: share.index, of: share.backup, wanted: id) }
    guard Set(shares.map(\.index)).count == shares.count else { throw .sameShareTwice }
    guard shares.count >= SecretSharing.threshold, let one = shares.first,
      let key = SecretSharing.combine((one.index, one.values), (shares[1].index, shares[1].values))
    else { throw .tooFewShares }
    for share in shares.dropFirst(2) {
      let again = SecretSharing.combine((one.index, one.values), (share.index, share.values))
      guard let again, again.withUnsafeBytes({ left in key.withUnsafeBytes { left.elementsEqual($0) } }) else { throw .sharesDisagree }
    }
    return key
  }
}
