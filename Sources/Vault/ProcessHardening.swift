internal import CProcess
internal import Glibc

/// What both programs forgo, so that keys stay in their memory: no core dumps, no debugger of the same user, no file that others can read.
package enum ProcessHardening {
  /// First thing in `main`: before any key is in memory.
  package static func apply() {
    // One byte, not none: Linux dumps to a pipe (core_pattern) whatever the limit is, except for the limit of 1 (fs/coredump.c). What this
    // process starts inherits it.
    var none = rlimit(rlim_cur: 1, rlim_max: 1)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    // Refused only where a sandbox forbids the call; the limit above still holds.
    _ = sealane_forbid_dumps()
    umask(0o077)
  }
}
