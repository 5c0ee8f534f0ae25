import Access
import Events
import Foundation
import Journeys
import Outbound
import Server

/// A server of its own directory, in this process, on real sockets of the loopback interface.
struct TestServer: Sendable {
  let made: Initialization.Outcome
  let installation: Installation
  let console: String
  let intake: String
  let client: HTTPClient
  let control: ControlClient

  static func run(
    limits: ServerLimits = ServerLimits(), canaries: Bool = false, _ body: @escaping @Sendable (TestServer) async throws -> Void,
    afterwards: (ServerConfiguration) async throws -> Void = { _ in }
  ) async throws {
    try await inDirectory { root in
      let made = try await Initialization(data: root, canaries: canaries).run()
      var configuration = try ServerConfiguration(Settings(flags: [.data: root.path], environment: [:], file: nil))
      configuration.listen.port = 0
      configuration.intake.port = 0
      configuration.limits = limits
      try await serve(made, configuration, body)
      try await afterwards(configuration)
    }
  }

  /// The directory's lock goes with the installation, at the end.
  private static func serve(
    _ made: Initialization.Outcome, _ configuration: ServerConfiguration, _ body: @escaping @Sendable (TestServer) async throws -> Void
  ) async throws {
    let installation = try await Installation.open(configuration)
    try await Listeners(installation).run(.all) { addresses in
      try await body(
        TestServer(
          made: made, installation: installation, console: "http://\(addresses.console)", intake: "http://\(addresses.intake)",
          client: HTTPClient(), control: try ControlClient(DataDirectory(configuration.data))))
    }
    await installation.close()
  }

  /// A path for a data directory that is gone, with its neighbours, afterwards.
  static func inDirectory(_ body: (URL) async throws -> Void) async throws {
    let parent = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: parent) }
    try await body(parent.appendingPathComponent("data", isDirectory: true))
  }

  var credential: (name: String, value: String) { Self.basic(made.account.account.username, made.account.secret.text) }

  static func basic(_ name: String, _ password: String) -> (name: String, value: String) {
    ("Authorization", "Basic " + Data("\(name):\(password)".utf8).base64EncodedString())
  }

  func send(
    _ method: String, _ url: String, headers: [(name: String, value: String)] = [], json: String? = nil
  ) async throws -> OutboundResponse {
    let headers = json == nil ? headers : headers + [("Content-Type", "application/json")]
    return try await client.send(OutboundRequest(method: method, url: url, headers: headers, body: Array((json ?? "").utf8)))
  }

  /// Imports events and demands that all are taken.
  func importEvents(_ json: String) async throws -> OutboundResponse {
    try await send("POST", intake + "/import?strict=1", headers: [credential], json: json)
  }

  func event(_ name: String, _ id: String, _ insertID: String, at time: Int64 = 1_790_000_000) -> String {
    #"{"event":"\#(name)","properties":{"time":\#(time),"distinct_id":"\#(id)","$insert_id":"\#(insertID)","plan":"pro"}}"#
  }
}

extension OutboundResponse {
  var text: String { String(decoding: body, as: UTF8.self) }

  var json: [String: JSONValue] {
    if case .object(let members)? = try? JSONValue(parsing: body, limit: 1 << 26) { return members }
    return [:]
  }
}
