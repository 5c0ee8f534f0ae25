import ArgumentParser
import Foundation
import Journeys
import Server
import Vault

struct LedgerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Verify, read and back up the ledger of disclosures.",
    subcommands: [Verify.self, Entries.self, Backup.self, Restore.self])

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that the ledger is whole and was not rewritten.",
      discussion: """
        Reads the files only. With --checkpoint, a checkpoint that was kept elsewhere, it also proves that nothing before it was changed. With
        --public-key it believes that key, and those that the ledger hands over to from there, instead of the one in DIR/ledger.pub.

        Examples:
          sealane ledger verify --data DIR
          sealane ledger verify --data DIR --checkpoint june.checkpoint
          sealane ledger verify --data DIR --public-key sealane.local/ledger+…
        """)

    @OptionGroup var options: DataOptions
    @Option(help: "A file with an earlier checkpoint that this ledger must continue.")
    var checkpoint: String?
    @Option(help: "The ledger's public key as it was kept elsewhere: the one in force or one before it.")
    var publicKey: String?

    func run() async throws {
      try await options.run {
        let configuration = try options.configuration()
        let older: String? = try checkpoint.map { path in
          guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw CommandError("\(path) cannot be read.") }
          return text
        }
        // Without the keys an outsider's checks are made; a command that fails is said.
        let keys = configuration.keys.directory == nil ? try configuration.keys.load() : try? configuration.keys.load()
        let outcome = try LedgerCheck(DataDirectory(configuration.data), keys: keys, publicKey: publicKey).run(older: older)
        Terminal.say(options.json ? outcome.json : outcome.text)
        if !outcome.isSound { throw ExitCode.failure }
      }
    }
  }

  struct Entries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List entries with their details: who was shown what. Reading them is a disclosure too.",
      discussion: """
        Example:
          sealane ledger entries --data DIR --from 0 --limit 50
        """)

    @OptionGroup var options: DataOptions
    @Option(help: "Number of the first entry.")
    var from: UInt64 = 0
    @Option(help: "At most so many, up to 1000.")
    var limit = 100

    func run() async throws {
      try await options.run {
        let path = "/api/v1/ledger/entries?from=\(from)&limit=\(limit)"
        Terminal.say(try await ControlSession.run(try options.configuration()) { try await $0.text("GET", path) })
      }
    }
  }

  struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a backup of the ledger, while the server runs or without one; or check one.",
      discussion: """
        Encrypted under the ledger's own key, which stands in the key directory: keep that elsewhere. Copies what is not in TARGET yet.

        Examples:
          sealane ledger backup /mnt/backup/ledger --data DIR --keep 14
          sealane ledger backup /mnt/backup/ledger --data DIR --verify
        """)

    @OptionGroup var order: BackupOrder
    @OptionGroup var options: DataOptions

    func run() async throws {
      try await options.run {
        if order.verify {
          let found = try LedgerRestore(order.directory, keys: options.configuration().keys).verify()
          return order.saySound(found.map { (json: $0.json, sentence: $0.soundSentence) }, json: options.json)
        }
        try await order.write("/api/v1/ledger/backups", options) { name, number in
          let old = number("files_there_already")
          return "Backup \(name): \(number("entries")) entries; copied \(number("files") - old) files, \(old) were there already."
        }
      }
    }
  }

  struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put the ledger of a backup to a data directory that has none, and verify it.",
      discussion: """
        Overwrites nothing. Take the newest backup there is, however old the data are: a ledger is never rolled back. Whoever kept a later
        checkpoint sees that entries are missing (sealane ledger verify --checkpoint).

        Example:
          sealane ledger restore /mnt/backup/ledger --data NEWDIR
        """)

    @Argument(help: "The directory with backups of the ledger.", completion: .directory)
    var target: String
    @OptionGroup var options: DataOptions
    @Option(help: "Which backup (default: the newest).")
    var snapshot: String?

    func run() async throws {
      try await options.run {
        let configuration = try options.configuration()
        let source = URL(fileURLWithPath: target, isDirectory: true)
        let made = try LedgerRestore(source, keys: configuration.keys).restore(snapshot, to: configuration.data)
        if options.json { return Terminal.say(made.json.text) }
        Terminal.say(made.restoredSentence(to: configuration.data))
      }
    }
  }
}
