import Access
import Events
import HTTPTypes
import Hummingbird
import Intake

/// OTLP/HTTP: `/v1/traces` and `/v1/logs`, with the project token as bearer, or a service account as Basic.
struct OTLPRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) {
    for signal in OTLPRequest.Signal.allCases {
      router.post(RouterPath(stringLiteral: "/v1/" + signal.rawValue)) { request, context in
        IntakeRoutes.response(try await self.reply(signal, request, context), origin: nil)
      }
    }
  }

  private func reply(_ signal: OTLPRequest.Signal, _ request: Request, _ context: ServerContext) async throws -> IntakeReply {
    let isJSON = request.headers[.contentType]?.hasPrefix("application/json") ?? false
    guard let ticket = installation.admission.enter() else { return shed("requests", isJSON) }
    let limit = installation.intakeLimits.otlpBytes
    let body: [UInt8]
    switch try await BodyReader.bytes(of: request, limit: limit, admit: { ticket.take($0) }) {
    case .whole(let bytes): body = bytes
    case .tooLong:
      installation.metrics.count("sealane_intake_refused_requests_total", [("reason", "too_large")])
      return IntakeRoutes.closing(.otlp("The request has more than \(limit) bytes.", status: 413, isJSON: isJSON))
    case .refused: return shed("bytes", isJSON)
    }
    guard ticket.start() else { return shed("requests", isJSON) }
    defer { withExtendedLifetime(ticket) {} }

    guard let (project, isVerified) = try await sender(request, context) else {
      installation.metrics.count("sealane_intake_refused_requests_total", [("reason", "unauthorized")])
      var reply = IntakeReply.otlp(
        "Send the project token as bearer, or a service account as Basic.", status: 401, isJSON: isJSON)
      reply.headers.append(.init("WWW-Authenticate", "Bearer realm=\"sealane\", Basic realm=\"sealane\""))
      return reply
    }
    let optOut = isVerified || !installation.configuration.honoursOptOut ? nil : OptOut(request.headers)
    return await installation.pipeline.take(
      OTLPRequest(
        signal: signal, contentType: request.headers[.contentType], contentEncoding: request.headers[.contentEncoding], body: body,
        receivedAt: installation.now(), isVerified: isVerified, groupKeys: project.settings.groupKeys), in: project, optOut: optOut)
  }

  /// The project, and whether a secret credential sent it; nil: nobody known. Unlike Mixpanel's SDKs, exporters say a wrong token aloud.
  private func sender(_ request: Request, _ context: ServerContext) async throws -> (OpenProject, isVerified: Bool)? {
    if let token = request.headers[.authorization].flatMap(Authenticator.bearer) {
      guard let project = installation.access.project(forToken: token) else {
        await authenticator.look(at: token)
        return nil
      }
      return installation.pipeline.projects[project.id].map { ($0, false) }
    }
    do {
      guard let caller = try await authenticator.caller(of: request, context) else { return nil }
      let asked = request.uri.queryParameters["project_id"].flatMap { Int64($0) }.map { ProjectID($0) }
      return (try installation.project(asked, for: caller, to: .sendVerified), true)
    } catch  where error is APIError || error is Access.Denied {
      return nil
    }
  }

  private func shed(_ reason: String, _ isJSON: Bool) -> IntakeReply {
    installation.metrics.count("sealane_intake_refused_requests_total", [("reason", "busy_\(reason)")])
    return IntakeRoutes.closing(
      .otlp("Too much is in flight already. Send the same again.", status: 503, isJSON: isJSON, retryAfterSeconds: 1))
  }
}
