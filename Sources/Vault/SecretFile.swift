package import Foundation
internal import Glibc

/// Files and directories that hold secrets: closed to everybody but their owner, created so, and refused when they are not.
package enum SecretFile {
  /// Reads at most `limit` bytes more than allowed would be, so that a file that is too long is seen as such.
  package static func read(_ file: URL, limit: Int) throws(SecretFileError) -> [UInt8] {
    let descriptor = open(file.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: file.path, reason: Self.reason(errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: file.path, reason: Self.reason(errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: file.path, reason: "it is not a regular file") }
    try check(status, path: file.path, wanted: "600")
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + filled, $0.count - filled) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(path: file.path, reason: Self.reason(errno)) }
      if count == 0 { break }
      filled += count
    }
    guard filled <= limit else {
      wipe(&bytes)
      throw .wrongSize(path: file.path, found: Int(status.st_size), expected: limit)
    }
    // The same memory, so that the caller wipes the only copy.
    bytes.removeLast(bytes.count - filled)
    return bytes
  }

  /// Creates a file of mode 0600 that was not there before and makes it and its name durable.
  package static func create(_ file: URL, bytes: [UInt8]) throws(SecretFileError) {
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unwritable(path: file.path, reason: Self.reason(errno)) }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .unwritable(path: file.path, reason: Self.reason(errno)) }
      written += count
    }
    guard fsync(descriptor) == 0 else { throw .unwritable(path: file.path, reason: Self.reason(errno)) }
    try synchronize(directory: file.deletingLastPathComponent())
  }

  /// Puts new contents in the place of a file in one step: after a crash the old or the new one is there, whole.
  package static func replace(_ file: URL, bytes: [UInt8]) throws(SecretFileError) {
    let draft = file.deletingLastPathComponent().appendingPathComponent(".\(file.lastPathComponent).new")
    unlink(draft.path)
    try create(draft, bytes: bytes)
    try rename(draft, to: file)
  }

  /// Puts a finished file of the same directory in the place of another, in one step: after a crash the old or the new one is there, whole.
  /// What the old one held is overwritten afterwards, as far as the file system lets it.
  package static func supersede(_ file: URL, by draft: URL) throws(SecretFileError) {
    let old = open(file.path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
    defer { if old >= 0 { close(old) } }
    guard Glibc.rename(draft.path, file.path) == 0 else { throw .unwritable(path: file.path, reason: Self.reason(errno)) }
    try synchronize(directory: file.deletingLastPathComponent())
    // A crash here leaves the old bytes in blocks that no name leads to.
    if old >= 0 { overwrite(old) }
  }

  /// Gives a file of the same directory its final name, which nothing has yet.
  package static func rename(_ draft: URL, to file: URL) throws(SecretFileError) {
    guard Glibc.rename(draft.path, file.path) == 0 else { throw .unwritable(path: file.path, reason: Self.reason(errno)) }
    try synchronize(directory: file.deletingLastPathComponent())
  }

  static func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { if let start = $0.baseAddress { explicit_bzero(start, $0.count) } }
  }

  private static func overwrite(_ descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_size > 0 else { return }
    let zeros = [UInt8](repeating: 0, count: Int(status.st_size))
    _ = zeros.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
    fsync(descriptor)
  }

  /// Overwrites a file with zeros, then removes it. On file systems that write elsewhere (copy on write, flash) the overwriting may
  /// leave the old blocks behind: full-disk encryption covers those.
  package static func destroy(_ file: URL) throws(SecretFileError) {
    let descriptor = open(file.path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
    if descriptor >= 0 {
      overwrite(descriptor)
      close(descriptor)
    } else if errno == ENOENT {
      return
    }
    guard unlink(file.path) == 0 || errno == ENOENT else { throw .unwritable(path: file.path, reason: Self.reason(errno)) }
    try synchronize(directory: file.deletingLastPathComponent())
  }

  /// Creates a directory of mode 0700, or takes an empty one that is closed to others.
  package static func createDirectory(_ directory: URL) throws(SecretFileError) {
    if mkdir(directory.path, 0o700) != 0 {
      guard errno == EEXIST else { throw .unwritable(path: directory.path, reason: Self.reason(errno)) }
      try checkDirectory(directory)
      let entries = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? ["?"]
      guard entries.isEmpty else {
        throw .unwritable(path: directory.path, reason: "it is there already and is not empty; choose another place or move it away")
      }
    }
    try synchronize(directory: directory.deletingLastPathComponent())
  }

  /// Refuses a directory that others can enter.
  package static func checkDirectory(_ directory: URL) throws(SecretFileError) {
    var status = stat()
    guard stat(directory.path, &status) == 0 else { throw .unreadable(path: directory.path, reason: Self.reason(errno)) }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .unreadable(path: directory.path, reason: "it is not a directory") }
    try check(status, path: directory.path, wanted: "700")
  }

  private static func check(_ status: stat, path: String, wanted: String) throws(SecretFileError) {
    guard status.st_mode & 0o077 == 0 else {
      throw .openToOthers(path: path, mode: String(status.st_mode & 0o777, radix: 8), wanted: wanted)
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 else { throw .foreignOwner(path: path) }
  }

  private static func synchronize(directory: URL) throws(SecretFileError) {
    let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unwritable(path: directory.path, reason: Self.reason(errno)) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .unwritable(path: directory.path, reason: Self.reason(errno)) }
  }

  private static func reason(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}

/// Why a secret file cannot be used. None of these is worth a retry: somebody has to look.
package enum SecretFileError: Error, Sendable, Hashable, CustomStringConvertible, LocalizedError {
  case unreadable(path: String, reason: String)
  case unwritable(path: String, reason: String)
  case openToOthers(path: String, mode: String, wanted: String)
  case foreignOwner(path: String)
  case wrongSize(path: String, found: Int, expected: Int)
  case malformed(path: String, what: String)

  package var description: String {
    switch self {
    case .unreadable(let path, let reason): "Cannot read the secret \(path): \(reason)."
    case .unwritable(let path, let reason): "Cannot write the secret \(path): \(reason)."
    case .openToOthers(let path, let mode, let wanted):
      "\(path) holds secrets and is open to other users (mode 0\(mode)); close it with: chmod \(wanted) '\(path)'. Then replace what it holds if somebody may have read it."
    case .foreignOwner(let path): "\(path) holds secrets and belongs to another user; give it to this one with: chown $(id -u) '\(path)'."
    case .wrongSize(let path, let found, let expected):
      "The secret file \(path) holds \(found) bytes where \(expected) are expected: it is damaged or not a key; restore it from its backup."
    case .malformed(let path, let what): "The secret file \(path) is not what it should be: \(what). Restore it from its backup."
    }
  }

  package var errorDescription: String? { description }
}
