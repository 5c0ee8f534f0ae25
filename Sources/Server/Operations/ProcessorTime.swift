import Foundation

/// Processor time in nanoseconds: what was computed, whatever else the machine was doing.
enum ProcessorTime {
  /// Of the calling thread. Two readings belong together only where nothing suspends in between.
  static var ofThread: Int { now(CLOCK_THREAD_CPUTIME_ID) }
  /// Of all threads of the process since its start.
  static var ofProcess: Int { now(CLOCK_PROCESS_CPUTIME_ID) }

  private static func now(_ clock: clockid_t) -> Int {
    var time = timespec()
    clock_gettime(clock, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
