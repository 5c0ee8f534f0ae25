package import Crypto
internal import Events
package import Foundation

/// 32 secret bytes of the key directory, in `SecretMemory`. The type neither prints nor compares them.
package struct SecretKey: Sendable {
  package static let byteCount = 32

  private let memory: SecretMemory

  /// Fresh bytes from the operating system's generator.
  package init() {
    var generator = SystemRandomNumberGenerator()
    memory = SecretMemory(byteCount: Self.byteCount)
    for offset in stride(from: 0, to: Self.byteCount, by: 8) {
      memory.bytes.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
    }
  }

  /// Takes exactly 32 bytes, from a test vector or another custody; nil for any other length.
  package init?(bytes: some Sequence<UInt8>) {
    var copy = Array(bytes)
    defer { SecretFile.wipe(&copy) }
    guard copy.count == Self.byteCount else { return nil }
    memory = SecretMemory(byteCount: Self.byteCount)
    copy.withUnsafeBytes { memory.bytes.copyMemory(from: $0) }
  }

  /// Has 32 bytes written straight into its memory; nil where `fill` says that it could not.
  init?(filling fill: (UnsafeMutableRawBufferPointer) -> Bool) {
    memory = SecretMemory(byteCount: Self.byteCount)
    guard fill(memory.bytes) else { return nil }
  }

  /// Reads a key file. It must be a regular file of 32 bytes, belong to this user or root, and be closed to everybody else (mode 0600).
  package init(reading file: URL) throws(SecretFileError) {
    var bytes = try SecretFile.read(file, limit: Self.byteCount)
    defer { SecretFile.wipe(&bytes) }
    guard let key = SecretKey(bytes: bytes) else { throw .wrongSize(path: file.path, found: bytes.count, expected: Self.byteCount) }
    self = key
  }

  /// Writes a new key file of mode 0600 and makes it durable. Refuses to replace a file that is there.
  package func write(to file: URL) throws(SecretFileError) {
    var bytes = withUnsafeBytes { Array($0) }
    defer { SecretFile.wipe(&bytes) }
    try SecretFile.create(file, bytes: bytes)
  }

  /// The bytes, for the duration of the call only.
  package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try body(UnsafeRawBufferPointer(memory.bytes))
  }

  /// The same bytes as swift-crypto takes them; that copy is wiped on release, but not locked in memory.
  package var symmetricKey: SymmetricKey { withUnsafeBytes { SymmetricKey(data: $0) } }

  /// What people and the ledger call it: 16 hexadecimal digits that say nothing about the key (docs/FORMATS.md, "Key directory").
  package func id(as use: String) -> String {
    let derived = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: symmetricKey, salt: [UInt8](), info: Array("sealane key id v1 \(use)".utf8), outputByteCount: 8)
    return derived.withUnsafeBytes { Array($0) }.hexadecimal
  }
}

extension SecretKey: Silent {
  package var description: String { "<secret key>" }
}
