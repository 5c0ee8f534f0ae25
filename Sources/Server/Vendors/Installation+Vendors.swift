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

  /// What each vendor of a project holds now, by the ledger: everything delivered, less what it confirmed to have deleted.
  func held(in project: ProjectID) async -> [VendorHolding]? {
    var held: [VendorHolding] = []
    // What cannot be read is told elsewhere; a page about something else must not fail for it.
    guard let vendors = try? await access.vendors(of: project) else { return nil }
    for vendor in vendors {
      let versions = (try? await access.versions(of: vendor.id)) ?? []
      let shown = versions.first { $0.version == vendor.inForce } ?? versions.first
      let name = shown.flatMap { try? VendorDeclaration(yaml: $0.source).name } ?? vendor.id.rawValue
      let answer = try? await exposure.answer(ExposureQuestion(.vendor(vendor.id.rawValue), in: project))
      held.append(
        VendorHolding(
          id: vendor.id, name: name, state: vendor.state, people: answer?.subjects.count,
          fields: answer?.fields.keys.sorted() ?? []))
    }
    return held
  }
}
