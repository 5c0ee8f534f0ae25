internal import Foundation
internal import Glibc
internal import Vault

/// Files of a backup or a restore that are there for its time only, and what is left of them after a crash.
enum BackupScratch {
  /// The copy of the database that a backup reads; it lies beside the original, which is no better guarded.
  private static let prefix = ".backup-"

  static func database(in directory: URL) -> URL {
    directory.appendingPathComponent("\(prefix)\(CustodianStore.randomBytes(8).hexadecimal).sqlite")
  }

  /// Where a restored directory is made before it gets its name.
  static func making(of directory: URL) -> URL {
    directory.deletingLastPathComponent().appendingPathComponent(".\(directory.lastPathComponent).restoring", isDirectory: true)
  }

  /// Removes what a backup that was killed left: keys that were erased since may stand there still. Unless one is being written now.
  static func removeLeftovers(in directory: URL) {
    guard let lock = try? DirectoryLock(directory, DirectoryLock.backup) else { return }
    withExtendedLifetime(lock) {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [] where name.hasPrefix(prefix) {
        try? destroy(directory.appendingPathComponent(name))
      }
    }
  }

  /// Overwrites a file of any size with zeros, in pieces, and removes it; the limits are those of `SecretFile.destroy`.
  static func destroy(_ file: URL) throws(SecretFileError) {
    let descriptor = open(file.path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
    if descriptor >= 0 {
      var status = stat()
      if fstat(descriptor, &status) == 0 {
        let zeros = [UInt8](repeating: 0, count: BackupFrames.size)
        var left = Int(status.st_size)
        while left > 0 {
          let count = zeros.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, min($0.count, left)) }
          if count <= 0 { break }
          left -= count
        }
        fsync(descriptor)
      }
      close(descriptor)
    }
    try SecretFile.destroy(emptied(file))
  }

  /// Removes a directory with secret files and nothing below them.
  static func destroy(directory: URL) throws {
    guard FileManager.default.fileExists(atPath: directory.path) else { return }
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) { try destroy(directory.appendingPathComponent(name)) }
    guard rmdir(directory.path) == 0 else {
      throw SecretFileError.unwritable(path: directory.path, reason: String(cString: strerror(errno)).lowercased())
    }
  }

  /// So that it is not overwritten a second time, in one piece.
  private static func emptied(_ file: URL) -> URL {
    truncate(file.path, 0)
    return file
  }

  static func synchronize(_ directory: URL) throws(SecretFileError) {
    let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unwritable(path: directory.path, reason: String(cString: strerror(errno)).lowercased()) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .unwritable(path: directory.path, reason: String(cString: strerror(errno)).lowercased()) }
  }
}

/// A file of a backup on its way, by pieces.
final class BackupFile {
  private let handle: FileHandle

  /// Makes a file of mode 0600 that was not there.
  init(making file: URL) throws {
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw CustodianError.badOption("Cannot write \(file.path): \(String(cString: strerror(errno)).lowercased()).")
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  init(reading file: URL) throws {
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw CustodianError.badOption("Cannot read \(file.path): \(String(cString: strerror(errno)).lowercased()).")
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  var size: UInt64 {
    get throws {
      let size = try handle.seekToEnd()
      try handle.seek(toOffset: 0)
      return size
    }
  }

  /// So many bytes, or what is left.
  func read(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count, let piece = try handle.read(upToCount: count - bytes.count), !piece.isEmpty {
      bytes.append(contentsOf: piece)
    }
    return bytes
  }

  func write(_ bytes: some Collection<UInt8>) throws { try handle.write(contentsOf: Data(bytes)) }

  /// Makes durable what was written.
  func finish() throws {
    try handle.synchronize()
    try handle.close()
  }
}
