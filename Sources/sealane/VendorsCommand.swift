import ArgumentParser
import Foundation
import Journeys
import Server

struct VendorsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vendors", abstract: "Who gets part of the events outside of the company: declare, simulate, approve, kill.",
    discussion: """
      Examples:
        sealane vendors declare tallymark.yaml --data DIR
        sealane vendors simulate tallymark --data DIR
        sealane vendors kill tallymark --data DIR
      """,
    subcommands: [
      List.self, Show.self, Declare.self, Simulate.self, Approve.self, Refuse.self, Pause.self, Resume.self, Kill.self, DeadLetters.self,
      Deletions.self, ConfirmDeletion.self, DeletionRequest.self,
      Grants.self, ThirdParties.self, Register.self,
    ])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All vendors, with what has left for each.")
    @OptionGroup var options: DataOptions
    @Option(help: "A project's number; the first one if it is left out.") var project: Int64?

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask("GET", "/api/v1/vendors\(VendorsCommand.query(project))", options)
        guard !options.json, case .list(let vendors)? = answer.members["vendors"] else { return Terminal.say(answer.text) }
        if vendors.isEmpty { Terminal.say("No vendor is declared: nothing leaves for anybody.") }
        for case .object(let vendor) in vendors { Terminal.say(VendorsCommand.line(vendor)) }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One vendor, with the versions of its declaration.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its id.") var vendor: String

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask("GET", "/api/v1/vendors/\(try VendorsCommand.checked(vendor))", options)
        guard !options.json else { return Terminal.say(answer.text) }
        Terminal.say(VendorsCommand.line(answer.members))
        guard case .list(let versions)? = answer.members["versions"] else { return }
        for case .object(let version) in versions {
          let words = ["version", "state", "asked_at", "digest"].map { VendorsCommand.text(version[$0]) }
          Terminal.say("  version \(words[0]): \(words[1]), declared \(words[2]), SHA-256 \(words[3])")
        }
      }
    }
  }

  struct Declare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write down a vendor, or the next version of one. Nothing changes until somebody else agrees to it.")
    @OptionGroup var options: DataOptions
    @Option(help: "A project's number; the first one if it is left out.") var project: Int64?
    @Argument(help: "A YAML file; docs/VENDORS.md says what stands in it.") var file: String

    func run() async throws {
      try await options.run {
        guard let bytes = FileManager.default.contents(atPath: file) else { throw CommandError("\(file) cannot be read.") }
        let answer = try await ControlAnswer.ask("POST", "/api/v1/vendors\(VendorsCommand.query(project))", options, body: Array(bytes))
        if options.json { return Terminal.say(answer.text) }
        let (vendor, version) = (VendorsCommand.text(answer.members["vendor"]), VendorsCommand.text(answer.members["version"]))
        Terminal.say(
          "\(vendor), version \(version), waits for somebody else: under Vendors in the console, or `sealane vendors approve \(vendor) --version \(version)` by another user of this machine."
        )
      }
    }
  }

  struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What the vendor would have got of the last seven days: which fields, of how many people.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its id.") var vendor: String
    @Option(help: "A version of its declaration; the newest one if it is left out.") var version: Int?

    func run() async throws {
      try await options.run {
        let asked = version.map { "?version=\($0)" } ?? ""
        let answer = try await ControlAnswer.ask("GET", "/api/v1/vendors/\(try VendorsCommand.checked(vendor))/simulation\(asked)", options)
        guard !options.json else { return Terminal.say(answer.text) }
        Terminal.say(
          "\(VendorsCommand.text(answer.members["from"])) to \(VendorsCommand.text(answer.members["to"])): \(VendorsCommand.text(answer.members["events"])) events of \(VendorsCommand.text(answer.members["people"])) people"
        )
        guard case .list(let fields)? = answer.members["fields"] else { return }
        for case .object(let field) in fields {
          Terminal.say("  \(VendorsCommand.text(field["field"])): \(VendorsCommand.text(field["people"])) people")
        }
      }
    }
  }

  struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Agree to a version that somebody else declared; from now on its events flow.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its id.") var vendor: String
    @Option(help: "The version.") var version: Int

    func run() async throws {
      try await VendorsCommand.act("versions/\(version)/approval", vendor, options) { _ in
        "Agreed: events of version \(version) flow from now on."
      }
    }
  }

  struct Refuse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Refuse a version; what is in force stays so.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its id.") var vendor: String
    @Option(help: "The version.") var version: Int

    func run() async throws { try await VendorsCommand.act("versions/\(version)/refusal", vendor, options) { _ in "Refused." } }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let nothing leave for now; events wait.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its id.") var vendor: String

    func run() async throws { try await VendorsCommand.act("pause", vendor, options) { _ in "Paused: its events wait." } }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let events flow again, those first that waited.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its id.") var vendor: String

    func run() async throws { try await VendorsCommand.act("resumption", vendor, options) { _ in "Events flow again." } }
  }

  struct Kill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The kill switch: when this returns nothing leaves for the vendor any more, for good.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its id.") var vendor: String

    func run() async throws {
      try await VendorsCommand.act("kill", vendor, options) {
        "Killed: nothing leaves for \(vendor) any more. It is entry \(VendorsCommand.text($0["ledger_index"])) of the ledger."
      }
    }
  }

  struct DeadLetters: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dead-letters", abstract: "Events that the vendor refused for good, and why.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its id.") var vendor: String
    @Option(help: "At most so many, up to 1000.") var limit = 100

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask(
          "GET", "/api/v1/vendors/\(try VendorsCommand.checked(vendor))/dead-letters?limit=\(limit)", options)
        guard !options.json, case .list(let letters)? = answer.members["dead_letters"] else { return Terminal.say(answer.text) }
        if letters.isEmpty { Terminal.say("None.") }
        for case .object(let letter) in letters {
          let words = ["at", "event", "reason"].map { VendorsCommand.text(letter[$0]) }
          Terminal.say("\(words[0])  \(words[1]): \(words[2])")
        }
      }
    }
  }

  struct Deletions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Erasures that the vendor is asked to follow, and whether it said that it did.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its id.") var vendor: String
    @Option(help: "At most so many, up to 500.") var limit = 100

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask(
          "GET", "/api/v1/vendors/\(try VendorsCommand.checked(vendor))/deletions?limit=\(limit)", options)
        guard !options.json, case .list(let deletions)? = answer.members["deletions"] else { return Terminal.say(answer.text) }
        if deletions.isEmpty { Terminal.say("None.") }
        for case .object(let deletion) in deletions {
          let words = ["deletion", "state", "ordered_at", "last_error"].map { VendorsCommand.text(deletion[$0]) }
          Terminal.say("\(words[0])  \(words[1])  ordered \(words[2])  \(words[3])")
        }
      }
    }
  }

  struct ConfirmDeletion: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "confirm-deletion", abstract: "Say that the vendor has deleted what it was asked to: it counts as not held any more.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its id.") var vendor: String
    @Argument(help: "The deletion's number, as `vendors deletions` shows it; all: of a killed vendor, everything.") var deletion: String

    func run() async throws {
      guard deletion == "all" || Int64(deletion) != nil else { throw CommandError("Say the deletion's number, or all.") }
      try await VendorsCommand.act("deletions/\(deletion)/confirmation", vendor, options) { _ in "Confirmed." }
    }
  }

  fileprivate static func act(
    _ path: String, _ vendor: String, _ options: DataOptions, _ sentence: ([String: JSONValue]) -> String
  ) async throws {
    try await options.run {
      let answer = try await ControlAnswer.ask("POST", "/api/v1/vendors/\(try checked(vendor))/\(path)", options)
      Terminal.say(options.json ? answer.text : sentence(answer.members))
    }
  }

  static func query(_ project: Int64?) -> String { project.map { "?project_id=\($0)" } ?? "" }

  static func checked(_ vendor: String) throws -> String {
    guard !vendor.isEmpty, vendor.utf8.allSatisfy({ $0.isWordByte }) else {
      throw CommandError("A vendor's id has lower-case letters, digits and -.")
    }
    return vendor
  }

  fileprivate static func line(_ vendor: [String: JSONValue]) -> String {
    var line = "\(text(vendor["vendor"]))  \(text(vendor["state"]))  \(text(vendor["events"])) events in \(text(vendor["batches"])) batches"
    if case .number(let letters)? = vendor["dead_letters"], letters > 0 { line += ", \(Int(letters)) refused" }
    if case .string(let error)? = vendor["last_error"] { line += "  (\(error))" }
    return line
  }

  static func text(_ value: JSONValue?) -> String { value.word ?? "–" }
}

extension UInt8 {
  fileprivate var isWordByte: Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
      || self == UInt8(ascii: "-")
  }
}
