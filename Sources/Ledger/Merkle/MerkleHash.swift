import Crypto
import Foundation

/// A node of the tree: 32 bytes, SHA-256. Its text form is base64, as in a checkpoint.
package struct MerkleHash: Sendable, Hashable {
  package static let byteCount = 32
  package static let emptyTree = MerkleHash(SHA256.hash(data: [UInt8]()))

  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  /// Nil unless there are exactly 32 bytes.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    var words: [UInt64] = [0, 0, 0, 0]
    for (position, byte) in bytes.enumerated() { words[position / 8] = words[position / 8] << 8 | UInt64(byte) }
    (first, second, third, fourth) = (words[0], words[1], words[2], words[3])
  }

  init(_ digest: SHA256.Digest) {
    (first, second, third, fourth) = digest.withUnsafeBytes { bytes in
      (
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
      )
    }
  }

  /// RFC 9162, section 2.1.1: SHA-256(0x00 ‖ entry).
  package static func leaf(_ entry: [UInt8]) -> MerkleHash {
    var hash = SHA256()
    hash.update(data: [0])
    hash.update(data: entry)
    return MerkleHash(hash.finalize())
  }

  /// RFC 9162, section 2.1.1: SHA-256(0x01 ‖ left ‖ right).
  package static func node(_ left: MerkleHash, _ right: MerkleHash) -> MerkleHash {
    withUnsafeTemporaryAllocation(byteCount: 65, alignment: 8) { buffer in
      buffer[0] = 1
      left.store(into: buffer, at: 1)
      right.store(into: buffer, at: 33)
      return MerkleHash(SHA256.hash(data: UnsafeRawBufferPointer(buffer)))
    }
  }

  package var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      store(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
      count = Self.byteCount
    }
  }

  private func store(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
    buffer.storeBytes(of: first.bigEndian, toByteOffset: offset, as: UInt64.self)
    buffer.storeBytes(of: second.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
    buffer.storeBytes(of: third.bigEndian, toByteOffset: offset + 16, as: UInt64.self)
    buffer.storeBytes(of: fourth.bigEndian, toByteOffset: offset + 24, as: UInt64.self)
  }
}

extension MerkleHash: CustomStringConvertible {
  package var description: String { Data(bytes).base64EncodedString() }
}
