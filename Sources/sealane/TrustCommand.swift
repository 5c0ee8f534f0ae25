import ArgumentParser
import Events
import Foundation
import Server

struct TrustCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust", abstract: "The pages on which a company's customers check its messages.", subcommands: [Publish.self])

  struct Publish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the trust pages as files, for any host of static files.",
      discussion: """
        Takes the anchors that “sealane-custodian trust” wrote, and a JSON file of what the company says of itself: contact, and perhaps keys (whether they
        should be replaced, and why), security (further fields of security.txt) and lures. Statements and letters come from the running server.
        Publish again after each statement.

        Example:
          sealane trust publish --data DIR --trust orrery.trust.json --site site.json --to /srv/trust
        """)

    @OptionGroup var options: DataOptions
    @Option(help: "The project whose incidents are published.")
    var projectID: Int64 = 1
    @Option(help: "The trust anchors, as the custodian wrote them.")
    var trust: String
    @Option(help: "What the company says of itself, JSON.")
    var site: String
    @Option(help: "The folder to write to.")
    var to: String

    func run() async throws {
      try await options.run {
        let publication = try TrustPublication(trust: trust, site: site)
        let answer = try await ControlAnswer.ask("GET", "/api/v1/commitments?project_id=\(projectID)", options)
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let files = try publication.files(answer.members, at: now)
        try TrustPublication.write(files, to: URL(fileURLWithPath: to, isDirectory: true))
        Terminal.say(options.json ? "{\"files\":\(files.count)}" : "\(files.count) files stand in \(to).")
      }
    }
  }
}
