import Access
import Events
import Hummingbird
import Journeys
import Ledger
import Response

/// What is said of people: who is affected, where rows come from that turned up. Each answer is entered as about them.
extension IncidentRoutes {
  func people(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents, known: ["status", "after", "limit"])
    let parameters = try QueryParameters(request, known: ["status", "after", "limit"])
    guard let status = Scope.Status(rawValue: parameters["status"] ?? "affected"), status != .notAffected else {
      throw APIError.badRequest("“status” is affected or cannot_be_excluded; everybody else is not affected.", field: "status")
    }
    let limit = try parameters.count("limit", default: IncidentDesk.peoplePage, atMost: IncidentDesk.peoplePage)
    let after = try parameters["after"].map { text in
      guard let number = UInt32(text) else { throw APIError.badRequest("“after” is what “next” said.", field: "after") }
      return number
    }
    let page = try await installation.incidents.people(of: incident, status, after: after, limit: limit)
    let disclosure = Disclosure(
      .subjects(
        set: page.people.map(\.number), rows: page.people.count,
        queryDigest: Disclosure.digest(ofQuery: Array("incident \(incident.id) \(status)".utf8)),
        dataVersion: 0), project: incident.project, purpose: "api.incident.subjects", fields: ["affected_by_incident"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(page, disclosure, to: caller.principal).map { page in
        [
          "version": .number(Double(page.version)), "is_as_entered": .boolean(page.isAsEntered),
          "next": page.next.map { .string(String($0)) } ?? .null,
          "subjects": .list(page.people.map(\.json)),
        ]
      })
  }

  func verdict(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents)
    guard let pseudonym = Pseudonym(try context.parameters.require("pseudonym")) else {
      throw APIError.badRequest("A subject is named by its pseudonym: s_ and 32 hexadecimal digits.", field: "pseudonym")
    }
    await installation.canaries.look(at: [pseudonym], in: incident.project, by: caller.principal)
    let verdict: IncidentDesk.Verdict
    do { verdict = try await installation.incidents.verdict(on: pseudonym, in: incident) } catch let error as AccessError {
      // That nobody arrived under it is told as well.
      let search = Disclosure(.subjectSearch(set: [], rows: 0), project: incident.project, purpose: "api.incident.subject")
      _ = try await installation.ledger.disclose(0, search, to: caller.principal)
      throw error
    }
    let disclosure = Disclosure(
      .subjects(set: [verdict.number], rows: 1), project: incident.project, purpose: "api.incident.subject",
      fields: ["affected_by_incident"])
    return DisclosedResponse.json(try await installation.ledger.disclose(verdict, disclosure, to: caller.principal).map(\.json))
  }

  func organizations(_ request: Request, _ context: ServerContext) async throws -> Response {
    let (incident, caller) = try await incident(request, context, to: .manageIncidents)
    let (rows, total) = try await installation.incidents.organizations(of: incident)
    let disclosure = Disclosure(
      .subjects(set: rows.map(\.organization.number), rows: rows.count), project: incident.project, purpose: "api.incident.organizations",
      fields: ["affected_by_incident"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(rows, disclosure, to: caller.principal).map { rows in
        [
          "total": .number(Double(total)), "next": .null,
          "organizations": .list(rows.map(\.json)),
        ]
      })
  }

  /// `{"ids": ["s_…"], "hosts": ["….example.net"], "incident": 3}`.
  func compare(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(
      try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .manageIncidents)
    let bytes = try await authenticator.body(of: request, by: caller, limit: 2 << 20)
    guard case .object(let members) = try JSONValue(parsing: bytes, limit: 2 << 20),
      Set(members.keys).isSubset(of: ["ids", "hosts", "incident"])
    else { throw APIError.badRequest("The body must be an object with “ids”, “hosts” and “incident”.") }
    let (ids, labels) = try CanaryRoutes.clues(in: members, atMost: LeakDesk.most)
    var incident: Incident?
    if let number = try members.number("incident", 1...Int.max) {
      incident = try await installation.access.incident(Int64(number)).flatMap { $0.project == project.id ? $0 : nil }
      guard incident != nil else { throw APIError.notFound("There is no such incident.") }
    }
    return DisclosedResponse.json(
      try await installation.compare(ids, labels, with: incident, in: project.id, purpose: "api.leaks", by: caller.principal).map(\.json))
  }
}
