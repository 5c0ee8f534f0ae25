internal import Crypto
internal import Foundation
internal import Glibc
package import Vault

/// The frames of a backup: docs/FORMATS.md, "Custodian backup".
///
/// Each holds 65,536 bytes of the content, the last one 1 to 65,536, as ChaCha20-Poly1305 ciphertext with its tag behind. The nonce is the
/// frame's number and whether it is the last: a frame that is moved, left out, repeated or put behind the end does not open. (The construction is
/// STREAM of Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015, as age has it.)
package enum BackupFrames {
  /// Bytes of content in a frame; what a reader or a writer holds in memory.
  package static let size = 65_536
  static let tagSize = 16

  static func nonce(_ number: UInt64, isLast: Bool) throws -> ChaChaPoly.Nonce {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: number)
    return try ChaChaPoly.Nonce(data: bytes + [0, 0, 0, isLast ? 1 : 0])
  }
}

/// Takes content in pieces of any size and passes frames on.
package struct BackupFrameWriter {
  private let key: SymmetricKey
  private let sink: ([UInt8]) throws -> Void
  private var buffer: [UInt8] = []
  private var number: UInt64 = 0

  /// Passes the header on before anything else.
  package init(_ header: BackupHeader, key: SecretKey, sink: @escaping ([UInt8]) throws -> Void) throws {
    self.key = header.frameKey(key)
    self.sink = sink
    buffer.reserveCapacity(BackupFrames.size)
    try sink(header.bytes)
  }

  package mutating func write(_ bytes: some Collection<UInt8>) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      // A full frame goes when more follows: the last one is marked as such.
      if buffer.count == BackupFrames.size { try pass(isLast: false) }
      let piece = rest.prefix(BackupFrames.size - buffer.count)
      buffer.append(contentsOf: piece)
      rest = rest.dropFirst(piece.count)
    }
  }

  /// Passes the last frame on. Some content must have been written.
  package mutating func finish() throws {
    precondition(!buffer.isEmpty, "a backup has content")
    try pass(isLast: true)
  }

  private mutating func pass(isLast: Bool) throws {
    let box = try ChaChaPoly.seal(buffer, using: key, nonce: BackupFrames.nonce(number, isLast: isLast))
    buffer.wipe()
    number += 1
    try sink(Array(box.ciphertext) + Array(box.tag))
  }
}

/// Gives the content back in pieces of any size, each from a frame that opened.
package struct BackupFrameReader {
  package let header: BackupHeader
  private let key: SymmetricKey
  /// Up to so many bytes of the file; fewer only at its end.
  private let source: (Int) throws -> [UInt8]
  private var sealed: [UInt8]
  private var content: [UInt8] = []
  private var position = 0
  private var number: UInt64 = 0
  private var isOver = false

  /// `source` stands behind the header.
  package init(_ header: BackupHeader, key: SecretKey, source: @escaping (Int) throws -> [UInt8]) throws {
    self.header = header
    self.key = header.frameKey(key)
    self.source = source
    sealed = try source(BackupFrames.size + BackupFrames.tagSize)
  }

  /// Exactly so many bytes, in pieces of a frame at most.
  package mutating func read(_ count: UInt64, into body: (ArraySlice<UInt8>) throws -> Void) throws {
    var left = count
    while left > 0 {
      if position == content.count { try open() }
      let piece = content[position...].prefix(Int(clamping: left))
      try body(piece)
      position += piece.count
      left -= UInt64(piece.count)
    }
  }

  /// Exactly so many bytes, which the caller knows to be few.
  package mutating func read(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try read(UInt64(count)) { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Refuses whatever follows.
  package mutating func finish() throws {
    defer { wipe() }
    if !isOver, position == content.count { try open() }
    guard isOver, position == content.count else { throw BackupError.malformed("something follows the end") }
  }

  private mutating func open() throws {
    guard !isOver else { throw BackupError.malformed("it ends too early") }
    guard sealed.count > BackupFrames.tagSize else { throw BackupError.cutShort }
    // The last frame is the one behind which the file ends. A file that ends elsewhere has a frame there that is not marked so.
    let next =
      sealed.count == BackupFrames.size + BackupFrames.tagSize ? try source(BackupFrames.size + BackupFrames.tagSize) : []
    let isLast = next.isEmpty
    let nonce = try BackupFrames.nonce(number, isLast: isLast)
    number += 1
    wipe()
    guard
      let box = try? ChaChaPoly.SealedBox(
        nonce: nonce, ciphertext: sealed.dropLast(BackupFrames.tagSize), tag: sealed.suffix(BackupFrames.tagSize)),
      let opened = try? ChaChaPoly.open(box, using: key)
    else { throw BackupError.damagedFrame(number) }
    content = Array(opened)
    position = 0
    isOver = isLast
    sealed = next
  }

  private mutating func wipe() {
    content.wipe()
    position = 0
  }
}

extension [UInt8] {
  /// Writes zeros over the bytes, then takes them away.
  mutating func wipe() {
    withUnsafeMutableBytes { bytes in if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) } }
    removeAll(keepingCapacity: true)
  }
}
