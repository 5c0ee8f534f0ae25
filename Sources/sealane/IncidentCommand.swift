import ArgumentParser
import Foundation
import Journeys
import Server

struct IncidentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "incident", abstract: "Something was lost hold of: open, contain, scope, report, watch, close; and rehearse it.",
    discussion: """
      Examples:
        sealane incident open --vendor tallymark --to 2026-11-10 --title "Tallymark was phished" --data DIR
        sealane incident open --leaked rows.csv --data DIR
        sealane incident open --alert 12 --data DIR
        sealane incident contain 1 --data DIR
        sealane incident scope 1 --data DIR
        sealane incident report 1 --format html --data DIR > report.html
        sealane incident evidence 1 --output evidence --data DIR
      """,
    subcommands: [
      List.self, Show.self, Open.self, Leaked.self, Moment.self, Window.self, Contain.self, Scope.self, Report.self, Evidence.self,
      Subject.self, Subjects.self, Organizations.self, Watch.self, Close.self, Rehearse.self,
    ])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Incidents, the newest first; and drafts: alerts that tell of something lost hold of.")
    @OptionGroup var options: DataOptions
    @Option(help: "A project's number; the first one if it is left out.") var project: Int64?
    @Flag(help: "Only those that are not closed.") var open = false

    func run() async throws {
      try await options.run {
        let query = (project.map { ["project_id=\($0)"] } ?? []) + (open ? ["open=true"] : [])
        let answer = try await ControlAnswer.ask(
          "GET", "/api/v1/incidents\(query.isEmpty ? "" : "?" + query.joined(separator: "&"))", options)
        guard !options.json, case .list(let incidents)? = answer.members["incidents"] else { return Terminal.say(answer.text) }
        if incidents.isEmpty { Terminal.say("No incident.") }
        for case .object(let incident) in incidents { Terminal.say(IncidentCommand.line(incident)) }
        if case .list(let drafts)? = answer.members["drafts"], !drafts.isEmpty {
          Terminal.say("Drafts, from alerts; open one with `sealane incident open --alert NUMBER`:")
          for case .object(let draft) in drafts {
            Terminal.say(
              "  alert \(IncidentCommand.text(draft["alert"]))  \(IncidentCommand.text(draft["severity"]))  \(IncidentCommand.text(draft["sentence"]))"
            )
          }
        }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One incident with what was done, its scopes, and the clocks that run.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.") var incident: Int64

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask("GET", "/api/v1/incidents/\(incident)", options)
        guard !options.json else { return Terminal.say(answer.text) }
        Terminal.say(IncidentCommand.line(answer.members))
        if case .list(let clocks)? = answer.members["clocks"] {
          for case .object(let clock) in clocks where IncidentCommand.text(clock["state"]) != "not_started" {
            Terminal.say(
              "  \(IncidentCommand.text(clock["title"])), to \(IncidentCommand.text(clock["to"])): \(IncidentCommand.text(clock["state"])), until \(IncidentCommand.text(clock["deadline"]))"
            )
          }
        }
        if case .list(let steps)? = answer.members["steps"] {
          for case .object(let step) in steps {
            Terminal.say(
              "  \(IncidentCommand.text(step["at"]))  \(IncidentCommand.text(step["act"])): \(IncidentCommand.text(step["note"]))")
          }
        }
      }
    }
  }

  struct Open: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Write an incident down; everything else goes by its number.")
    @OptionGroup var options: DataOptions
    @Option(help: "A project's number; the first one if it is left out.") var project: Int64?
    @Option(help: "In a few words; of an alert or a leaked file one is made up.") var title: String?
    @Option(help: "A vendor's id.") var vendor: String?
    @Option(help: "A service account (sa_…) or a session (ses_…).") var credential: String?
    @Option(help: "A person of the staff (st_…), with all sessions.") var person: String?
    @Option(help: "An export: 32 digits of its canaries' mark, request:NUMBER or entry:NUMBER.") var export: String?
    @Option(help: "server, custodian or backup.") var host: String?
    @Option(help: "An alert's number, as `incident list` shows drafts.") var alert: Int64?
    @Option(help: "A file of any kind with rows that turned up: what it is from is found out.", completion: .file()) var leaked: String?
    @Option(help: "When it was lost hold of: a day, or a time such as 2026-11-09T14:00:00Z.") var from: String?
    @Option(help: "Until when; of a vendor: what it held then counts.") var to: String?
    @Option(help: "When the vendor told of it.") var vendorTold: String?

    func run() async throws {
      try await options.run {
        let sources = [("vendor", vendor), ("credential", credential), ("person", person), ("export", export), ("host", host)]
          .compactMap { kind, id in id.map { (kind, $0) } }
        guard sources.count <= 1, sources.count + (alert == nil ? 0 : 1) == 1 || (leaked != nil && alert == nil) else {
          throw CommandError("Say one of --vendor, --credential, --person, --export, --host, --alert and --leaked.")
        }
        var members: [String: JSONValue] = [:]
        var clues: LeakCheck.Clues?
        if let leaked {
          let found = try await ControlSession.run(try options.configuration()) { try await LeakCheck(leaked).clues($0) }
          clues = found
          let finding = try await IncidentCommand.compare(found, project, nil, options)
          if !options.json { Terminal.say(IncidentCommand.words(finding, found)) }
          if sources.isEmpty {
            guard case .object(let source)? = finding["source"] else {
              throw CommandError(
                "Where the rows come from cannot be said for certain. Say --vendor, --credential, --person or --export beside --leaked.")
            }
            members["source"] = .object(source)
            members["title"] = .string("Rows of \(IncidentCommand.text(source["kind"])) \(IncidentCommand.text(source["id"])) turned up")
          }
        }
        if let source = sources.first { members["source"] = ["kind": .string(source.0), "id": .string(source.1)] }
        if let alert { members["alert"] = .number(Double(alert)) }
        if let title { members["title"] = .string(title) }
        guard alert != nil || members["title"] != nil else { throw CommandError("Say in a few words what happened: --title.") }
        for (name, value) in [("from", from), ("to", to), ("vendor_told_us", vendorTold)] {
          if let value { members[name] = .string(value) }
        }
        let answer = try await ControlAnswer.ask(
          "POST", "/api/v1/incidents\(project.map { "?project_id=\($0)" } ?? "")", options,
          body: Array(JSONValue.object(members).text.utf8))
        if let clues, case .number(let number)? = answer.members["incident"] {
          _ = try await IncidentCommand.compare(clues, project, Int64(number), options)
        }
        Terminal.say(options.json ? answer.text : IncidentCommand.line(answer.members))
      }
    }
  }

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

  struct Moment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Set one of the times that the law tells apart; clocks begin by them.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.") var incident: Int64
    @Argument(help: "Such as certain, vendor_told_us, data_set_received, authority_told, people_told.") var moment: String
    @Argument(help: "A time such as 2026-11-25T10:00:00Z.") var at: String

    func run() async throws {
      try await IncidentCommand.act("moments", incident, options, ["moment": .string(moment), "at": .string(at)]) { _ in "Set." }
    }
  }

  struct Window: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Give it another window; the next scope is by it.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.") var incident: Int64
    @Option(help: "A day or a time; left out: not bounded.") var from: String?
    @Option(help: "A day or a time; left out: until now.") var to: String?

    func run() async throws {
      var members: [String: JSONValue] = [:]
      if let from { members["from"] = .string(from) }
      if let to { members["to"] = .string(to) }
      try await IncidentCommand.act("window", incident, options, .object(members)) { _ in "Set: scope it anew." }
    }
  }

  struct Contain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "One action: whatever was lost hold of is stopped; what could not be reached is said.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.") var incident: Int64

    func run() async throws {
      try await IncidentCommand.act("containment", incident, options, nil) { answer in
        var lines: [String] = []
        if case .list(let done)? = answer["done"] { lines += done.map { "done         \(IncidentCommand.text($0))" } }
        if case .list(let beyond)? = answer["not_reached"] { lines += beyond.map { "not reached  \(IncidentCommand.text($0))" } }
        return lines.joined(separator: "\n")
      }
    }
  }

  struct Scope: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Determine who is affected, and by which fields; the next version of the scope.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.") var incident: Int64

    func run() async throws {
      try await IncidentCommand.act("scopes", incident, options, nil) { answer in
        func text(_ name: String) -> String { IncidentCommand.text(answer[name]) }
        var lines = [
          "Version \(text("version")), in \(text("seconds")) s, entry \(text("ledger_index")) of the ledger, SHA-256 \(text("digest"))",
          "affected            \(text("affected"))", "cannot be excluded  \(text("cannot_be_excluded"))",
          "not affected        \(text("not_affected"))",
        ]
        if answer["newly_affected"] != nil {
          lines.append("newly affected      \(text("newly_affected")), no longer \(text("no_longer_affected"))")
        }
        if case .list(let fields)? = answer["fields"] {
          for case .object(let field) in fields {
            lines.append("  \(IncidentCommand.text(field["field"])): \(IncidentCommand.text(field["people"])) people")
          }
        }
        return lines.joined(separator: "\n")
      }
    }
  }

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

  struct Close: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Close it; what was found out stays with it.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.") var incident: Int64
    @Option(help: "What was found out.") var note: String

    func run() async throws { try await IncidentCommand.act("closing", incident, options, ["note": .string(note)]) { _ in "Closed." } }
  }

  fileprivate static func act(
    _ path: String, _ incident: Int64, _ options: DataOptions, _ body: JSONValue?, _ words: ([String: JSONValue]) -> String
  ) async throws {
    try await options.run {
      let answer = try await ControlAnswer.ask(
        "POST", "/api/v1/incidents/\(incident)/\(path)", options, body: body.map { Array($0.text.utf8) } ?? [])
      Terminal.say(options.json ? answer.text : words(answer.members))
    }
  }

  fileprivate static func compare(
    _ clues: LeakCheck.Clues, _ project: Int64?, _ incident: Int64?, _ options: DataOptions
  ) async throws -> [String: JSONValue] {
    try await ControlAnswer.ask(
      "POST", "/api/v1/leaks\(project.map { "?project_id=\($0)" } ?? "")", options, body: clues.body(incident: incident)
    ).members
  }

  fileprivate static func words(_ finding: [String: JSONValue], _ clues: LeakCheck.Clues) -> String {
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

  fileprivate static func line(_ incident: [String: JSONValue]) -> String {
    var source = "–"
    if case .object(let it)? = incident["source"] { source = "\(text(it["kind"])) \(text(it["id"]))" }
    return "\(text(incident["incident"]))  \(text(incident["state"]))  \(source)  \(text(incident["title"]))"
  }

  fileprivate static func text(_ value: JSONValue?) -> String { value.word ?? "–" }
}
