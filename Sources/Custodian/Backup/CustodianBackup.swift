internal import Crypto
package import Events
package import Foundation
internal import GRDB
internal import Glibc
internal import Vault

/// `sealane-custodian backup`: everything that opens what is sealed, in one file, encrypted under a fresh key of which three shares are
/// given away and none is kept. Works beside a running custodian.
///
/// What is copied, and in which order, so that it fits together while the custodian goes on:
/// 1. the small files, which do not change (a token is replaced in one step);
/// 2. the database, as of one moment (`VACUUM INTO`, which leaves out what was deleted);
/// 3. the HPKE private keys that this copy says are in use. A key is made before it is entered and destroyed after it is struck out, so each is
///    there, unless it was struck out since the copy: then all of it is done again.
package enum CustodianBackup {
  package struct Made: Sendable {
    package let header: BackupHeader
    /// Of the file.
    package let bytes: UInt64
    package let projects: [ProjectInventory]
    package let hpkeKeys: Int
    package let approvers: Int
    package let shares: [BackupShare]
  }

  private static let attempts = 3

  /// - Parameters:
  ///   - file: must not be there. It gets this name when it is complete and was read back with two of the shares.
  ///   - shareFiles: three files to make, one for each share; nil where the caller shows them.
  package static func make(of directory: URL, to file: URL, shareFiles: [URL]? = nil, now: Timestamp) throws -> Made {
    let (directory, file) = (directory.standardizedFileURL, file.standardizedFileURL)
    try check(directory, file, shareFiles: shareFiles)
    let secrets = try CustodianSecrets(directory: directory)
    let store = try CustodianStore(secrets: secrets)
    BackupScratch.removeLeftovers(in: directory)
    let lock = try DirectoryLock(directory, DirectoryLock.backup)
    defer { withExtendedLifetime(lock) {} }
    let copy = BackupScratch.database(in: directory)
    defer { try? BackupScratch.destroy(copy) }
    let (small, held) = try image(of: store, copy: copy)
    let header = BackupHeader(id: CustodianStore.randomBytes(BackupHeader.idLength), madeAt: now, identity: try secrets.identity.bytes)
    let key = SecretKey()
    let shares = SecretSharing.split(key, slopes: SecretKey()).enumerated().map {
      BackupShare(backup: header.id, index: UInt8($0.offset + 1), values: $0.element)
    }
    // A crash leaves this, and no file under the name that was asked for.
    let partial = file.deletingLastPathComponent().appendingPathComponent(".\(file.lastPathComponent).partial")
    unlink(partial.path)
    do {
      try write(header, key: key, small: small, database: copy, to: partial)
      let bytes = try readBack(partial, shares: [shares[0], shares[2]])
      let made = try shareFiles.map { try write(shares, to: $0) } ?? []
      guard rename(partial.path, file.path) == 0 else {
        for file in made { try? SecretFile.destroy(file) }
        throw CustodianError.badOption("Cannot write \(file.path): \(String(cString: strerror(errno)).lowercased()).")
      }
      try BackupScratch.synchronize(file.deletingLastPathComponent())
      // For `doctor` alone: the backup is there with or without it.
      try? store.note(.lastBackup, at: now)
      return Made(
        header: header, bytes: bytes, projects: held.projects, hpkeKeys: held.hpkeKeys, approvers: held.approvers, shares: shares)
    } catch {
      unlink(partial.path)
      throw error
    }
  }

  private static func check(_ directory: URL, _ file: URL, shareFiles: [URL]?) throws {
    let inside = directory.resolvingSymlinksInPath().path + "/"
    for made in [file] + (shareFiles ?? []) {
      guard !(made.deletingLastPathComponent().resolvingSymlinksInPath().path + "/").hasPrefix(inside) else {
        throw CustodianError.badOption("\(made.path) lies in the custodian's directory, with which it would be lost. Name another place.")
      }
      guard !FileManager.default.fileExists(atPath: made.path) else {
        throw CustodianError.badOption("\(made.path) is there already, and a backup overwrites nothing. Name another file.")
      }
    }
    guard let shareFiles else { return }
    let paths = [file] + shareFiles.map(\.standardizedFileURL)
    guard shareFiles.count == SecretSharing.shareCount, Set(paths.map(\.path)).count == paths.count else {
      throw CustodianError.badOption(
        "--share-to takes three different files, best on three disks: whoever has two of them can open the backup.")
    }
  }

  // MARK: What is copied

  private struct Held {
    let projects: [ProjectInventory]
    let hpkeKeys: Int
    let approvers: Int
  }

  private static func image(of store: CustodianStore, copy: URL) throws -> (small: [(name: String, bytes: [UInt8])], held: Held) {
    for _ in 0..<attempts {
      try BackupScratch.destroy(copy)
      var small = try lastingFiles(in: store.secrets.directory)
      // SQLite takes an empty file that is there, with its mode.
      try SecretFile.create(copy, bytes: [])
      try store.database.vacuum(into: copy.path)
      var configuration = Configuration()
      configuration.readonly = true
      let queue = try DatabaseQueue(path: copy.path, configuration: configuration)
      let (records, projects, approvers) = try queue.read { database in
        (
          try CustodianStore.hpkeKeys(in: database), try CustodianStore.inventory(in: database),
          try Int.fetchOne(database, sql: "SELECT count(*) FROM approver WHERE enrolled_at IS NOT NULL AND removed_at IS NULL") ?? 0
        )
      }
      try queue.close()
      var used = records.filter { [.announced, .current, .replaced].contains($0.state) }.map(\.announcement.key)
      // A custodian that never ran has not entered its first key, to which the server may seal all the same.
      if records.isEmpty { used = [try store.secrets.firstAnnouncement().key] }
      guard let keys = try privateKeys(of: used, in: store.secrets.directory) else { continue }
      small += keys
      return (small, Held(projects: projects, hpkeKeys: used.count, approvers: approvers))
    }
    throw BackupError.changedMeanwhile
  }

  /// Every file but the database, the HPKE keys and those that are never taken: what a later version keeps here is in its backup too.
  private static func lastingFiles(in directory: URL) throws -> [(name: String, bytes: [UInt8])] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().filter {
      BackupContent.isName($0) && $0 != CustodianDirectory.database && !isPrivateKey($0)
    }.map { ($0, try SecretFile.read(directory.appendingPathComponent($0), limit: BackupContent.largestSecret)) }
  }

  private static func isPrivateKey(_ name: String) -> Bool { name.hasPrefix("hpke-") && name.hasSuffix(".key") }

  /// The private halves of these keys; nil if one is gone, or is being overwritten right now.
  private static func privateKeys(
    of keys: [CustodianPublicKey], in directory: URL
  ) throws -> [(name: String, bytes: [UInt8])]? {
    var found: [(name: String, bytes: [UInt8])] = []
    for key in keys {
      let name = CustodianDirectory.privateKey(id: key.id)
      let file = directory.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: file.path), let bytes = try? SecretFile.read(file, limit: SecretKey.byteCount),
        let pair = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: bytes), CustodianPublicKey(pair.publicKey) == key
      else { return nil }
      found.append((name, bytes))
    }
    return found
  }

  // MARK: Writing

  private static func write(
    _ header: BackupHeader, key: SecretKey, small: [(name: String, bytes: [UInt8])], database: URL, to file: URL
  ) throws {
    let target = try BackupFile(making: file)
    var writer = try BackupFrameWriter(header, key: key) { try target.write($0) }
    for (name, bytes) in small {
      try writer.write(BackupContent.head(name, length: UInt64(bytes.count)))
      try writer.write(bytes)
    }
    let source = try BackupFile(reading: database)
    let size = try source.size
    try writer.write(BackupContent.head(CustodianDirectory.database, length: size))
    var left = size
    while left > 0 {
      let piece = try source.read(Int(min(left, UInt64(BackupFrames.size))))
      guard !piece.isEmpty else { throw BackupError.changedMeanwhile }
      try writer.write(piece)
      left -= UInt64(piece.count)
    }
    try writer.write([0])
    try writer.finish()
    try target.finish()
  }

  /// Opens the whole file with two shares: a backup that nobody can open is found now, not on the day when it is needed. Gives its length.
  private static func readBack(_ file: URL, shares: [BackupShare]) throws -> UInt64 {
    let source = try BackupFile(reading: file)
    let size = try source.size
    let header = try BackupHeader(try source.read(BackupHeader.size))
    // Through their text, as they come back.
    let typed = try shares.map { try BackupShare(text: $0.text) }
    var reader = try BackupFrameReader(header, key: header.key(from: typed)) { try source.read($0) }
    while let (_, length) = try BackupContent.nextHead(&reader) { try reader.read(length) { _ in } }
    try reader.finish()
    return size
  }

  private static func write(_ shares: [BackupShare], to files: [URL]) throws -> [URL] {
    var made: [URL] = []
    do {
      for (share, file) in zip(shares, files) {
        try SecretFile.create(file, bytes: Array((share.text + "\n").utf8))
        made.append(file)
      }
      return made
    } catch {
      for file in made { try? SecretFile.destroy(file) }
      throw error
    }
  }
}
