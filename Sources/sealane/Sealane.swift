import ArgumentParser
import Vault

/// The analytics server and everything that works on its data.
@main
struct Sealane: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sealane",
    abstract: "Product analytics for API platforms that holds nothing worth stealing.",
    discussion: """
      First steps:
        sealane demo                                  a fictional platform with a million events, ready in two minutes
        sealane init --data /var/lib/sealane          once: makes data, keys and custodian directories
        sealane serve --data /var/lib/sealane         console and API on 8000, intake on 8001

      Commands that work on data go through the running server (DIR/control.sock); each disclosure stands in the ledger.
      """,
    version: "0.1.0",
    subcommands: [
      InitCommand.self, ServeCommand.self, DemoCommand.self, ImportCommand.self, ExportCommand.self, QueryCommand.self,
      PlanCommand.self, ProjectCommand.self, SetupLinkCommand.self, StaffCommand.self, SubjectCommand.self, BackupCommand.self,
      RestoreCommand.self,
      LedgerCommand.self, VendorsCommand.self, ExposureCommand.self, IncidentCommand.self, AlertsCommand.self, CanariesCommand.self,
      VerifyCommand.self, TrustCommand.self,
      KeysCommand.self,
      DoctorCommand.self, AuditCommand.self,
    ])

  static func main() async {
    ProcessHardening.apply()
    await main(nil)
  }
}
