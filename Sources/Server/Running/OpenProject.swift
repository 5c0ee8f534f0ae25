import Access
import Answers
import Events
import Foundation
import Gate
import Journeys
import SegmentStore
import Synchronization
import Vault

/// A project as it runs: its store, its gate, and what bounds its senders.
package final class OpenProject: Sendable {
  package let id: ProjectID
  package let store: SegmentStore
  package let sealer: Sealer
  package let counters: GateCounters
  let meter: RateMeter
  let caps: NameCaps
  let live: LiveBuffer
  let thirdParties = ThirdPartyMeter()

  private let pseudonymizer: Pseudonymizer
  private let lookups: Lookups
  private let derivatives = Derivatives()
  private let directory: URL
  private let storageLimit: Int
  /// A version of the tracking plan that the gate goes by.
  package struct PlanInForce: Sendable {
    package let version: Int
    package let digest: String
    package let plan: TrackingPlan
  }
  private struct State {
    var settings: Project
    var plan: PlanInForce?
    /// Event names that queries saw when the plan came into force.
    var stored: Set<String>
    var isChangingPlan = false
    var gate: Gate
    var usedBytes = 0
    var measuredAt = ContinuousClock.now
  }
  private let state: Mutex<State>

  init(
    settings: Project, plan: PlanInForce?, directory: URL, keys: KeyDirectory, custodianKey: CustodianPublicKey, lookups: Lookups,
    limits: ServerLimits, options: StoreOptions, clock: @escaping @Sendable () -> Timestamp
  ) async throws {
    id = settings.id
    self.directory = directory
    self.lookups = lookups
    storageLimit = limits.storageBytes
    pseudonymizer = Pseudonymizer(keys: keys, project: settings.id)
    let sealer = Sealer(project: settings.id, custodianKey: custodianKey, pseudonymizer: pseudonymizer, clock: clock)
    self.sealer = sealer
    let counters = GateCounters()
    self.counters = counters
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let store = try await SegmentStore.open(directory: directory, options: options)
    self.store = store
    try await Self.keep(settings, plan?.plan, in: store)
    if let plan { Self.recount(plan.plan, in: store, pseudonymizer: pseudonymizer, into: derivatives) }
    meter = RateMeter(recordsPerSecond: limits.eventsPerSecond, now: clock().milliseconds)
    live = LiveBuffer()
    let catalog = try await store.catalog()
    caps = NameCaps(
      events: Set(catalog.events.map(\.name)), properties: Set(catalog.events.flatMap(\.properties)), eventLimit: limits.eventNames,
      propertyLimit: limits.propertyNames)
    let stored = Set(catalog.events.map(\.name))
    state = Mutex(
      State(
        settings: settings, plan: plan, stored: stored,
        gate: Self.gate(
          settings, plan: plan?.plan, stored: stored, pseudonymizer: pseudonymizer, sealer: sealer, store: store, lookups: lookups,
          derivatives: derivatives,
          counters: counters),
        usedBytes: Self.size(of: directory)))
  }

  package var engine: any Engine { store }
  package var settings: Project { state.withLock { $0.settings } }
  package var calendar: ProjectCalendar { settings.calendar }
  /// For questions about it.
  var reported: ReportDesk.Subject {
    ReportDesk.Subject(project: id, engine: store, rules: settings.rules) { [store] in store.reference(of: $0)?.number }
  }
  /// Of an id as somebody sends it.
  func pseudonym(ofID id: String) -> Pseudonym { pseudonymizer.subject(id) }
  package var groupKeys: Set<String> { Set(settings.groupKeys) }
  package var plan: PlanInForce? { state.withLock { $0.plan } }
  var gate: Gate { state.withLock { $0.gate } }

  /// Takes changed settings into use; what arrives from now on passes a gate that knows them.
  ///
  /// - Throws: where the store cannot write down the new retention; the next start tries again.
  func adopt(_ settings: Project) async throws {
    state.withLock { state in
      state.settings = settings
      state.gate = gate(state)
    }
    try await Self.keep(settings, plan?.plan, in: store)
  }

  /// Takes a version of the plan into force: what arrives from now on passes by it. Held events that it knows are shown, or dropped where it
  /// wants nothing of them.
  ///
  /// - Throws: where the store cannot write down for how long events are kept; the next start tries again.
  func adopt(_ plan: PlanInForce) async throws {
    if plan.plan.derivatives != self.plan?.plan.derivatives ?? [:] {
      Self.recount(plan.plan, in: store, pseudonymizer: pseudonymizer, into: derivatives)
    }
    let stored = Set(try await store.catalog().events.map(\.name))
    let settings = state.withLock { state in
      state.plan = plan
      state.stored = stored
      state.gate = gate(state)
      return state.settings
    }
    counters.unplanned.forget {
      plan.plan.knows(event: $0)
    } properties: {
      plan.plan.everyEvent[$0] != nil
    }
    try await Self.keep(settings, plan.plan, in: store)
  }

  /// Holds events of names that the plan does not know. Called before they are stored, so that no answer ever has them.
  func hold(_ names: Set<String>) async throws(StoreError) {
    let fresh = store.unheld(names)
    if fresh.isEmpty { return }
    try await store.hold(fresh, days: Self.heldDays)
    // A version that knows one of them may have come into force meanwhile, and have released before there was anything to.
    let (settings, plan) = state.withLock { ($0.settings, $0.plan) }
    if let plan, fresh.contains(where: { !plan.plan.holds($0) }) { try await Self.keep(settings, plan.plan, in: store) }
  }

  /// Days for which held events wait for a decision.
  static let heldDays = 30

  /// Tells the store what settings and plan say about how long events are kept and which are held, where that is something new. At every start
  /// too: a crash may have come between a version and this.
  private static func keep(_ settings: Project, _ plan: TrackingPlan?, in store: SegmentStore) async throws(StoreError) {
    let days = plan?.events.compactMapValues(\.keepDays) ?? [:]
    let isHeldWrongly = store.heldNames.contains { plan?.holds($0) != true }
    guard store.retentionDays != settings.retentionDays || store.eventDays != days || isHeldWrongly else { return }
    // What is held at this moment by others stays held, unless the plan knows it.
    let known = Set(plan?.events.keys.map(\.self) ?? [])
    try await store.setRetention(
      days: settings.retentionDays, events: days, releases: plan.map { $0.unknownEvents == .accept ? .all : .only(known) } ?? .all,
      discards: Set(plan?.events.filter { $0.value.treatment != .keep }.keys.map(\.self) ?? []))
  }

  /// Runs a change of the plan unless another one is under way.
  ///
  /// - Throws: `AccessError`, in use, where one is.
  func changingPlan<Result>(_ change: () async throws -> Result) async throws -> Result {
    let mayBegin = state.withLock { state in
      defer { state.isChangingPlan = true }
      return !state.isChangingPlan
    }
    guard mayBegin else { throw AccessError(.inUse, "The plan is being changed by somebody else at this moment. Try again.") }
    defer { state.withLock { $0.isChangingPlan = false } }
    return try await change()
  }

  /// Takes in what became durable of derivatives, and writes in the clear what enough people share now.
  func keep(_ arrived: [WaitingDerivative]) async throws(StoreError) {
    if !arrived.isEmpty { try await store.keep(arrived, by: derivatives) }
  }

  /// Counts from the profiles which derivatives are out and which wait. Where they cannot be read nothing counts as out, and what arrives is
  /// stored as pseudonyms; the damage itself is told by whoever reads the file next.
  private static func recount(_ plan: TrackingPlan, in store: SegmentStore, pseudonymizer: Pseudonymizer, into derivatives: Derivatives) {
    guard !plan.derivatives.isEmpty else { return }
    var census = Derivatives.Census(plan.derivatives, pseudonymizer: pseudonymizer)
    do throws(StoreError) {
      try store.readProfiles { census.count($0, isVerified: $1, subject: $2, person: $3) }
    } catch {
      census = Derivatives.Census(plan.derivatives, pseudonymizer: pseudonymizer)
    }
    derivatives.take(census)
  }

  private func gate(_ state: State) -> Gate {
    Self.gate(
      state.settings, plan: state.plan?.plan, stored: state.stored, pseudonymizer: pseudonymizer, sealer: sealer, store: store,
      lookups: lookups, derivatives: derivatives, counters: counters)
  }

  /// Whether the storage cap leaves room. Measured at most every ten seconds: the cap is a bound for runaways, not an account.
  func hasRoom() -> Bool {
    guard storageLimit > 0 else { return true }
    let mustMeasure = state.withLock { state in
      guard ContinuousClock.now - state.measuredAt > .seconds(10) else { return false }
      state.measuredAt = .now
      return true
    }
    if mustMeasure {
      let size = Self.size(of: directory)
      state.withLock { $0.usedBytes = size }
    }
    return state.withLock { $0.usedBytes } < storageLimit
  }

  private static func gate(
    _ settings: Project, plan: TrackingPlan?, stored: Set<String>, pseudonymizer: Pseudonymizer, sealer: Sealer, store: SegmentStore,
    lookups: Lookups, derivatives: Derivatives, counters: GateCounters
  ) -> Gate {
    Gate(
      configuration: GateConfiguration(
        groupKeys: settings.groupKeys, places: lookups.places, userAgents: lookups.userAgents,
        plan: plan.map { PlanTable($0, groupKeys: settings.groupKeys, stored: stored) }, derivatives: derivatives),
      pseudonymizer: pseudonymizer, sealer: sealer,
      isKnown: { store.isKnown($0) }, counters: counters)
  }

  static func size(of directory: URL) -> Int {
    var total = 0
    let files = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: [.fileSizeKey])
    while let file = files?.nextObject() as? URL {
      total += (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    }
    return total
  }
}

/// The projects that are open, by id.
package final class OpenProjects: Sendable {
  private let projects = Mutex<[ProjectID: OpenProject]>([:])

  package init() {}

  package subscript(_ id: ProjectID) -> OpenProject? { projects.withLock { $0[id] } }
  package var all: [OpenProject] { projects.withLock { $0.values.sorted { $0.id.rawValue < $1.id.rawValue } } }
  func add(_ project: OpenProject) { projects.withLock { $0[project.id] = project } }
  func remove(_ id: ProjectID) { projects.withLock { $0[id] = nil } }
}
