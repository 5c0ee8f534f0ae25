import ArgumentParser
import Custodian

/// The only program that can open an identity. It has keys and no events, and is never called by the server.
@main
struct SealaneCustodian: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sealane-custodian",
    abstract: "Keeps the keys to identities, apart from the events.",
    subcommands: [ServeCommand.self, InitCommand.self, StatusCommand.self, AlarmsCommand.self, DoctorCommand.self])

  static func main() async {
    ProcessHardening.apply()
    await main(nil)
  }
}
