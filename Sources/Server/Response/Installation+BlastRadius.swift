import Access
import Events
import Foundation
import Gate
import Journeys
import Ledger
import Logging
import Response

extension Installation {
  /// The standing blast radius, computed in the background while the server runs.
  static func blastRadii(
    access: ControlDatabase, ledger: Ledger, projects: OpenProjects, quotas: QuotaBook, index: ExposureIndex, data: DataDirectory,
    logger: Logger, clock: @escaping @Sendable () -> Timestamp
  ) -> BlastRadiusBook {
    let maker = BlastRadiusMaker(control: access, quotas: quotas, index: index, clock: clock)
    let custodian = DataDirectory.defaultCustodian(of: data.root)
    return BlastRadiusBook(
      control: access, ledger: ledger, projects: { projects.all.map(\.id) },
      compute: { id in
        guard let project = projects[id] else { throw APIError.notFound("There is no such project.") }
        let fields = Set(try await project.engine.catalog().events.flatMap(\.properties))
        return try await maker.blastRadius(
          of: id,
          BlastRadiusMaker.Place(
            resolver: StoreResolver(store: project.store), groupKeys: project.settings.groupKeys,
            fields: fields.union(["event", "time"]).sorted(), hidden: project.plan?.plan.hiddenProperties ?? [],
            hasCustodianBeside: FileManager.default.fileExists(atPath: custodian.path)))
      },
      failed: { project, error in
        logger.warning("The blast radius cannot be computed", metadata: ["project": "\(project)", "error": "\(type(of: error))"])
      })
  }
}

extension TrackingPlan {
  /// Properties of which no event keeps a readable value by this plan, though what came before it may stand as it came.
  package var hiddenProperties: Set<String> {
    let sayings = [everyEvent] + events.values.map(\.properties)
    var hidden: Set<String> = []
    var readable: Set<String> = []
    for (name, property) in sayings.joined() {
      switch property.treatment {
      case .pseudonymize, .seal, .drop, .refuse: hidden.insert(name)
      case .keep, .coarsen: readable.insert(name)
      }
    }
    // Said of some events only, it may be kept of others, unless it is said of all.
    return hidden.filter { name in
      !readable.contains(name) && (everyEvent[name] != nil || unknownProperties == .refuse)
    }
  }
}
