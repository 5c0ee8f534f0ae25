import ArgumentParser
import Foundation
import Server

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Run a demo: a fictional API platform with a million events.",
    discussion: """
      The first start loads the events through the intake, which takes a minute or two; later starts are immediate.

      Examples:
        sealane demo
        sealane demo --data /tmp/demo --events 100000
      """)

  @Option(help: "Where the demo lives.")
  var data = ".sealane-demo"
  @Option(help: "How many events the first start loads.")
  var events = 1_000_000
  @Option(help: "Address of console, API and intake.")
  var listen = "127.0.0.1:8000"
  @Option(help: "Address of the custodian.")
  var custodianListen = "127.0.0.1:8002"
  @Flag(help: "Errors in JSON.")
  var json = false

  func validate() throws {
    guard (1...50_000_000).contains(events) else { throw ValidationError("--events must be from 1 to 50000000.") }
  }

  func run() async throws {
    try await Terminal.run(json: json) {
      guard let address = ListenAddress(listen), let custodian = ListenAddress(custodianListen) else {
        throw CommandError("--listen and --custodian-listen must be addresses such as 127.0.0.1:8000.")
      }
      let me = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      try await DemoRun(
        data: URL(fileURLWithPath: data, isDirectory: true), events: events, listen: address, custodianListen: custodian, sealane: me,
        custodian: me.deletingLastPathComponent().appendingPathComponent("sealane-custodian")
      ).run { Terminal.say($0) }
    }
  }
}
