import ArgumentParser
import Foundation
import Journeys
import Server

/// What leaves of an incident: reports, evidence, and the cohort of those affected.
extension IncidentCommand {
  struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "A draft for the authority and the management.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.") var incident: Int64
    @Option(help: "markdown, html or json.") var format = "markdown"
    @Option(help: "authority: the whole draft; management: one page.") var audience = "authority"

    func run() async throws {
      try await options.run {
        guard format.allSatisfy(\.isLetter) else { throw CommandError("--format is markdown, html or json.") }
        guard audience.allSatisfy(\.isLetter) else { throw CommandError("--audience is authority or management.") }
        let answer = try await ControlAnswer.ask(
          "GET", "/api/v1/incidents/\(incident)/report?format=\(format)&audience=\(audience)", options)
        guard !options.json, case .string(let text)? = answer.members["text"] else { return Terminal.say(answer.text) }
        // A report has lines, and nothing of it obeys a terminal: what people typed has no control characters.
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) { Terminal.say(String(line)) }
      }
    }
  }

  struct Evidence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write what was found out as files that anybody can check with the ledger's public key alone.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.") var incident: Int64
    @Option(help: "A directory that is not there yet.", completion: .directory) var output: String

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask("GET", "/api/v1/incidents/\(incident)/evidence", options)
        guard case .list(let list)? = answer.members["files"] else { throw CommandError("The server's answer has no files.") }
        let files = try list.map { file -> EvidenceDirectory.File in
          guard case .object(let file) = file, case .string(let name)? = file["name"], case .string(let text)? = file["text"] else {
            throw CommandError("The server's answer has a file without name or text.")
          }
          return EvidenceDirectory.File(name: name, text: text)
        }
        try EvidenceDirectory(output).write(files)
        Terminal.say(
          options.json
            ? JSONValue.object(["files": .number(Double(files.count)), "output": .string(output)]).text
            : "\(files.count) files in \(output); README.md says how to check them.")
      }
    }
  }

  struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the people affected a cohort that every report can be asked of, until the incident is closed.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.") var incident: Int64

    func run() async throws {
      try await IncidentCommand.act("watch", incident, options, nil) { answer in
        "Cohort \(IncidentCommand.text(answer["cohort"])): \(IncidentCommand.text(answer["people"])) of \(IncidentCommand.text(answer["affected"])) people affected."
      }
    }
  }
}
