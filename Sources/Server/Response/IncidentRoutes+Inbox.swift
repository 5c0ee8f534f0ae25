import Access
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Notices
import Response

/// Messages that people reported, the campaigns in them, and what customers are warned of.
extension IncidentRoutes {
  /// A message in any form that `ReportBody` reads. What `sealane verify` says of it is the answer, by its reasons' codes: their sentences may name
  /// whoever got it.
  func takeReport(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: [])
    let incident = try await reportedIncident(context, caller)
    // Whoever is refused here has not been read: the connection goes, so that the rest of the body is not either.
    guard let ticket = installation.admission.enter() else { throw Self.busy }
    let body: [UInt8]
    switch try await BodyReader.bytes(of: request, limit: ReportBody.largest, admit: { ticket.take($0) }) {
    case .whole(let bytes): body = bytes
    case .tooLong: throw APIError.tooLarge(MailLimits.usual.bytes)
    case .refused: throw Self.busy
    }
    defer { withExtendedLifetime(ticket) {} }
    guard ticket.start() else { throw Self.busy }
    guard installation.access.isStillGood(caller) else { throw APIError.unauthorized }
    let message = try ReportBody.message(in: body, contentType: request.headers[.contentType])
    let taken = try await installation.inbox.take(message, of: incident)
    return DisclosedResponse.plain([
      "incident": .number(Double(incident.id)), "report": .string(taken.outcome.rawValue),
      "verdict": .string(taken.verdict.word.rawValue), "left_out": .number(Double(taken.leftOut)),
      "reasons": .list(taken.verdict.reasons.map { ["code": .string($0.code.rawValue), "weight": .string($0.weight.rawValue)] }),
    ])
  }

  /// An account learns of its own project's incidents alone which numbers there are.
  private func reportedIncident(_ context: ServerContext, _ caller: Authenticated) async throws -> Incident {
    let project = caller.project ?? installation.projects.all.first?.id
    try Access.authorize(caller, .handInReports, in: project)
    guard let id = Int64(try context.parameters.require("id")), let found = try await installation.access.incident(id),
      caller.project == nil || found.project == caller.project
    else { throw APIError.notFound("There is no such incident.") }
    return found
  }

  private static let busy = APIError(
    .serviceUnavailable, "busy", "Too much is in flight already. Send the same again.",
    headers: [.retryAfter: "1", .connection: "close"])

  func campaigns(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .readIncidents)
    let inbox = try await installation.inbox.inbox(of: incident)
    let disclosure = Disclosure(.settings, project: incident.project, purpose: "api.incident.campaigns", fields: ["campaigns"])
    return DisclosedResponse.json(try await installation.ledger.disclose(inbox, disclosure, to: caller.principal).map(\.json))
  }

  /// `{"domain": "orrery-billing.example"}` or `{"subject": "…"}`.
  func warn(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents)
    let members = try await authenticator.object(request, caller, known: ["domain", "subject"])
    guard members.count == 1, let (name, value) = members.first, let kind = TrustWarning.Kind(rawValue: name),
      case .string(let text) = value
    else { throw APIError.badRequest("The body is {\"domain\": …} or {\"subject\": …}.") }
    let (warning, receipt) = try await installation.inbox.warn(kind, text, of: incident, by: caller.principal)
    guard case .object(var answer) = warning.json else { return DisclosedResponse.plain(.null, status: .created) }
    answer["ledger_index"] = .number(Double(receipt.index))
    return DisclosedResponse.plain(.object(answer), status: .created)
  }

  func withdraw(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents)
    guard let id = Int64(try context.parameters.require("warning")) else { throw APIError.notFound("There is no such warning.") }
    let receipt = try await installation.inbox.withdraw(id, of: incident, by: caller.principal)
    return DisclosedResponse.plain(["warning": .number(Double(id)), "ledger_index": .number(Double(receipt.index))])
  }
}

extension TrustWarning {
  var json: JSONValue {
    [
      "warning": .number(Double(id)), "kind": .string(kind.rawValue), "text": .string(text), "seen_at": .string(seenAt.text),
      "made_at": .string(madeAt.text), "ledger_index": .number(Double(entry)),
    ]
  }
}

extension InboxDesk.Inbox {
  var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(Double(value)) }
    return [
      "reports": number(counts.reports), "genuine": number(counts.genuine), "altered": number(counts.altered),
      "not_ours": number(counts.notOurs), "ungrouped": number(counts.ungrouped), "uncounted": number(counts.uncounted),
      "can_judge": .boolean(canJudge), "campaigns": .list(campaigns.map(\.json)), "warnings": .list(warnings.map(\.json)),
    ]
  }
}

extension Campaign {
  var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(Double(value)) }
    return [
      "reports": number(reports), "first": .string(first.text), "last": .string(last.text), "subject": subject.map { .string($0) } ?? .null,
      "look_alikes": .list(
        imitations.map { counted in
          [
            "domain": .string(counted.value.domain), "of": .string(counted.value.of), "reason": .string(counted.value.reason.rawValue),
            "places": .list(counted.value.places.map { .string($0.rawValue) }), "reports": number(counted.reports),
          ]
        }),
      "hosts": .list(hosts.map { ["host": .string($0.value), "reports": number($0.reports)] }),
      "signs": .list(signs.map { ["sign": .string($0.value.rawValue), "reports": number($0.reports)] }),
      "verdicts": .object(Dictionary(uniqueKeysWithValues: verdicts.map { ($0.key.rawValue, number($0.value)) })),
    ]
  }
}
