internal import Events
internal import Glibc
internal import Synchronization

/// Memory for secrets: pages of its own that are locked (never swapped out), stay out of core dumps and are empty in forked children, and
/// that are overwritten when the last reference goes.
///
/// Locking is best effort: an unprivileged process has an allowance (`RLIMIT_MEMLOCK`); `lockRefusals` counts what went beyond it.
/// `@unchecked Sendable`: whoever writes to `bytes` is the only one who knows them at that moment; afterwards they are only read.
package final class SecretMemory: @unchecked Sendable {
  private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
  private static let refusals = Atomic<Int>(0)
  private static let observer = Mutex<(@Sendable (UnsafeRawBufferPointer) -> Void)?>(nil)

  package let bytes: UnsafeMutableRawBufferPointer
  /// What was mapped, in bytes; 0 where no mapping could be had.
  private let mappedCount: Int

  /// How many regions this process was not allowed to lock.
  package static var lockRefusals: Int { refusals.load(ordering: .relaxed) }

  /// For tests: sees each region after it was overwritten, just before its memory is given back.
  package static func observeReleases(_ see: (@Sendable (UnsafeRawBufferPointer) -> Void)?) { observer.withLock { $0 = see } }

  /// Zeros.
  package init(byteCount: Int) {
    precondition(byteCount > 0)
    let size = (byteCount + Self.pageSize - 1) / Self.pageSize * Self.pageSize
    if let mapping = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), mapping != MAP_FAILED {
      if mlock(mapping, size) != 0 { Self.refusals.add(1, ordering: .relaxed) }
      // Linux's MADV_DONTDUMP and MADV_WIPEONFORK; a kernel without them leaves memory like any other.
      _ = madvise(mapping, size, 16)
      _ = madvise(mapping, size, 18)
      mappedCount = size
      bytes = UnsafeMutableRawBufferPointer(start: mapping, count: byteCount)
    } else {
      Self.refusals.add(1, ordering: .relaxed)
      mappedCount = 0
      bytes = .allocate(byteCount: byteCount, alignment: 16)
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }
  }

  deinit {
    // Not memset: that call may be left out, since nobody reads the memory afterwards.
    if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
    if let see = Self.observer.withLock({ $0 }) { see(UnsafeRawBufferPointer(bytes)) }
    if mappedCount > 0 { munmap(bytes.baseAddress, mappedCount) } else { bytes.deallocate() }
  }
}

extension SecretMemory: Silent {
  package var description: String { "<secret memory>" }
}
