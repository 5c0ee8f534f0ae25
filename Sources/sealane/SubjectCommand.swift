import ArgumentParser
import Foundation
import Journeys
import Server

struct SubjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subject", abstract: "Export and erase subjects.", subcommands: [Export.self, Erase.self, Erasures.self])

  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write down everything that is stored about one subject (GDPR Art. 15 and 20).",
      discussion: """
        Ids, profiles and events, under pseudonyms: what is sealed stays sealed. As JSON for programs or as text for people. Each page of 1,000
        events is in the ledger before it leaves. The custodian's page fills in a JSON file what was opened of it: the command says which
        pseudonyms to ask for.

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
          let members: [String: JSONValue] = [
            "events": .number(Double(outcome.events)), "bytes": .number(Double(outcome.bytes)),
            "subjects": .list(outcome.subjects.map { .string($0) }),
          ]
          return Terminal.say(JSONValue.object(members).text)
        }
        Terminal.say("Wrote \(outcome.events) events to \(output).")
        if format == .json {
          Terminal.say("To fill in who it is, ask the custodian for (ten in a request):\n\(outcome.subjects.joined(separator: "\n"))")
        }
      }
    }
  }

  struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Erase everything that is stored of subjects, and of all ids that count as theirs (GDPR Art. 17).",
      discussion: """
        They are in no answer from the end of the command on, and in no file within a day. The custodian destroys their keys with its next round
        and signs that: what was sealed of them opens nowhere any more, in no copy and no backup of the data. Each stands in the ledger; a
        restore of an older backup erases them again before it serves. `sealane subject erasures` shows how far it is.

        Example:
          sealane subject erase s_057499d2a5bca2e6ff81de95b2aa26c9 --data DIR
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
        Terminal.say("Erased \(Int(count)) subject\(count == 1 ? "" : "s"), \(Int(ids)) id\(ids == 1 ? "" : "s").")
      }
    }
  }

  struct Erasures: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "How far erasures are: out of files, keys destroyed, when the last copy dies.",
      discussion: """
        With --json each has the custodian's receipt, which anybody can verify with the identity that the ledger pins (docs/FORMATS.md).

        Example:
          sealane subject erasures --data DIR
          sealane subject erasures s_057499d2a5bca2e6ff81de95b2aa26c9 --data DIR --json
        """)

    @Argument(help: "Only those of this subject: s_ and 32 hexadecimal digits.")
    var subject: String?
    @OptionGroup var options: DataOptions

    func run() async throws {
      try await options.run {
        let subject = subject
        let found = try await ControlSession.run(try options.configuration()) { client in
          var found: [JSONValue] = []
          var next: Double?
          repeat {
            let query = [subject.map { "subject=\($0)" }, next.map { "after=\(Int($0))" }].compactMap { $0 }.joined(separator: "&")
            let answer = try JSONValue(
              parsing: Array(try await client.text("GET", "/api/v1/erasures" + (query.isEmpty ? "" : "?\(query)")).utf8))
            guard case .object(let members) = answer, case .list(let page)? = members["erasures"] else {
              throw ValidationError("The server's answer is not a list of erasures.")
            }
            found += page
            next = if case .number(let entry)? = members["next"] { entry } else { nil }
          } while next != nil
          return found
        }
        if options.json { return Terminal.say(JSONValue.object(["erasures": .list(found)]).text) }
        if found.isEmpty { return Terminal.say("There are no erasures\(subject == nil ? "" : " of this subject").") }
        for case .object(let erasure) in found { Terminal.say(Self.line(erasure)) }
      }
    }

    private static func line(_ erasure: [String: JSONValue]) -> String {
      func number(_ name: String) -> Int? { if case .number(let value)? = erasure[name] { Int(value) } else { nil } }
      func time(_ name: String) -> String? {
        number(name).map { Date(timeIntervalSince1970: Double($0) / 1000).formatted(.iso8601) }
      }
      let ids = number("ids") ?? 0
      var parts = [
        "entry \(number("entry") ?? 0): \(ids) id\(ids == 1 ? "" : "s"), in no answer since \(time("ordered_at") ?? "?")",
        erasure["in_files"] == .boolean(true) ? "still in files, for a day at most" : "in no file",
      ]
      if let at = time("keys_destroyed_at"), let until = time("last_copy_dies_at") {
        parts.append("\(number("keys_destroyed") ?? 0) keys destroyed \(at), the last copy dies \(until)")
      } else {
        parts.append("the custodian has not signed yet")
      }
      return parts.joined(separator: "; ")
    }
  }
}

extension SubjectExporter.Form: ExpressibleByArgument {}
