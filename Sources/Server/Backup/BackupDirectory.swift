import Crypto
import Foundation

/// A directory that holds backups of one data directory:
///
/// | `FORMAT` | `sealane backup 1` |
/// | `objects/<SHA-256>` | the files, each once, under the digest of their bytes |
/// | `snapshots/<time>.list` | what a backup consists of |
/// | `lock` | held while a backup is written |
///
/// A backup is there once its list is: objects are durable before it, and nothing that an older list names is changed. A crash in between
/// leaves objects that no list names, and files named `tmp-…`, which the next backup deletes.
struct BackupDirectory: Sendable {
  static let formatText = "sealane backup 1\n"
  static let chunk = 1 << 20

  let root: URL
  var objects: URL { root.appendingPathComponent("objects", isDirectory: true) }
  var snapshots: URL { root.appendingPathComponent("snapshots", isDirectory: true) }
  private var format: URL { root.appendingPathComponent("FORMAT") }

  init(_ root: URL) { self.root = root.standardizedFileURL }

  func object(_ digest: String) -> URL { objects.appendingPathComponent(digest) }

  /// Makes the directory where it is not there; refuses one that holds anything else.
  func prepare() throws {
    let files = FileManager.default
    if let names = try? files.contentsOfDirectory(atPath: root.path), !names.isEmpty, !names.contains("FORMAT"),
      names.contains(where: { !["lock", "objects", "snapshots"].contains($0) && !$0.hasPrefix("tmp-") })
    {
      throw CommandError("\(root.path) holds other files. Name an empty directory, or one with backups of Sealane.")
    }
    for place in [root, objects, snapshots] {
      try files.createDirectory(at: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }
    if files.fileExists(atPath: format.path) { return try check() }
    try Self.write(Data(Self.formatText.utf8), to: format)
    try Self.synchronize(root.deletingLastPathComponent())
  }

  func check() throws {
    guard let text = try? String(contentsOf: format, encoding: .utf8) else {
      throw CommandError("\(root.path) holds no backup of Sealane.")
    }
    guard text == Self.formatText else { throw CommandError("\(root.path) was written by another version of Sealane; use that one.") }
  }

  /// Names of the lists, oldest first.
  func names() throws -> [String] {
    // A directory that cannot be read must not look like an empty one: pruning would delete what its lists name.
    guard FileManager.default.fileExists(atPath: snapshots.path) else { return [] }
    let names = try FileManager.default.contentsOfDirectory(atPath: snapshots.path)
    return names.filter { $0.hasSuffix(".list") }.sorted()
  }

  /// A named list, or the newest.
  func list(_ name: String? = nil) throws -> (name: String, list: BackupList) {
    let names = try names()
    guard let wanted = name.map({ $0.hasSuffix(".list") ? $0 : $0 + ".list" }) ?? names.last, names.contains(wanted) else {
      throw CommandError(
        name == nil ? "\(root.path) holds no finished backup." : "There is no such backup. There are: \(names.joined(separator: ", ")).")
    }
    return (wanted, try BackupList(text: String(contentsOf: snapshots.appendingPathComponent(wanted), encoding: .utf8), name: wanted))
  }

  /// Deletes all but the newest lists, then the objects that no list names any more. A list that cannot be read keeps every object.
  func prune(to keep: Int) throws {
    let names = try names()
    guard !names.isEmpty else { return }
    for name in names.dropLast(keep) { try FileManager.default.removeItem(at: snapshots.appendingPathComponent(name)) }
    try Self.synchronize(snapshots)
    var named: Set<String> = []
    for name in names.suffix(keep) { named.formUnion(try list(name).list.files.map(\.digest)) }
    for name in try FileManager.default.contentsOfDirectory(atPath: objects.path) where !named.contains(name) {
      try FileManager.default.removeItem(at: object(name))
    }
  }

  /// Copies an object and checks its bytes on the way.
  static func copy(_ source: URL, expecting file: BackupList.File, to target: URL?) throws -> Int {
    let damaged = CommandError(
      "The backup's copy of \(file.path) is damaged or missing (\(source.path)). Use another backup; a new one copies the file again once this object is deleted."
    )
    guard let input = FileHandle(forReadingAtPath: source.path) else { throw damaged }
    defer { try? input.close() }
    var output: FileHandle?
    if let target {
      guard FileManager.default.createFile(atPath: target.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
        throw CommandError("Cannot write \(target.path).")
      }
      output = try FileHandle(forWritingTo: target)
    }
    defer { try? output?.close() }
    var hash = SHA256()
    var length = 0
    while let piece = try input.read(upToCount: chunk), !piece.isEmpty {
      hash.update(data: piece)
      length += piece.count
      try output?.write(contentsOf: piece)
    }
    guard length == file.length, BackupList.text(hash.finalize()) == file.digest else { throw damaged }
    try output?.synchronize()
    return length
  }

  /// Writes a small file so that it is there as a whole or not at all.
  static func write(_ data: Data, to file: URL) throws {
    let temporary = file.deletingLastPathComponent().appendingPathComponent("tmp-\(UUID().uuidString)")
    guard FileManager.default.createFile(atPath: temporary.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
      throw CommandError("Cannot write in \(file.deletingLastPathComponent().path).")
    }
    let handle = try FileHandle(forWritingTo: temporary)
    try handle.write(contentsOf: data)
    try handle.synchronize()
    try handle.close()
    try rename(temporary, to: file)
  }

  /// Durable when this returns.
  static func rename(_ file: URL, to target: URL) throws {
    guard Glibc.rename(file.path, target.path) == 0 else {
      throw CommandError("Cannot write \(target.path): \(String(cString: strerror(errno))).")
    }
    try synchronize(target.deletingLastPathComponent())
  }

  static func synchronize(_ directory: URL) throws {
    let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw CommandError("Cannot open \(directory.path): \(String(cString: strerror(errno))).") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw CommandError("Cannot write \(directory.path): \(String(cString: strerror(errno))).") }
  }

  /// Held by one backup at a time, and by nobody once its process is gone.
  func lock() throws -> BackupLock { try BackupLock(root.appendingPathComponent("lock")) }
}

final class BackupLock: Sendable {
  private let descriptor: Int32

  init(_ file: URL) throws {
    descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw CommandError("Cannot open \(file.path): \(String(cString: strerror(errno))).") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw CommandError("Another backup is being written there. Wait for it, then try again.")
    }
  }

  deinit { close(descriptor) }
}
