import ArgumentParser
import Server

extension VendorsCommand {
  struct DeletionRequest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "deletion-request",
      abstract: "The letter that asks a killed vendor to delete all that it holds: a draft, which a person completes and sends.")
    @OptionGroup var options: DataOptions
    @Argument(help: "Its id.") var vendor: String
    @Option(help: "By when it is to confirm, such as 2027-01-31; in 30 days if it is left out.") var by: String?

    func run() async throws {
      try await options.run {
        let path = VendorsCommand.path("/api/v1/vendors/\(try VendorsCommand.checked(vendor))/deletion-request", ["by": by])
        let answer = try await ControlAnswer.ask("GET", path, options)
        Terminal.say(options.json ? answer.text : VendorsCommand.text(answer.members["text"]))
      }
    }
  }
}
