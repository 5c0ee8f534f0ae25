import Access
import Gate
import Hummingbird
import Journeys
import Ledger

/// A project's tracking plan: the version in force or an earlier one, and another one in its place.
struct PlanRoutes: Sendable {
  let installation: Installation
  let authenticator: Authenticator

  func add(to router: Router<ServerContext>) {
    router.get("/api/v1/plan", use: plan)
    router.put("/api/v1/plan", use: setPlan)
    router.get("/api/v1/plan/profiles", use: profiles)
  }

  private func plan(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id", "version"])
    let project = try installation.project(try parameters.project(), for: caller, to: .readSettings)
    let asked = parameters["version"] == nil ? nil : try parameters.count("version", default: 1, atMost: Int(Int32.max))
    let kept = try await installation.access.trackingPlan(asked, of: project.id)
    if let asked, kept == nil { throw APIError.notFound("There is no version \(asked) of this project's plan.") }
    let current = project.plan
    let shown = PlanAnswer(
      kept: kept, current: current?.version, unplanned: project.counters.unplanned.snapshot(), held: try await project.engine.heldEvents())
    let disclosure = Disclosure(.settings, project: project.id, purpose: "api.plan", fields: ["plan", "unplanned", "held"])
    return DisclosedResponse.json(try await installation.ledger.disclose(shown, disclosure, to: caller.principal).map(\.json))
  }

  /// Which properties profiles have, of which kinds and in which layer; no value of any.
  private func profiles(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id"])
    let project = try installation.project(try parameters.project(), for: caller, to: .readSettings)
    let statistics = (
      people: try await project.engine.profileStatistics(ofGroups: false),
      groups: try await project.engine.profileStatistics(ofGroups: true)
    )
    let disclosure = Disclosure(.catalog(), project: project.id, purpose: "api.plan.profiles", fields: ["people", "groups"])
    return DisclosedResponse.json(
      try await installation.ledger.disclose(statistics, disclosure, to: caller.principal).map {
        ["people": ProfileValues.json($0.people), "groups": ProfileValues.json($0.groups)]
      })
  }

  /// The body is the plan as YAML.
  private func setPlan(_ request: Request, _ context: ServerContext) async throws -> Response {
    let caller = try await authenticator.require(request, context)
    let parameters = try QueryParameters(request, known: ["project_id", "after"])
    let project = try installation.project(try parameters.project(), for: caller, to: .managePlan)
    // 0 is a version too: none.
    let after = parameters["after"].map { Int($0) ?? -1 }
    if let after, after < 0 { throw APIError.badRequest("“after” must be a version, or 0 where there is none.", field: "after") }
    let bytes = try await authenticator.body(of: request, by: caller, limit: PlanReader.mostBytes)
    guard let source = String(validating: bytes, as: UTF8.self) else { throw APIError.badRequest("The plan must be text in UTF-8.") }
    do {
      let (plan, isNew) = try await installation.setPlan(source, of: project, after: after, by: caller.principal)
      return DisclosedResponse.plain([
        "version": .number(Double(plan.version)), "digest": .string(plan.digest), "changed": .boolean(isNew),
        "lacks": .list(installation.lookups.lacks(for: plan.plan).map { .string($0) }),
      ])
    } catch let faults as PlanFaults {
      throw APIError(.badRequest, "invalid_plan", faults.description)
    }
  }
}

private struct PlanAnswer: Sendable {
  let kept: TrackingPlanVersion?
  let current: Int?
  let unplanned: UnplannedNames.Counts
  let held: [HeldEvents]

  var json: JSONValue {
    [
      "version": kept.map { .number(Double($0.version)) } ?? .null, "current": current.map { .number(Double($0)) } ?? .null,
      "digest": kept.map { .string($0.digest) } ?? .null, "ledger_index": kept.map { .number(Double($0.ledgerIndex)) } ?? .null,
      "created_at": kept.map { .string($0.createdAt.text) } ?? .null, "plan": kept.map { .string($0.source) } ?? .null,
      "canonical": kept.map { .string($0.canonical) } ?? .null,
      "held": .list(
        held.map { events in
          [
            "name": .string(events.name), "count": .number(Double(events.count)),
            "first": .string(events.first.text), "last": .string(events.last.text),
          ]
        }),
      "unplanned": ["events": Self.list(unplanned.events), "properties": Self.list(unplanned.properties)],
    ]
  }

  /// The most frequent first.
  private static func list(_ counts: [String: UInt64]) -> JSONValue {
    .list(
      counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { name, count in
        ["name": .string(name), "count": .number(Double(count))]
      })
  }
}
