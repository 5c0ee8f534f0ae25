import ArgumentParser
import Foundation
import Server

struct SetupLinkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "setup-link",
    abstract: "Make a link by which the first owner registers a passkey, once, within the hour.",
    discussion: """
      While there is an owner who can sign in, there is no such link: others come by invitation, in the console.

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
