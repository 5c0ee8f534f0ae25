import ArgumentParser
import Custodian
import Foundation
import Notices

struct TrustCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust", abstract: "Writes what people pin to check this company's messages: keys, names and the witness policy.",
    discussion: """
      Publish the file where customers find it before there is an incident. Whoever has it checks messages with “sealane verify”, offline.

      Example:
        sealane-custodian trust --data DIR.custodian --organization "Orrery Labs" --domain orrery.example --brand orrery > orrery.trust.json
      """)

  @OptionGroup var directory: DirectoryOption

  @Option(help: "The company's name.")
  var organization: String
  @Option(help: "A domain that its mail comes from; may be given more than once.")
  var domain: [String] = []
  @Option(help: "A word that stands for it, such as a product's name; may be given more than once.")
  var brand: [String] = []

  func run() async throws {
    guard !domain.isEmpty else { throw ValidationError("Name the domain that mail comes from: --domain orrery.example.") }
    print(
      try CustodianTrust.anchors(directory: directory.url, organization: organization, domains: domain, brands: brand).json,
      terminator: "")
  }
}
