import Access
import Events
import Foundation
import Journeys
import Ledger
import Relay

/// What is done about incidents, by pages, commands and programs alike: authorized before, entered and done here.
package final class IncidentDesk: Sendable {
  /// What the desk needs of a project.
  package struct Place: Sendable {
    package let resolver: any SubjectResolver
    package let groupKeys: [String]
    /// Names of everything that is stored of people: for a host that held all of it.
    package let fields: [String]
    /// Of subjects by number, in no order; whoever has none any more is left out.
    package let pseudonyms: @Sendable ([UInt32]) -> [Pseudonym]
    /// Of whoever arrived under a pseudonym.
    package let number: @Sendable (Pseudonym) -> SubjectNumber?

    package init(
      resolver: any SubjectResolver, groupKeys: [String], fields: [String], pseudonyms: @escaping @Sendable ([UInt32]) -> [Pseudonym],
      number: @escaping @Sendable (Pseudonym) -> SubjectNumber?
    ) {
      self.number = number
      self.pseudonyms = pseudonyms
      self.resolver = resolver
      self.groupKeys = groupKeys
      self.fields = fields
    }
  }

  let control: ControlDatabase
  let ledger: Ledger
  let staff: StaffDesk
  let vendors: VendorDesk
  let quotas: QuotaBook
  let index: ExposureIndex
  let place: @Sendable (ProjectID) async throws -> Place
  package let clocks: LegalClocks
  let clock: @Sendable () -> Timestamp

  package init(
    control: ControlDatabase, ledger: Ledger, staff: StaffDesk, vendors: VendorDesk, quotas: QuotaBook, index: ExposureIndex,
    clocks: LegalClocks = .known, place: @escaping @Sendable (ProjectID) async throws -> Place, clock: @escaping @Sendable () -> Timestamp
  ) {
    self.control = control
    self.ledger = ledger
    self.staff = staff
    self.vendors = vendors
    self.quotas = quotas
    self.index = index
    self.clocks = clocks
    self.place = place
    self.clock = clock
  }

  /// The first signal is the moment of opening, unless the draft says another.
  package func open(_ draft: IncidentDraft, in project: ProjectID, by principal: Principal) async throws -> (
    incident: Incident, receipt: LedgerReceipt
  ) {
    try await check(draft.source, in: project)
    let now = clock()
    guard draft.moments.values.allSatisfy({ $0 <= now }), draft.from.map({ $0 <= now }) ?? true else {
      throw AccessError(.invalid, "A time that is not yet cannot be the one when something happened.")
    }
    var draft = draft
    if draft.moments[.firstSignal] == nil { draft.moments[.firstSignal] = now }
    // What is not yet is no end: of a vendor it is open until it is contained.
    if case .vendor = draft.source, let to = draft.to, to >= now { draft.to = nil }
    let (opened, receipt) = try await control.turns.take { [draft] in
      let reserved = try await control.openIncident(draft, in: project, undone: true)
      let receipt = try await ledger.record(
        .incident(project, reserved.id, act: .opened, facts: ["source": "\(draft.source.kind) \(draft.source.id)"]), by: principal)
      // A crash here leaves an entry of an incident that is not there: it is opened again, under the same number.
      let incident = try await control.openIncident(draft, in: project)
      try await control.change(incident, act: "opened", note: draft.title, by: principal, entry: receipt.index)
      return (incident, receipt)
    }
    return (opened, receipt)
  }

  /// When a vendor's window ends that has no other end: when its kill switch was pulled. What it deletes later it had. Nil while it is not
  /// pulled.
  ///
  /// - Parameter wasKilled: whether it was before this moment; then it is known when, and a batch that was under way had its entry before.
  func end(of incident: Incident, wasKilled: Bool) async throws -> Timestamp? {
    guard case .vendor(let name) = incident.source else { return nil }
    let now = clock()
    // Nothing ever left for it by Sealane.
    guard let id = Vendor.ID(rawValue: name), let vendor = try await control.vendor(id) else { return now }
    guard vendor.state == .killed else { return nil }
    let killed = wasKilled ? vendor.killedAt.map { Timestamp(milliseconds: $0.milliseconds + 2_000) } ?? now : now
    return max(Timestamp(milliseconds: incident.openedAt.milliseconds + 1), min(now, killed))
  }

  /// What is another project's is no incident of this one, and a name that nobody has would say that nobody is affected.
  private func check(_ source: Incident.Source, in project: ProjectID) async throws {
    switch source {
    case .vendor(let name):
      // One that Sealane never sent anything may be breached all the same.
      guard let id = Vendor.ID(rawValue: name) else { throw AccessError(.invalid, "This is no vendor's id.") }
      if let vendor = try await control.vendor(id), vendor.project != project {
        throw AccessError(.invalid, "The vendor \(name) is not one of this project: open the incident in its own.")
      }
    case .credential(let id) where id.hasPrefix("sa_"):
      guard let account = control.serviceAccount(id) else { throw AccessError(.invalid, "There is no service account \(id).") }
      guard account.project == project else {
        throw AccessError(.invalid, "The service account \(id) is not one of this project: open the incident in its own.")
      }
    case .person(let id):
      guard try await control.staffMember(StaffMember.ID(rawValue: id)) != nil else {
        throw AccessError(.invalid, "There is nobody of the id \(id) on the staff.")
      }
    case .credential(let id):
      guard id.hasPrefix("ses_") else { throw AccessError(.invalid, "A credential is a service account (sa_…) or a session (ses_…).") }
    case .export, .host: break
    }
  }

  /// One of the times that the law tells apart.
  package func set(_ moment: Incident.Moment, to at: Timestamp?, of id: Int64, by principal: Principal) async throws -> LedgerReceipt {
    if let at, at > clock() { throw AccessError(.invalid, "A time that is not yet cannot be the one when something happened.") }
    return try await step(
      id, .momentSet, "\(moment.rawValue): \(at?.text ?? "taken back")", ["moment": moment.rawValue, "at": at?.text ?? ""], by: principal
    ) { incident in
      incident.moments[moment] = at
      if moment == .peopleTold, at != nil, incident.state < .notified { incident.state = .notified }
    }
  }

  /// Another window: the next scope is by it.
  package func setWindow(from: Timestamp?, to: Timestamp?, of id: Int64, by principal: Principal) async throws -> LedgerReceipt {
    guard let incident = try await control.incident(id) else { throw AccessError(.notFound, "There is no such incident.") }
    var end = to
    if case .vendor = incident.source, to.map({ $0 >= clock() }) ?? true {
      end = try await self.end(of: incident, wasKilled: true) ?? incident.openedAt
    }
    if let from, let end, from > end { throw AccessError(.invalid, "The window ends before it begins.") }
    let isOpen = incident.isOpenEnded(at: end)
    return try await step(
      id, .windowSet, "\(from?.text ?? "…") to \(isOpen ? "when it is contained" : end?.text ?? "…")",
      ["from": from?.text ?? "", "to": isOpen ? "" : end?.text ?? ""], by: principal
    ) { [end] in
      $0.from = from
      $0.to = end
    }
  }

  package func close(_ id: Int64, note: String, by principal: Principal) async throws -> LedgerReceipt {
    guard !note.isEmpty else { throw AccessError(.invalid, "Say what was found out: it stays with the incident.") }
    let receipt = try await step(id, .closed, note, [:], by: principal) { $0.state = .closed }
    if let incident = try await control.incident(id) {
      // Where a report asks for its people still, the list stays until that report goes.
      try? await endWatch(of: incident)
    }
    return receipt
  }

  /// Rows that turned up were compared with what is known here.
  @discardableResult
  package func note(_ leak: LeakFinding, with id: Int64, by principal: Principal) async throws -> LedgerReceipt {
    let from = leak.suspects.prefix(3).map { "\($0.source.kind) \($0.source.id) by \($0.count) \($0.evidence.rawValue)" }
    return try await step(
      id, .leakCompared,
      "\(leak.ids) ids looked at, \(leak.people) people\(leak.outside.map { ", \($0) of them not in the newest scope" } ?? "")\(from.isEmpty ? "" : "; \(from.joined(separator: ", "))")",
      ["ids": String(leak.ids), "people": String(leak.people)], by: principal
    ) { incident in
      // Rows that are about nobody here are no data set.
      let isOurs = leak.people > 0 || leak.suspects.contains(where: \.isCertain)
      if isOurs, incident.moments[.dataSetReceived] == nil { incident.moments[.dataSetReceived] = clock() }
    }
  }

  private static let mostDraftsOfKind = 100

  /// What an alert would be as an incident; nil where it is none, is closed, or has one.
  package func draft(ofAlert id: Int64, in project: ProjectID) async throws -> IncidentDraft? {
    let alert = try await control.alert(id).alert
    guard alert.state != .closed, alert.project == nil || alert.project == project else { return nil }
    guard let draft = IncidentDraft(alert), try await !control.incidentsKnown(in: project).alerts.contains(id) else { return nil }
    return draft
  }

  /// Alerts that tell of something lost hold of which no incident is about yet, and that nobody closed: the newest first.
  package func drafts(in project: ProjectID) async throws -> [(alert: Alert, draft: IncidentDraft)] {
    // What containing an incident gives rise to, a vendor's kill switch say, is the same incident.
    let (opened, known) = try await control.incidentsKnown(in: project)
    var found: [(Alert, IncidentDraft)] = []
    for (state, kind) in [Alert.State.open, .acknowledged].flatMap({ state in IncidentDraft.kinds.map { (state, $0) } }) {
      for alert in try await control.alerts(state: state, kind: kind, about: project, limit: Self.mostDraftsOfKind)
      where !opened.contains(alert.id) {
        if let draft = IncidentDraft(alert), !known.contains(draft.source) { found.append((alert, draft)) }
      }
    }
    return found.sorted { $0.0.id > $1.0.id }
  }

  /// Enters an act and writes it down with what it changes.
  @discardableResult
  func step(
    _ id: Int64, _ act: AdministrativeEntry.IncidentAct, _ note: String, _ facts: [String: String],
    _ subjects: SubjectSet? = nil, by principal: Principal, scope: ((UInt64) -> IncidentScope)? = nil, change: (inout Incident) -> Void,
    then: (() async throws -> Void)? = nil
  ) async throws -> LedgerReceipt {
    try await control.turns.take {
      guard var incident = try await control.incident(id) else { throw AccessError(.notFound, "There is no such incident.") }
      change(&incident)
      try await control.change(incident, act: act.rawValue, note: note, by: principal, entry: 0, scope: scope?(0), undone: true)
      let receipt = try await ledger.record(.incident(incident.project, id, act: act, facts: facts, subjects: subjects), by: principal)
      try await control.change(
        incident, act: act.rawValue, note: note, by: principal, entry: receipt.index, scope: scope?(receipt.index))
      try await then?()
      return receipt
    }
  }

  // MARK: Scope

  /// What was found out, and how it differs from the version before.
  package struct Scoped: Sendable {
    package let scope: Scope
    package let change: ScopeChange?
    package let receipt: LedgerReceipt
    /// For the question alone, without what is entered and written.
    package let seconds: Double
  }

  /// Who is affected, as is known now: the next version, entered with its digest.
  package func scope(_ id: Int64, by principal: Principal) async throws -> Scoped {
    guard let incident = try await control.incident(id) else { throw AccessError(.notFound, "There is no such incident.") }
    guard incident.state != .closed else { throw AccessError(.inUse, "The incident is closed.") }
    let place = try await place(incident.project)
    let maker = ScopeMaker(index, resolver: place.resolver, groupKeys: place.groupKeys)
    let before = try await control.scopes(of: id).first
    try await index.catchUp()
    let began = ContinuousClock.now
    var question = try incident.question
    if incident.isOpenEnded(at: incident.to) {
      // Its end is not yet: what it holds at this moment.
      question = ExposureQuestion(question.source, in: question.project, from: question.from, to: clock())
    }
    let scope = try await maker.scope(
      question, holdings: incident.holdings(place.fields), superseding: before.map { ($0.version, $0.digest) })
    let seconds = (ContinuousClock.now - began) / .seconds(1)
    var change: ScopeChange?
    if let before, let kept = try? before.kept {
      let question = ExposureQuestion(
        try incident.question.source, in: incident.project, from: kept.from, to: kept.to, size: kept.ledgerSize)
      let older = try await maker.scope(question, holdings: incident.holdings(place.fields), superseding: nil)
      let then = try? await ledger.detail(of: before.entry)?.subjects?.numbers
      change = scope.change(
        from: older, affectedThen: then.map { NumberSet($0.map(\.rawValue)) }, at: try await place.resolver.moment())
    }
    let (canonical, digest) = (String(decoding: scope.json, as: UTF8.self), scope.digest)
    let receipt = try await step(
      id, .scoped, Self.words(scope, change, seconds),
      ["version": String(scope.version), "digest": digest, "affected": String(scope.affected.count)], scope.affected.set, by: principal,
      scope: { entry in
        IncidentScope(
          incident: id, version: scope.version, digest: digest, canonical: canonical, madeAt: self.clock(), entry: entry)
      },
      change: { incident in
        incident.scopeVersion = scope.version
        if incident.state < .scoped { incident.state = .scoped }
        if incident.moments[.certain] == nil, scope.affected.count > 0 { incident.moments[.certain] = self.clock() }
      })
    // The version stands; a cohort that cannot be renewed keeps the people of before, and its page says how many they are.
    if try await watchedCohort(of: incident) != nil { _ = try? await watch(scope, of: incident, by: principal) }
    return Scoped(scope: scope, change: change, receipt: receipt, seconds: seconds)
  }

  private static func words(_ scope: Scope, _ change: ScopeChange?, _ seconds: Double) -> String {
    let difference =
      change.map {
        ", \($0.newlyAffected.count) newly affected, \($0.noLongerAffected.count) no longer, \($0.moreFields.count) by more fields"
      } ?? ""
    let found = "Version \(scope.version): \(scope.affected.count) affected, \(scope.cannotBeExcluded.count) not to be excluded"
    return "\(found)\(difference), in \(Int((seconds * 1_000).rounded(.up))) ms"
  }

  /// The newest scope again, as the ledger proves it: for reports and for who belongs to it. Nil before the first.
  package func currentScope(of incident: Incident) async throws -> (scope: Scope, kept: IncidentScope)? {
    guard let kept = try await control.scopes(of: incident.id).first else { return nil }
    let place = try await place(incident.project)
    let then = try kept.kept
    let question = ExposureQuestion(
      try incident.question.source, in: incident.project, from: then.from, to: then.to, size: then.ledgerSize)
    let older = try await control.scopes(of: incident.id).first { $0.version == kept.version - 1 }
    let scope = try await ScopeMaker(index, resolver: place.resolver, groupKeys: place.groupKeys).scope(
      question, holdings: incident.holdings(place.fields), superseding: older.map { ($0.version, $0.digest) })
    return (scope, kept)
  }
}

extension Incident {
  /// Whether this end means “until it is contained”: of a vendor, the moment of opening itself.
  package func isOpenEnded(at to: Timestamp?) -> Bool {
    if case .vendor = source { to == openedAt } else { false }
  }

  /// What the ledger is asked.
  package var question: ExposureQuestion {
    get throws {
      let what: ExposureQuestion.Source
      switch source {
      case .vendor(let id): what = .vendor(id)
      case .credential(let id): what = id.hasPrefix("sa_") ? .serviceAccount(id) : .credential(id)
      case .person(let id): what = .person(id)
      // What passed a server that is taken is seen there; the custodian and a backup have what they hold.
      case .host(.server): what = .everything
      case .host(.custodian), .host(.backup): what = .nothing
      case .export(let id):
        if id.hasPrefix("request:"), let number = Int64(id.dropFirst(8)) {
          what = .export(.request(number))
        } else if id.hasPrefix("entry:"), let number = UInt64(id.dropFirst(6)) {
          what = .export(.entry(number))
        } else if id.utf8.count == 32, id.allSatisfy(\.isHexDigit) {
          what = .export(.canaries(id))
        } else {
          throw AccessError(.invalid, "An export is named by its canaries' 32 hexadecimal digits, request:NUMBER or entry:NUMBER.")
        }
      }
      return ExposureQuestion(what, in: project, from: from, to: to)
    }
  }

  /// What a host held by itself.
  func holdings(_ fields: [String]) -> Scope.Holdings? {
    guard case .host(let host) = source else { return nil }
    // The custodian has keys and no data: they are of use to whoever has the data too.
    return Scope.Holdings(host: host.rawValue, fields: host == .custodian ? ["record_keys"] : fields)
  }
}
