import ArgumentParser
import Foundation
import Server

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Take events out as JSON lines, under pseudonyms.",
    discussion: """
      Each page of at most 10,000 rows is in the ledger before it leaves.

      Examples:
        sealane export --data DIR --from 2026-06-01 --to 2026-06-30 > june.ndjson
        sealane export --data DIR --from 2026-06-01 --to 2026-06-30 --event "Signed Up" --output signups.ndjson
      """)

  @OptionGroup var options: DataOptions
  @Option(help: "First day, in the project's time zone.")
  var from: String
  @Option(help: "Last day, included.")
  var to: String
  @Option(help: "Only events of this name; may be given several times.")
  var event: [String] = []
  @Option(help: "At most so many.")
  var limit: Int?
  @Option(help: "The project (default: the first).")
  var projectID: Int64?
  @Option(help: "A file to write (default: standard output).")
  var output: String?

  func run() async throws {
    try await options.run {
      let export = Exporter(from: from, to: to, events: event, limit: limit, project: projectID)
      let target = output.map { URL(fileURLWithPath: $0) }
      let bytes = try await ControlSession.run(try options.configuration()) { client in try await export.run(client, to: target) }
      if options.json, target != nil { Terminal.say(#"{"bytes":\#(bytes)}"#) }
    }
  }
}
