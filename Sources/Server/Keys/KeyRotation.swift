import Events
import Foundation
import Ledger
import Logging
import Vault

/// Puts a new key of the ledger in the place of the one in force. docs/FORMATS.md, "Key directory".
///
/// | step, durable before the next | a crash behind it leaves, and the next start makes of it |
/// | --- | --- |
/// | 1. the new key beside the others, as `….next` | a draft that no entry names: destroyed, the old key stays in force |
/// | 2. the ledger's entry, under a checkpoint that the old key signs | draft and entry: the new key is put in place |
/// | 3. the draft under its final name | the new key in place, the checkpoint still the old one's: signed again |
/// | 4. the running ledger and `ledger.pub` take it | nothing unfinished; `ledger.pub` is set right at a start |
package struct KeyRotation {
  /// What was done when `reached` is called: tests stop here as a crash would.
  package enum Step: Sendable, CaseIterable { case drafted, entered, placed, taken }

  static let draftEnding = ".next"

  private let installation: Installation
  /// The key directory.
  private let place: URL
  /// For tests, after each step.
  package var reached: (Step) throws -> Void = { _ in }

  package init(installation: Installation, place: URL) {
    self.installation = installation
    self.place = place
  }

  /// The ledger's signing key. The old one signs who follows it, and is destroyed.
  package func rotateSigning(by principal: Principal) async throws -> KeyDirectory {
    let key = SecretKey()
    let keys = installation.keys.replacing(ledgerSigning: key)
    let succession = try LedgerKeys(installation.keys).succession(to: try LedgerKeys(keys))
    let file = place.appendingPathComponent(KeyDirectory.File.ledgerSigning.rawValue)
    let draft = try draft(key, of: file)
    try reached(.drafted)
    try await installation.ledger.record(.signingKeyRotated(succession), by: principal)
    try await installation.ledger.publish()
    try reached(.entered)
    try SecretFile.supersede(file, by: draft)
    try reached(.placed)
    try await installation.take(keys)
    try await installation.publishLedgerKey()
    try reached(.taken)
    return keys
  }

  /// The key that encrypts the ledger's details. Those before it stay, under their numbers, to read with.
  package func rotateSets(by principal: Principal) async throws -> KeyDirectory {
    let number = installation.keys.ledgerSets.count + 1
    guard number <= KeyDirectory.setsLimit else { throw CommandError("There are \(number - 1) keys of this kind; there can be no more.") }
    let key = SecretKey()
    let keys = installation.keys.adding(ledgerSets: key)
    let file = place.appendingPathComponent(KeyDirectory.setsFile(number))
    let draft = try draft(key, of: file)
    try reached(.drafted)
    try await installation.ledger.record(.setsKeyRotated(number: number, id: keys.id(ofSets: number)), by: principal)
    try await installation.ledger.publish()
    try reached(.entered)
    try SecretFile.rename(draft, to: file)
    try reached(.placed)
    try await installation.take(keys)
    try reached(.taken)
    return keys
  }

  private func draft(_ key: SecretKey, of file: URL) throws -> URL {
    let draft = URL(fileURLWithPath: file.path + Self.draftEnding)
    guard !FileManager.default.fileExists(atPath: draft.path) else {
      throw CommandError("An earlier rotation was not finished (\(draft.path)). Restart the server: that finishes it or takes it back.")
    }
    do { try key.write(to: draft) } catch {
      // A full disk, say: nothing was begun, and what is there of it must not stand in the way of the next attempt.
      try? SecretFile.destroy(draft)
      throw error
    }
    return draft
  }

  /// Finishes what a crash interrupted, or takes it back. Before the keys are read and the ledger is opened.
  static func recover(_ source: KeySource, ledger: URL, logger: Logger) throws {
    guard let place = source.directory else { return }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
    let drafts = names.filter { $0.hasSuffix(draftEnding) }.sorted()
    guard !drafts.isEmpty else { return }
    let entries = try Ledger.keyEntries(directory: ledger)
    for name in drafts {
      let draft = place.appendingPathComponent(name)
      let file = place.appendingPathComponent(String(name.dropLast(draftEnding.count)))
      // One that is not whole was not finished, so that no entry can name it.
      guard let key = try? SecretKey(reading: draft), isEntered(key, as: file.lastPathComponent, in: entries) else {
        try SecretFile.destroy(draft)
        logger.notice("A rotation of a key that was interrupted has been taken back", metadata: ["key": "\(file.lastPathComponent)"])
        continue
      }
      try SecretFile.supersede(file, by: draft)
      logger.notice("A rotation of a key that was interrupted has been finished", metadata: ["key": "\(file.lastPathComponent)"])
    }
  }

  private static func isEntered(_ key: SecretKey, as file: String, in entries: [LedgerEntry]) -> Bool {
    if file == KeyDirectory.File.ledgerSigning.rawValue {
      let signer = key.withUnsafeBytes { NoteSigner(name: Installation.ledgerOrigin, seed: $0) }
      return entries.contains { $0.facts["succession"].flatMap { Succession(note: $0) }?.next == signer?.key }
    }
    return entries.contains { entry in
      entry.facts["number"].flatMap { Int($0) }.map { KeyDirectory.setsFile($0) } == file && entry.facts["id"] == key.id(as: "ledger sets")
    }
  }
}
