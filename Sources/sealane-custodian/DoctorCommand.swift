import ArgumentParser
import Custodian
import Foundation

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Checks the custodian's directory: modes, keys, and that every record key decrypts.",
    discussion: """
      Exits with 1 if something is bad.

      Example:
        sealane-custodian doctor --data DIR.custodian
      """)

  @OptionGroup var directory: DirectoryOption

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let findings = CustodianCheck.run(try directory.url, now: CustodianService.wallClock())
    if json {
      print(try JSONText.of(findings))
    } else {
      for finding in findings { print("\(finding.severity.rawValue): \(finding.sentence)") }
    }
    if findings.contains(where: { $0.severity == .bad }) { throw ExitCode.failure }
  }
}
