import Access
import Answers
import Console
import Events
import Journeys
import Ledger
import Relay
import Synchronization

extension Installation {
  /// What a version of a declaration would have let out in the last seven days.
  ///
  /// - Throws: `ChannelError` where it does not read; `APIError` where its project is gone.
  package func simulate(_ version: VendorVersion, in id: ProjectID, for principal: Principal) async throws -> Disclosed<Simulation> {
    guard let project = projects[id] else { throw APIError.notFound("There is no such project.") }
    let declaration = try VendorDeclaration(yaml: version.source)
    let simulation = try await simulations.simulation("\(id) \(version.digest)", at: now()) { at in
      try await Simulation(declaration, engine: project.engine, rules: project.settings.rules, at: at)
    }
    return try await ledger.disclose(
      simulation,
      Disclosure(
        .aggregate(
          queryDigest: Disclosure.digest(ofQuery: Array("simulation \(version.digest)".utf8)), dataVersion: simulation.dataVersion,
          groupSizes: simulation.groupSizes),
        project: id, purpose: "vendor.simulation", fields: declaration.fields.sorted()), to: principal)
  }
}

/// Simulations of a while ago: a page that several people look at asks its up to two hundred questions once.
final class SimulationMemory: Sendable {
  private static let milliseconds: Int64 = 600_000
  private static let most = 32
  private let kept = Mutex<[String: (at: Timestamp, simulation: Simulation)]>([:])

  func simulation(
    _ key: String, at now: Timestamp, _ make: (Timestamp) async throws -> Simulation
  ) async throws -> Simulation {
    let known = kept.withLock { $0[key] }
    if let known, now.milliseconds - known.at.milliseconds < Self.milliseconds { return known.simulation }
    let simulation = try await make(now)
    kept.withLock { kept in
      kept = kept.filter { now.milliseconds - $0.value.at.milliseconds < Self.milliseconds }
      if kept.count < Self.most { kept[key] = (now, simulation) }
    }
    return simulation
  }
}
