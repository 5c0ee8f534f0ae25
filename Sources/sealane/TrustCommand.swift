import ArgumentParser
import Foundation
import Journeys
import Server

struct TrustCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust", abstract: "The pages on which a company's customers check its messages.",
    subcommands: [Set.self, Show.self, Publish.self])

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Store what the trust pages are made of, and what reported messages are judged by.",
      discussion: """
        Takes the anchors that “sealane-custodian trust” wrote, and a JSON file of what the company says of itself: contact, and perhaps keys (whether they
        should be replaced, and why), security (further fields of security.txt), lures and questions. Both are checked before they are stored.

        Example:
          sealane trust set --data DIR --trust orrery.trust.json --site site.json
        """)

    @OptionGroup var options: DataOptions
    @Option(help: "The trust anchors, as the custodian wrote them.", completion: .file())
    var trust: String
    @Option(help: "What the company says of itself, JSON.", completion: .file())
    var site: String

    func run() async throws {
      try await options.run {
        let body = JSONValue.object(["anchors": try TrustFolder.json(at: trust), "site": try TrustFolder.json(at: site)])
        let answer = try await ControlAnswer.ask("PUT", "/api/v1/trust", options, body: Array(body.text.utf8))
        if options.json { return Terminal.say(answer.text) }
        Terminal.say("Stored, for \(answer.members["organization"].word ?? "–"). Publish the pages: sealane trust publish --to FOLDER")
        if answer.members["holds_this_ledger"] == .boolean(false) {
          Terminal.say(
            "Mind: these anchors do not name the key of this server's ledger, so that its statements do not verify by them. Have the custodian write them."
          )
        }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "What is stored of the trust pages, as JSON.")
    @OptionGroup var options: DataOptions

    func run() async throws {
      try await options.run { Terminal.say(try await ControlAnswer.ask("GET", "/api/v1/trust", options).text) }
    }
  }

  struct Publish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the trust pages as files, for any host of static files.",
      discussion: """
        Of what “sealane trust set” stored, of statements and letters, and of the lures that somebody warned of (“sealane incident warn”). Publish again
        after each of them.

        Example:
          sealane trust publish --data DIR --to /srv/trust
        """)

    @OptionGroup var options: DataOptions
    @Option(help: "The folder to write to.", completion: .directory)
    var to: String

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask("GET", "/api/v1/trust/pages", options)
        let count = try TrustFolder.write(answer.members, to: URL(fileURLWithPath: to, isDirectory: true))
        Terminal.say(options.json ? "{\"files\":\(count)}" : "\(count) files stand in \(to).")
      }
    }
  }
}
