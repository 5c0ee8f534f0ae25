import Foundation
import Synchronization

/// Events as lines of a file that others rotate: appended, fsynced, and opened anew when the path leads to another file.
package final class EventFile: Sendable {
  private let path: String
  private let descriptor = Mutex<Int32>(-1)

  package init(_ file: URL) { path = file.path }

  deinit { descriptor.withLock { if $0 >= 0 { close($0) } } }

  /// All lines are on disk when this returns. A failed write is taken back, so that no line stands there in part.
  package func append(_ lines: [String]) throws(DeliveryError) {
    let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
    let result: Result<Void, DeliveryError> = descriptor.withLock { descriptor in
      Result { () throws(DeliveryError) in
        try reopen(&descriptor)
        try Self.write(bytes, to: descriptor, path)
      }
    }
    try result.get()
  }

  /// Opens the file where it is not open, or another one stands under its name.
  private func reopen(_ descriptor: inout Int32) throws(DeliveryError) {
    if descriptor >= 0 {
      var (open, named) = (stat(), stat())
      if fstat(descriptor, &open) == 0, stat(path, &named) == 0, open.st_ino == named.st_ino, open.st_dev == named.st_dev { return }
      close(descriptor)
      descriptor = -1
    }
    descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o600)
    guard descriptor >= 0 else { throw Self.failure("opened", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      descriptor = -1
      throw DeliveryError(.misconfigured, "\(path) is not a file.")
    }
    // A power cut may have left a line in part: the next one begins on its own.
    var last: UInt8 = 10
    if status.st_size > 0, pread(descriptor, &last, 1, status.st_size - 1) == 1, last != 10 {
      try Self.write([10], to: descriptor, path)
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(DeliveryError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let error = failure("written", path)
        _ = ftruncate(descriptor, status.st_size)
        throw error
      }
      written += count
    }
    guard fsync(descriptor) == 0 else { throw failure("made durable", path) }
  }

  private static func failure(_ act: String, _ path: String) -> DeliveryError {
    DeliveryError(.unreachable, "\(path) could not be \(act): \(String(cString: strerror(errno)).lowercased()).")
  }
}
