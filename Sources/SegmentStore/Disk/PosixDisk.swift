import Glibc

/// The real file system.
package struct PosixDisk: Disk {
  package init() {}

  package func createDirectory(_ path: String) throws(DiskError) {
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Self.failure("create directory", path) }
    // Also where it was there: whoever made it may have been killed before its name was durable, and with the name goes all below it.
    try synchronizeDirectory(Self.parent(of: path))
  }

  private static func parent(of path: String) -> String {
    let names = path.split(separator: "/", omittingEmptySubsequences: true)
    let parent = names.dropLast().joined(separator: "/")
    return path.hasPrefix("/") ? "/" + parent : parent.isEmpty ? "." : parent
  }

  package func list(_ directory: String) throws(DiskError) -> [String] {
    guard let handle = opendir(directory) else { throw Self.failure("list", directory) }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  package func exists(_ path: String) throws(DiskError) -> Bool {
    if access(path, F_OK) == 0 { return true }
    guard errno == ENOENT else { throw Self.failure("look for", path) }
    return false
  }

  package func create(_ path: String) throws(DiskError) -> any WritableFile {
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure("create", path) }
    return PosixWritableFile(descriptor: descriptor, path: path)
  }

  package func open(_ path: String) throws(DiskError) -> any ReadableFile {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure("open", path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = Self.failure("measure", path)
      Glibc.close(descriptor)
      throw error
    }
    return PosixReadableFile(descriptor: descriptor, path: path, length: UInt64(status.st_size))
  }

  package func rename(_ path: String, to target: String) throws(DiskError) {
    guard Glibc.rename(path, target) == 0 else { throw Self.failure("rename", path) }
  }

  package func remove(_ path: String) throws(DiskError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw Self.failure("delete", path) }
  }

  package func truncate(_ path: String, to length: UInt64) throws(DiskError) {
    let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure("open", path) }
    defer { Glibc.close(descriptor) }
    guard ftruncate(descriptor, off_t(length)) == 0, fsync(descriptor) == 0 else { throw Self.failure("cut", path) }
  }

  package func synchronizeDirectory(_ path: String) throws(DiskError) {
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure("open directory", path) }
    defer { Glibc.close(descriptor) }
    guard fsync(descriptor) == 0 else { throw Self.failure("synchronize directory", path) }
  }

  package func lock(_ path: String) throws(DiskError) -> any AnyObject & Sendable {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure("open", path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      Glibc.close(descriptor)
      throw DiskError(operation: "lock", file: path, reason: "another process has this store open; stop it first")
    }
    return PosixReadableFile(descriptor: descriptor, path: path, length: 0)
  }

  fileprivate static func failure(_ operation: String, _ path: String) -> DiskError {
    DiskError(operation: operation, file: path, reason: String(cString: strerror(errno)))
  }
}

/// `position` is only touched by the one thread that writes the file at a time (the promise of `WritableFile`).
private final class PosixWritableFile: WritableFile, @unchecked Sendable {
  private var descriptor: Int32
  private let path: String

  init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close() }

  func append(_ bytes: UnsafeRawBufferPointer) throws(DiskError) {
    var rest = bytes
    while !rest.isEmpty {
      let written = write(descriptor, rest.baseAddress, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw PosixDisk.failure("write", path)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  func synchronize() throws(DiskError) {
    guard fdatasync(descriptor) == 0 else { throw PosixDisk.failure("synchronize", path) }
  }

  func close() {
    guard descriptor >= 0 else { return }
    Glibc.close(descriptor)
    descriptor = -1
  }
}

private final class PosixReadableFile: ReadableFile {
  private let descriptor: Int32
  private let path: String
  let length: UInt64

  init(descriptor: Int32, path: String, length: UInt64) {
    self.descriptor = descriptor
    self.path = path
    self.length = length
  }

  deinit { Glibc.close(descriptor) }

  func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(DiskError) {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        throw PosixDisk.failure("read", path)
      }
      guard count > 0 else { throw DiskError(operation: "read", file: path, reason: "the file ends too early") }
      done += count
    }
  }
}
