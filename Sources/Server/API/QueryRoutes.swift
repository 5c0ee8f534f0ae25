import Access
import Answers
import Console
import Events
import Foundation
import Hummingbird
import Journeys
import Ledger

/// Questions about a project: reports, the catalog, subjects, and the raw export.
struct QueryRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  static let bodyLimit = 262_144
  static let pageLimit = 10_000

  func add(to router: Router<ServerContext>) {
    router.post("/api/v1/query", use: query)
    router.get("/api/v1/catalog", use: catalog)
    router.get("/api/v1/values", use: values)
    router.get("/api/v1/subjects", use: subjects)
    router.get("/api/v1/subjects/:subject", use: profile)
    router.get("/api/v1/subjects/:subject/ids", use: ids)
    router.get("/api/v1/subjects/:subject/timeline", use: timeline)
    router.post("/api/v1/door", use: door)
  }

  /// A report. The body is a query of docs/QUERIES.md.
  func query(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .queryAggregates)
    let query = try await project.cohorts(installation).resolved(try Query(json: try await body(of: request, by: caller)))
    await installation.canaries.look(at: query.canonicalJSON, in: project.id, by: caller.principal)
    var timing = Timing()
    let now = installation.now()
    let answer = try await installation.reports.answer(
      query, about: project.reported, purpose: "api.query", to: caller.principal, at: now, now: now
    ) { timing.mark($0) }
    timing.mark("ledger")
    return DisclosedResponse.json(
      answer.map { answer in
        guard answer.singlesOut, case .object(var members) = answer.report.json else { return answer.report.json }
        members["singles_out"] = true
        return .object(members)
      }, timing: timing.text)
  }

  func catalog(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .readCatalog)
    let catalog = try await project.engine.catalog()
    let disclosure = Disclosure(.catalog(), project: project.id, purpose: "api.catalog", fields: ["events", "properties"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(catalog, disclosure, to: caller.principal).map { catalog in
        [
          "event_count": .number(Double(catalog.eventCount)), "subject_count": .number(Double(catalog.subjectCount)),
          "first_event": catalog.firstEvent.map { .string($0.text) } ?? .null,
          "last_event": catalog.lastEvent.map { .string($0.text) } ?? .null,
          "events": .list(
            catalog.events.map { event in
              [
                "name": .string(event.name), "count": .number(Double(event.count)),
                "properties": .list(event.properties.map { .string($0) }),
              ]
            }),
        ]
      })
  }

  func values(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id", "property", "event", "limit"])
    let project = try installation.project(try parameters.project(), for: caller, to: .readCatalog)
    guard let property = parameters["property"] else { throw APIError.badRequest("“property” is missing.", field: "property") }
    let limit = try parameters.count("limit", default: 50, atMost: 1000)
    let values = try await project.engine.values(of: property, event: parameters["event"], limit: limit)
    let disclosure = Disclosure(
      .catalog(), project: project.id, purpose: "api.values",
      // What was asked for is whatever somebody typed; only what is shown has a name of ours.
      fields: values.isEmpty ? [] : [property], subjectsInValues: project.subjects(in: values))
    let prefix = project.groupKeys.contains(property) ? "g_" : "s_"
    return DisclosedResponse.json(
      try await installation.ledger.disclose(values, disclosure, to: caller.principal).map { values in
        ["property": .string(property), "values": .list(values.map { $0.apiJSON(prefix: prefix) })]
      })
  }

  /// By latest activity, or by the beginning of a pseudonym.
  func subjects(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id", "prefix", "limit"])
    let project = try installation.project(try parameters.project(), for: caller, to: .readSubjects)
    let limit = try parameters.count("limit", default: 100, atMost: Self.pageLimit)
    let prefix = parameters["prefix"] ?? ""
    await installation.canaries.look(at: prefix, in: project.id, by: caller.principal)
    let found = try await project.engine.findSubjects(prefix: prefix.hasPrefix("s_") ? String(prefix.dropFirst(2)) : prefix, limit: limit)
    let disclosure = Disclosure(
      .subjectSearch(set: found.map(\.subject.number), rows: found.count), project: project.id, purpose: "api.subjects",
      fields: ["subject", "events", "first_seen", "last_seen"])
    let answer: JSONValue = [
      "subjects": .list(
        found.map {
          [
            "subject": .string($0.subject.text), "events": .number(Double($0.events)), "first_seen": .string($0.firstSeen.text),
            "last_seen": .string($0.lastSeen.text),
          ]
        })
    ]
    return try await DisclosedResponse.rows(answer, disclosure, of: installation.ledger, to: caller.principal)
  }

  func profile(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .readSubjects)
    await installation.canaries.look(at: [try subject(context)], in: project.id, by: caller.principal)
    guard let profile = try await project.engine.profile(of: try subject(context)) else { throw Self.unknownSubject }
    let disclosure = Disclosure(
      .subjects(set: [profile.subject.number], rows: 1), project: project.id, purpose: "api.profile",
      fields: Set((profile.verified + profile.unverified).map(\.name)).sorted(),
      subjectsInValues: project.subjects(in: (profile.verified + profile.unverified).map(\.value)))
    let answer: JSONValue = [
      "subject": .string(profile.subject.text), "verified": .object(profile.verified.apiJSON(groupKeys: project.groupKeys)),
      "unverified": .object(profile.unverified.apiJSON(groupKeys: project.groupKeys)),
    ]
    return try await DisclosedResponse.rows(answer, disclosure, of: installation.ledger, to: caller.principal)
  }

  /// The newest first; `next` is the `cursor` of the page that follows.
  func timeline(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id", "cursor", "limit", "held"])
    let project = try installation.project(try parameters.project(), for: caller, to: .readSubjects)
    // Nobody has decided about them: only whoever might decide sees them, for the person's own export.
    let includingHeld = try parameters.flag("held")
    if includingHeld { _ = try installation.project(project.id, for: caller, to: .managePlan) }
    let limit = try parameters.count("limit", default: 100, atMost: Self.pageLimit)
    await installation.canaries.look(at: [try subject(context)], in: project.id, by: caller.principal)
    let events = try await project.engine.timeline(
      of: try subject(context), before: parameters["cursor"].map(EventCursor.init(text:)), limit: limit, includingHeld: includingHeld)
    let disclosure = Disclosure(
      .subjects(set: events.flatMap(\.shownSubjects), rows: events.count), project: project.id, purpose: "api.timeline",
      fields: events.shownFields, subjectsInValues: project.subjects(inValuesOf: events))
    let next: JSONValue = events.count == limit ? events.last.map { .string($0.cursor.text) } ?? .null : .null
    return try await DisclosedResponse.rows(
      ["events": .list(events.map { $0.apiJSON(groupKeys: project.groupKeys) }), "next": next], disclosure, of: installation.ledger,
      to: caller.principal)
  }

  /// The subjects behind a figure: body `{"query", "cell"}`; `after` continues behind a subject of the page before.
  func door(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id", "cursor", "limit"])
    let project = try installation.project(try parameters.project(), for: caller, to: .readSubjects)
    let limit = try parameters.count("limit", default: 1000, atMost: Self.pageLimit)
    let door = try await project.cohorts(installation).resolved(
      try Door(json: try JSONValue(parsing: try await body(of: request, by: caller))))
    await installation.canaries.look(at: door.query.canonicalJSON, in: project.id, by: caller.principal)
    var timing = Timing()
    let now = installation.now()
    let all = try await project.engine.subjects(door, project.settings.rules, at: now)
    timing.mark("engine")
    let noticed = try await installation.reports.notice(door, about: project.reported, to: caller.principal, now: now)
    timing.mark("differences")
    var page = all[...]
    if let cursor = parameters["cursor"] {
      guard let last = Pseudonym(cursor), let index = all.firstIndex(where: { $0.pseudonym == last }) else {
        throw APIError.badRequest("“cursor” must be the “next” of an earlier page of the same door.", field: "cursor")
      }
      page = all[(index + 1)...]
    }
    let shown = Array(page.prefix(limit))
    let prefix = door.query.level == .subject ? "s_" : "g_"
    let next = page.count > limit ? shown.last.map { "\(prefix)\($0.pseudonym)" } : nil
    let disclosure = Disclosure(
      .subjects(
        set: shown.map(\.number), rows: shown.count, queryDigest: Disclosure.digest(ofQuery: Data(door.query.canonicalJSON.utf8))),
      project: project.id, purpose: "api.door", fields: ["subject"], singledOut: noticed.actors)
    let answer: JSONValue = [
      "count": .number(Double(all.count)), "subjects": .list(shown.map { .string("\(prefix)\($0.pseudonym)") }),
      "next": next.map { .string($0) } ?? .null,
    ]
    return try await DisclosedResponse.rows(answer, disclosure, of: installation.ledger, to: caller.principal) { receipt in
      timing.mark("ledger")
      await installation.reports.tell(noticed, about: project.reported, to: caller.principal, receipt)
      return timing.text
    }
  }

  static let unknownSubject = APIError.notFound("No such subject has been seen in this project.")

  func subject(_ context: ServerContext) throws -> Pseudonym {
    guard let pseudonym = Pseudonym(try context.parameters.require("subject")) else {
      throw APIError.badRequest("A subject is named by s_ and 32 hexadecimal digits.", field: "subject")
    }
    return pseudonym
  }

  private func body(of request: Request, by caller: Authenticated) async throws -> [UInt8] {
    try await authenticator.body(of: request, by: caller, limit: Self.bodyLimit)
  }
}
