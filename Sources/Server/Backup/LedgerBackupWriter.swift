import Events
import Foundation
import Journeys
import Ledger
import Vault

/// Writes a backup of the ledger while it goes on. It is encrypted under the ledger's own key, so that it may lie where backups lie.
struct LedgerBackupWriter: Sendable {
  let installation: Installation
  let target: URL
  /// How many of the newest backups stay; nil: all.
  let keep: Int?

  func write(by principal: Principal) async throws -> LedgerBackup.Outcome {
    try installation.refuseBackup(to: target)
    let keys = try LedgerKeys(installation.keys)
    let name = BackupWriter.name(installation.now().milliseconds)
    // In the backup itself: its newest entry says that it was made.
    try await installation.ledger.record(.backupMade(name: "ledger " + name, target: target.path), by: principal)
    let image = try await installation.ledger.image()
    let backup = LedgerBackup(target, keys: keys)
    return try await withCheckedThrowingContinuation { continuation in
      let thread = Thread { continuation.resume(with: Result { try backup.write(image, name: name, keep: keep) }) }
      thread.name = "sealane.ledger-backup"
      thread.start()
    }
  }
}

extension LedgerBackup.Outcome {
  package var soundSentence: String { "\(name) is sound: \(entries) entries, \(files) files." }

  package func restoredSentence(to data: URL) -> String {
    "Restored the ledger of \(name) to \(data.path)/ledger: \(entries) entries, verified."
  }

  package var json: JSONValue {
    [
      "backup": .string(name), "entries": .number(Double(entries)), "files": .number(Double(files)), "bytes": .number(Double(bytes)),
      "files_there_already": .number(Double(reused)),
    ]
  }
}

/// `sealane ledger restore` and `sealane ledger backup --verify`: work on files alone.
package struct LedgerRestore: Sendable {
  private let keys: LedgerKeys
  private let backup: LedgerBackup

  package init(_ source: URL, keys: KeySource) throws {
    self.keys = try LedgerKeys(try keys.load())
    backup = LedgerBackup(source, keys: self.keys)
  }

  package func verify() throws -> [LedgerBackup.Outcome] { try backup.verify() }

  /// Puts the ledger to a data directory that has none, and verifies it first.
  package func restore(_ name: String?, to data: URL) throws -> LedgerBackup.Outcome {
    let directory = DataDirectory(data.standardizedFileURL)
    let files = FileManager.default
    if files.fileExists(atPath: directory.ledger.path) {
      throw CommandError(
        "\(directory.ledger.path) is there already, and a ledger is never rolled back. Move it away if it is lost for good.")
    }
    guard files.fileExists(atPath: directory.root.path) else {
      throw CommandError("\(directory.root.path) is not there. Restore the data first: sealane restore.")
    }
    // Until it is verified it has another name; what a crash leaves under that is made anew.
    let making = DataDirectory(directory.root.appendingPathComponent(".ledger.restoring", isDirectory: true))
    if files.fileExists(atPath: making.root.path) { try files.removeItem(at: making.root) }
    try files.createDirectory(at: making.root, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    let outcome = try backup.restore(name, to: making.ledger)
    let found = Ledger.verify(directory: making.ledger, publicKey: keys.publicKey, keys: keys, older: nil)
    guard found.isSound, found.size == outcome.entries else {
      throw CommandError(
        "What was restored is no sound ledger: \(found.firstProblem ?? "it has another size"). Use another backup (--snapshot). One that was "
          + "made before the ledger's signing key was rotated needs the ledger-signing.key of then in the key directory.")
    }
    try BackupDirectory.rename(making.ledger, to: directory.ledger)
    try files.removeItem(at: making.root)
    return outcome
  }
}
