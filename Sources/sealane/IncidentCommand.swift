import ArgumentParser
import Foundation
import Journeys
import Server

struct IncidentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "incident",
    abstract: "Something was lost hold of: open, contain, scope, report, watch, judge what people report, close; and rehearse it.",
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
      Subject.self, Subjects.self, Organizations.self, Watch.self, Inbox.self, Warn.self, Close.self,
      Rehearse.self,
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

  struct Close: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Close it; what was found out stays with it.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.") var incident: Int64
    @Option(help: "What was found out.") var note: String

    func run() async throws { try await IncidentCommand.act("closing", incident, options, ["note": .string(note)]) { _ in "Closed." } }
  }

  static func act(
    _ path: String, _ incident: Int64, _ options: DataOptions, _ body: JSONValue?, _ words: ([String: JSONValue]) -> String
  ) async throws {
    try await options.run {
      let answer = try await ControlAnswer.ask(
        "POST", "/api/v1/incidents/\(incident)/\(path)", options, body: body.map { Array($0.text.utf8) } ?? [])
      Terminal.say(options.json ? answer.text : words(answer.members))
    }
  }

  static func line(_ incident: [String: JSONValue]) -> String {
    var source = "–"
    if case .object(let it)? = incident["source"] { source = "\(text(it["kind"])) \(text(it["id"]))" }
    return "\(text(incident["incident"]))  \(text(incident["state"]))  \(source)  \(text(incident["title"]))"
  }

  static func text(_ value: JSONValue?) -> String { value.word ?? "–" }
}
