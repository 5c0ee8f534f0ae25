package import Events
package import Foundation
internal import GRDB
internal import Glibc
internal import Vault

/// `sealane-custodian restore`: makes a custodian's directory of a backup and two of its shares.
///
/// Until everything is there and was looked through, the directory has another name (`.NAME.restoring`). A crash before the rename leaves
/// that, which the next restore overwrites and removes; after it, everything.
package enum CustodianRestore {
  package struct Restored: Sendable, Codable {
    package let backup: String
    package let madeAt: Int64
    package let files: Int
    package let projects: [ProjectInventory]
    /// The names of those who are approvers in it.
    package let approvers: [String]
    package let dailyLimit: Int
    /// Requests that could still have been signed or carried out, and setup links that nobody had used: ended.
    package let endedRequests: Int
    package let endedLinks: Int

    private enum CodingKeys: String, CodingKey {
      case backup
      case madeAt = "made_at"
      case files, projects, approvers
      case dailyLimit = "daily_limit"
      case endedRequests = "ended_requests"
      case endedLinks = "ended_links"
    }
  }

  /// What a backup says of itself, if it can be restored at this time; no share is needed for that.
  package static func header(of file: URL, now: Timestamp) throws -> BackupHeader {
    let header = try BackupHeader(try BackupFile(reading: file).read(BackupHeader.size))
    try header.check(at: now)
    return header
  }

  /// Refuses a place that is taken.
  package static func check(target directory: URL) throws {
    guard FileManager.default.fileExists(atPath: directory.path) else { return }
    try SecretFile.checkDirectory(directory)
    guard try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty else {
      throw CustodianError.badOption("\(directory.path) is not empty, and a restore overwrites nothing. Name another directory.")
    }
  }

  package static func restore(_ file: URL, shares: [BackupShare], to target: URL, now: Timestamp) throws -> Restored {
    let directory = target.standardizedFileURL
    try check(target: directory)
    let source = try BackupFile(reading: file)
    let header = try BackupHeader(try source.read(BackupHeader.size))
    try header.check(at: now)
    let key = try header.key(from: shares)
    let making = BackupScratch.making(of: directory)
    try BackupScratch.destroy(directory: making)
    try SecretFile.createDirectory(making)
    do {
      var reader = try BackupFrameReader(header, key: key) { try source.read($0) }
      let files = try unpack(&reader, to: making)
      let restored = try settle(making, header: header, files: files, now: now)
      try BackupScratch.synchronize(making)
      // An empty directory of this name is replaced in the same step.
      guard rename(making.path, directory.path) == 0 else {
        throw CustodianError.badOption("Cannot write \(directory.path): \(String(cString: strerror(errno)).lowercased()).")
      }
      try BackupScratch.synchronize(directory.deletingLastPathComponent())
      return restored
    } catch {
      try? BackupScratch.destroy(directory: making)
      throw error
    }
  }

  private static func unpack(_ reader: inout BackupFrameReader, to directory: URL) throws -> Int {
    var names: Set<String> = []
    while let (name, length) = try BackupContent.nextHead(&reader) {
      guard names.insert(name).inserted, names.count <= BackupContent.mostFiles else {
        throw BackupError.malformed("\(name) is in it twice, or there are too many files")
      }
      let target = try BackupFile(making: directory.appendingPathComponent(name))
      try reader.read(length) { try target.write($0) }
      try target.finish()
    }
    try reader.finish()
    return names.count
  }

  /// Looks through what was unpacked, and ends what must not go on.
  private static func settle(_ directory: URL, header: BackupHeader, files: Int, now: Timestamp) throws -> Restored {
    let secrets = try CustodianSecrets(directory: directory)
    guard try secrets.identity.bytes == header.identity else { throw BackupError.unsound("its identity key is another's.") }
    // Every HPKE key that is in use is there, and every record key decrypts.
    if let finding = CustodianCheck.run(directory, now: now).first(where: { $0.severity == .bad }) {
      throw BackupError.unsound(finding.sentence)
    }
    let store = try CustodianStore(secrets: secrets)
    let ended = try store.endUnfinished(at: now)
    let restored = Restored(
      backup: header.id.hexadecimal, madeAt: header.madeAt.milliseconds, files: files, projects: try store.inventory(),
      approvers: try store.approvers().filter(\.isEnrolled).map(\.name).sorted(), dailyLimit: try store.dailyLimit(at: now).limit,
      endedRequests: ended.requests, endedLinks: ended.links)
    // Writes the log into the database and removes it.
    try store.database.close()
    return restored
  }
}

extension CustodianStore {
  /// Ends what was under way when a backup was made, since nobody can say what became of it after: a request is carried out once, and a
  /// link makes one approver.
  func endUnfinished(at time: Timestamp) throws -> (requests: Int, links: Int) {
    try database.write { database in
      // Keys that were erased since are back: the whole of the server's ledger is asked for again.
      try database.execute(sql: "DELETE FROM fact WHERE name = ?", arguments: [Fact.erasuresKnown.rawValue])
      try database.execute(
        sql: "UPDATE request SET state = 'refused', decided_at = ? WHERE state IN ('draft', 'waiting', 'approved')",
        arguments: [time.milliseconds])
      let requests = database.changesCount
      try database.execute(
        sql: "UPDATE approver SET link_expires = ?1 WHERE enrolled_at IS NULL AND link_expires > ?1", arguments: [time.milliseconds])
      let links = database.changesCount
      try database.execute(
        sql: "UPDATE passkey_link SET expires = ?1 WHERE used_at IS NULL AND expires > ?1", arguments: [time.milliseconds])
      let endedLinks = links + database.changesCount
      // Whoever asked may have been answered since, and is answered once in a day: they ask again.
      try database.execute(sql: "UPDATE question SET sealed = NULL")
      try database.execute(
        sql: "UPDATE answer SET state = 'given_up', sealed = NULL, given_at = ? WHERE state IN ('waiting', 'sending')",
        arguments: [time.milliseconds])
      return (requests, endedLinks)
    }
  }
}
