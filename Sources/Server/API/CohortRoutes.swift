import Access
import Console
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger

/// Saved cohorts: whoever may ask for reports sees them, the owner changes them.
struct CohortRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/cohorts", use: list)
    router.post("/api/v1/cohorts", use: create)
    router.get("/api/v1/cohorts/:id", use: get)
    router.put("/api/v1/cohorts/:id", use: replace)
    router.delete("/api/v1/cohorts/:id", use: delete)
  }

  private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id", "cursor", "limit"])
    let project = try installation.project(try parameters.project(), for: caller, to: .queryAggregates)
    let limit = try parameters.count("limit", default: 100, atMost: SavedCohort.maximumPerProject)
    guard let after = Int64(parameters["cursor"] ?? "0") else {
      throw APIError.badRequest("“cursor” must be the “next” of an earlier page.", field: "cursor")
    }
    let found = try await installation.access.savedCohorts(of: project.id, after: after, limit: limit + 1)
    let page = Array(found.prefix(limit))
    return DisclosedResponse.json(
      try await disclose(page, project, to: caller).map { page in
        [
          "cohorts": .list(page.map(Self.json)),
          "next": found.count > limit ? page.last.map { .string(String($0.id)) } ?? .null : .null,
        ]
      })
  }

  private func get(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .queryAggregates)
    let id = try id(context)
    guard let cohort = try await installation.access.savedCohort(id, of: project.id) else { throw Self.unknown }
    return DisclosedResponse.json(try await disclose([cohort], project, to: caller).map { _ in Self.json(cohort) })
  }

  private func create(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .manageReports)
    let sent = try await draft(request, by: caller, in: project)
    let saved = try await project.cohorts(installation).save(sent.cohort, name: sent.name)
    return DisclosedResponse.plain(["id": .number(Double(saved.id))], status: .created)
  }

  private func replace(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .manageReports)
    let sent = try await draft(request, by: caller, in: project)
    let saved = try await project.cohorts(installation).save(sent.cohort, name: sent.name, replacing: try id(context))
    return DisclosedResponse.plain(["id": .number(Double(saved.id))])
  }

  private func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let project = try installation.project(try QueryParameters(request, known: ["project_id"]).project(), for: caller, to: .manageReports)
    let id = try id(context)
    try await project.cohorts(installation).delete(id)
    return DisclosedResponse.plain(["id": .number(Double(id))])
  }

  // MARK: Forms

  /// `{"name", "definition"}`, a cohort of docs/QUERIES.md.
  private func draft(_ request: Request, by caller: Authenticated, in project: OpenProject) async throws -> (name: String, cohort: Cohort) {
    let bytes = try await authenticator.body(of: request, by: caller, limit: SavedCohort.maximumDefinitionBytes)
    guard case .object(let members) = try JSONValue(parsing: bytes, limit: SavedCohort.maximumDefinitionBytes) else {
      throw APIError.badRequest("The body must be a JSON object with “name” and “definition”.")
    }
    if let unknown = members.keys.first(where: { $0 != "name" && $0 != "definition" }) {
      throw APIError.badRequest("There is no such field. Known are: definition, name.", field: String(unknown.prefix(100)))
    }
    guard case .string(let name)? = members["name"] else { throw APIError.badRequest("“name” must be a string.", field: "name") }
    guard let definition = members["definition"] else { throw APIError.badRequest("“definition” is missing.", field: "definition") }
    await installation.canaries.look(at: definition.text, in: project.id, by: caller.principal)
    return (name, try Cohort(json: definition, at: "definition"))
  }

  /// A list comes without its members: they are subjects, who leave by the cohort's door only.
  private static func json(_ cohort: SavedCohort) -> JSONValue {
    var members: [String: JSONValue] = [
      "id": .number(Double(cohort.id)), "name": .string(cohort.name), "kind": .string(cohort.kind.rawValue),
      "created_at": .string(cohort.createdAt.text), "updated_at": .string(cohort.updatedAt.text),
    ]
    if let count = cohort.memberCount { members["member_count"] = .number(Double(count)) }
    if cohort.kind == .dynamic, let definition = try? cohort.savedDefinition { members["definition"] = definition.json }
    return .object(members)
  }

  /// A rule may hold lists too; whom they name stands in the entry.
  private func disclose(_ cohorts: [SavedCohort], _ project: OpenProject, to caller: Authenticated) async throws -> Disclosed<[SavedCohort]>
  {
    let named = cohorts.filter { $0.kind == .dynamic }.compactMap { try? $0.cohort }.flatMap(\.rule.listed)
    let disclosure = Disclosure(
      .catalog(), project: project.id, purpose: "api.cohorts", fields: ["cohorts"],
      subjectsInValues: project.subjects(in: named.map { .pseudonym($0) }))
    return try await installation.ledger.disclose(cohorts, disclosure, to: caller.principal)
  }

  private static let unknown = APIError.notFound("There is no such cohort.")

  private func id(_ context: ServerContext) throws -> Int64 {
    guard let id = Int64(try context.parameters.require("id")) else { throw Self.unknown }
    return id
  }
}

extension OpenProject {
  func cohorts(_ installation: Installation) -> CohortLibrary { CohortLibrary(installation.access, of: id) }
}
