internal import Crypto
internal import Events

/// HMAC-SHA-256 (RFC 2104) with the two keyed blocks hashed once: a short message then costs two compressions instead of four, and none of
/// the generic calls of a hash that could be any.
struct KeyedHash: Sendable {
  private let inner: SHA256
  private let outer: SHA256

  /// - Parameter key: at most a block of SHA-256; a longer key would have to be hashed first.
  init(_ key: SymmetricKey) {
    inner = Self.state(of: key, pad: 0x36)
    outer = Self.state(of: key, pad: 0x5C)
  }

  private static func state(of key: SymmetricKey, pad: UInt8) -> SHA256 {
    var block = [UInt8](repeating: pad, count: SHA256.blockByteCount)
    key.withUnsafeBytes { bytes in
      precondition(bytes.count <= block.count, "the key is longer than a block")
      for (index, byte) in bytes.enumerated() { block[index] ^= byte }
    }
    var hash = SHA256()
    block.withUnsafeBytes { hash.update(bufferPointer: $0) }
    // The heap keeps no trace of the key.
    for index in block.indices { block[index] = 0 }
    return hash
  }

  /// The first 128 bits.
  func pseudonym(_ message: UnsafeRawBufferPointer) -> Pseudonym {
    var hash = inner
    hash.update(bufferPointer: message)
    let digest = hash.finalize()
    hash = outer
    digest.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().withUnsafeBytes { Pseudonym(bigEndianBytes: $0) }
  }
}
