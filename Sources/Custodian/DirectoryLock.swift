internal import Foundation
internal import Glibc

/// Keeps a second one off a directory, until the process ends however it ends.
final class DirectoryLock: Sendable {
  /// Held by the custodian that serves.
  static let serving = "lock"
  /// Held while a backup is written.
  static let backup = "backup.lock"

  private let descriptor: Int32

  init(_ directory: URL, _ name: String = DirectoryLock.serving) throws {
    let file = directory.appendingPathComponent(name)
    descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw CustodianError.badOption("Cannot write in \(directory.path): \(String(cString: strerror(errno)).lowercased()).")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw name == Self.serving
        ? CustodianError.alreadyRunning(path: directory.path)
        : CustodianError.badOption("Another backup of \(directory.path) is being written; wait for it, then try again.")
    }
  }

  deinit { close(descriptor) }
}
