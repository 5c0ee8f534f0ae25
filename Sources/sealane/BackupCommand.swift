import ArgumentParser
import Foundation
import Journeys
import Server

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Write a backup of all data, while the server runs or without one; or check one.",
    discussion: """
      Copies what is not in TARGET yet. Holds neither keys nor the ledger: those have backups of their own.

      Examples:
        sealane backup /mnt/backup/sealane --data DIR --keep 14
        sealane backup /mnt/backup/sealane --verify
      """)

  @OptionGroup var order: BackupOrder
  @OptionGroup var options: DataOptions

  func run() async throws {
    try await options.run {
      if order.verify {
        let found = try Restore(order.directory).verify()
        let sound = found.map { (json: $0.json, sentence: "\($0.name) is sound: \($0.files) files, \($0.bytes) bytes.") }
        return order.saySound(sound, json: options.json)
      }
      try await order.write("/api/v1/backups", options) { name, number in
        "Backup \(name): copied \(number("files")) files of \(number("bytes")) bytes; "
          + "\(number("files_there_already")) files were there already."
      }
    }
  }
}

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Make a new data directory of a backup, and check it.",
    discussion: """
      Overwrites nothing. Put the key directory beside the new one (NEWDIR.keys). The ledger is not in the backup, since it is never rolled
      back: give the newest copy of its directory with --ledger, or put it into NEWDIR before the server starts.

      Examples:
        sealane restore /mnt/backup/sealane --data NEWDIR --ledger OLDDIR/ledger
        sealane restore /mnt/backup/sealane --data NEWDIR --snapshot 20261125T071500123Z
      """)

  @Argument(help: "The directory with backups.", completion: .directory)
  var target: String
  @OptionGroup var options: DataOptions
  @Option(help: "Which backup (default: the newest).")
  var snapshot: String?
  @Option(help: "The newest copy of the ledger's directory.")
  var ledger: String?
  @Flag(help: "Begin a new ledger, since no copy of the old one is left.")
  var newLedger = false

  func validate() throws {
    if newLedger, ledger != nil { throw ValidationError("Give --ledger or --new-ledger, not both.") }
  }

  func run() async throws {
    try await options.run {
      let data = try options.configuration().data
      let source = URL(fileURLWithPath: target, isDirectory: true)
      let choice = ledger.map { Restore.LedgerChoice.copy(URL(fileURLWithPath: $0, isDirectory: true)) } ?? (newLedger ? .begin : .later)
      let made = try Restore(source).restore(to: data, name: snapshot, ledger: choice)
      if options.json { return Terminal.say(made.json.text) }
      Terminal.say("Restored \(made.name) to \(data.path): \(made.files) files, \(made.bytes) bytes, all of them checked.")
      if case .later = choice { Terminal.say("Put the newest copy of the ledger to \(data.path)/ledger before you start the server.") }
      Terminal.say("Subjects that were erased since are erased again when the server starts.")
    }
  }
}
