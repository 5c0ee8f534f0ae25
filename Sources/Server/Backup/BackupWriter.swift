import Access
import Crypto
import Events
import Foundation
import Journeys
import Ledger
import SegmentStore
import Vault

/// Writes a backup of an installation that goes on working: projects' stores, the control database, and the public keys. Neither the ledger,
/// which has a backup of its own and which a restore never rolls back, nor any key.
struct BackupWriter: Sendable {
  struct Outcome: Sendable, Hashable {
    var name: String
    var files = 0
    var bytes = 0
    /// What an earlier backup had already.
    var reusedFiles = 0
    var reusedBytes = 0

    var json: JSONValue {
      [
        "backup": .string(name), "files": .number(Double(files)), "bytes": .number(Double(bytes)),
        "files_there_already": .number(Double(reusedFiles)), "bytes_there_already": .number(Double(reusedBytes)),
      ]
    }
  }

  let installation: Installation
  let target: BackupDirectory
  /// How many of the newest backups stay; nil: all.
  let keep: Int?

  func write(by principal: Principal) async throws -> Outcome {
    try installation.refuseBackup(to: target.root)
    try target.prepare()
    let lock = try target.lock()
    defer { withExtendedLifetime(lock) {} }
    let takenAt = installation.now().milliseconds
    let name = Self.name(takenAt)
    guard !(try target.names().contains { $0 >= name + ".list" }) else {
      throw CommandError("\(target.root.path) holds a backup of this moment or a later one. Is the clock right?")
    }
    try await installation.ledger.record(.backupMade(name: name, target: target.root.path), by: principal)
    let database = target.objects.appendingPathComponent("tmp-\(UUID().uuidString)")
    for place in [target.root, target.objects, target.snapshots] {
      for name in try FileManager.default.contentsOfDirectory(atPath: place.path) where name.hasPrefix("tmp-") {
        try FileManager.default.removeItem(at: place.appendingPathComponent(name))
      }
    }
    try await installation.access.copy(to: database)
    var images: [(path: String, image: StoreImage)] = []
    for project in installation.projects.all {
      images.append(("projects/\(project.id.rawValue)", try await project.store.image()))
    }
    let (directory, stores) = (installation.directory, images)
    // Copying blocks; it gets a thread of its own.
    return try await withCheckedThrowingContinuation { continuation in
      let thread = Thread {
        continuation.resume(with: Result { try copy(directory, database: database, stores: stores, takenAt: takenAt) })
      }
      thread.name = "sealane.backup"
      thread.start()
    }
  }

  private func copy(
    _ directory: DataDirectory, database: URL, stores: [(path: String, image: StoreImage)], takenAt: Int64
  ) throws -> Outcome {
    var known: [String: BackupList.File] = [:]
    for name in try target.names() {
      // An older list that is damaged only costs copying again.
      for file in (try? target.list(name))?.list.files ?? [] {
        if let identity = file.identity { known[file.path + " " + identity] = file }
      }
    }
    var list = BackupList(takenAt: takenAt)
    var outcome = Outcome(name: Self.name(takenAt))
    func take(_ file: BackupList.File, isNew: Bool) {
      list.files.append(file)
      outcome.files += isNew ? 1 : 0
      outcome.bytes += isNew ? file.length : 0
      outcome.reusedFiles += isNew ? 0 : 1
      outcome.reusedBytes += isNew ? 0 : file.length
    }
    for file in [directory.ledgerPublicKey, directory.custodianKey] {
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      let data = try Data(contentsOf: file)
      let (entry, isNew) = try store(file.lastPathComponent, identity: nil, length: data.count) { offset, count in
        Array(data[offset..<offset + count])
      }
      take(entry, isNew: isNew)
    }
    let handle = try FileHandle(forReadingFrom: database)
    let size = Int(try handle.seekToEnd())
    let (entry, isNew) = try store("control.sqlite", identity: nil, length: size) { offset, count in
      try handle.seek(toOffset: UInt64(offset))
      return Array(try handle.read(upToCount: count) ?? Data())
    }
    take(entry, isNew: isNew)
    try handle.close()
    try FileManager.default.removeItem(at: database)
    for (path, image) in stores {
      for file in image.files {
        let place = path + "/" + file.name
        if let identity = file.identity, let before = known[place + " " + identity], before.length == file.length, has(before) {
          take(before, isNew: false)
          continue
        }
        let (entry, isNew) = try store(place, identity: file.identity, length: file.length, read: file.read)
        take(entry, isNew: isNew)
      }
    }
    // All objects are durable with their names before a list names them. A crash before this leaves the backups that there were.
    try BackupDirectory.synchronize(target.objects)
    try BackupDirectory.write(Data(list.text.utf8), to: target.snapshots.appendingPathComponent(outcome.name + ".list"))
    if let keep { try target.prune(to: keep) }
    return outcome
  }

  private func has(_ file: BackupList.File) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: target.object(file.digest).path)
    return (attributes?[.size] as? NSNumber)?.intValue == file.length
  }

  private func store(_ path: String, identity: String?, length: Int, read: (Int, Int) throws -> [UInt8]) throws -> (
    BackupList.File, isNew: Bool
  ) {
    let temporary = target.objects.appendingPathComponent("tmp-\(UUID().uuidString)")
    guard FileManager.default.createFile(atPath: temporary.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
      throw CommandError("Cannot write in \(target.objects.path).")
    }
    let output = try FileHandle(forWritingTo: temporary)
    var hash = SHA256()
    var offset = 0
    while offset < length {
      let piece = try read(offset, min(BackupDirectory.chunk, length - offset))
      guard !piece.isEmpty else { throw CommandError("\(path) ends too early.") }
      hash.update(data: piece)
      try output.write(contentsOf: piece)
      offset += piece.count
    }
    try output.synchronize()
    try output.close()
    let file = BackupList.File(digest: BackupList.text(hash.finalize()), length: length, identity: identity, path: path)
    if has(file) {
      try FileManager.default.removeItem(at: temporary)
      return (file, false)
    }
    try BackupDirectory.rename(temporary, to: target.object(file.digest))
    return (file, true)
  }

  /// Sorts by time: `20261125T071500123Z`.
  static func name(_ milliseconds: Int64) -> String {
    let text = Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(
      .iso8601.year().month().day().dateSeparator(.omitted).time(includingFractionalSeconds: true).timeSeparator(.omitted))
    return text.filter { $0.isNumber || $0 == "T" } + "Z"
  }
}

extension Installation {
  /// Data and backup must not be lost together, and a key must not lie beside either.
  func refuseBackup(to target: URL) throws {
    let place = target.resolvingSymlinksInPath().path + "/"
    for other in [directory.root, configuration.keys.directory, DataDirectory.defaultCustodian(of: directory.root)].compactMap({ $0 }) {
      let path = other.resolvingSymlinksInPath().path + "/"
      if place.hasPrefix(path) || path.hasPrefix(place) {
        throw CommandError("\(target.path) and \(other.path) lie within each other. Name a directory elsewhere, best on another disk.")
      }
    }
  }
}
