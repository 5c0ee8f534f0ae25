import ArgumentParser
import Custodian
import Vault

/// The only program that can open an identity. It has keys and no events, and is never called by the server.
@main
struct SealaneCustodian: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sealane-custodian",
    abstract: "Keeps the keys to identities, apart from the events.",
    discussion: """
      Examples:
        sealane-custodian serve --data /var/lib/sealane.custodian --server https://sealane.example
        sealane-custodian status --data /var/lib/sealane.custodian
        sealane-custodian alarms --data /var/lib/sealane.custodian
        sealane-custodian backup --data /var/lib/sealane.custodian --to /mnt/backup/custodian.backup
      """,
    version: "0.1.0",
    subcommands: [
      ServeCommand.self, InitCommand.self, StatusCommand.self, AlarmsCommand.self, SetupLinksCommand.self, FindCommand.self,
      TagCommand.self, NoticesCommand.self, AnswersCommand.self, MailCommand.self, BouncesCommand.self, TrustCommand.self,
      DoctorCommand.self,
      BackupCommand.self,
      RestoreCommand.self,
    ])

  static func main() async {
    ProcessHardening.apply()
    await main(nil)
  }
}
