import ArgumentParser
import Foundation
import Server

struct QueryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query",
    abstract: "Ask a question: insights, funnel, retention, flows, lifecycle, stickiness, sessions or cohort.",
    discussion: """
      FILE.json holds a query as docs/QUERIES.md describes it; “-” reads it from standard input. The answer is the report as JSON.

      Examples:
        sealane query --data DIR funnel.json
        echo '{"report":"insights","range":{"from":"2026-06-01","to":"2026-06-30"},"series":[{"event":null,"measure":"unique"}]}' \\
          | sealane query --data DIR -
      """)

  @OptionGroup var options: DataOptions
  @Option(help: "The project (default: the first).")
  var projectID: Int64?
  @Argument(help: "The query's file, or -.")
  var file: String

  func run() async throws {
    try await options.run {
      let input = file == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: file)
      guard let input, let query = try input.readToEnd() else { throw CommandError("\(file) cannot be read, or is empty.") }
      let path = "/api/v1/query" + (projectID.map { "?project_id=\($0)" } ?? "")
      let answer = try await ControlSession.run(try options.configuration()) { client in
        try await client.text("POST", path, body: Array(query))
      }
      Terminal.say(answer)
    }
  }
}
