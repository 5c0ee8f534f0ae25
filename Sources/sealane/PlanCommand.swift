import ArgumentParser
import Events
import Foundation
import Journeys
import Outbound
import Server

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "The tracking plan: check, set, show and infer it, and see what a change would do.",
    discussion: """
      FILE is a tracking plan in YAML, as docs/PLAN.md describes it; “-” reads standard input.

      Examples:
        sealane plan check tracking-plan.yaml
        sealane plan infer --data DIR > tracking-plan.yaml
        sealane plan diff tracking-plan.yaml --data DIR
        sealane plan set tracking-plan.yaml --data DIR
      """,
    subcommands: [Check.self, Set.self, Show.self, Infer.self, Diff.self])

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read a plan and say what is wrong with it, with lines. Needs no server; ends with 1 if anything is.")

    @Argument(help: "The plan's file, or -.") var file: String
    @Flag(help: "Answer in JSON, errors too.") var json = false

    func run() async throws {
      try await Terminal.run(json: json) {
        let summary = PlanSummary(try PlanReader.plan(yaml: try PlanFile.text(of: file)))
        Terminal.say(json ? summary.json : summary.description)
      }
    }
  }

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a plan in force for what arrives from now on.",
      discussion: "Each version is kept, and stands in the ledger with its SHA-256. A plan that says the same changes nothing.")

    @Argument(help: "The plan's file, or -.") var file: String
    @OptionGroup var options: DataOptions
    @Option(help: "The project (default: the first).") var projectID: Int64?
    @Option(
      help: "The version that this one was made from, 0 for none: refused if another is in force, as after a decision in the console.")
    var after: Int?

    func run() async throws {
      try await options.run {
        let text = try PlanFile.text(of: file)
        _ = try PlanReader.plan(yaml: text)
        let base = PlanFile.path(projectID)
        let path = base + (after.map { "\(base.contains("?") ? "&" : "?")after=\($0)" } ?? "")
        let answer = try await ControlSession.run(try options.configuration()) { client in
          try await client.send("PUT", path, headers: [("Content-Type", "application/yaml")], body: Array(text.utf8))
        }
        if options.json { return Terminal.say(String(decoding: answer.body, as: UTF8.self).trimmingCharacters(in: .newlines)) }
        guard case .object(let members) = try JSONValue(parsing: answer.body), case .number(let version)? = members["version"],
          case .string(let digest)? = members["digest"]
        else { throw CommandError("The server gave no answer that this program knows.") }
        let isNew = members["changed"] == .boolean(true)
        Terminal.say("Version \(Int(version)) \(isNew ? "is" : "was") in force\(isNew ? "" : " already"), SHA-256 \(digest).")
        guard case .list(let lacks)? = members["lacks"] else { return }
        for case .string(let sentence) in lacks { Terminal.note(sentence) }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the plan in force, or an earlier version, and what came without being in it.",
      discussion: "The output is the plan as it was set; what else there is to say stands in comments.")

    @OptionGroup var options: DataOptions
    @Option(help: "The project (default: the first).") var projectID: Int64?
    @Option(help: "An earlier version.") var version: Int?
    @Flag(help: "The canonical form alone: what the SHA-256 is taken over.") var canonical = false

    func run() async throws {
      try await options.run {
        let path = PlanFile.path(projectID, more: version.map { "version=\($0)" })
        let response = try await ControlSession.run(try options.configuration()) { try await $0.send("GET", path) }
        if options.json { return Terminal.say(String(decoding: response.body, as: UTF8.self).trimmingCharacters(in: .newlines)) }
        let answer = try PlanReply(response.body)
        if canonical {
          guard let text = answer.canonical else { throw CommandError("No plan is in force.") }
          // Byte for byte, so that its SHA-256 can be taken.
          return FileHandle.standardOutput.write(Data(text.utf8))
        }
        Terminal.say(answer.text)
      }
    }
  }

  struct Infer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Propose a plan from what arrived: events, properties and their types.",
      discussion: "To read, to correct, to give owners, and then to set. Reads names and the most frequent values of each property.")

    @OptionGroup var options: DataOptions
    @Option(help: "The project (default: the first).") var projectID: Int64?

    func run() async throws {
      try await options.run {
        let project = projectID
        let text = try await ControlSession.run(try options.configuration()) { try await PlanInference(client: $0, project: project).run() }
        Terminal.say(text)
      }
    }
  }

  struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show what a plan would do to the traffic of the last days and to profiles, beside the one in force.",
      discussion: """
        Reads the events of the last days as they are stored, through the ledger like any export, and counts by event and property whose
        values the plan would treat otherwise than the one in force does; of profiles it asks how many have which property, without
        values. Ends with 0 whether or not there is a difference.
        """)

    @Argument(help: "The plan's file, or -.") var file: String
    @OptionGroup var options: DataOptions
    @Option(help: "The project (default: the first).") var projectID: Int64?
    @Option(help: "How many days of traffic.") var days = 7

    func run() async throws {
      try await options.run {
        guard (1...366).contains(days) else { throw CommandError("--days must be 1 to 366.") }
        let plan = try PlanReader.plan(yaml: try PlanFile.text(of: file))
        let (project, span) = (projectID, days)
        let difference = try await ControlSession.run(try options.configuration()) {
          try await PlanComparison(client: $0, project: project, days: span).run(plan)
        }
        Terminal.say(options.json ? difference.json : difference.description)
      }
    }
  }
}

enum PlanFile {
  static func text(of file: String) throws -> String {
    let input = file == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: file)
    guard let input, let data = try input.readToEnd() else {
      throw CommandError("\(file) cannot be read, or is empty.")
    }
    guard let text = String(validating: data, as: UTF8.self) else { throw CommandError("\(file) is not text in UTF-8.") }
    return text
  }

  static func path(_ project: Int64?, more: String? = nil) -> String {
    let parameters = [project.map { "project_id=\($0)" }, more].compactMap(\.self)
    return "/api/v1/plan" + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
  }
}
