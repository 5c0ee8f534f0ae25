import Access
import Events
import HTTPTypes
import Hummingbird
import Intake
import Logging
import NIOCore

/// Mixpanel's ingestion addresses as unmodified SDKs call them, with a slash at the end and without.
struct IntakeRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator
  let addresses: ClientAddress
  /// Whether `GET /settings` is the SDKs' here, or the console's page of that name on the same address.
  let answersSettings: Bool

  func add(to router: Router<ServerContext>) {
    addEndpoints(to: router)
    addStartupAnswers(to: router)
  }

  func addEndpoints(to router: Router<ServerContext>) {
    for endpoint in IntakeRequest.Endpoint.allCases {
      let path = RouterPath(stringLiteral: "/" + endpoint.rawValue)
      router.on(path, method: .options, use: preflight)
      if endpoint != .import { router.get(path) { try await self.take(endpoint, $0, $1) } }
      router.post(path) { try await self.take(endpoint, $0, $1) }
    }
  }

  private func addStartupAnswers(to router: Router<ServerContext>) {
    for path in ["/flags", "/flags/definitions", "/decide", "/record"] + (answersSettings ? ["/settings"] : []) {
      let path = RouterPath(stringLiteral: path)
      router.on(path, method: .options, use: preflight)
      router.get(path, use: startup)
      router.post(path, use: startup)
    }
    router.on("/flags/:flag/first-time-events", method: .options, use: preflight)
    router.post("/flags/:flag/first-time-events", use: startup)
  }

  // MARK: Answers that need no data

  private func preflight(_ request: Request, _ context: ServerContext) -> Response {
    Self.response(CrossOrigin.preflight(origin: request.headers[.origin]), origin: nil)
  }

  private func startup(_ request: Request, _ context: ServerContext) -> Response {
    let reply = StartupAnswer.reply(path: request.uri.path) ?? .json("{}", status: 404)
    return Self.response(reply, origin: request.headers[.origin])
  }

  // MARK: Records

  private func take(_ endpoint: IntakeRequest.Endpoint, _ request: Request, _ context: ServerContext) async throws -> Response {
    let reply = try await reply(endpoint, request, context)
    return Self.response(reply, origin: request.headers[.origin])
  }

  private func reply(_ endpoint: IntakeRequest.Endpoint, _ request: Request, _ context: ServerContext) async throws -> IntakeReply {
    // Whoever is refused here has not been read: the connection goes, so that the rest of the body is not either.
    guard let ticket = installation.admission.enter() else { return shed("requests") }
    let limits = installation.intakeLimits
    let body: [UInt8]
    switch try await BodyReader.bytes(of: request, limit: limits.encodedBytes, admit: { ticket.take($0) }) {
    case .whole(let bytes): body = bytes
    case .tooLong:
      installation.metrics.count("sealane_intake_refused_requests_total", [("reason", "too_large")])
      return Self.closing(.tooLarge("\(limits.decodedBytes) bytes"))
    case .refused: return shed("bytes")
    }
    guard ticket.start() else { return shed("requests") }
    defer { withExtendedLifetime(ticket) {} }

    let sender: Sender
    do { sender = try await self.sender(endpoint, request, context) } catch  where error is APIError || error is Access.Denied {
      installation.metrics.count("sealane_intake_refused_requests_total", [("reason", "unauthorized")])
      return .unauthorized(endpoint)
    }
    let query = request.uri.query ?? ""
    let received = IntakeRequest(
      endpoint: endpoint, contentType: request.headers[.contentType], contentEncoding: request.headers[.contentEncoding], query: query,
      body: body, remoteAddress: addresses.of(request, context), receivedAt: installation.now(), credential: sender.credential)
    // A server that sends for others has asked them itself; its own headers say nothing about them.
    let optOut = sender.credential == .secret || !installation.configuration.honoursOptOut ? nil : OptOut(request.headers)
    return await installation.pipeline.take(received, accountProject: sender.project, optOut: optOut)
  }

  private struct Sender {
    var credential: IntakeRequest.Credential
    /// The project of the account that sends; nil: the records' token says it.
    var project: OpenProject?
  }

  /// Throws `APIError.unauthorized` where a credential is needed or a wrong one came.
  private func sender(_ endpoint: IntakeRequest.Endpoint, _ request: Request, _ context: ServerContext) async throws -> Sender {
    if let header = request.headers[.authorization], authenticator.door == .network, let (name, password) = Authenticator.basic(header),
      password.isEmpty, installation.access.project(forToken: name) != nil
    {
      // A project token as user name names the project and proves nothing (mixpanel-api, section 0).
      return Sender(credential: .projectToken(name), project: nil)
    }
    if let caller = try await authenticator.caller(of: request, context) {
      let asked = request.uri.queryParameters["project_id"].flatMap { Int64($0) }.map { ProjectID($0) }
      return Sender(credential: .secret, project: try installation.project(asked, for: caller, to: .sendVerified))
    }
    if endpoint == .import { throw APIError.unauthorized }
    return Sender(credential: .none, project: nil)
  }

  private func shed(_ reason: String) -> IntakeReply {
    installation.metrics.count("sealane_intake_refused_requests_total", [("reason", "busy_\(reason)")])
    return Self.closing(.unavailable("Too much is in flight already. Send the same again.", retryAfterSeconds: 1))
  }

  static func closing(_ reply: IntakeReply) -> IntakeReply {
    var reply = reply
    reply.headers.append(.init("Connection", "close"))
    return reply
  }

  static func response(_ reply: IntakeReply, origin: String?) -> Response {
    var headers: HTTPFields = [.contentType: reply.contentType]
    for header in reply.headers + CrossOrigin.headers(origin: origin) {
      if let name = HTTPField.Name(header.name) { headers.append(HTTPField(name: name, value: header.value)) }
    }
    return Response(status: .init(code: reply.status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: reply.body)))
  }
}
