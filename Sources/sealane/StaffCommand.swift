import ArgumentParser
import Foundation
import Server

struct StaffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "staff", abstract: "See who is on the staff, cut somebody off, remove somebody.",
    discussion: """
      People, roles and invitations are the console's: this is for the moment when nobody can get in there, or somebody must not.

      Examples:
        sealane staff list --data DIR
        sealane staff cut-off st_0123456789abcdef --data DIR
        sealane staff end-brought-in st_0123456789abcdef --data DIR
        sealane staff remove st_0123456789abcdef --data DIR
        sealane staff quota --rows 50000 --data DIR
      """, subcommands: [List.self, CutOff.self, EndBroughtIn.self, Remove.self, SetQuota.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Who is on the staff, with roles and state.")
    @OptionGroup var options: DataOptions

    private struct Answer: Decodable {
      struct Member: Decodable {
        let id: String
        let name: String
        let roles: [String]
        let state: String
      }
      let staff: [Member]
    }

    func run() async throws {
      try await options.run {
        let answer = try await ControlSession.run(try options.configuration()) { try await $0.text("GET", "/api/v1/staff") }
        guard !options.json, let read = try? JSONDecoder().decode(Answer.self, from: Data(answer.utf8)) else { return Terminal.say(answer) }
        for member in read.staff {
          Terminal.say(
            "\(member.id)  \(member.state.padding(toLength: 8, withPad: " ", startingAt: 0))  \(member.name)  \(member.roles.joined(separator: " "))"
          )
        }
        if read.staff.isEmpty { Terminal.say("Nobody yet. `sealane setup-link` makes the first owner.") }
      }
    }
  }

  struct CutOff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "End all that somebody could do, at once: for whoever was phished. Two admins let the person in again, an owner two other owners.")
    @Argument(help: "As `sealane staff list` names the person.") var id: String
    @OptionGroup var options: DataOptions

    func run() async throws { try await StaffCommand.act("POST", "/api/v1/staff/\(id)/cut-off", options, "cut off") }
  }

  struct EndBroughtIn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "end-brought-in",
      abstract: "Revoke the service accounts that somebody made, and cut off whom they invited, after they were cut off themselves.")
    @Argument(help: "As `sealane staff list` names the person.") var id: String
    @OptionGroup var options: DataOptions

    func run() async throws {
      try await options.run {
        let answer = try await ControlSession.run(try options.configuration()) {
          try await $0.text("POST", "/api/v1/staff/\(id)/brought-in/end")
        }
        Terminal.say(options.json ? answer : "What the person made is revoked, and whom they invited is cut off: \(answer)")
      }
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove somebody for good. When no owner is left, `sealane setup-link` works again.")
    @Argument(help: "As `sealane staff list` names the person.") var id: String
    @OptionGroup var options: DataOptions

    func run() async throws { try await StaffCommand.act("DELETE", "/api/v1/staff/\(id)", options, "removed") }
  }

  struct SetQuota: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "quota", abstract: "What each person may take out in a day of UTC; without options: what it is now.")
    @Option(help: "Rows about subjects.") var rows: Int?
    @Option(help: "Different subjects in them.") var subjects: Int?
    @Option(help: "Bytes of them.") var bytes: Int?
    @OptionGroup var options: DataOptions

    private struct Quota: Codable {
      enum CodingKeys: String, CodingKey {
        case rows = "rows_per_day"
        case subjects = "subjects_per_day"
        case bytes = "bytes_per_day"
      }
      var rows, subjects, bytes: Int?
    }

    func run() async throws {
      try await options.run {
        let wanted = Quota(rows: rows, subjects: subjects, bytes: bytes)
        let isQuestion = rows == nil && subjects == nil && bytes == nil
        let answer = try await ControlSession.run(try options.configuration()) { session in
          isQuestion
            ? try await session.text("GET", "/api/v1/quotas/staff")
            : try await session.text("PUT", "/api/v1/quotas/staff", body: Array(try JSONEncoder().encode(wanted)))
        }
        guard !options.json, let quota = try? JSONDecoder().decode(Quota.self, from: Data(answer.utf8)) else { return Terminal.say(answer) }
        Terminal.say(
          "Each person may take out, in a day: \(quota.rows ?? 0) rows, \(quota.subjects ?? 0) subjects, \(quota.bytes ?? 0) bytes.")
      }
    }
  }

  fileprivate static func act(_ method: String, _ path: String, _ options: DataOptions, _ done: String) async throws {
    try await options.run {
      let answer = try await ControlSession.run(try options.configuration()) { try await $0.text(method, path) }
      Terminal.say(
        options.json
          ? answer
          : "The person is \(done); all sessions are over. What they made and whom they invited stays until you end it (`--json` lists it): sealane staff end-brought-in ID"
      )
    }
  }
}
