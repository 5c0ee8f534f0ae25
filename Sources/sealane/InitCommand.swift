import ArgumentParser
import Foundation
import Server

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a data directory, its keys, and a custodian.",
    discussion: """
      Makes DIR (data), DIR.keys (secrets: back them up apart from the data) and DIR.custodian (to be moved to another host for production).
      Nothing that is there is overwritten.

      Examples:
        sealane init --data /var/lib/sealane
        sealane init --data ./trial --group-key team_id --json
      """)

  @Option(help: "The data directory to make.")
  var data: String
  @Option(help: "Where the secrets go (default: DIR.keys).")
  var keys: String?
  @Option(help: "Where the custodian's directory goes (default: DIR.custodian).")
  var custodianData: String?
  @Option(help: "The console's public origin, for the setup link (default http://localhost:8000).")
  var origin = "http://localhost:8000"
  @Option(help: "The custodian's public origin, for its setup links (default http://custodian.localhost:8002).")
  var custodianOrigin = "http://custodian.localhost:8002"
  @Option(help: "Name of the first project.")
  var projectName = "Main"
  @Option(help: "Time zone of its reports, an IANA name such as Europe/Berlin.")
  var zone = "UTC"
  @Option(help: "A property that names an organization; may be given several times (default: org_id, organization_id).")
  var groupKey: [String] = []
  @Option(help: "Groups of fewer subjects are not shown by themselves; 1 shows all, and is entered in the ledger.")
  var smallestGroup = 10
  @Flag(help: "Mix no synthetic subjects into exports; entered in the ledger. sealane canaries on changes it.")
  var withoutCanaries = false
  @Flag(help: "Answer in JSON, errors too.")
  var json = false

  func run() async throws {
    try await Terminal.run(json: json) {
      if keys?.hasPrefix("exec:") == true {
        throw CommandError(
          "init makes keys and needs a directory for them. Make them there, give what “sealane keys export” prints to the secret manager, check "
            + "it with “sealane doctor --keys exec:…”, and remove the directory.")
      }
      let made = try await Initialization(
        data: directory(data), keys: keys.map(directory), custodian: custodianData.map(directory), origin: origin,
        custodianOrigin: custodianOrigin, projectName: projectName, zone: zone, groupKeys: groupKey, canaries: !withoutCanaries,
        smallestGroup: smallestGroup
      ).run()
      Terminal.say(json ? made.json : made.text(data: data))
    }
  }

  private func directory(_ path: String) -> URL { URL(fileURLWithPath: path, isDirectory: true) }
}
