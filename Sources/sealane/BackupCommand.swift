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

  @Argument(help: "A directory for backups of this data directory; made if it is not there.", completion: .directory)
  var target: String
  @OptionGroup var options: DataOptions
  @Flag(help: "Write nothing; read every byte of every backup in TARGET and say whether it is sound.")
  var verify = false
  @Option(help: "Afterwards delete all but so many of the newest backups in TARGET.")
  var keep: Int?

  func run() async throws {
    try await options.run {
      let directory = URL(fileURLWithPath: target, isDirectory: true).standardizedFileURL
      if verify {
        let found = try Restore(directory).verify()
        if options.json { return Terminal.say(JSONValue.object(["sound": .boolean(true), "backups": .list(found.map(\.json))]).text) }
        for backup in found { Terminal.say("\(backup.name) is sound: \(backup.files) files, \(backup.bytes) bytes.") }
        return
      }
      var members: [String: JSONValue] = ["target": .string(directory.path)]
      if let keep { members["keep"] = .number(Double(keep)) }
      let body = Array(JSONValue.object(members).text.utf8)
      let answer = try await ControlSession.run(try options.configuration()) { client in
        try await client.text("POST", "/api/v1/backups", body: body, deadline: .seconds(86_400))
      }
      if options.json { return Terminal.say(answer) }
      guard case .object(let members) = try JSONValue(parsing: Array(answer.utf8)), case .string(let name)? = members["backup"],
        case .number(let files)? = members["files"], case .number(let bytes)? = members["bytes"],
        case .number(let old)? = members["files_there_already"]
      else { return Terminal.say(answer) }
      Terminal.say("Backup \(name): copied \(Int(files)) files of \(Int(bytes)) bytes; \(Int(old)) files were there already.")
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
      Terminal.say("Subjects that were deleted since must be deleted again; the ledger names them (subject_erased).")
    }
  }
}
