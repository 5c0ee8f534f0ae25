import ArgumentParser
import Custodian
import Foundation
import Logging

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Fetches key parcels from the server, keeps the keys, and serves the approvers' pages.",
    discussion: """
      Examples:
        sealane-custodian serve --data DIR.custodian --server http://localhost:8000
        sealane-custodian serve --data DIR.custodian --server https://sealane.example --ca company.pem --listen 127.0.0.1:8002
      """)

  @OptionGroup var directory: DirectoryOption

  @Option(help: "The server's origin, such as https://sealane.example. Environment: SEALANE_SERVER_URL.")
  var server: String?

  @Option(
    help:
      "The pages' address as browsers show it, such as https://custodian.example.com (default http://custodian.localhost and the port). Environment: SEALANE_CUSTODIAN_ORIGIN."
  )
  var origin: String?

  @Option(help: "Address and port of the pages. Environment: SEALANE_CUSTODIAN_LISTEN.")
  var listen: String?

  @Option(help: "A PEM file with the certificate authority of the server, instead of the system's.")
  var ca: String?

  @Option(help: "Seconds between two rounds.")
  var interval: Double = 3

  @Option(help: "Subjects whose keys are destroyed in 24 hours at most because they were erased; further ones wait.")
  var erasuresPerDay = Courier.defaultErasuresPerDay

  @Option(help: ArgumentHelp("Seconds for which an HPKE key is announced.", visibility: .hidden))
  var keyLifetime: Double = 86_400

  @Option(help: ArgumentHelp("Seconds for which a replaced HPKE key is kept at least.", visibility: .hidden))
  var keyOverlap: Double = 7_200

  @Option(help: ArgumentHelp("Seconds of the first pause before mail that was not taken goes again.", visibility: .hidden))
  var mailPause: Double = 60

  func run() async throws {
    let environment = ProcessInfo.processInfo.environment
    guard let server = server ?? environment["SEALANE_SERVER_URL"] else {
      throw ValidationError("Name the server: --server http://127.0.0.1:8000, or SEALANE_SERVER_URL.")
    }
    guard interval >= 0.1, interval <= 3600 else { throw ValidationError("--interval takes 0.1 to 3600 seconds.") }
    var options = CustodianService.Options(directory: try directory.url, server: server)
    let address = listen ?? environment["SEALANE_CUSTODIAN_LISTEN"] ?? "127.0.0.1:8002"
    guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]), (0...65_535).contains(port)
    else {
      throw ValidationError("--listen takes an address and a port, such as 127.0.0.1:8002.")
    }
    options.host = String(address[..<colon])
    options.port = port
    options.origin = origin ?? environment["SEALANE_CUSTODIAN_ORIGIN"]
    options.certificateAuthority = ca
    options.pollInterval = .seconds(interval)
    options.keyLifetime = .seconds(keyLifetime)
    options.keyOverlap = .seconds(keyOverlap)
    guard erasuresPerDay >= 0 else { throw ValidationError("--erasures-per-day takes 0 or more.") }
    options.erasuresPerDay = erasuresPerDay
    options.mailPause = Int64(mailPause * 1_000)
    try await CustodianService.run(options, logger: LogLines.standardError("custodian"))
  }
}

enum LogLines {
  /// Lines on standard error: constant words and metadata.
  static func standardError(_ label: String) -> Logger {
    Logger(label: label) { StreamLogHandler.standardError(label: $0) }
  }
}
