import Access
import Answers
import Delivery
import Events
import Foundation
import Gate
import Intake
import Journeys
import Ledger
import Logging
import Relay
import Response
import SegmentStore
import Synchronization
import Vault

/// A data directory in use: every room opened, the directory locked.
package final class Installation: Sendable {
  package let configuration: ServerConfiguration
  package let directory: DataDirectory
  package let access: ControlDatabase
  package let ledger: Ledger
  package let projects: OpenProjects
  package let metrics: Metrics
  package let logger: Logger
  let admission: Admission
  let pipeline: IntakePipeline
  let custodian: CustodianDesk
  let erasures: ErasureDesk
  let witnesses: WitnessDesk
  package let staff: StaffDesk
  let quotas: QuotaBook
  let uses: UseWatch
  /// Where every room says what it found.
  package let alerts: AlertDesk
  package let dispatcher: Dispatcher
  let refusals: RefusalMeter
  let canaries: CanaryDesk
  let reports: ReportDesk
  /// Who was exposed by what, as the ledger knows it; kept up while the server runs.
  package let exposure: ExposureIndex
  package let vendors: VendorDesk
  package let relay: Relay
  package let incidents: IncidentDesk
  package let inbox: InboxDesk
  /// If something were stolen now: kept up while the server runs.
  package let blastRadii: BlastRadiusBook
  let simulations = SimulationMemory()
  let clock: @Sendable () -> Timestamp
  private let lock: DirectoryLock
  let lookups: Lookups
  private let startedAt = ContinuousClock.now
  private struct KeyState {
    var keys: KeyDirectory
    var isRotating = false
  }
  private let keyState: Mutex<KeyState>
  private let isMakingProject = Mutex(false)
  /// Said at the start, and by `/readyz`.
  private let keyWarning = Mutex<String?>(nil)

  /// The log's name on its checkpoints; it never changes once there is a ledger.
  package static let ledgerOrigin = "sealane.local/ledger"

  private init(
    configuration: ServerConfiguration, directory: DataDirectory, access: ControlDatabase, ledger: Ledger, lock: DirectoryLock,
    keys: KeyDirectory, lookups: Lookups, quotas: QuotaBook, uses: UseWatch, alerts: AlertDesk, channels: [Channel], logger: Logger,
    clock: @escaping @Sendable () -> Timestamp
  ) throws {
    self.configuration = configuration
    self.directory = directory
    self.access = access
    self.ledger = ledger
    self.lock = lock
    keyState = Mutex(KeyState(keys: keys))
    self.lookups = lookups
    self.quotas = quotas
    self.uses = uses
    self.logger = logger
    self.clock = clock
    projects = OpenProjects()
    metrics = Metrics()
    admission = Admission(requests: configuration.limits.requests, bytes: configuration.limits.requestBytes)
    pipeline = IntakePipeline(
      intake: Intake(), access: access, alerts: alerts, projects: projects, metrics: metrics, logger: logger, clock: clock)
    staff = StaffDesk(
      control: access, ledger: ledger, alerts: alerts, uses: uses, origin: configuration.origin,
      isDemo: configuration.listen.isLoopback && configuration.origin.hasPrefix("http://localhost:")
        && FileManager.default.fileExists(atPath: directory.demo.path), clock: clock)
    erasures = ErasureDesk(access: access, ledger: ledger, projects: projects, logger: logger, clock: clock)
    witnesses = WitnessDesk(
      access: access, ledger: ledger, alerts: alerts, policy: configuration.witnessPolicy, patience: configuration.witnessPatience,
      logger: logger)
    self.alerts = alerts
    reports = ReportDesk(ledger: ledger, alerts: alerts, book: DifferenceBook())
    dispatcher = Dispatcher(
      channels, control: access, ledger: ledger, alerts: alerts,
      identity: SenderIdentity(origin: configuration.origin, version: Self.version), logger: logger, clock: clock)
    canaries = CanaryDesk(
      access: access, ledger: ledger, alerts: alerts, projects: projects, uses: uses, key: keys.pseudonym,
      domain: configuration.canaryDomain, logger: logger, clock: clock)
    refusals = RefusalMeter(access: access, clock: clock)
    let gate = VendorGate()
    let source = StoreSource(projects: projects, key: keys.pseudonym, backlog: configuration.limits.vendorBacklogBytes, canaries: canaries)
    vendors = VendorDesk(control: access, ledger: ledger, alerts: alerts, source: source, gate: gate)
    relay = Relay(
      control: access, ledger: ledger, alerts: alerts, source: source, gate: gate, version: Self.version, logger: logger, clock: clock)
    exposure = ExposureIndex(ledger)
    blastRadii = Self.blastRadii(
      access: access, ledger: ledger, projects: projects, quotas: quotas, index: exposure, data: directory, logger: logger, clock: clock)
    incidents = IncidentDesk(
      control: access, ledger: ledger, staff: staff, vendors: vendors, quotas: quotas, index: exposure,
      place: { [projects] id in
        guard let project = projects[id] else { throw APIError.notFound("There is no such project.") }
        let fields = Set(try await project.engine.catalog().events.flatMap(\.properties))
        return IncidentDesk.Place(
          resolver: StoreResolver(store: project.store), groupKeys: project.settings.groupKeys,
          fields: fields.union(["event", "time"]).sorted(),
          pseudonyms: { numbers in numbers.compactMap { project.store.reference(of: SubjectNumber($0))?.pseudonym } },
          number: { project.store.reference(of: $0)?.number })
      }, clock: clock)
    inbox = InboxDesk(
      control: access, ledger: ledger, incidents: incidents, key: Self.reportKey(keys), mask: { Gate.masked($0) }, clock: clock)
    custodian = try CustodianDesk(directory: directory, access: access, ledger: ledger, projects: projects, alerts: alerts, clock: clock)
  }

  /// Locks the directory, opens what is in it, and recovers what a crash left. Errors are sentences for the operator.
  package static func open(
    _ configuration: ServerConfiguration, logger: Logger = Logger(label: "sealane") { _ in SwiftLogNoOpLogHandler() },
    clock: @escaping @Sendable () -> Timestamp = Ledger.systemClock
  ) async throws -> Installation {
    let directory = DataDirectory(configuration.data)
    try directory.check()
    // A new log under the same key would contradict the one that is missing.
    guard FileManager.default.fileExists(atPath: directory.ledger.path) else {
      throw ConfigurationError(
        "\(directory.ledger.path) is missing. Put the ledger's newest copy there; docs/OPERATIONS.md says what to do if none is left.")
    }
    let lock = try DirectoryLock(directory)
    try KeyRotation.recover(configuration.keys, ledger: directory.ledger, logger: logger)
    let keys = try configuration.keys.load()
    let lookups = try Lookups(configuration)
    let channels = try Self.channels(configuration)
    let ledger = try Ledger.open(directory: directory.ledger, keys: LedgerKeys(keys), clock: clock)
    let access = try ControlDatabase.open(at: directory.controlDatabase, clock: clock)
    let alerts = AlertDesk(control: access, ledger: ledger, clock: clock)
    // The ledger must not hold itself by what it calls.
    let quotas = try await QuotaBook(control: access, clock: clock) { [weak ledger, weak alerts] freeze in
      logger.warning(
        "A credential is frozen", metadata: ["holder": "\(freeze.holder)", "quota": "\(freeze.measure?.rawValue ?? "by hand")"])
      let entry = AdministrativeEntry.credentialFrozen(holder: freeze.holder.description, reason: freeze.measure?.rawValue ?? "by hand")
      // The freeze holds whether or not the ledger takes the entry: nothing leaves without the ledger anyway.
      do { try await ledger?.record(entry, by: Principal(kind: .system, id: "quota", credential: "quota")) } catch {
        logger.error("A freeze holds and could not be entered in the ledger", metadata: ["error": "\(type(of: error))"])
      }
      await alerts?.raise(.frozen(freeze))
    }
    let uses = try await UseWatch(control: access, key: Self.usualUseKey(keys), clock: clock) { [weak alerts] holder, report in
      logger.warning("A credential is used unlike before", metadata: ["holder": "\(holder)", "score": "\(report.score)"])
      await alerts?.raise(.unusual(holder, report, project: access.serviceAccount(holder.id)?.project))
    }
    ledger.setBrake { disclosure, principal throws(LedgerError) in
      try await access.expectGood(principal)
      try await quotas.charge(disclosure, to: principal)
      await uses.note(disclosure, to: principal)
    }
    let installation = try Installation(
      configuration: configuration, directory: directory, access: access, ledger: ledger, lock: lock, keys: keys, lookups: lookups,
      quotas: quotas, uses: uses, alerts: alerts, channels: channels, logger: logger, clock: clock)
    try await installation.publishLedgerKey()
    try await installation.openAlerts()
    if await !installation.canReadLedger() {
      let warning = "the details of the ledger's newest entry do not open with the keys at hand: are they the newest ones?"
      installation.keyWarning.withLock { $0 = warning }
      logger.warning("The details of the ledger's newest entry do not open with the keys at hand: are they the newest ones?")
    }
    for settings in access.projects() { try await installation.open(settings) }
    try await installation.vendors.prepare()
    try await installation.custodian.restoreAlarms()
    try await installation.witnesses.restore()
    try await installation.erasures.catchUp()
    for (project, version) in installation.erasures.missingPlans {
      logger.warning(
        "A tracking plan that is in the ledger is not here: set it again", metadata: ["project": "\(project)", "version": "\(version)"])
    }
    return installation
  }

  private func open(_ settings: Project) async throws {
    projects.add(try await openProject(settings, plan: try await planInForce(in: settings.id)))
  }

  func openProject(_ settings: Project, plan: OpenProject.PlanInForce?) async throws -> OpenProject {
    var options = configuration.store
    // Before the log is read: what a vendor has not got must not go with it.
    options.keepsPastLogs = try await access.vendors(of: settings.id).contains { $0.state == .flowing || $0.state == .paused }
    return try await OpenProject(
      settings: settings, plan: plan, directory: directory.project(settings.id.rawValue), keys: keys, custodianKey: custodian.key,
      lookups: lookups, limits: configuration.limits, options: options, clock: clock)
  }

  /// One project is made at a time: false while there is one.
  func beginProject() -> Bool {
    isMakingProject.withLock { state in
      defer { state = true }
      return !state
    }
  }

  func endProject() { isMakingProject.withLock { $0 = false } }

  package func now() -> Timestamp { clock() }

  /// The keys in force.
  var keys: KeyDirectory { keyState.withLock { $0.keys } }

  /// Takes other keys of the ledger into force, which the key directory holds already.
  func take(_ new: KeyDirectory) async throws {
    try await ledger.adopt(LedgerKeys(new))
    keyState.withLock { $0.keys = new }
  }

  /// One rotation at a time: false while there is one.
  func beginRotation() -> Bool {
    keyState.withLock { state in
      defer { state.isRotating = true }
      return !state.isRotating
    }
  }

  func endRotation() { keyState.withLock { $0.isRotating = false } }

  var intakeLimits: IntakeLimits { pipeline.intake.limits }
  var uptimeSeconds: Double { (ContinuousClock.now - startedAt) / .seconds(1) }

  /// The project that a call is about (the one that is asked for, the one of the caller's account, or the first), if the caller may.
  ///
  /// - Throws: `Access.Denied`, or `APIError` 404 for one that does not exist.
  func project(_ asked: ProjectID?, for caller: Authenticated, to action: Access.Action) throws -> OpenProject {
    let id = asked ?? caller.project ?? projects.all.first?.id
    // Whether a project exists is told to those only who may ask about it.
    try Access.authorize(caller, action, in: id)
    guard let id, let project = projects[id] else { throw APIError.notFound("There is no such project.") }
    return project
  }

  /// What a strict `/import` of the operating-system user answers, without HTTP between.
  func importRecords(_ records: [UInt8], query: String, into asked: ProjectID?) async -> IntakeReply {
    guard let project = try? project(asked, for: .operatingSystemUser(id: geteuid()), to: .sendVerified) else {
      return .unauthorized(.import)
    }
    let request = IntakeRequest(
      endpoint: .import, contentType: ImportFile.contentType, query: query, body: records, receivedAt: now(), credential: .secret)
    return await pipeline.take(request, accountProject: project)
  }

  /// Why the server cannot do its whole work now; empty if it can. Sentences without personal data.
  package func troubles() -> [String] {
    var troubles: [String] = []
    if let refusal = ledger.refusal { troubles.append("ledger: \(refusal.message)") }
    if let alarm = ledger.alarm { troubles.append("ledger: \(alarm)") }
    for project in projects.all {
      if let failure = project.store.failure { troubles.append("store of project \(project.id): \(failure)") }
      if let reason = project.sealer.stopReason { troubles.append("sealing stopped in project \(project.id): \(reason)") }
    }
    return troubles
  }

  /// What somebody should look at although everything is served.
  package func warnings() -> [String] {
    [keyWarning.withLock { $0 }, erasures.isBehind ? "erasures of the ledger are not carried out yet; that is tried again" : nil].compactMap
    { $0 }
      + erasures.missingPlans.map { project, version in
        "project \(project) goes by an older tracking plan than version \(version), which the ledger knows: set it again (sealane plan set)"
      }
      + witnesses.warnings()
      + projects.all.compactMap { project in
        project.store.warning.map { "segments of project \(project.id) are no longer merged: \($0)" }
      }
  }

  /// Flushes and closes everything; the lock goes with this value.
  package func close() async {
    await alerts.catchUp()
    await keepUses()
    for project in projects.all {
      await keepFindings(of: project)
      do { try await project.store.close() } catch {
        logger.error("A store did not close cleanly", metadata: ["project": "\(project.id)", "error": "\(error)"])
      }
    }
    do { try await ledger.close() } catch { logger.error("The ledger did not close cleanly", metadata: ["error": "\(error)"]) }
    do { try access.close() } catch { logger.error("The control database did not close cleanly", metadata: ["error": "\(error)"]) }
  }
}
