import ArgumentParser
import Events
import Foundation
import Server

/// Where the data is, and how to answer: what every command that works on a server takes.
struct DataOptions: ParsableArguments {
  @Option(help: "The data directory (or SEALANE_DATA, or “data” in the configuration file).")
  var data: String?
  @Option(help: "The key directory (default: the data directory's path with .keys), or exec:/path/to/command that prints its content.")
  var keys: String?
  @Option(help: "A YAML configuration file (or SEALANE_CONFIG).")
  var config: String?
  @Flag(help: "Answer in JSON, errors too.")
  var json = false

  func configuration(_ flags: [Setting: String] = [:]) throws -> ServerConfiguration {
    var flags = flags
    if let data { flags[.data] = data }
    if let keys { flags[.keys] = keys }
    let environment = ProcessInfo.processInfo.environment
    let file = (config ?? environment["SEALANE_CONFIG"]).map { URL(fileURLWithPath: $0) }
    let settings = try Settings(flags: flags, environment: environment, file: file)
    for name in settings.unknownVariables { Terminal.note("The environment variable \(name) means nothing to Sealane; is it misspelt?") }
    return try ServerConfiguration(settings)
  }

  func run(_ body: () async throws -> Void) async throws { try await Terminal.run(json: json, body) }
}
