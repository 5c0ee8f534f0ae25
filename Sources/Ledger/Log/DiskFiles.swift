import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// `LedgerFiles` on a POSIX file system. One process at a time may open a directory for writing.
package final class DiskFiles: LedgerFiles {
  private let root: String
  private let lock: Int32
  /// Files written and not yet synchronized: an fsync reports an error surely only on the descriptor that was open when it happened.
  private let open = Mutex<[String: Int32]>([:])

  /// Makes the directory (mode 0700) if there is none and takes its lock.
  ///
  /// - Throws: `locked` where another process, or this one, has it.
  package convenience init(locking directory: URL) throws(LedgerError) {
    let root = directory.path
    do {
      try FileManager.default.createDirectory(
        at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw LedgerError(.unwritable, "The ledger's directory \(root) cannot be made: \(error.localizedDescription)")
    }
    let lock = Glibc.open(root + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw Self.failure(.unwritable, "The ledger's lock file", root + "/lock", "cannot be made") }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      Glibc.close(lock)
      throw LedgerError(.locked, "The ledger in \(root) is in use by another process; stop it first, or ask it through its control socket.")
    }
    self.init(root: root, lock: lock)
  }

  /// For reading only, beside a running server or in a copy.
  package convenience init(reading directory: URL) { self.init(root: directory.path, lock: -1) }

  private init(root: String, lock: Int32) {
    self.root = root
    self.lock = lock
  }

  deinit {
    open.withLock { open in for descriptor in open.values { Glibc.close(descriptor) } }
    if lock >= 0 { Glibc.close(lock) }
  }

  private func path(_ name: String) -> String { name.isEmpty ? root : root + "/" + name }

  package func read(_ name: String) throws(LedgerError) -> [UInt8]? {
    let descriptor = Glibc.open(path(name), O_RDONLY | O_CLOEXEC)
    if descriptor < 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw Self.failure(.unreadable, "The ledger's file", path(name), "cannot be opened")
    }
    defer { Glibc.close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(.unreadable, "The ledger's file", path(name), "cannot be read") }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress.map { $0 + filled }, $0.count - filled) }
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw Self.failure(.unreadable, "The ledger's file", path(name), "cannot be read") }
      if count == 0 { break }
      filled += count
    }
    bytes.removeSubrange(filled...)
    return bytes
  }

  package func write(_ bytes: [UInt8], to name: String) throws(LedgerError) { try put(bytes, name, O_TRUNC) }

  package func append(_ bytes: [UInt8], to name: String) throws(LedgerError) { try put(bytes, name, O_APPEND) }

  private func put(_ bytes: [UInt8], _ name: String, _ mode: Int32) throws(LedgerError) {
    let descriptor = try descriptor(name, mode)
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { throw Self.failure(.unwritable, "The ledger's file", path(name), "cannot be written") }
      written += count
    }
  }

  private func descriptor(_ name: String, _ mode: Int32) throws(LedgerError) -> Int32 {
    if mode == O_APPEND, let known = open.withLock({ $0[name] }) { return known }
    let descriptor = Glibc.open(path(name), O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0o600)
    guard descriptor >= 0 else { throw Self.failure(.unwritable, "The ledger's file", path(name), "cannot be opened for writing") }
    if let earlier = open.withLock({ $0.updateValue(descriptor, forKey: name) }) { Glibc.close(earlier) }
    return descriptor
  }

  package func synchronize(_ name: String) throws(LedgerError) {
    guard let descriptor = open.withLock({ $0.removeValue(forKey: name) }) else { return }
    defer { Glibc.close(descriptor) }
    guard fsync(descriptor) == 0 else { throw Self.failure(.unwritable, "The ledger's file", path(name), "cannot be made durable") }
  }

  package func synchronizeDirectory(_ name: String) throws(LedgerError) {
    let descriptor = Glibc.open(path(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(.unwritable, "The ledger's directory", path(name), "cannot be opened") }
    defer { Glibc.close(descriptor) }
    guard fsync(descriptor) == 0 else { throw Self.failure(.unwritable, "The ledger's directory", path(name), "cannot be made durable") }
  }

  package func rename(_ name: String, to target: String) throws(LedgerError) {
    guard Glibc.rename(path(name), path(target)) == 0 else {
      throw Self.failure(.unwritable, "The ledger's file", path(target), "cannot be replaced")
    }
  }

  package func truncate(_ name: String, to length: Int) throws(LedgerError) {
    let descriptor = try descriptor(name, O_APPEND)
    guard ftruncate(descriptor, off_t(length)) == 0 else {
      throw Self.failure(.unwritable, "The ledger's file", path(name), "cannot be cut")
    }
  }

  package func remove(_ name: String) throws(LedgerError) {
    guard unlink(path(name)) == 0 || errno == ENOENT || errno == ENOTDIR else {
      throw Self.failure(.unwritable, "The ledger's file", path(name), "cannot be removed")
    }
  }

  package func makeDirectory(_ name: String) throws(LedgerError) {
    guard !name.isEmpty, !FileManager.default.fileExists(atPath: path(name)) else { return }
    let parent = DirectoryName.of(name)
    try makeDirectory(parent)
    guard mkdir(path(name), 0o700) == 0 || errno == EEXIST else {
      throw Self.failure(.unwritable, "The ledger's directory", path(name), "cannot be made")
    }
    try synchronizeDirectory(parent)
  }

  package func names(in directory: String) throws(LedgerError) -> [String] {
    guard FileManager.default.fileExists(atPath: path(directory)) else { return [] }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path(directory))
    } catch {
      throw LedgerError(.unreadable, "The ledger's directory \(path(directory)) cannot be listed: \(error.localizedDescription)")
    }
  }

  private static func failure(_ code: LedgerError.Code, _ what: String, _ path: String, _ verb: String) -> LedgerError {
    LedgerError(code, "\(what) \(path) \(verb): \(String(cString: strerror(errno))).")
  }
}
