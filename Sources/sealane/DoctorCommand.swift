import ArgumentParser
import Foundation
import Server

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Read every byte on disk and say what is wrong.",
    discussion: """
      Changes nothing. Exits with 1 if there is a problem.

      Example:
        sealane doctor --data DIR
      """)

  @OptionGroup var options: DataOptions
  @Option(help: "The custodian's directory (default: DIR.custodian).")
  var custodianData: String?

  func run() async throws {
    try await options.run {
      let configuration = try options.configuration()
      let custodian = custodianData.map { URL(fileURLWithPath: $0, isDirectory: true) }
      let findings = await Doctor(
        data: configuration.data, keys: configuration.keys, custodian: custodian, places: configuration.places,
        userAgents: configuration.userAgents, alertChannels: configuration.alertChannels,
        canaryDomain: configuration.canaryDomain, witnessPolicy: configuration.witnessPolicy, witnessPatience: configuration.witnessPatience
      ).run()
      Terminal.say(options.json ? Doctor.json(findings) : Doctor.text(findings))
      if findings.contains(where: { $0.severity == .problem }) { throw ExitCode.failure }
    }
  }
}
