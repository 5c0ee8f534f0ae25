import Access
import Answers
import Console
import Events
import Journeys
import Ledger
import Relay

extension Installation {
  /// What a version of a declaration would have let out in the last seven days.
  ///
  /// - Throws: `ChannelError` where it does not read; `APIError` where its project is gone.
  package func simulate(_ version: VendorVersion, in id: ProjectID, for principal: Principal) async throws -> Disclosed<Simulation> {
    guard let project = projects[id] else { throw APIError.notFound("There is no such project.") }
    let declaration = try VendorDeclaration(yaml: version.source)
    let simulation = try await Simulation(declaration, engine: project.engine, rules: project.settings.rules, at: now())
    return try await ledger.disclose(
      simulation,
      Disclosure(
        .aggregate(
          queryDigest: Disclosure.digest(ofQuery: Array("simulation \(version.digest)".utf8)), dataVersion: simulation.dataVersion,
          groupSizes: simulation.groupSizes),
        project: id, purpose: "vendor.simulation", fields: declaration.fields.sorted()), to: principal)
  }
}
