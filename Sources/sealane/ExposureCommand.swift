import ArgumentParser
import Journeys
import Server

struct ExposureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exposure",
    abstract: "If something were stolen now: how many people and which fields, for each account, person, vendor and host.",
    discussion: """
      What the running server computed last, and what lowers it. docs/EXPOSURE.md says what each figure means.

      Example:
        sealane exposure --data DIR
      """)
  @OptionGroup var options: DataOptions
  @Option(help: "A project's number; the first one if it is left out.") var project: Int64?

  func run() async throws {
    try await options.run {
      let answer = try await ControlAnswer.ask("GET", "/api/v1/exposure\(VendorsCommand.query(project))", options)
      guard !options.json else { return Terminal.say(answer.text) }
      guard let asOf = answer.members["as_of"].word else {
        return Terminal.say("It is being computed for the first time since the start: ask again in a moment.")
      }
      Terminal.say("As of \(asOf), \(text(answer.members["people"])) people:")
      guard case .list(let holders)? = answer.members["holders"] else { return }
      for case .object(let holder) in holders { Terminal.say(line(holder)) }
      guard case .list(let suggestions)? = answer.members["suggestions"], !suggestions.isEmpty else { return }
      Terminal.say("\nWhat lowers it:")
      for case .object(let suggestion) in suggestions.prefix(10) {
        let figures = "\(text(suggestion["before"])) → \(text(suggestion["after"])) \(text(suggestion["unit"]))"
        Terminal.say("  \(text(suggestion["sentence"]))\n    \(figures)\(suggestion["command"].word.map { "; \($0)" } ?? "")")
      }
      if suggestions.count > 10 { Terminal.say("  and \(suggestions.count - 10) more: --json") }
    }
  }

  private func line(_ holder: [String: JSONValue]) -> String {
    var people = holder["people"].word ?? "unknown"
    if holder["at_least"] == .boolean(true) { people = "at least \(people)" }
    people += holder["span"] == .string("day") ? " people a day" : " people"
    var organizations = 0.0
    if case .object(let counts)? = holder["organizations"] {
      for case .number(let count) in counts.values { organizations = max(organizations, count) }
    }
    var fields = 0
    if case .list(let names)? = holder["fields"] { fields = names.count }
    var severity = ""
    if case .object(let found)? = holder["severity"] { severity = "; severity \(text(found["arithmetic"]))" }
    return """
        \(text(holder["kind"]).replacing("_", with: " ")) \(text(holder["name"])) (\(text(holder["id"]))): \(people), \
      \(Int(organizations)) organizations, \(fields) fields, \(text(holder["identities"])) identities\(severity)
      """
  }

  private func text(_ value: JSONValue?) -> String { value.word ?? "–" }
}
