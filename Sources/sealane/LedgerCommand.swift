import ArgumentParser
import Foundation
import Server

struct LedgerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Verify and read the ledger of disclosures.", subcommands: [Verify.self, Entries.self])

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that the ledger is whole and was not rewritten.",
      discussion: """
        Reads the files only. With --checkpoint, a checkpoint that was kept elsewhere, it also proves that nothing before it was changed.

        Examples:
          sealane ledger verify --data DIR
          sealane ledger verify --data DIR --checkpoint june.checkpoint
        """)

    @OptionGroup var options: DataOptions
    @Option(help: "A file with an earlier checkpoint that this ledger must continue.")
    var checkpoint: String?

    func run() async throws {
      try await options.run {
        let configuration = try options.configuration()
        let older: String? = try checkpoint.map { path in
          guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw CommandError("\(path) cannot be read.") }
          return text
        }
        let outcome = try LedgerCheck(DataDirectory(configuration.data), keys: configuration.keys).run(older: older)
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
}
