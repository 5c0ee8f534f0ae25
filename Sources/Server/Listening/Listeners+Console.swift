import Access
import Console
import Events
import FoundationEssentials
import Gate
import Hummingbird
import Journeys
import Logging
import Response
import SegmentStore

extension Listeners {
  /// The staff's pages, on the same address as the API.
  func addConsole(to router: Router<ServerContext>, addresses: ClientAddress) {
    let installation = self.installation
    let configuration = installation.configuration
    let isSecure = configuration.tls != nil || configuration.origin.hasPrefix("https:")
    let services = ConsoleServices(
      control: installation.access, ledger: installation.ledger, staff: installation.staff, quotas: installation.quotas,
      uses: installation.uses,
      engine: { id in
        guard let project = installation.projects[id] else { throw APIError.notFound("There is no such project.") }
        return project.engine
      },
      live: { id, sequence, name, limit in
        installation.projects[id]?.liveEvents(after: sequence, name: name, limit: limit) ?? []
      },
      hasEvents: { id in
        guard let project = installation.projects[id] else { return false }
        return await project.engine.dataVersion() > 0
      },
      number: { id, pseudonym in installation.projects[id]?.store.reference(of: pseudonym)?.number },
      numbers: { id, pseudonym in
        guard let store = installation.projects[id]?.store else { return [] }
        let numbers = store.ids(of: pseudonym).map(\.number)
        return numbers.isEmpty ? store.reference(of: pseudonym).map { [$0.number] } ?? [] : numbers
      },
      pseudonym: { id, number in installation.projects[id]?.store.reference(of: number) },
      export: { id, order, who, entered in
        guard let project = installation.projects[id] else { throw APIError.notFound("There is no such project.") }
        return try await ExportRoutes(installation: installation, authenticator: Authenticator(door: .network, access: installation.access))
          .answer(project, order, to: who, entered: entered)
      },
      createProject: { name, zone, principal in try await installation.createProject(name: name, zone: zone, by: principal) },
      projectChanged: { settings in try await installation.projects[settings.id]?.adopt(settings) },
      note: { error, reference in
        installation.logger.error("A page failed", metadata: ["reference": "\(reference)", "error": "\(type(of: error))"])
      },
      refusedPasskey: { code in
        installation.logger.warning("A passkey was refused", metadata: ["reason": "\(code)"])
      },
      configuration: ConsoleConfiguration(
        intakeOrigin: isShared ? configuration.origin : configuration.intake.origin(isSecure: configuration.tls != nil), isSecure: isSecure,
        setupLinkCommand: "sealane setup-link --data \(configuration.data.path)", hasCanaryHosts: configuration.canaryDomain != nil),
      clock: installation.clock, plans: installation.planServices,
      vendors: VendorServices(
        desk: installation.vendors, simulate: { try await installation.simulate($0, in: $1, for: $2) },
        grants: installation.grants.services,
        thirdParties: { id in
          guard let project = installation.projects[id] else { throw APIError.notFound("There is no such project.") }
          return try await installation.thirdParties(of: project)
        }, deletionRequest: { try await installation.deletionRequest(of: $0) }),
      incidents: IncidentServices(
        desk: installation.incidents, inbox: installation.inbox,
        compare: { text, project, incident, principal in
          try await installation.compare(text, with: incident, in: project, by: principal)
        }, evidence: { try await installation.evidence(on: $0) }),
      alerts: installation.alerts, reports: installation.reports,
      lookedFor: { project, text, principal in await installation.canaries.look(at: text, in: project, by: principal) },
      blastRadius: { installation.blastRadii.newest(of: $0) })
    addConsoleRoutes(to: router, services: services) { request, context in addresses.of(request, context) }
  }
}

extension OpenProject {
  /// What the live view shows: the newest events that passed the gate, with the number of each one's subject for the ledger.
  fileprivate func liveEvents(after sequence: UInt64?, name: String?, limit: Int) -> [LiveEvent] {
    let entries = live.entries(from: sequence.map { $0 + 1 } ?? 0).filter { name == nil || $0.event.name == name }.suffix(limit)
    return entries.map { entry in
      LiveEvent(
        sequence: entry.number, name: entry.event.name, time: entry.event.time, receivedAt: entry.receivedAt,
        subject: entry.event.actor.flatMap { store.reference(of: $0.pseudonym) }, values: Self.values(of: entry.event))
    }
  }

  private static func values(of event: GatedEvent) -> [LiveEvent.Value] {
    var stored = Dictionary(event.properties.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    var values = event.decisions.map { decision in
      LiveEvent.Value(
        name: decision.property, shown: stored.removeValue(forKey: decision.property), treatment: decision.treatment,
        reason: decision.reason)
    }
    // What the gate added itself: the place that stands for an address.
    for property in event.properties where stored[property.name] != nil {
      values.append(LiveEvent.Value(name: property.name, shown: property.value, treatment: .coarsened, reason: "place"))
    }
    return values
  }
}
