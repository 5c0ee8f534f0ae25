import Events
import Foundation
import Intake
import Journeys
import Logging
import Outbound

/// Talks to the server of a data directory through its control socket, as the operating-system user who runs the command.
package struct ControlClient: Sendable {
  private let client: HTTPClient
  private let socket: SocketPath
  /// The server itself, where it was opened for this command alone.
  private var installation: Installation?

  package init(_ directory: DataDirectory, connections: Int = 4) throws(ConfigurationError) {
    client = HTTPClient(connections: connections)
    socket = try SocketPath(directory.controlSocket)
  }

  /// Sends and waits for the whole answer, whatever its status.
  package func exchange(
    _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [], deadline: Duration = .seconds(120)
  ) async throws(OutboundError) -> OutboundResponse {
    try await client.send(request(method, path, headers: headers, body: body), deadline: deadline)
  }

  /// Sends; an answer of 400 and above becomes an error with the server's own sentence.
  package func send(
    _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [], deadline: Duration = .seconds(120)
  ) async throws -> OutboundResponse {
    let response = try await exchange(method, path, headers: headers, body: body, deadline: deadline)
    guard response.status < 400 else { throw Self.error(response) }
    return response
  }

  /// Sends records to `/import`: over the socket, or straight into the intake where the server lives in this process, with the same answer.
  func importRecords(_ records: [UInt8], into project: ProjectID?, deadline: Duration) async throws(OutboundError) -> OutboundResponse {
    let query = "strict=1" + (project.map { "&project_id=\($0)" } ?? "")
    guard let installation else {
      return try await exchange(
        "POST", "/import?" + query, headers: [("Content-Type", ImportFile.contentType)], body: records, deadline: deadline)
    }
    let reply = await installation.importRecords(records, query: query, into: project)
    return OutboundResponse(status: reply.status, headers: reply.headers.map { ($0.name, $0.value) }, body: reply.body)
  }

  /// The same for a server in this process.
  func inside(_ installation: Installation) -> ControlClient {
    var client = self
    client.installation = installation
    return client
  }

  /// The JSON text of a good answer.
  package func text(_ method: String, _ path: String, body: [UInt8] = [], deadline: Duration = .seconds(120)) async throws -> String {
    let response = try await send(
      method, path, headers: body.isEmpty ? [] : [("Content-Type", "application/json")], body: body, deadline: deadline)
    return String(decoding: response.body, as: UTF8.self).trimmingCharacters(in: .newlines)
  }

  /// Hands the body of a good answer over piece by piece. `receive` runs on the client's thread and may block.
  package func download(_ path: String, deadline: Duration, receive: @escaping @Sendable (UnsafeRawBufferPointer) -> Bool) async throws
    -> OutboundResponse
  {
    var request = request("GET", path, headers: [], body: [])
    request.responseLimit = Int.max
    return try await client.stream(request, deadline: deadline, receive: receive)
  }

  package var isAnswering: Bool {
    get async { (try? await exchange("GET", "/healthz", deadline: .seconds(5)))?.status == 200 }
  }

  package static func error(_ response: OutboundResponse) -> CommandError {
    if case .object(let members)? = try? JSONValue(parsing: response.body) {
      if case .string(let message)? = members["message"] { return CommandError(message) }
      if case .string(let message)? = members["error"] { return CommandError(message) }
    }
    return CommandError("The server answered with status \(response.status).")
  }

  private func request(_ method: String, _ path: String, headers: [(name: String, value: String)], body: [UInt8]) -> OutboundRequest {
    OutboundRequest(method: method, url: "http://sealane.local\(path)", unixSocket: socket.path, headers: headers, body: body)
  }
}

/// Runs a command against the server of a data directory: the one that is running, or one that is opened for this command alone and
/// listens to nobody else.
package enum ControlSession {
  package static func run<Result: Sendable>(
    _ configuration: ServerConfiguration, connections: Int = 4, _ body: @escaping @Sendable (ControlClient) async throws -> Result
  ) async throws -> Result {
    let directory = DataDirectory(configuration.data)
    try directory.check()
    let client = try ControlClient(directory, connections: connections)
    if await client.isAnswering { return try await body(client) }
    let installation = try await Installation.open(configuration)
    do {
      let result = try await Listeners(installation).run(only: .control) { try await body(client.inside(installation)) }
      await installation.close()
      return result
    } catch {
      await installation.close()
      throw error
    }
  }
}
