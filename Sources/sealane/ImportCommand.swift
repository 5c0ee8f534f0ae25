import ArgumentParser
import Events
import Foundation
import Server

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Load files of events: NDJSON, JSON arrays, Mixpanel exports, each also gzipped.",
    discussion: """
      Records go through the same judgement and gate as those of an SDK. Loading a file again changes nothing, as far as its events have
      an $insert_id. Refused records are written to a file with the reason for each; then the exit code is 2.

      Examples:
        sealane import --data DIR export-2026-06.ndjson.gz
        sealane import --data DIR --rejects refused.ndjson *.json
      """)

  @OptionGroup var options: DataOptions
  @Option(help: "The project (default: the first).")
  var projectID: Int64?
  @Option(help: "Where refused records go.")
  var rejects = "sealane-rejects.ndjson"
  @Argument(help: "Files to load.")
  var files: [String]

  func run() async throws {
    try await options.run {
      let files = files
      let rejected = URL(fileURLWithPath: rejects)
      let project = projectID.map { ProjectID($0) }
      let outcome = try await ControlSession.run(try options.configuration()) { client in
        try await Importer(client: client, project: project, rejects: rejected).load(files)
      }
      if options.json {
        Terminal.say(#"{"records":\#(outcome.records),"accepted":\#(outcome.accepted),"rejected":\#(outcome.rejected)}"#)
      } else {
        Terminal.say("\(outcome.accepted) of \(outcome.records) records accepted.")
        if outcome.rejected > 0 { Terminal.say("\(outcome.rejected) refused; they stand with their reasons in \(rejects).") }
      }
      if outcome.rejected > 0 { throw ExitCode(2) }
    }
  }
}
