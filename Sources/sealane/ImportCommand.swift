import ArgumentParser
import Events
import Foundation
import Journeys
import Server

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Load files of events: NDJSON, JSON arrays, Mixpanel exports, CSV, each also as gzip or zstd.",
    discussion: """
      Records go through the same judgement and gate as those of an SDK. Loading a file again changes nothing, and what was interrupted goes
      on where it stopped. Refused records are written to a file with the reason for each; then the exit code is 2. “-” is standard input.

      Examples:
        sealane import --data DIR export-2026-06.ndjson.gz
        sealane import --data DIR --rejects refused.ndjson *.json
        sealane import --data DIR --mapping orders.yaml orders.csv.zst
        zcat archive.gz | sealane import --data DIR -
      """)

  @OptionGroup var options: DataOptions
  @Option(help: "The project (default: the first).")
  var projectID: Int64?
  @Option(help: "Where refused records go (default: beside each file, its name and .rejects.ndjson).")
  var rejects: String?
  @OptionGroup(title: "Reading") var reading: ImportOptions
  @Argument(help: "Files to load, or - for standard input.")
  var files: [String]

  func run() async throws {
    try await options.run {
      let files = files
      let rejected = rejects.map { URL(fileURLWithPath: $0) }
      let project = projectID.map { ProjectID($0) }
      let formats = try reading.formats()
      let configuration = try options.configuration()
      let outcome = try await ControlSession.run(configuration) { client in
        try await Importer(client: client, project: project, formats: formats, rejects: rejected, data: configuration.data).load(files)
      }
      if options.json {
        Terminal.say(
          JSONValue.object([
            "records": .number(Double(outcome.records)), "accepted": .number(Double(outcome.accepted)),
            "rejected": .number(Double(outcome.rejected)), "resumed_after": .number(Double(outcome.resumedAfter)),
            "rejects": .list(outcome.rejects.map { .string($0) }),
          ]).text)
      } else {
        Terminal.say("\(outcome.accepted) of \(outcome.records) records accepted.")
        if outcome.resumedAfter > 0 { Terminal.say("The first \(outcome.resumedAfter) were dealt with when it was interrupted.") }
        if outcome.rejected > 0 {
          Terminal.say("\(outcome.rejected) refused; they stand with their reasons in \(outcome.rejects.joined(separator: ", ")).")
        }
      }
      if outcome.rejected > 0 { throw ExitCode(2) }
    }
  }
}
