import ArgumentParser
import Foundation
import Journeys
import Server

/// Who is affected, and where rows come from that turned up.
extension IncidentCommand {
  struct Leaked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Look through a file that turned up: where its rows come from, and how many people they are about.",
      discussion: """
        Canaries and pseudonyms that only one vendor or export was given name the source. Of other rows it is said who was shown these people. \
        With --incident the comparison is written down, and whoever is not in its newest scope is counted: then the scope is too narrow.

        Example:
          sealane incident leaked rows.csv.gz --incident 3 --data DIR
        """)
    @OptionGroup var options: DataOptions
    @Option(help: "A project's number; the first one if it is left out.") var project: Int64?
    @Option(help: "An incident's number.") var incident: Int64?
    @Argument(help: "The file, or - for standard input.", completion: .file()) var file: String

    func run() async throws {
      try await options.run {
        let clues = try await ControlSession.run(try options.configuration()) { try await LeakCheck(file).clues($0) }
        let finding = try await IncidentCommand.compare(clues, project, incident, options)
        Terminal.say(options.json ? JSONValue.object(finding).text : IncidentCommand.words(finding, clues))
      }
    }
  }

  struct Subject: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Whether one person is affected, by which fields, and which entries of the ledger prove it.")
    @OptionGroup var options: DataOptions
    @Argument(help: "The incident's number.") var incident: Int64
    @Argument(help: "A pseudonym, s_…") var subject: String

    func run() async throws {
      try await options.run {
        guard subject.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }), !subject.isEmpty else {
          throw CommandError("A subject is named by its pseudonym: s_ and 32 hexadecimal digits.")
        }
        let answer = try await ControlAnswer.ask("GET", "/api/v1/incidents/\(incident)/subjects/\(subject)", options)
        guard !options.json else { return Terminal.say(answer.text) }
        Terminal.say(IncidentCommand.text(answer.members["status"]).replacing("_", with: " "))
        if case .list(let fields)? = answer.members["fields"] {
          Terminal.say("  fields: \(fields.map { IncidentCommand.text($0) }.joined(separator: ", "))")
        }
        if case .list(let entries)? = answer.members["entries"] {
          for case .object(let entry) in entries {
            Terminal.say("  entry \(IncidentCommand.text(entry["ledger_index"])) of \(IncidentCommand.text(entry["at"]))")
          }
        }
      }
    }
  }

  struct Subjects: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Who is affected, or cannot be excluded: a line of JSON each, page by page, each page in the ledger first.")
    @OptionGroup var options: DataOptions
    @Argument(help: "The incident's number.") var incident: Int64
    @Option(help: "affected or cannot_be_excluded.") var status = "affected"

    func run() async throws {
      try await options.run {
        guard status.allSatisfy({ $0.isLetter || $0 == "_" }) else { throw CommandError("--status is affected or cannot_be_excluded.") }
        var after: String?
        repeat {
          let page = try await ControlAnswer.ask(
            "GET", "/api/v1/incidents/\(incident)/subjects?status=\(status)\(after.map { "&after=\($0)" } ?? "")", options)
          if case .list(let subjects)? = page.members["subjects"] { for subject in subjects { Terminal.say(subject.text) } }
          if case .string(let next)? = page.members["next"] { after = next } else { after = nil }
        } while after != nil
      }
    }
  }

  struct Organizations: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Organizations that somebody affected belongs to, and how many of its people.")
    @OptionGroup var options: DataOptions
    @Argument(help: "The incident's number.") var incident: Int64

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask("GET", "/api/v1/incidents/\(incident)/organizations", options)
        guard !options.json, case .list(let rows)? = answer.members["organizations"] else { return Terminal.say(answer.text) }
        for case .object(let row) in rows {
          Terminal.say(
            "\(IncidentCommand.text(row["organization"]))  \(IncidentCommand.text(row["group_key"]))  \(IncidentCommand.text(row["affected"])) of \(IncidentCommand.text(row["members"])) affected"
          )
        }
      }
    }
  }

  static func compare(
    _ clues: LeakCheck.Clues, _ project: Int64?, _ incident: Int64?, _ options: DataOptions
  ) async throws -> [String: JSONValue] {
    try await ControlAnswer.ask(
      "POST", "/api/v1/leaks\(project.map { "?project_id=\($0)" } ?? "")", options, body: clues.body(incident: incident)
    ).members
  }

  static func words(_ finding: [String: JSONValue], _ clues: LeakCheck.Clues) -> String {
    var lines = [
      "\(clues.ids.count) ids\(clues.oneOf > 1 ? ", one of \(clues.oneOf)," : "") looked at; \(text(finding["people"])) people here"
    ]
    if case .list(let suspects)? = finding["suspects"] {
      for case .object(let suspect) in suspects {
        guard case .object(let source)? = suspect["source"] else { continue }
        let what =
          switch suspect["evidence"] {
          case .string("canaries"): "synthetic people that nobody else was given"
          case .string("pseudonyms"): "pseudonyms that nobody else was given"
          default: "of these people were shown to it"
          }
        lines.append("  \(text(source["kind"])) \(text(source["id"])): \(text(suspect["count"])) \(what)")
      }
      if suspects.isEmpty { lines.append("  Nothing in it is known here.") }
    }
    if finding["outside_scope"] != .null, finding["outside_scope"] != nil {
      lines.append("  not in the newest scope: \(text(finding["outside_scope"]))")
    }
    return lines.joined(separator: "\n")
  }
}
