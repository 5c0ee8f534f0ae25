/// A hash of short texts for tables in memory: keyed by chance at the start of the process, so that nobody can prepare texts that collide.
package enum ByteHash {
  @usableFromInline static let seed = UInt64.random(in: .min ... .max)

  /// - Parameter salt: keeps tables, or kinds of keys in one table, apart.
  @inlinable @inline(__always)
  package static func of(_ bytes: UnsafeBufferPointer<UInt8>, salt: UInt64 = 0) -> UInt64 {
    var hash = seed ^ mixed(salt &+ UInt64(truncatingIfNeeded: bytes.count))
    let raw = UnsafeRawBufferPointer(bytes)
    let count = raw.count
    guard count >= 8 else {
      var tail: UInt64 = 0
      for byte in raw { tail = tail << 8 | UInt64(byte) }
      return mixed(hash ^ tail)
    }
    var at = 0
    while at + 8 < count {
      hash = mixed(hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      at += 8
    }
    // The last eight, some of which may have been taken before.
    return mixed(hash ^ raw.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
  }

  @inlinable @inline(__always)
  package static func of(_ value: UInt64, salt: UInt64) -> UInt64 { mixed(mixed(seed ^ salt) ^ value) }

  @inlinable @inline(__always)
  package static func mixed(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }
}
