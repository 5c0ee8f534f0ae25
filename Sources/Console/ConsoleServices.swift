import Access
import Answers
import Events
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Relay
import Response

/// What the pages stand on. The server fills it in; tests do with a small engine and a real ledger.
package struct ConsoleServices: Sendable {
  package var control: ControlDatabase
  package var ledger: Ledger
  package var staff: StaffDesk
  package var quotas: QuotaBook
  package var reports: ReportDesk
  package var uses: UseWatch
  /// The store of a project. Throws where it cannot be opened.
  package var engine: @Sendable (ProjectID) async throws -> any Engine
  /// The newest events that came after `sequence` (nil: from the beginning), ascending, at most `limit`; of one name where one is given.
  package var live: @Sendable (_ project: ProjectID, _ after: UInt64?, _ name: String?, _ limit: Int) async -> [LiveEvent]
  /// Whether any event has ever arrived.
  package var hasEvents: @Sendable (ProjectID) async -> Bool
  /// The number of an id that a value names; nil if nobody ever arrived under it. For the ledger.
  package var number: @Sendable (ProjectID, Pseudonym) -> SubjectNumber?
  /// The numbers of all ids that count as the one that a pseudonym names; none if nobody ever arrived under it.
  package var numbers: @Sendable (ProjectID, Pseudonym) -> [SubjectNumber]
  /// Who has a number.
  package var pseudonym: @Sendable (ProjectID, SubjectNumber) -> SubjectReference?
  /// Rows in bulk, for somebody whose wish was agreed to. `entered` is called when the first page is entered and nothing has left.
  package var export:
    @Sendable (ProjectID, ExportOrder, Authenticated, _ entered: @Sendable () async throws -> Void) async throws -> Response
  /// Makes a project, entered in the ledger.
  package var createProject:
    @Sendable (_ name: String, _ zone: String, _ by: Principal) async throws -> (project: Project, receipt: LedgerReceipt)
  /// Called after a project's settings are stored, so that the gate learns new group keys.
  package var projectChanged: @Sendable (Project) async throws -> Void
  /// Where an error goes that the page cannot explain. The page shows `reference`.
  package var note: @Sendable (_ error: any Error, _ reference: String) -> Void
  /// Told of every passkey that was refused, by the reason's word.
  package var refusedPasskey: @Sendable (_ code: String) async -> Void
  package var configuration: ConsoleConfiguration
  package var clock: @Sendable () -> Timestamp
  package var plans: PlanServices
  package var alerts: AlertDesk
  package var vendors: VendorServices
  package var incidents: IncidentServices
  /// Told of whatever somebody asks about: an id of a canary among it raises an alert.
  package var lookedFor: @Sendable (_ project: ProjectID, _ text: String, _ by: Principal) async -> Void
  /// If something were stolen now, as it was computed last; nil before the first time. Waits for nothing.
  package var blastRadius: @Sendable (ProjectID) -> BlastRadius?

  package init(
    control: ControlDatabase, ledger: Ledger, staff: StaffDesk, quotas: QuotaBook, uses: UseWatch,
    engine: @escaping @Sendable (ProjectID) async throws -> any Engine,
    live: @escaping @Sendable (_ project: ProjectID, _ after: UInt64?, _ name: String?, _ limit: Int) async -> [LiveEvent],
    hasEvents: @escaping @Sendable (ProjectID) async -> Bool,
    number: @escaping @Sendable (ProjectID, Pseudonym) -> SubjectNumber? = { _, _ in nil },
    numbers: @escaping @Sendable (ProjectID, Pseudonym) -> [SubjectNumber] = { _, _ in [] },
    pseudonym: @escaping @Sendable (ProjectID, SubjectNumber) -> SubjectReference? = { _, _ in nil },
    export:
      @escaping @Sendable (ProjectID, ExportOrder, Authenticated, _ entered: @Sendable () async throws -> Void) async throws -> Response =
      { _, _, _, entered in
        try await entered()
        return Response(status: .ok)
      },
    createProject:
      @escaping @Sendable (_ name: String, _ zone: String, _ by: Principal) async throws -> (
        project: Project, receipt: LedgerReceipt
      ), projectChanged: @escaping @Sendable (Project) async throws -> Void = { _ in },
    note: @escaping @Sendable (_ error: any Error, _ reference: String) -> Void = { _, _ in },
    refusedPasskey: @escaping @Sendable (_ code: String) async -> Void = { _ in }, configuration: ConsoleConfiguration,
    clock: @escaping @Sendable () -> Timestamp = Ledger.systemClock, plans: PlanServices, vendors: VendorServices,
    incidents: IncidentServices,
    alerts: AlertDesk? = nil, reports: ReportDesk? = nil,
    lookedFor: @escaping @Sendable (_ project: ProjectID, _ text: String, _ by: Principal) async -> Void = { _, _, _ in },
    blastRadius: @escaping @Sendable (ProjectID) -> BlastRadius? = { _ in nil }
  ) {
    self.blastRadius = blastRadius
    self.createProject = createProject
    self.lookedFor = lookedFor
    let alerts = alerts ?? AlertDesk(control: control, ledger: ledger, clock: clock)
    self.alerts = alerts
    self.reports = reports ?? ReportDesk(ledger: ledger, alerts: alerts, book: DifferenceBook())
    self.plans = plans
    self.vendors = vendors
    self.incidents = incidents
    self.control = control
    self.ledger = ledger
    self.staff = staff
    self.quotas = quotas
    self.uses = uses
    self.engine = engine
    self.live = live
    self.hasEvents = hasEvents
    self.number = number
    self.numbers = numbers
    self.pseudonym = pseudonym
    self.export = export
    self.projectChanged = projectChanged
    self.note = note
    self.refusedPasskey = refusedPasskey
    self.configuration = configuration
    self.clock = clock
  }
}

/// What the pages about vendors stand on.
package struct VendorServices: Sendable {
  package var desk: VendorDesk
  /// What a version would have let out in the last seven days.
  package var simulate: @Sendable (VendorVersion, ProjectID, Principal) async throws -> Disclosed<Simulation>

  package var grants: GrantServices
  /// Hosts that the company's own site calls.
  package var thirdParties: @Sendable (ProjectID) async throws -> [NamedThirdParty]
  /// The letter that asks a killed vendor to delete everything.
  ///
  /// - Throws: `AccessError` `invalid` where its kill switch was not pulled.
  package var deletionRequest: @Sendable (Vendor) async throws -> DeletionRequest

  package init(
    desk: VendorDesk, simulate: @escaping @Sendable (VendorVersion, ProjectID, Principal) async throws -> Disclosed<Simulation>,
    grants: GrantServices,
    thirdParties: @escaping @Sendable (ProjectID) async throws -> [NamedThirdParty],
    deletionRequest: @escaping @Sendable (Vendor) async throws -> DeletionRequest
  ) {
    self.grants = grants
    self.thirdParties = thirdParties
    self.deletionRequest = deletionRequest
    self.desk = desk
    self.simulate = simulate
  }
}

package struct ConsoleConfiguration: Sendable {
  /// Where SDKs send to, as browsers and servers of the company reach it: `http://localhost:8001`.
  package var intakeOrigin: String
  /// Whether browsers reach the console over TLS, here or at a proxy in front.
  package var isSecure: Bool
  /// What makes a new sign-in link, to be typed on the server.
  package var setupLinkCommand: String
  /// Whether canaries of exports have host names.
  package var hasCanaryHosts: Bool
  package init(
    intakeOrigin: String, isSecure: Bool, setupLinkCommand: String = "sealane setup-link --data DIR", hasCanaryHosts: Bool = true
  ) {
    self.hasCanaryHosts = hasCanaryHosts
    self.intakeOrigin = intakeOrigin
    self.isSecure = isSecure
    self.setupLinkCommand = setupLinkCommand
  }
}
