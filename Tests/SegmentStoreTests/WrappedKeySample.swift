import Vault

enum WrappedKeySample {
  static let epoch = EpochHeader(
    id: 0x0102_0304_0506_0708, recipientKeyID: 9, encapsulatedKey: [UInt8](0..<32), startedAt: 1_700_000_000_000)

  static func key(_ sequence: UInt32) -> WrappedKey {
    WrappedKey(epoch: epoch, sequence: sequence, ciphertext: [UInt8(truncatingIfNeeded: sequence), 0xAA, 0xBB])
  }
}
