import ArgumentParser
import Foundation
import Journeys
import Ledger
import Server
import Vault

struct LedgerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Verify, read and back up the ledger of disclosures.",
    subcommands: [Verify.self, Prove.self, Entries.self, Backup.self, Restore.self])

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that the ledger is whole and was not rewritten.",
      discussion: """
        Reads the files only: of the data directory, or with --copy of any copy of a ledger. With --checkpoint, a checkpoint that was kept
        elsewhere, it also proves that nothing before it was changed. With --policy (C2SP tlog-policy) it asks for the cosignatures of the
        witnesses that stand there. With --public-key, or a log line of the policy, it believes that key, and those that the ledger hands over
        to from there, instead of the one in DIR/ledger.pub. With --proof it verifies a proof of one entry that “ledger prove” wrote.

        Examples:
          sealane ledger verify --data DIR
          sealane ledger verify --data DIR --checkpoint june.checkpoint
          sealane ledger verify --copy /mnt/copy/ledger --policy policy.txt
          sealane ledger verify --proof entry-17.tlog-proof --policy policy.txt
        """)

    @OptionGroup var options: DataOptions
    @Option(help: "A copy of a ledger's directory, or of a data directory, to read instead of the one in --data.")
    var copy: String?
    @Option(help: "A file with an earlier checkpoint that this ledger must continue.")
    var checkpoint: String?
    @Option(help: "A file with the witnesses whose cosignatures are asked for (C2SP tlog-policy).")
    var policy: String?
    @Option(help: "A file with the proof of one entry, to verify instead of a ledger.")
    var proof: String?
    @Option(help: "The ledger's public key as it was kept elsewhere: the one in force or one before it.")
    var publicKey: String?

    func run() async throws {
      try await options.run {
        let policy = try self.policy.map { try LedgerFile.policy($0) }
        let check: LedgerCheck
        if let copy {
          // Keys of the data directory that is at hand may be of another ledger: with a copy they are used only where they are named.
          let keys = try options.keys.map { try KeySource($0).load() }
          check = LedgerCheck(copy: URL(fileURLWithPath: copy, isDirectory: true), keys: keys, publicKey: publicKey, policy: policy)
        } else if proof != nil, options.data == nil, publicKey != nil || policy?.logs.isEmpty == false {
          check = LedgerCheck(copy: URL(fileURLWithPath: "/nonexistent"), keys: nil, publicKey: publicKey, policy: policy)
        } else {
          let configuration = try options.configuration()
          // Without the keys an outsider's checks are made; a command that fails is said.
          let keys = configuration.keys.directory == nil ? try configuration.keys.load() : try? configuration.keys.load()
          check = LedgerCheck(DataDirectory(configuration.data), keys: keys, publicKey: publicKey, policy: policy)
        }
        let outcome =
          try proof.map { try check.run(proof: LedgerFile.text($0)) } ?? check.run(older: checkpoint.map { try LedgerFile.text($0) })
        Terminal.say(options.json ? outcome.json : outcome.text)
        if !outcome.isSound { throw ExitCode.failure }
      }
    }
  }

  struct Prove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a proof that one entry stands in the ledger, for whoever has only the public keys.",
      discussion: """
        The proof (C2SP tlog-proof) holds the entry, which names nobody, its path to the root, and the checkpoint with the cosignatures of its
        witnesses. Reads the files only. “sealane ledger verify --proof” verifies it, as do other programs.

        Examples:
          sealane ledger prove 17 --data DIR --output entry-17.tlog-proof
          sealane ledger verify --proof entry-17.tlog-proof --policy policy.txt
        """)

    @Argument(help: "Number of the entry, from 0.")
    var index: UInt64
    @OptionGroup var options: DataOptions
    @Option(help: "A copy of a ledger's directory, or of a data directory, to read instead of the one in --data.")
    var copy: String?
    @Option(help: "The file to write; without it the proof is printed.")
    var output: String?

    func run() async throws {
      try await options.run {
        let check =
          try copy.map { LedgerCheck(copy: URL(fileURLWithPath: $0, isDirectory: true), keys: nil) }
          ?? LedgerCheck(DataDirectory(options.configuration().data), keys: nil)
        let proof = try check.proof(of: index)
        guard let output else { return print(proof, terminator: "") }
        do { try proof.write(toFile: output, atomically: true, encoding: .utf8) } catch {
          throw CommandError("\(output) cannot be written.")
        }
        Terminal.say(options.json ? #"{"index":\#(index)}"# : "Wrote the proof of entry \(index) to \(output).")
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

/// Files that a person names on the command line.
private enum LedgerFile {
  static func text(_ path: String) throws -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw CommandError("\(path) cannot be read.") }
    return text
  }

  static func policy(_ path: String) throws -> WitnessPolicy {
    do { return try WitnessPolicy(Array(text(path).utf8)) } catch let error as WitnessPolicy.Malformed {
      throw CommandError("\(path) cannot be used. \(error)")
    }
  }
}
