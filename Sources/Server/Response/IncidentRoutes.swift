import Access
import Events
import Foundation
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Response

/// Incidents: opened, contained, scoped, reported, closed. For the server's operating-system user.
struct IncidentRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/incidents", use: list)
    router.post("/api/v1/incidents", use: open)
    router.get("/api/v1/incidents/:id", use: show)
    router.post("/api/v1/incidents/:id/moments", use: setMoment)
    router.post("/api/v1/incidents/:id/window", use: setWindow)
    router.post("/api/v1/incidents/:id/containment", use: contain)
    router.post("/api/v1/incidents/:id/scopes", use: scope)
    router.get("/api/v1/incidents/:id/report", use: report)
    router.get("/api/v1/incidents/:id/evidence", use: evidence)
    router.post("/api/v1/incidents/:id/watch", use: watch)
    router.get("/api/v1/incidents/:id/subjects", use: people)
    router.get("/api/v1/incidents/:id/subjects/:pseudonym", use: verdict)
    router.get("/api/v1/incidents/:id/organizations", use: organizations)
    router.post("/api/v1/incidents/:id/closing", use: close)
    router.post("/api/v1/leaks", use: compare)
    router.post("/api/v1/incidents/:id/reports", use: takeReport)
    router.get("/api/v1/incidents/:id/campaigns", use: campaigns)
    router.post("/api/v1/incidents/:id/warnings", use: warn)
    router.delete("/api/v1/incidents/:id/warnings/:warning", use: withdraw)
  }

  private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id", "open", "before"])
    let project = try installation.project(try parameters.project(), for: caller, to: .readIncidents)
    let before = try parameters["before"].map { text in
      guard let number = Int64(text) else { throw APIError.badRequest("“before” is what “next” said.", field: "before") }
      return number
    }
    let found = try await installation.access.incidents(of: project.id, open: try parameters.flag("open"), before: before)
    let next: JSONValue = found.count == ControlDatabase.incidentPage ? found.last.map { .string(String($0.id)) } ?? .null : .null
    let drafts = try await installation.incidents.drafts(in: project.id)
    let disclosure = Disclosure(.settings, project: project.id, purpose: "api.incidents", fields: ["incidents"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(found, disclosure, to: caller.principal).map { found in
        [
          "incidents": .list(found.map(Self.json)), "drafts": .list(drafts.map { Self.json($0.draft, of: $0.alert) }), "next": next,
        ]
      })
  }

  /// `{"title": "…", "source": {"kind": "vendor", "id": "tallymark"}, "from": "2026-11-09T00:00:00Z", "to": …, "alert": 12}`.
  private func open(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(
      try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .manageIncidents)
    let members = try await authenticator.object(
      request, caller, known: ["title", "source", "from", "to", "alert", "vendor_told_us", "first_signal", "data_set_received"])
    let alert = try members.number("alert", 1...Int.max).map { Int64($0) }
    if let alert, members["source"] == nil {
      guard var draft = try await installation.incidents.draft(ofAlert: alert, in: project.id) else {
        throw APIError.notFound("Alert \(alert) is no draft of an incident: it is closed, has one, or tells of nothing lost hold of.")
      }
      if case .string(let title)? = members["title"] { draft.title = title }
      return try await open(draft, members, in: project.id, by: caller.principal)
    }
    guard case .string(let title)? = members["title"] else { throw APIError.badRequest("“title” is needed.", field: "title") }
    guard case .object(let given)? = members["source"], case .string(let kind)? = given["kind"], case .string(let id)? = given["id"],
      let source = Incident.Source(kind: kind, id: id)
    else {
      throw APIError.badRequest(
        "“source” is {\"kind\": vendor, credential, person, export or host, \"id\": …}; hosts are server, custodian and backup.",
        field: "source")
    }
    var draft = IncidentDraft(title: title, source: source)
    draft.alert = alert
    return try await open(draft, members, in: project.id, by: caller.principal)
  }

  private func open(
    _ draft: IncidentDraft, _ members: [String: JSONValue], in project: ProjectID, by principal: Principal
  ) async throws -> Response {
    var draft = draft
    draft.from = try members.time("from")
    draft.to = try members.time("to")
    for moment in [Incident.Moment.vendorToldUs, .firstSignal, .dataSetReceived] {
      if let at = try members.time(moment.rawValue) { draft.moments[moment] = at }
    }
    let (incident, receipt) = try await installation.incidents.open(draft, in: project, by: principal)
    guard case .object(var answer) = Self.json(incident) else { return DisclosedResponse.plain(.null) }
    answer["ledger_index"] = .number(Double(receipt.index))
    return DisclosedResponse.plain(.object(answer), status: .created)
  }

  private func show(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .readIncidents)
    let steps = try await installation.access.steps(of: incident.id)
    let scopes = try await installation.access.scopes(of: incident.id)
    let notices = try await installation.access.notices(of: incident.id, in: incident.project)
    let readings = installation.incidents.clocks.readings(of: incident, at: installation.now())
    let disclosure = Disclosure(.settings, project: incident.project, purpose: "api.incident", fields: ["incident"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(steps, disclosure, to: caller.principal).map { steps in
        guard case .object(var members) = Self.json(incident) else { return .null }
        members["steps"] = .list(steps.map(Self.json))
        members["scopes"] = .list(
          scopes.map {
            [
              "version": .number(Double($0.version)), "digest": .string($0.digest), "made_at": .string($0.madeAt.text),
              "ledger_index": .number(Double($0.entry)),
            ]
          })
        members["notices"] = .list(notices.map(\.json))
        members["clocks"] = .list(readings.map(Self.json))
        return .object(members)
      })
  }

  private func setMoment(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents)
    let members = try await authenticator.object(request, caller, known: ["moment", "at"])
    guard case .string(let name)? = members["moment"], let moment = Incident.Moment(rawValue: name) else {
      throw APIError.badRequest(
        "“moment” is one of \(Incident.Moment.allCases.map(\.rawValue).joined(separator: ", ")).", field: "moment")
    }
    let receipt = try await installation.incidents.set(moment, to: try members.time("at"), of: incident.id, by: caller.principal)
    return DisclosedResponse.plain(["incident": .number(Double(incident.id)), "ledger_index": .number(Double(receipt.index))])
  }

  private func setWindow(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents)
    let members = try await authenticator.object(request, caller, known: ["from", "to"])
    let receipt = try await installation.incidents.setWindow(
      from: try members.time("from"), to: try members.time("to"), of: incident.id, by: caller.principal)
    return DisclosedResponse.plain(["incident": .number(Double(incident.id)), "ledger_index": .number(Double(receipt.index))])
  }

  private func contain(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents)
    let (it, receipt) = try await installation.incidents.contain(incident.id, by: caller.principal)
    return DisclosedResponse.plain(
      [
        "incident": .number(Double(incident.id)), "done": .list(it.done.map { .string($0) }),
        "not_reached": .list(it.beyond.map { .string($0) }), "ledger_index": .number(Double(receipt.index)),
      ])
  }

  private func scope(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents)
    let it = try await installation.incidents.scope(incident.id, by: caller.principal)
    return DisclosedResponse.plain(it.json)
  }

  private func report(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .readIncidents, known: ["format", "audience"])
    let parameters = try QueryParameters(request, known: ["format", "audience"])
    let format = parameters["format"] ?? "markdown"
    let audience = parameters["audience"] ?? "authority"
    guard ["authority", "management"].contains(audience) else {
      throw APIError.badRequest("“audience” is authority or management.", field: "audience")
    }
    guard ["markdown", "html", "json"].contains(format) else {
      throw APIError.badRequest("“format” is markdown, html or json.", field: "format")
    }
    let report =
      audience == "management"
      ? try await installation.incidents.summary(on: incident, at: installation.now())
      : try await installation.incidents.report(on: incident, at: installation.now())
    let disclosure = Disclosure(.settings, project: incident.project, purpose: "api.incident.report", fields: ["report"])
    let answer = try await installation.ledger.disclose(report, disclosure, to: caller.principal)
    return DisclosedResponse.json(
      answer.map { report in
        switch format {
        case "json": report.json
        case "html": ["format": "html", "text": .string(report.html)]
        default: ["format": "markdown", "text": .string(report.markdown)]
        }
      })
  }

  /// Files of text by name.
  private func evidence(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents)
    let evidence = try await installation.evidence(on: incident)
    let disclosure = Disclosure(.settings, project: incident.project, purpose: "api.incident.evidence", fields: ["evidence"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(evidence, disclosure, to: caller.principal).map { evidence in
        ["files": .list(evidence.files.map { ["name": .string($0.name), "text": .string($0.text)] })]
      })
  }

  private func watch(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents)
    let watch = try await installation.incidents.watch(incident.id, by: caller.principal)
    return DisclosedResponse.plain([
      "incident": .number(Double(incident.id)), "cohort": .number(Double(watch.cohort.id)), "people": .number(Double(watch.people)),
      "affected": .number(Double(watch.affected)), "ledger_index": .number(Double(watch.receipt.index)),
    ])
  }

  private func close(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents)
    let members = try await authenticator.object(request, caller, known: ["note"])
    guard case .string(let note)? = members["note"] else { throw APIError.badRequest("“note” is needed.", field: "note") }
    let receipt = try await installation.incidents.close(incident.id, note: note, by: caller.principal)
    return DisclosedResponse.plain(
      ["incident": .number(Double(incident.id)), "state": "closed", "ledger_index": .number(Double(receipt.index))])
  }

  func incident(
    _ request: Request, _ context: ServerContext, to action: Access.Action, known: Set<String> = []
  ) async throws -> (Incident, Authenticated) {
    let caller = try await authenticator.require(request, context)
    _ = try QueryParameters(request, known: known)
    let found = try await Int64(try context.parameters.require("id")).asyncFlatMap { try await installation.access.incident($0) }
    try Access.authorize(caller, action, in: found?.project ?? caller.project ?? installation.projects.all.first?.id)
    guard let found else { throw APIError.notFound("There is no such incident.") }
    return (found, caller)
  }

  static func json(_ draft: IncidentDraft, of alert: Alert) -> JSONValue {
    [
      "alert": .number(Double(alert.id)), "kind": .string(alert.kind.rawValue), "severity": .string(alert.severity.rawValue),
      "sentence": .string(alert.sentence), "raised_at": .string(alert.raisedAt.text), "title": .string(draft.title),
      "source": ["kind": .string(draft.source.kind), "id": .string(draft.source.id)],
    ]
  }

  static func json(_ incident: Incident) -> JSONValue {
    func time(_ at: Timestamp?) -> JSONValue { at.map { .string($0.text) } ?? .null }
    return [
      "incident": .number(Double(incident.id)), "project_id": .number(Double(incident.project.rawValue)), "title": .string(incident.title),
      "source": ["kind": .string(incident.source.kind), "id": .string(incident.source.id)], "from": time(incident.from),
      "to": time(incident.to), "state": .string(incident.state.rawValue), "opened_at": .string(incident.openedAt.text),
      "scope_version": .number(Double(incident.scopeVersion)), "alert": incident.alert.map { .number(Double($0)) } ?? .null,
      "moments": .object(
        Dictionary(uniqueKeysWithValues: incident.moments.map { ($0.key.rawValue, JSONValue.string($0.value.text)) })),
    ]
  }

  static func json(_ step: IncidentStep) -> JSONValue {
    [
      "at": .string(step.at.text), "act": .string(step.act), "note": .string(step.note),
      "by": ["kind": .string(step.by.kind.rawValue), "id": .string(step.by.id)], "ledger_index": .number(Double(step.entry)),
    ]
  }

  static func json(_ reading: LegalClocks.Reading) -> JSONValue {
    [
      "rule": .string(reading.rule.id), "title": .string(reading.rule.title), "to": .string(reading.rule.to),
      "state": .string(reading.state.rawValue), "since": reading.since.map { .string($0.text) } ?? .null,
      "deadline": reading.deadline.map { .string($0.text) } ?? .null, "done_at": reading.doneAt.map { .string($0.text) } ?? .null,
      "source": .string(reading.rule.source), "note": .string(reading.rule.note),
    ]
  }
}

extension [String: JSONValue] {
  /// A time as `2026-11-09T14:00:00Z`, or a day, whose beginning in UTC is meant; nil where it is left out or null.
  func time(_ field: String) throws -> Timestamp? {
    guard let value = self[field], value != .null else { return nil }
    guard case .string(let text) = value, text.utf8.count <= 40,
      let date = try? Date(text.utf8.count == 10 ? "\(text)T00:00:00Z" : text, strategy: .iso8601)
    else { throw APIError.badRequest("“\(field)” is a time such as 2026-11-09T14:00:00Z, or a day.", field: field) }
    return Timestamp(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
  }
}

extension Optional {
  fileprivate func asyncFlatMap<Result>(_ transform: (Wrapped) async throws -> Result?) async rethrows -> Result? {
    guard let value = self else { return nil }
    return try await transform(value)
  }
}

extension IncidentDesk.Scoped {
  var json: JSONValue {
    func count(_ number: Int) -> JSONValue { .number(Double(number)) }
    var members: [String: JSONValue] = [
      "version": count(scope.version), "digest": .string(scope.digest), "affected": count(scope.affected.count),
      "cannot_be_excluded": count(scope.cannotBeExcluded.count), "not_affected": count(scope.notAffectedCount),
      "entries": count(scope.entries.count), "rows": count(scope.rows), "first": scope.first.map { .string($0.text) } ?? .null,
      "last": scope.last.map { .string($0.text) } ?? .null,
      "fields": .list(scope.fields.map { ["field": .string($0.name), "people": count($0.count)] }),
      "organizations": .object(scope.organizations.mapValues { .number(Double($0.count { $0.affected > 0 })) }),
      "plan_versions": .list(scope.plans.map { count($0.version) }), "seconds": .number((seconds * 1_000_000).rounded() / 1_000_000),
      "ledger_index": .number(Double(receipt.index)),
    ]
    if let change {
      members["newly_affected"] = count(change.newlyAffected.count)
      members["no_longer_affected"] = count(change.noLongerAffected.count)
    }
    return .object(members)
  }
}
