import ArgumentParser
import Foundation
import Journeys
import Server

struct AlertsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alerts", abstract: "What somebody should look at: list, acknowledge, close; and try the channels.",
    subcommands: [List.self, Show.self, Acknowledge.self, Close.self, Channels.self, Test.self, Enable.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Alerts, the newest first.",
      discussion: """
        Examples:
          sealane alerts list --data DIR
          sealane alerts list --data DIR --state closed --limit 20
        """)

    @OptionGroup var options: DataOptions
    @Option(help: "open, acknowledged, closed or all.")
    var state = "open"
    @Option(help: "At most so many, up to 1000.")
    var limit = 100

    func run() async throws {
      try await options.run {
        guard state.allSatisfy(\.isLetter) else { throw CommandError("--state is open, acknowledged, closed or all.") }
        let path = "/api/v1/alerts?limit=\(limit)" + (state == "all" ? "" : "&state=\(state)")
        let answer = try await ControlAnswer.ask("GET", path, options)
        guard !options.json, case .list(let alerts)? = answer.members["alerts"] else { return Terminal.say(answer.text) }
        if alerts.isEmpty { Terminal.say(state == "open" ? "No alert is open." : "There is no such alert.") }
        for case .object(let alert) in alerts { Terminal.say(AlertsCommand.line(alert)) }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One alert with its history.")

    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.")
    var alert: Int64

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask("GET", "/api/v1/alerts/\(alert)", options)
        guard !options.json else { return Terminal.say(answer.text) }
        Terminal.say(AlertsCommand.line(answer.members))
        if let sentence = answer.members["sentence"].word { Terminal.say("  \(sentence)") }
        if case .object(let about)? = answer.members["about"] {
          Terminal.say("  about \(["kind", "id", "credential"].compactMap { about[$0].word }.joined(separator: " "))")
        }
        if case .object(let details)? = answer.members["details"] {
          for (name, value) in details.sorted(by: { $0.key < $1.key }) {
            Terminal.say("  \(name): \(Optional(value).word ?? value.text)")
          }
        }
        guard case .list(let history)? = answer.members["history"] else { return }
        for case .object(let change) in history {
          let words = ["at", "from", "to", "note"].map { change[$0].word ?? "" }
          Terminal.say("  \(words[0])  \(words[1]) → \(words[2])  \(words[3])")
        }
      }
    }
  }

  struct Acknowledge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say that somebody looks at it.")

    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.")
    var alert: Int64
    @Option(help: "What people should know; it stays in the control database.")
    var note = ""

    func run() async throws {
      try await options.run { try await AlertsCommand.change(alert, to: "acknowledged", note, options) }
    }
  }

  struct Close: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say what was found out; the same found again is another alert.")

    @OptionGroup var options: DataOptions
    @Argument(help: "Its number.")
    var alert: Int64
    @Option(help: "What was found out; it stays in the control database.")
    var note: String

    func run() async throws {
      try await options.run { try await AlertsCommand.change(alert, to: "closed", note, options) }
    }
  }

  struct Channels: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Where alerts go, what waits there, and what failed.")

    @OptionGroup var options: DataOptions

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask("GET", "/api/v1/alert-channels", options)
        guard !options.json, case .list(let channels)? = answer.members["channels"] else { return Terminal.say(answer.text) }
        if channels.isEmpty { Terminal.say("No channel is configured: nobody is told of alerts. Give a file with --alert-channels.") }
        for case .object(let channel) in channels {
          func number(_ name: String) -> String { channel[name].word ?? "0" }
          var line = "\(channel["channel"].word ?? "?") (\(channel["type"].word ?? "?")): "
          line +=
            "\(number("delivered")) delivered, \(number("waiting")) waiting, \(number("failed")) given up, \(number("dropped")) left out"
          if let error = channel["last_error"].word { line += "; last failure: \(error)" }
          if let reason = channel["disabled_reason"].word { line += "; SWITCHED OFF: \(reason)" }
          Terminal.say(line)
        }
      }
    }
  }

  struct Test: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Send a test to every channel and say what became of it.",
      discussion: """
        The running server sends, with its own file of channels. Exits with 1 if one did not arrive.

        Example:
          sealane alerts test --data DIR
        """)

    @OptionGroup var options: DataOptions

    func run() async throws {
      try await options.run {
        let answer = try await ControlAnswer.ask("POST", "/api/v1/alert-channels/test", options)
        guard case .list(let channels)? = answer.members["channels"] else { return Terminal.say(answer.text) }
        if options.json { Terminal.say(answer.text) }
        var failures = 0
        for case .object(let channel) in channels {
          let failure = channel["failure"].word
          failures += failure == nil ? 0 : 1
          if options.json { continue }
          let name = "\(channel["channel"].word ?? "?") (\(channel["type"].word ?? "?"))"
          Terminal.say(failure.map { "\(name): NOT DELIVERED. \($0)" } ?? "\(name): delivered")
        }
        guard !channels.isEmpty else { throw CommandError("No channel is configured. Start the server with --alert-channels FILE.") }
        if failures > 0 { throw ExitCode.failure }
      }
    }
  }

  struct Enable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Use a channel again that answered that it is gone.")

    @OptionGroup var options: DataOptions
    @Argument(help: "Its name.")
    var channel: String

    func run() async throws {
      try await options.run {
        guard let name = channel.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(["-"])) else {
          throw CommandError("There is no such channel.")
        }
        let answer = try await ControlAnswer.ask("POST", "/api/v1/alert-channels/\(name)/enable", options)
        Terminal.say(options.json ? answer.text : "\(channel) is used again.")
      }
    }
  }

  // MARK: Shared

  private static func change(_ alert: Int64, to state: String, _ note: String, _ options: DataOptions) async throws {
    let body = JSONValue.object(["state": .string(state), "note": .string(note)])
    let answer = try await ControlAnswer.ask("POST", "/api/v1/alerts/\(alert)/changes", options, body: Array(body.text.utf8))
    Terminal.say(options.json ? answer.text : "Alert \(alert) is \(state).")
  }

  private static func line(_ alert: [String: JSONValue]) -> String {
    let words = ["id", "severity", "state", "last_at", "title", "count"].map { alert[$0].word ?? "?" }
    let times = words[5] == "1" ? "" : " (\(words[5]) times)"
    return "\(words[0].padding(toLength: 6, withPad: " ", startingAt: 0))\(words[1].padding(toLength: 10, withPad: " ", startingAt: 0))"
      + "\(words[2].padding(toLength: 14, withPad: " ", startingAt: 0))\(words[3])  \(words[4])\(times)"
  }
}
