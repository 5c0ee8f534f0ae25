internal import Glibc

/// What the process forgoes, so that keys stay in its memory: no core dumps, no file that others can read.
package enum ProcessHardening {
  package static func apply() {
    // One byte, not none: Linux dumps to a pipe (core_pattern) whatever the limit is, except for the limit of 1 (fs/coredump.c).
    var none = rlimit(rlim_cur: 1, rlim_max: 1)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    umask(0o077)
  }
}
