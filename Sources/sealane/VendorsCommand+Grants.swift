import ArgumentParser
import Foundation
import Journeys
import Server

extension VendorsCommand {
  struct Grants: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ways in that vendors were given: OAuth grants, keys, accounts, webhooks, seats. Which of them live, and which should not.",
      discussion: """
        Examples:
          sealane vendors grants import oauth-apps.csv --data DIR
          sealane vendors grants list --data DIR
          sealane vendors grants retire 7 --data DIR
        """,
      subcommands: [List.self, Add.self, Import.self, Retire.self, Revoke.self])

    struct List: AsyncParsableCommand {
      static let configuration = CommandConfiguration(abstract: "All of them, those that are retired and live first.")
      @OptionGroup var options: DataOptions
      @Option(help: "A project's number; the first one if it is left out.") var project: Int64?
      @Option(help: "Only a vendor's.") var vendor: String?
      @Option(
        help:
          "Only with a finding: retired_but_live, vendor_killed_but_live, used_after_retirement, used_after_revocation, undeclared_vendor, wide_scope, unused_90_days, never_expires."
      ) var finding: String?

      func run() async throws {
        try await options.run {
          let path = VendorsCommand.path(
            "/api/v1/vendor-grants", ["project_id": project.map { "\($0)" }, "vendor": vendor, "finding": finding])
          let answer = try await ControlAnswer.ask("GET", path, options)
          guard !options.json, case .list(let grants)? = answer.members["grants"] else { return Terminal.say(answer.text) }
          if grants.isEmpty { Terminal.say("None.") }
          for case .object(let grant) in grants {
            let line = Self.line(grant)
            if grant["red"] == .boolean(true) { Terminal.alarm(line) } else { Terminal.say(line) }
          }
        }
      }

      private static func line(_ grant: [String: JSONValue]) -> String {
        func text(_ name: String) -> String { VendorsCommand.text(grant[name]) }
        var line = "\(text("grant"))  \(text("vendor"))  \(text("name")) (\(text("kind")))"
        line += grant["live"] == .boolean(true) ? ", live" : ", dead"
        if case .string(let at)? = grant["last_used_at"] { line += ", last used \(at.prefix(10))" }
        if case .list(let findings)? = grant["findings"], !findings.isEmpty {
          line += "  " + findings.map { VendorsCommand.text($0).replacing("_", with: " ") }.joined(separator: ", ")
        }
        return line
      }
    }

    struct Add: AsyncParsableCommand {
      static let configuration = CommandConfiguration(abstract: "Write one down by hand. Never its secret.")
      @OptionGroup var options: DataOptions
      @Option(help: "A project's number; the first one if it is left out.") var project: Int64?
      @Option(help: "The vendor's id.") var vendor: String?
      @Option(help: "What it is called where it was given.") var name: String
      @Option(help: "oauth_grant, api_key, service_account, webhook or user.") var kind: String
      @Option(help: "Its public id at the issuer.") var clientID: String?
      @Option(help: "What it may do; may be given more than once.") var scope: [String] = []
      @Option(help: "Who gave it.") var grantedBy: String?
      @Option(help: "Since when, such as 2026-11-17.") var created: String?
      @Option(help: "When it was used last.") var lastUsed: String?
      @Option(help: "When it ends.") var expires: String?
      @Option(help: "Anything else.") var note: String?

      func run() async throws {
        try await options.run {
          let texts = [
            "vendor": vendor, "name": name, "kind": kind, "client_id": clientID, "granted_by": grantedBy, "created_at": created,
            "last_used_at": lastUsed, "expires_at": expires, "note": note,
          ]
          var members = texts.compactMapValues { $0.map { JSONValue.string($0) } }
          if !scope.isEmpty { members["scopes"] = .list(scope.map { .string($0) }) }
          let answer = try await ControlAnswer.ask(
            "POST", "/api/v1/vendor-grants\(VendorsCommand.query(project))", options, body: Array(JSONValue.object(members).text.utf8))
          Terminal.say(options.json ? answer.text : "Grant \(VendorsCommand.text(answer.members["grant"])) is written down.")
        }
      }
    }

    struct Import: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Take in a list as an admin console exports it, CSV or JSON. The same list twice changes nothing.",
        discussion: "docs/VENDORS.md says under which names columns are read; others are passed over.")
      @OptionGroup var options: DataOptions
      @Option(help: "A project's number; the first one if it is left out.") var project: Int64?
      @Option(help: "csv or json, where the list does not say itself.") var format: String?
      @Argument(help: "The list.") var file: String

      func run() async throws {
        try await options.run {
          guard let bytes = FileManager.default.contents(atPath: file) else { throw CommandError("\(file) cannot be read.") }
          let path = VendorsCommand.path(
            "/api/v1/vendor-grants/import", ["project_id": project.map { "\($0)" }, "format": format])
          let answer = try await ControlAnswer.ask("POST", path, options, body: Array(bytes))
          let refused = VendorsCommand.text(answer.members["refused"])
          if options.json {
            Terminal.say(answer.text)
          } else {
            let words = ["rows", "new", "changed", "unchanged"].map { VendorsCommand.text(answer.members[$0]) }
            Terminal.say("\(words[0]) rows: \(words[1]) new grants, \(words[2]) changed, \(words[3]) as before; \(refused) rows refused.")
            if case .list(let refusals)? = answer.members["refusals"] {
              for case .object(let refusal) in refusals {
                Terminal.note("  line \(VendorsCommand.text(refusal["line"])): \(VendorsCommand.text(refusal["reason"]))")
              }
            }
          }
        }
      }
    }

    struct Retire: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        abstract: "Say that the company does not use it any more. Until it is revoked at its issuer it is shown in red.")
      @OptionGroup var options: DataOptions
      @Argument(help: "Its number.") var grant: Int64

      func run() async throws {
        try await options.run {
          let answer = try await ControlAnswer.ask("POST", "/api/v1/vendor-grants/\(grant)/retirement", options)
          Terminal.say(
            options.json ? answer.text : "Retired. Revoke it at its issuer, then say so: `sealane vendors grants revoke \(grant)`.")
        }
      }
    }

    struct Revoke: AsyncParsableCommand {
      static let configuration = CommandConfiguration(abstract: "Say that it was revoked at its issuer and opens nothing any more.")
      @OptionGroup var options: DataOptions
      @Argument(help: "Its number.") var grant: Int64

      func run() async throws {
        try await options.run {
          let answer = try await ControlAnswer.ask("POST", "/api/v1/vendor-grants/\(grant)/revocation", options)
          Terminal.say(options.json ? answer.text : "Revoked.")
        }
      }
    }
  }
}
