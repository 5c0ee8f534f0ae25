import Access
import Console
import Crypto
import Events
import Foundation
import Gate
import HTTPTypes
import Hummingbird
import Journeys
import Ledger
import Logging
import Notices
import Passkeys
import Relay
import Response
import SoftAuthenticator
import Vault
import Web

/// The console with a real ledger and control database in a directory of its own, a made-up engine, and a browser's cookies.
final class Site: Sendable {
  struct Source: RequestContextSource {
    let logger = Logger(label: "console-tests")
  }
  struct Context: RequestContext {
    typealias Source = Site.Source
    var coreContext: CoreRequestContextStorage
    init(source: Source) { coreContext = CoreRequestContextStorage(source: source) }
  }
  struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let text: String
  }

  /// No events for vendors, whose stores are not here.
  private struct NoSource: RelaySource {
    func committed(in project: ProjectID) -> UInt64? { 0 }
    func follow(_ project: ProjectID, selecting selection: TailSelection) -> any RelayTail { NoTail() }
    func number(of pseudonym: Pseudonym, in project: ProjectID) -> SubjectNumber? { nil }
    func pseudonym(of number: SubjectNumber, in project: ProjectID) -> Pseudonym? { nil }
    func forgetting(in project: ProjectID) -> UInt64 { 0 }
    func isForgotten(_ pseudonym: Pseudonym, in project: ProjectID) -> Bool { false }
    func pseudonyms(of vendor: String, in project: ProjectID) -> VendorPseudonymizer? { nil }
    func canaries(_ count: Int, of vendor: String, in project: ProjectID, among page: [TailEvent]) -> [CanaryEvent] { [] }
    func release(_ project: ProjectID, before commit: UInt64?) {}
  }
  private struct NoTail: RelayTail {
    func page(after position: TailPosition, limit: Int) -> TailPage { TailPage(events: [], next: position, missedCommits: 0) }
  }

  private static func vendors(_ control: ControlDatabase, _ ledger: Ledger, _ kind: SampleEngine.Kind) -> VendorServices {
    let desk = VendorDesk(
      control: control, ledger: ledger, alerts: AlertDesk(control: control, ledger: ledger, clock: { SampleEngine.now }),
      source: NoSource(), gate: VendorGate())
    return VendorServices(
      desk: desk,
      simulate: { version, project, principal in
        let simulation = try await Simulation(
          try VendorDeclaration(yaml: version.source), engine: SampleEngine(kind: kind),
          rules: ReportRules(calendar: ProjectCalendar(zone: "UTC", weekStart: .monday), smallestGroup: 1), at: SampleEngine.now)
        return try await ledger.disclose(
          simulation, Disclosure(.aggregate(queryDigest: "", dataVersion: 1, groupSizes: []), project: project, purpose: "test"),
          to: principal)
      }, grants: grants(control, ledger),
      thirdParties: { project in
        try await control.thirdParties(of: project).map { party in
          NamedThirdParty(seen: party, vendor: party.host.hasSuffix("tallymark.example") ? Vendor.ID(rawValue: "tallymark") : nil)
        }
      },
      deletionRequest: { vendor in
        guard let version = try await control.versions(of: vendor.id).first else { throw AccessError(.notFound, "There is no version.") }
        return DeletionRequest(
          vendor: vendor, declaration: try VendorDeclaration(yaml: version.source),
          holding: DeletionRequest.Holding(people: 12, events: 340, fields: ["plan"], first: nil, last: nil, isComplete: true),
          unconfirmed: 1, entry: 42, date: SampleEngine.now, by: nil)
      })
  }

  /// What the server does, without its reading of lists: a pasted one is a name a line.
  private static func grants(_ control: ControlDatabase, _ ledger: Ledger) -> GrantServices {
    GrantServices(
      inventory: { project in
        GrantInventory(
          try await control.vendorGrants(of: project), vendors: try await control.vendors(of: project), at: SampleEngine.now)
      },
      record: { texts, project, principal in
        guard let name = texts["name"] else { throw AccessError(.invalid, "It names neither an application nor a client.") }
        let draft = VendorGrantDraft(
          vendor: texts["vendor"].flatMap(Vendor.ID.init(rawValue:)), name: name,
          kind: texts["kind"].flatMap(VendorGrant.Kind.init(rawValue:)) ?? .oauthGrant,
          scopes: (texts["scopes"] ?? "").split(separator: " ").map(String.init))
        let id = try await control.record(draft, in: project)
        return (id, try await ledger.record(.vendorGrantRecorded(project, grant: id, vendor: draft.vendor?.rawValue), by: principal))
      },
      take: { bytes, project, principal in
        let names = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        guard !names.isEmpty else { throw AccessError(.invalid, "The list has no rows.") }
        let changes = try await control.importGrants(
          names.map { VendorGrantDraft(vendor: nil, name: $0, kind: .apiKey) }, in: project)
        let receipt = try await ledger.record(
          .vendorGrantsImported(project, new: changes.new, changed: changes.changed, unchanged: changes.unchanged, refused: 1),
          by: principal)
        return GrantsTaken(
          rows: names.count, changes: changes, refused: 1, refusals: [(7, "it is no <b>row</b>")], receipt: receipt)
      },
      change: { grant, act, principal in
        switch act {
        case .retired: try await control.retireGrant(grant.id)
        case .revoked: try await control.revokeGrant(grant.id)
        }
        return try await ledger.record(
          .vendorGrantChanged(grant.project, grant: grant.id, vendor: grant.draft.vendor?.rawValue, act: act), by: principal)
      })
  }

  /// Whom the sample's figures are about: a store of as many.
  private struct SomePeople: SubjectResolver {
    let count: Int
    func moment() async throws -> any SubjectsMoment { Moment(count: count) }
    private struct Moment: SubjectsMoment {
      let count: Int
      var merges: UInt64 { 0 }
      func canonical(of numbers: [UInt32]) -> [UInt32] { numbers }
      func members(of canonical: UInt32) -> [UInt32] { [canonical] }
      func organizationIDs(among numbers: [UInt32]) -> Set<UInt32> { [] }
      func everybody(before time: Timestamp?) async throws -> [UInt32] { (0..<UInt32(count)).map(\.self) }
      func organizations(by key: String) async throws -> [OrganizationMembers] {
        (0..<UInt32(min(count, 7))).map { number in
          OrganizationMembers(number: SubjectNumber(1 << 24 + number), members: (0..<UInt32(count)).filter { $0 % 7 == number })
        }
      }
    }
  }

  /// Incidents over the sample's people.
  private static func incidents(
    _ control: ControlDatabase, _ ledger: Ledger, _ staff: StaffDesk, _ quotas: QuotaBook, _ vendors: VendorDesk
  ) -> IncidentServices {
    let desk = IncidentDesk(
      control: control, ledger: ledger, staff: staff, vendors: vendors, quotas: quotas, index: ExposureIndex(ledger),
      place: { _ in
        IncidentDesk.Place(
          resolver: SomePeople(count: 20), groupKeys: ["org_id"], fields: ["plan"],
          pseudonyms: { numbers in
            (0..<20).map(SampleEngine.subject).filter { numbers.contains($0.number.rawValue) }.map(\.pseudonym)
          },
          number: { pseudonym in (0..<20).map(SampleEngine.subject).first { $0.pseudonym == pseudonym }?.number })
      }, clock: { SampleEngine.now })
    return IncidentServices(
      desk: desk,
      inbox: InboxDesk(
        control: control, ledger: ledger, incidents: desk, key: ReportKey(bytes: Array(repeating: 5, count: 32)), mask: { Gate.masked($0) },
        clock: { SampleEngine.now }),
      compare: { _, project, _, principal in
        let finding = LeakFinding(
          ids: 3, people: 2,
          suspects: [.init(.vendor("tallymark"), .pseudonyms, 2), .init(.credential("sa_0000000000000000"), .shown, 1)], outside: nil)
        return try await ledger.disclose(
          finding, Disclosure(.aggregate(queryDigest: "", dataVersion: 1, groupSizes: []), project: project, purpose: "test"), to: principal
        )
      }, evidence: { try await desk.evidence(on: $0, at: SampleEngine.now) { _ in throw LedgerError(.refused, "None here.") } })
  }

  let services: ConsoleServices
  let blastRadii: BlastRadiusBook
  let plans = SamplePlans()
  let directory: URL
  let project: Project
  let cookie: String
  let formToken: String
  let staff: StaffDesk
  let browser: SoftBrowser
  /// As `GET /path`.
  let routes: [String]
  private let responder: RouterResponder<Context>

  /// - Parameter role: of whoever is signed in.
  init(_ kind: SampleEngine.Kind = .usual, hasEvents: Bool = true, live: [LiveEvent]? = nil, role: Role = .owner) async throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-console-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let keys = try LedgerKeys(
      origin: "test.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 9, count: 32))
    let ledgerDirectory = directory.appendingPathComponent("ledger")
    try FileManager.default.createDirectory(at: ledgerDirectory, withIntermediateDirectories: true)
    let ledger = try Ledger.open(directory: ledgerDirectory, keys: keys)
    let control = try ControlDatabase.open(at: directory.appendingPathComponent("control.sqlite"))
    project = try await control.createProject(
      name: kind == .hostile ? "<b>Orrery</b> \u{202E}sbaL 🪐 " + String(repeating: "W", count: 60) : "Orrery Labs", zone: "Europe/Berlin")
    let events = live ?? Self.liveEvents(kind)
    let quotas = try await QuotaBook(control: control, clock: Ledger.systemClock)
    let maker = BlastRadiusMaker(control: control, quotas: quotas, index: ExposureIndex(ledger), clock: { SampleEngine.now })
    let blastRadii = BlastRadiusBook(
      control: control, ledger: ledger, projects: { [id = project.id] in [id] },
      compute: { id in
        let catalog = try await SampleEngine(kind: kind).catalog()
        return try await maker.blastRadius(
          of: id,
          BlastRadiusMaker.Place(
            resolver: SomePeople(count: catalog.subjectCount), groupKeys: ["org_id"],
            fields: Set(catalog.events.flatMap(\.properties)).sorted()))
      })
    self.blastRadii = blastRadii
    staff = StaffDesk(control: control, ledger: ledger, origin: Self.origin, clock: Ledger.systemClock)
    let vendors = Self.vendors(control, ledger, kind)
    services = ConsoleServices(
      control: control, ledger: ledger, staff: staff, quotas: quotas,
      uses: try await UseWatch(control: control, key: SymmetricKey(size: .bits256), clock: Ledger.systemClock),
      engine: { _ in SampleEngine(kind: kind) },
      live: { _, after, name, limit in Array(events.filter { $0.sequence > after ?? 0 && (name == nil || $0.name == name) }.suffix(limit))
      },
      hasEvents: { _ in hasEvents },
      numbers: { _, pseudonym in (0..<20).map(SampleEngine.subject).filter { $0.pseudonym == pseudonym }.map(\.number) },
      createProject: { name, zone, principal in
        let project = try await control.draftProject(name: name, zone: zone)
        let receipt = try await ledger.record(.projectCreated(project.id), by: principal)
        try await control.insert(project)
        return (project, receipt)
      }, configuration: ConsoleConfiguration(intakeOrigin: "http://localhost:8001", isSecure: false),
      clock: { SampleEngine.now }, plans: plans.services(kind), vendors: vendors,
      incidents: Self.incidents(control, ledger, staff, quotas, vendors.desk), blastRadius: { blastRadii.newest(of: $0) })
    let router = Router(context: Context.self)
    router.add(middleware: ConsoleNotFound())
    addConsoleRoutes(to: router, services: services)
    routes = router.routes.map { "\($0.method.rawValue) \($0.path)" }
    responder = router.buildResponder()
    var person = SoftPerson(origin: Self.origin)
    var session = try await person.enrol(try await control.createSetupLink(), at: staff, name: "Ada Owner")
    if role != .owner {
      let member = try await control.inviteStaff(
        .random(), name: kind == .hostile ? "<i>Bea</i> \u{202E}aeB" : "Bea", roles: StaffRoles(byProject: [project.id: [role]]))
      var other = SoftPerson(origin: Self.origin)
      _ = try await control.endSession(session.session.session.id)
      session = try await other.enrol(
        try await control.createInvitationLink(for: member.id, by: nil), at: staff, name: "")
      person = other
    }
    cookie = "\(Cookies.session)=\(session.cookie.text)"
    formToken = session.session.formToken
    browser = person.browser
    await blastRadii.refresh()
  }

  static let origin = "http://localhost:8000"

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// - Parameter isProven: whether it is signed by the browser's key.
  func get(_ path: String, cookie: String? = nil, isProven: Bool = true, authority: String = "localhost:8000") async throws -> Answer {
    try await answer(.get, path, cookie: cookie ?? self.cookie, isProven: isProven, body: nil, authority: authority)
  }

  /// A form of this session; its token is added unless `token` is given.
  func post(
    _ path: String, _ fields: [Address.Parameter], token: String? = nil, cookie: String? = nil, isProven: Bool = true,
    authority: String = "localhost:8000"
  ) async throws -> Answer {
    let all = fields + [Address.Parameter("form-token", token ?? formToken)]
    return try await answer(
      .post, path, cookie: cookie ?? self.cookie, isProven: isProven, body: String(Address("", all).text.dropFirst()), authority: authority)
  }

  private func answer(
    _ method: HTTPRequest.Method, _ path: String, cookie: String, isProven: Bool, body: String?, authority: String
  ) async throws -> Answer {
    var head = HTTPRequest(method: method, scheme: "http", authority: authority, path: path)
    head.headerFields[.cookie] = cookie
    head.headerFields[.accept] = "text/html"
    if isProven, let name = HTTPField.Name("DPoP") {
      let place = String(path.prefix { $0 != "?" })
      head.headerFields[name] = try browser.proof(method.rawValue, Self.origin + place, nonce: staff.nonce)
    }
    if body != nil { head.headerFields[.contentType] = "application/x-www-form-urlencoded" }
    let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body ?? "")))
    let response = try await responder.respond(to: request, context: Context(source: Source()))
    let collected = Collected()
    try await response.body.write(Writer(collected: collected))
    return Answer(status: response.status.code, headers: response.headers, text: String(decoding: collected.bytes, as: UTF8.self))
  }

  private final class Collected: @unchecked Sendable {
    // Used by one test's one task at a time.
    var bytes: [UInt8] = []
  }
  private struct Writer: ResponseBodyWriter {
    let collected: Collected
    mutating func write(_ buffer: ByteBuffer) async throws { collected.bytes.append(contentsOf: buffer.readableBytesView) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
  }

  static func liveEvents(_ kind: SampleEngine.Kind) -> [LiveEvent] {
    guard kind != .empty else { return [] }
    let engine = SampleEngine(kind: kind)
    let sealed = StoredValue.sealed(SealedValue(bytes: [1], tag: Pseudonym(high: 1, low: 2)))
    return (1...(kind == .single ? 1 : 12)).map { index in
      LiveEvent(
        sequence: UInt64(index), name: engine.names[index % engine.names.count], time: SampleEngine.now,
        receivedAt: Timestamp(milliseconds: SampleEngine.now.milliseconds - Int64(12 - index) * 800),
        subject: index % 5 == 0 ? nil : SampleEngine.subject(index),
        values: [
          .init(name: "plan", shown: .string("team"), treatment: .kept, reason: "plain"),
          .init(
            name: "$current_url", shown: .string("https://app.orrery.example/keys"), treatment: .coarsened, reason: "address_without_query"),
          .init(name: "org_id", shown: .pseudonym(Pseudonym(high: 7, low: 9)), treatment: .pseudonymized, reason: "group_key"),
          .init(name: "$email", shown: sealed, treatment: .sealed, reason: "email"),
          .init(name: kind == .hostile ? engine.names[0] : "prompt", shown: nil, treatment: .dropped, reason: "payload"),
          .init(name: kind == .hostile ? engine.names[1] : "api_key", shown: nil, treatment: .refused, reason: "credential"),
        ])
    }
  }
}
