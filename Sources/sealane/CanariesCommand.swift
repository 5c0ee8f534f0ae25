import ArgumentParser
import Foundation
import Journeys
import Server

struct CanariesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "canaries", abstract: "Synthetic subjects in exports, which tell where a leak comes from.",
    subcommands: [Check.self, On.self, Off.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Look through a file for canaries, and say which export they were given to.",
      discussion: """
        The file may be of any kind: text, JSON lines, CSV; plain, gzip or zstd. What is found raises an alert. Exits with 1 if something was found.

        Example:
          sealane canaries check leaked.csv.gz --data DIR
        """)

    @OptionGroup var options: DataOptions
    @Argument(help: "The file, or - for standard input.", completion: .file())
    var file: String

    func run() async throws {
      try await options.run {
        let check = CanaryCheck(file)
        let outcome = try await ControlSession.run(try options.configuration()) { try await check.run($0) }
        if options.json {
          let answer = JSONValue.object([
            "bytes": .number(Double(outcome.bytes)), "candidates": .number(Double(outcome.candidates)), "canaries": .list(outcome.canaries),
          ])
          Terminal.say(answer.text)
        } else if outcome.canaries.isEmpty {
          Terminal.say("No canary: \(outcome.candidates) ids and hosts were looked at. That says nothing of exports without canaries.")
        } else {
          for case .object(let canary) in outcome.canaries { Terminal.say(Self.line(canary)) }
        }
        if !outcome.canaries.isEmpty { throw ExitCode.failure }
      }
    }

    private static func line(_ canary: [String: JSONValue]) -> String {
      func text(_ value: JSONValue?) -> String? { if case .string(let text)? = value { text } else { nil } }
      let what = text(canary["canary"]) ?? "?"
      if let vendor = text(canary["vendor"]) { return "\(what): given to the vendor \(vendor) alone" }
      guard case .object(let export)? = canary["export"], case .number(let index)? = export["ledger_index"],
        case .object(let by)? = export["by"]
      else { return "\(what): a canary of an export that is not known any more" }
      return
        "\(what): given to the export of ledger entry \(Int(index)), by \(text(by["credential"]) ?? "?"), at \(text(export["at"]) ?? "?")"
    }
  }

  struct On: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Mix canaries into a project's exports, as is the default.")

    @OptionGroup var options: DataOptions
    @Option(help: "The project (default: the first).")
    var projectID: Int64?

    func run() async throws { try await options.run { try await CanariesCommand.turn(true, projectID, options) } }
  }

  struct Off: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Mix none into a project's exports; entered in the ledger.",
      discussion: "A program that exports cannot leave them out itself: then a thief could, too.")

    @OptionGroup var options: DataOptions
    @Option(help: "The project (default: the first).")
    var projectID: Int64?

    func run() async throws { try await options.run { try await CanariesCommand.turn(false, projectID, options) } }
  }

  private static func turn(_ isOn: Bool, _ project: Int64?, _ options: DataOptions) async throws {
    let path = "/api/v1/settings" + (project.map { "?project_id=\($0)" } ?? "")
    let body = Array(JSONValue.object(["canaries": .boolean(isOn)]).text.utf8)
    let answer = try await ControlSession.run(try options.configuration()) { try await $0.text("PATCH", path, body: body) }
    Terminal.say(options.json ? answer : isOn ? "Exports have canaries." : "Exports have no canaries.")
  }
}
