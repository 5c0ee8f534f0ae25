import ArgumentParser
import Foundation
import Server

struct SetupLinkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "setup-link",
    abstract: "Make a new link that signs the owner in, once, within the hour.",
    discussion: """
      Example:
        sealane setup-link --data DIR
      """)

  @OptionGroup var options: DataOptions

  func run() async throws {
    try await options.run {
      let answer = try await ControlSession.run(try options.configuration()) { try await $0.text("POST", "/api/v1/setup-links") }
      if options.json { return Terminal.say(answer) }
      let link = (try? JSONDecoder().decode([String: String].self, from: Data(answer.utf8)))?["setup_url"]
      Terminal.say(link ?? answer)
    }
  }
}
