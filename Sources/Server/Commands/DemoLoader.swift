import Demo
import Events
import Foundation
import Outbound
import Synchronization

/// Sends the demo's events through the intake over HTTP, as SDKs and importers would.
package struct DemoLoader: Sendable {
  /// Where the intake is, such as `http://127.0.0.1:8000`.
  let intake: String
  let username: String
  let secret: String
  let projectToken: String

  private static let connections = 4

  package init(intake: String, username: String, secret: String, projectToken: String) {
    self.intake = intake
    self.username = username
    self.secret = secret
    self.projectToken = projectToken
  }

  /// Returns how many events were sent. Sending them again, after an interruption, changes nothing.
  package func load(_ options: OrreryLabs.Options, progress: ProgressBar) async throws -> Int {
    let client = HTTPClient(connections: Self.connections)
    var sent = 0
    try await withThrowingTaskGroup(of: Int.self) { group in
      var running = 0
      for request in OrreryLabs(options) {
        try Task.checkCancellation()
        if running == Self.connections, let records = try await group.next() {
          sent += records
          running -= 1
        }
        group.addTask {
          try await send(request, client)
          guard request.endpoint == .import else { return 0 }
          progress.advance(by: request.records)
          return request.records
        }
        running += 1
      }
      for try await records in group { sent += records }
    }
    return sent
  }

  /// Lets the world go on, an event every two seconds, until it is cancelled. What cannot be sent is left out: nobody waits for it.
  package func goOn(_ options: OrreryLabs.Options, clock: @Sendable () -> Timestamp) async {
    let client = HTTPClient(connections: 1)
    var pulse = OrreryPulse(options, seed: UInt64(bitPattern: clock().milliseconds))
    while !Task.isCancelled {
      if let request = pulse.next(at: clock()) { try? await send(request, client) }
      try? await Task.sleep(for: .seconds(2))
    }
  }

  private func send(_ request: OrreryLabs.Request, _ client: HTTPClient) async throws {
    let credential = Data("\(username):\(secret)".utf8).base64EncodedString()
    let type = request.endpoint == .import ? "application/x-ndjson" : "application/json"
    let message = OutboundRequest(
      method: "POST", url: "\(intake)/\(request.endpoint.rawValue)?strict=1",
      headers: [("Authorization", "Basic \(credential)"), ("Content-Type", type)], body: request.body)
    var wait = 1
    while true {
      let response = try await client.send(message, deadline: .seconds(120))
      if response.status == 200 { return }
      guard response.status == 429 || response.status == 503, wait <= 30 else {
        let answer = String(decoding: response.body.prefix(300), as: UTF8.self)
        throw CommandError("The intake answered \(response.status) to the demo's \(request.endpoint.rawValue) request: \(answer)")
      }
      try await Task.sleep(for: .seconds(wait))
      wait *= 2
    }
  }
}
