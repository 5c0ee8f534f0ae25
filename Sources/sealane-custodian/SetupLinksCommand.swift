import ArgumentParser
import Custodian
import Foundation

struct SetupLinksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "setup-links", abstract: "Makes new setup links for those of the first three approvers who have not enrolled.",
    discussion: """
      Links made before are worth nothing any more. Once three approvers are enrolled there are none: a further one is admitted by those.

      Example:
        sealane-custodian setup-links --data DIR.custodian --origin https://custodian.example.com
      """)

  @OptionGroup var directory: DirectoryOption

  @Option(help: "The custodian's public origin.")
  var origin = CustodianSetup.defaultOrigin

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let links = try CustodianSetup.setupLinks(on: try directory.url, origin: origin)
    guard !links.isEmpty else {
      throw ValidationError("Three approvers are enrolled: they admit a further one on the custodian's page “Approvers”.")
    }
    if json { return print(try JSONText.of(["setup_urls": links])) }
    print("Each makes its bearer an approver, once, within a week. Give them to different people:")
    for link in links { print("  \(link)") }
  }
}
