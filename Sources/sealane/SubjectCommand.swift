import ArgumentParser
import Foundation
import Journeys
import Server

struct SubjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subject", abstract: "Export and delete subjects.", subcommands: [Export.self, Delete.self])

  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write down everything that is stored about one subject (GDPR Art. 15 and 20).",
      discussion: """
        Profile and events, under pseudonyms: what is sealed stays sealed. As JSON for programs or as text for people. Each page of 1,000 events is
        in the ledger before it leaves.

        Example:
          sealane subject export s_057499d2a5bca2e6ff81de95b2aa26c9 --data DIR --output answer.json
          sealane subject export s_057499d2a5bca2e6ff81de95b2aa26c9 --data DIR --format text
        """)

    @Argument(help: "A pseudonym: s_ and 32 hexadecimal digits.")
    var subject: String
    @OptionGroup var options: DataOptions
    @Option(help: "json or text.")
    var format: SubjectExporter.Form = .json
    @Option(help: "A file to write, for the owner alone (default: standard output).")
    var output: String?
    @Option(help: "The project (default: the first).")
    var projectID: Int64?

    func run() async throws {
      try await options.run {
        let exporter = SubjectExporter(subject, project: projectID, form: format)
        let target = output.map { URL(fileURLWithPath: $0) }
        let outcome = try await ControlSession.run(try options.configuration()) { client in try await exporter.run(client, to: target) }
        guard let output else { return }
        if options.json {
          Terminal.say(#"{"events":\#(outcome.events),"bytes":\#(outcome.bytes)}"#)
        } else {
          Terminal.say("Wrote \(outcome.events) events to \(output).")
        }
      }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete everything that is stored of subjects, and of all ids that count as theirs.",
      discussion: """
        They are in no answer from the end of the command on, and in no file within a day. Each stands in the ledger. Backups keep what they
        have until they are deleted.

        Example:
          sealane subject delete s_057499d2a5bca2e6ff81de95b2aa26c9 --data DIR
        """)

    @Argument(help: "Pseudonyms: s_ and 32 hexadecimal digits. At most 1000.")
    var subjects: [String]
    @OptionGroup var options: DataOptions
    @Flag(help: "Write the files anew at once, and wait for it.")
    var compact = false
    @Option(help: "The project (default: the first).")
    var projectID: Int64?

    func run() async throws {
      try await options.run {
        let body = Array(JSONValue.object(["subjects": .list(subjects.map { .string($0) }), "compact": .boolean(compact)]).text.utf8)
        let path = "/api/v1/deletions" + (projectID.map { "?project_id=\($0)" } ?? "")
        let answer = try await ControlSession.run(try options.configuration()) {
          try await $0.text("POST", path, body: body, deadline: .seconds(86_400))
        }
        if options.json { return Terminal.say(answer) }
        guard case .object(let members) = try JSONValue(parsing: Array(answer.utf8)), case .number(let count)? = members["subjects"],
          case .number(let ids)? = members["ids"]
        else { return Terminal.say(answer) }
        Terminal.say("Deleted \(Int(count)) subject\(count == 1 ? "" : "s"), \(Int(ids)) id\(ids == 1 ? "" : "s").")
      }
    }
  }
}

extension SubjectExporter.Form: ExpressibleByArgument {}
