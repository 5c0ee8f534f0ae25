internal import Crypto
internal import Glibc

/// The record keys of one epoch, in `SecretMemory`: wiped with the last reference to them.
///
/// Owned by whoever holds the epoch's lock. A key that was handed out stays readable without it: it is written once, before anybody else
/// knows of it, and its region stays as long as it is referred to.
struct RecordKeys {
  private static let byteCount = 32
  /// Regions are locked as they are needed: an unprivileged process may lock a few megabytes, and most epochs hold few keys.
  private static let regionByteCount = 65_536

  private var regions: [SecretMemory] = []
  /// Bytes, of all regions.
  private var used = 0

  struct Key {
    fileprivate let region: SecretMemory
    fileprivate let offset: Int

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
      try body(UnsafeRawBufferPointer(rebasing: region.bytes[offset..<(offset + RecordKeys.byteCount)]))
    }

    /// As swift-crypto takes it, for one use; that copy is wiped on release.
    var symmetricKey: SymmetricKey { withUnsafeBytes { SymmetricKey(data: $0) } }
  }

  /// Fresh from the operating system. None is drawn ahead: secrets do not wait in memory.
  mutating func make() -> Key {
    if used == Self.regionByteCount * regions.count { regions.append(SecretMemory(byteCount: Self.regionByteCount)) }
    let memory = regions[regions.count - 1]
    let offset = used % Self.regionByteCount
    let key = Key(region: memory, offset: offset)
    let bytes = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[offset..<(offset + Self.byteCount)])
    used += Self.byteCount
    // One system call. A kernel without it: the library has its own ways.
    if getentropy(bytes.baseAddress!, bytes.count) != 0 {
      SymmetricKey(size: .bits256).withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
    return key
  }
}
