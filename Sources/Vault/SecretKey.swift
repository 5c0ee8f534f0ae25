package import Crypto
package import Foundation
internal import Glibc

/// 32 secret bytes of the key directory.
///
/// They lie in a page of their own that is locked in memory (best effort: an unprivileged process may have no allowance for it), stays
/// out of core dumps, and is wiped when the last copy of this value goes. The type neither prints nor compares its bytes.
package struct SecretKey: Sendable {
  package static let byteCount = 32

  private let page: SecretPage

  /// Fresh bytes from the operating system's generator.
  package init() {
    var generator = SystemRandomNumberGenerator()
    page = SecretPage { bytes in
      for offset in stride(from: 0, to: Self.byteCount, by: 8) {
        bytes.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
      }
    }
  }

  /// Takes exactly 32 bytes, from a test vector or another custody; nil for any other length.
  package init?(bytes: some Sequence<UInt8>) {
    var copy = Array(bytes)
    defer { copy.withUnsafeMutableBytes { explicit_bzero($0.baseAddress!, $0.count) } }
    guard copy.count == Self.byteCount else { return nil }
    page = SecretPage { target in copy.withUnsafeBytes { target.copyMemory(from: $0) } }
  }

  /// Reads a key file. It must be a regular file of 32 bytes, belong to this user or root, and be closed to everybody else (mode 0600).
  package init(reading file: URL) throws(SecretFileError) {
    var bytes = try SecretFile.read(file, limit: Self.byteCount)
    defer { bytes.withUnsafeMutableBytes { if let start = $0.baseAddress { explicit_bzero(start, $0.count) } } }
    guard let key = SecretKey(bytes: bytes) else { throw .wrongSize(path: file.path, found: bytes.count, expected: Self.byteCount) }
    self = key
  }

  /// Writes a new key file of mode 0600 and makes it durable. Refuses to replace a file that is there.
  package func write(to file: URL) throws(SecretFileError) {
    var bytes = withUnsafeBytes { Array($0) }
    defer { bytes.withUnsafeMutableBytes { explicit_bzero($0.baseAddress!, $0.count) } }
    try SecretFile.create(file, bytes: bytes)
  }

  /// The bytes, for the duration of the call only.
  package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try body(UnsafeRawBufferPointer(page.bytes))
  }

  /// The same bytes as swift-crypto takes them; that copy is wiped on release too.
  package var symmetricKey: SymmetricKey { withUnsafeBytes { SymmetricKey(data: $0) } }
}

extension SecretKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "<secret key>" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// One page of memory for one key.
///
/// `@unchecked Sendable`: the bytes are written in `init`, before anybody else can see them, and only read until `deinit`.
private final class SecretPage: @unchecked Sendable {
  private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

  let bytes: UnsafeMutableRawBufferPointer
  private let isMapped: Bool

  init(fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let mapping = mmap(nil, Self.pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if let mapping, mapping != MAP_FAILED {
      // Both may be refused where limits are tight; the key is then as safe as any other memory of the process.
      _ = mlock(mapping, Self.pageSize)
      // MADV_DONTDUMP of Linux: the page stays out of core dumps.
      _ = madvise(mapping, Self.pageSize, 16)
      isMapped = true
      bytes = UnsafeMutableRawBufferPointer(start: mapping, count: SecretKey.byteCount)
    } else {
      isMapped = false
      bytes = .allocate(byteCount: SecretKey.byteCount, alignment: 16)
    }
    fill(bytes)
  }

  deinit {
    explicit_bzero(bytes.baseAddress!, bytes.count)
    if isMapped {
      munmap(bytes.baseAddress!, Self.pageSize)
    } else {
      bytes.deallocate()
    }
  }
}
