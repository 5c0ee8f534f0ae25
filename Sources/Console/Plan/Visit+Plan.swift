import Access
import Events
import Gate
import Journeys
import Ledger

/// What the plan's overview shows.
struct PlanOverview: Sendable {
  let current: PlanServices.InForce?
  let versions: [TrackingPlanVersion]
  let catalog: Catalog
  let unplanned: UnplannedNames.Counts
  let held: [HeldEvents]
  let findings: [GateFinding]

  var plan: TrackingPlan { current?.plan ?? TrackingPlan() }
}

/// What the page of one event, or of profiles, shows.
struct PlanDetail: Sendable {
  let current: PlanServices.InForce?
  let statistics: EventStatistics
  let findings: [GateFinding]

  var plan: TrackingPlan { current?.plan ?? TrackingPlan() }
}

/// How the Plan pages come by what they show.
extension Visit {
  /// Days that volumes and findings are of.
  static let planDays = 7

  func planOverview() async throws -> Disclosed<PlanOverview> {
    try authorize(.readSettings)
    try authorize(.readCatalog)
    let engine = try await services.engine(project.id)
    let version = await engine.dataVersion()
    let overview = PlanOverview(
      current: try await services.plans.inForce(project.id), versions: try await services.control.trackingPlans(of: project.id, limit: 20),
      catalog: try await engine.catalog(), unplanned: services.plans.unplanned(project.id), held: try await engine.heldEvents(),
      findings: try await services.plans.findings(project.id, nil, Self.planDays))
    return try await disclose(overview, .catalog(dataVersion: version), "console.plan", fields: ["plan", "findings", "held"])
  }

  /// - Parameter showsSamples: of which properties values are shown.
  func planDetail(
    _ findingsOf: String, showsSamples: (TrackingPlan, String) -> Bool,
    _ statistics: (any Engine) async throws -> EventStatistics
  ) async throws -> Disclosed<PlanDetail> {
    try authorize(.readSettings)
    try authorize(.readCatalog)
    let engine = try await services.engine(project.id)
    let version = await engine.dataVersion()
    let current = try await services.plans.inForce(project.id)
    var found = try await statistics(engine)
    for index in found.properties.indices {
      let isShown = showsSamples(current?.plan ?? TrackingPlan(), found.properties[index].name)
      // Pseudonyms and seals are nobody's samples.
      found.properties[index].samples = isShown ? found.properties[index].samples.filter { Self.isPlain($0) } : []
    }
    let shown = found.properties.filter { !$0.samples.isEmpty }
    let detail = PlanDetail(
      current: current, statistics: found, findings: try await services.plans.findings(project.id, findingsOf, Self.planDays))
    return try await disclose(
      detail, .catalog(dataVersion: version), "console.plan", fields: shown.map(\.name).prefix(500).map(\.self),
      values: shown.flatMap(\.samples))
  }

  private static func isPlain(_ value: StoredValue) -> Bool {
    switch value {
    case .boolean, .number, .string: true
    case .list(let elements): elements.allSatisfy(isPlain)
    case .object(let members): members.allSatisfy { isPlain($0.value) }
    case .null, .pseudonym, .sealed: false
    }
  }
}
