import Foundation

/// A path to a Unix socket that fits into the 107 bytes that Linux allows.
///
/// A longer one is reached through the open directory (`/proc/self/fd/…`), so that a data directory may stand anywhere.
package final class SocketPath: Sendable {
  package let path: String
  private let descriptor: Int32

  package init(_ socket: URL) throws(ConfigurationError) {
    if socket.path.utf8.count <= 107 {
      path = socket.path
      descriptor = -1
      return
    }
    let directory = socket.deletingLastPathComponent().path
    // O_PATH of Linux; Glibc's headers do not give it to Swift.
    let pathOnly: Int32 = 0x200000
    descriptor = open(directory, pathOnly | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ConfigurationError("Cannot open \(directory): \(String(cString: strerror(errno))).") }
    path = "/proc/self/fd/\(descriptor)/\(socket.lastPathComponent)"
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
