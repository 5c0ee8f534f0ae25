import Access
import Events
import HTTPTypes
import Hummingbird
import Intake

/// `POST /csp-report?token=…`: browsers report here what the company's own pages called against their policy, by `report-uri` or `report-to`.
///
/// Browsers send no credential along: the token is public, and so are these counts' claims. Nothing of the sender is looked at.
struct CSPRoutes: Sendable {
  let installation: Installation

  func add(to router: Router<ServerContext>) {
    router.post("/csp-report", use: take)
    // The Reporting API asks before it sends to another origin.
    router.on("/csp-report", method: .options) { request, _ in
      IntakeRoutes.response(CrossOrigin.preflight(origin: request.headers[.origin]), origin: nil)
    }
  }

  private func take(_ request: Request, _ context: ServerContext) async throws -> Response {
    IntakeRoutes.response(try await reply(request), origin: request.headers[.origin])
  }

  private func reply(_ request: Request) async throws -> IntakeReply {
    guard let ticket = installation.admission.enter() else { return shed("requests") }
    // Before anything is read: who knows no token has no body.
    guard let token = request.uri.queryParameters["token"], let id = installation.access.project(forToken: String(token))?.id,
      let project = installation.projects[id]
    else {
      refuse("unauthorized")
      return IntakeRoutes.closing(.json(#"{"error":"unauthorized","message":"“token” is no project's token."}"#, status: 401))
    }
    guard let form = Self.form(of: request.headers[.contentType]) else {
      refuse("unreadable")
      return IntakeRoutes.closing(
        .json(
          #"{"error":"unsupported","message":"Reports come as application/csp-report or application/reports+json."}"#, status: 415))
    }
    let body: [UInt8]
    switch try await BodyReader.bytes(of: request, limit: CSPReport.mostBytes, admit: { ticket.take($0) }) {
    case .whole(let bytes): body = bytes
    case .tooLong:
      refuse("too_large")
      return IntakeRoutes.closing(.tooLarge("\(CSPReport.mostBytes) bytes"))
    case .refused: return shed("bytes")
    }
    guard ticket.start() else { return shed("requests") }
    defer { withExtendedLifetime(ticket) {} }

    guard let reading = CSPReport.read(body, form) else {
      refuse("unreadable")
      return .json(#"{"error":"bad_request","message":"The body is no report, or holds more than 100."}"#, status: 400)
    }
    if let refusal = project.meter.take(max(1, reading.count), now: installation.now().milliseconds) {
      refuse("rate")
      return .rateLimited(retryAfterSeconds: refusal.retryAfterSeconds)
    }
    let leftOut = project.thirdParties.add(reading.reports)
    installation.metrics.count("sealane_csp_reports_total", [("outcome", "counted")], by: reading.reports.count - leftOut)
    installation.metrics.count(
      "sealane_csp_reports_total", [("outcome", "passed_over")], by: reading.count - reading.reports.count + leftOut)
    return IntakeReply(status: 204, contentType: "text/plain", body: [])
  }

  private static func form(of type: String?) -> CSPReport.Form? {
    switch type?.prefix(while: { $0 != ";" && $0 != " " }).lowercased() {
    case "application/csp-report": .single
    case "application/reports+json": .list
    default: nil
    }
  }

  private func refuse(_ reason: String) {
    installation.metrics.count("sealane_csp_reports_refused_total", [("reason", reason)])
  }

  private func shed(_ reason: String) -> IntakeReply {
    refuse("busy_\(reason)")
    return IntakeRoutes.closing(.unavailable("Too much is in flight already. Send the same again.", retryAfterSeconds: 1))
  }
}
