import CMalloc
import Foundation

/// The C library's allocator, which Swift takes all memory from, kept from holding on to what nobody uses.
///
/// As it comes it makes up to eight arenas a core, each of which keeps its own free memory, and learns from large blocks that were freed to
/// keep such blocks as well: after half an hour of intake and merges more than half of a server's memory would be free memory.
enum Allocator {
  /// Blocks of at least this size come from the system and go back to it.
  private static let mappedBytes: Int32 = 4 << 20
  /// Free memory at the end of an arena that is kept for what comes next.
  private static let keptBytes: Int32 = 32 << 20

  struct Use {
    var usedBytes: Int
    /// Held for later.
    var freeBytes: Int
  }

  /// To be called once, before threads are started.
  static func configure() {
    // Settings that the C library does not know are no loss.
    _ = mallopt(M_ARENA_MAX, Int32(clamping: max(2, ProcessInfo.processInfo.activeProcessorCount)))
    _ = mallopt(M_MMAP_THRESHOLD, mappedBytes)
    _ = mallopt(M_TRIM_THRESHOLD, keptBytes)
  }

  static var use: Use {
    let statistics = malloc_statistics()
    return Use(usedBytes: statistics.uordblks + statistics.hblkhd, freeBytes: statistics.fordblks)
  }

  /// Gives free memory back to the system, as often as there is much. Takes milliseconds, in which threads may have to wait for memory.
  static func keepGivingBack() async {
    while !Task.isCancelled {
      giveBack()
      try? await Task.sleep(for: .seconds(10))
    }
  }

  private static func giveBack() {
    let use = use
    if use.freeBytes > 64 << 20, use.freeBytes > use.usedBytes / 4 { malloc_trim(0) }
  }
}
