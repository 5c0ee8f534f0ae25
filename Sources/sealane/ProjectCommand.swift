import ArgumentParser
import Foundation
import Journeys
import Server

struct ProjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "project", abstract: "List the projects, and make another one.",
    discussion: """
      A project has a token, a tracking plan, events, subjects, service accounts and settings of its own. The same person is another pseudonym in
      each project. Roles are given project by project, in the console; owners have all of them everywhere.

      Examples:
        sealane project list --data DIR
        sealane project create "Staging" --zone Europe/Berlin --data DIR
      """, subcommands: [List.self, Create.self])

  private struct Project: Decodable {
    let id: Int64
    let name: String
    let token: String
    let zone: String

    var line: String { "\(String(id).padding(toLength: 4, withPad: " ", startingAt: 0))  \(token)  \(zone)  \(name)" }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Number, token, time zone and name of every project.")
    @OptionGroup var options: DataOptions

    private struct Answer: Decodable { let projects: [Project] }

    func run() async throws {
      try await options.run {
        let answer = try await ControlSession.run(try options.configuration()) { try await $0.text("GET", "/api/v1/projects") }
        guard !options.json, let read = try? JSONDecoder().decode(Answer.self, from: Data(answer.utf8)) else { return Terminal.say(answer) }
        for project in read.projects { Terminal.say(project.line) }
      }
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a project. Its token is printed; service accounts are made in the console, under Settings.")
    @Argument(help: "As people will see it.") var name: String
    @Option(help: "An IANA time zone, by which days, weeks and months begin.") var zone = "UTC"
    @Option(
      name: .customLong("group-key"), help: "A property that names an organization; may be repeated. Default: org_id and organization_id.")
    var groupKeys: [String] = []
    @OptionGroup var options: DataOptions

    func run() async throws {
      try await options.run {
        var members: [String: JSONValue] = ["name": .string(name), "zone": .string(zone)]
        if !groupKeys.isEmpty { members["group_keys"] = .list(groupKeys.map { .string($0) }) }
        let body = Array(JSONValue.object(members).text.utf8)
        let answer = try await ControlSession.run(try options.configuration()) {
          try await $0.text("POST", "/api/v1/projects", body: body)
        }
        guard !options.json, let made = try? JSONDecoder().decode(Project.self, from: Data(answer.utf8)) else {
          return Terminal.say(answer)
        }
        Terminal.say("Made project \(made.id). Its token, for SDKs:\n  \(made.token)")
      }
    }
  }
}
