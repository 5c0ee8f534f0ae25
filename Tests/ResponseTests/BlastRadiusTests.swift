import Access
import Events
import Foundation
import Ledger
import Response
import Synchronization
import Testing

/// The standing blast radius of a made-up company, computed without a server.
struct BlastRadiusTests {
  static let project = ProjectID(1)
  static let now = Timestamp(milliseconds: 1_800_000_000_000)
  static func ago(_ days: Int) -> Timestamp { Timestamp(milliseconds: now.milliseconds - Int64(days) * 86_400_000) }

  /// A control database and a ledger on disk, whose clock stands where a test puts it.
  final class Company {
    let directory: URL
    let control: ControlDatabase
    let ledger: Ledger
    let store = FakeStore()
    let time = Time()
    let project: Project
    let quotas: QuotaBook
    let index: ExposureIndex

    final class Time: Sendable {
      let now = Mutex(BlastRadiusTests.now)
      func set(_ time: Timestamp) { now.withLock { $0 = time } }
    }

    init() async throws {
      directory = FileManager.default.temporaryDirectory.appendingPathComponent("sealane-blast-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      let clock: @Sendable () -> Timestamp = { [time] in time.now.withLock { $0 } }
      control = try ControlDatabase.open(at: directory.appendingPathComponent("control.sqlite"), clock: clock)
      let keys = try LedgerKeys(
        origin: "sealane.test/ledger", signingSeed: [UInt8](repeating: 7, count: 32), setsKey: [UInt8](repeating: 9, count: 32))
      ledger = try Ledger.open(directory: directory.appendingPathComponent("ledger"), keys: keys, clock: clock)
      project = try await control.createProject(name: "Orrery Labs", zone: "UTC")
      quotas = try await QuotaBook(control: control, clock: clock)
      index = ExposureIndex(ledger)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// People 1 to `count`; each is of the organization by the last digit.
    func arrive(_ count: UInt32) {
      store.change { state in
        for number in 1...count {
          state.arrivals[number] = BlastRadiusTests.now
          state.organizations["org_id", default: [:]][1_000 + number % 10, default: []].insert(number)
        }
      }
    }

    func account(_ name: String, _ scopes: Set<ServiceAccount.Scope>, at time: Timestamp = now, quota: Quota = .serviceAccount) async throws
      -> ServiceAccount
    {
      self.time.set(time)
      defer { self.time.set(BlastRadiusTests.now) }
      return try await control.createServiceAccount(
        ServiceAccountDraft(name: name, scopes: scopes, lifetime: .seconds(300 * 86_400), quota: quota), project: project.id,
        by: Principal(kind: .system, id: "test", credential: "test")
      ).account
    }

    func declare(_ vendor: String, fields: String, at time: Timestamp) async throws -> Vendor {
      self.time.set(time)
      defer { self.time.set(BlastRadiusTests.now) }
      let id = try #require(Vendor.ID(rawValue: vendor))
      let source = """
        vendor: \(vendor)
        name: \(vendor.capitalized)
        purpose: Analytics
        legal_basis: legitimate interests
        contract: {reference: C-1}
        contacts: {breach: b@tallymark.example, privacy: p@tallymark.example}
        countries: {storage: [US], processing: [US]}
        review: 2030-01-31
        fields: [\(fields)]
        destination: {type: file, path: /tmp/out.ndjson}
        """
      _ = try await control.declare(
        id, in: project.id, source: source, digest: String(repeating: "0", count: 64),
        by: Principal(kind: .operatingSystemUser, id: "1", credential: "uid"), entry: 0)
      try await control.decide(
        1, of: id, isApproved: true, by: Principal(kind: .operatingSystemUser, id: "2", credential: "uid"), startingBehind: 0,
        startsAnew: true)
      return try #require(try await control.vendor(id))
    }

    func deliver(_ numbers: ClosedRange<UInt32>, to vendor: String, _ fields: [String], at time: Timestamp = now) async throws {
      self.time.set(time)
      defer { self.time.set(BlastRadiusTests.now) }
      _ = try await ledger.disclose(
        0,
        Disclosure(
          .delivery(set: numbers.map { SubjectNumber($0) }, events: numbers.count), project: project.id, purpose: "relay.file",
          fields: ["event", "time"] + fields), to: Principal(kind: .vendor, id: vendor, credential: "file"))
    }

    var maker: BlastRadiusMaker {
      BlastRadiusMaker(control: control, quotas: quotas, index: index, clock: { [time] in time.now.withLock { $0 } })
    }

    func place(_ fields: [String] = ["event", "plan", "time"], beside: Bool = false) -> BlastRadiusMaker.Place {
      BlastRadiusMaker.Place(resolver: store, groupKeys: ["org_id"], fields: fields, hasCustodianBeside: beside)
    }

    func blast(_ fields: [String] = ["event", "plan", "time"], beside: Bool = false) async throws -> BlastRadius {
      try await maker.blastRadius(of: project.id, place(fields, beside: beside))
    }
  }

  @Test func accountsReachWhatScopeAndQuotaLetThem() async throws {
    let company = try await Company()
    company.arrive(25)
    let wide = try await company.account("Wide", [.export, .query])
    let narrow = try await company.account("Narrow", [.export], quota: Quota(rows: 100, subjects: 3, bytes: 1_000))
    let rows = try await company.account("Few rows", [.export], quota: Quota(rows: 2, subjects: 50, bytes: 1_000))
    let counts = try await company.account("Counts", [.query])
    let revoked = try await company.account("Revoked", [.export])
    _ = try await company.control.revokeServiceAccount(revoked.username)
    let frozen = try await company.account("Frozen", [.export])
    try await company.quotas.freeze(
      try #require(QuotaHolder(Principal(kind: .serviceAccount, id: frozen.username, credential: ""))))
    let blast = try await company.blast()
    func reach(_ account: ServiceAccount) -> BlastRadius.Holder? { blast.holder(.serviceAccount(account.username)) }
    #expect(blast.people == 25 && blast.organizations == ["org_id": 10])
    #expect(reach(wide)?.people == 25 && reach(wide)?.organizations == ["org_id": 10] && reach(wide)?.fields == ["event", "plan", "time"])
    #expect(reach(narrow)?.people == 3 && reach(narrow)?.organizations == ["org_id": 3], "three people belong to three at most")
    #expect(reach(rows)?.people == 2, "nobody is seen without a row")
    #expect(reach(counts)?.people == 0 && reach(counts)?.severity == nil && reach(counts)?.fields == [])
    #expect(reach(revoked) == nil)
    #expect(reach(frozen)?.people == 0 && reach(frozen)?.note.contains("frozen") == true)
    #expect(reach(wide)?.severity?.arithmetic == "2 × 0.25 + 0.5 + 0.5 = 1.5 (low)")
    #expect(
      blast.largest?.name == "Wide"
        && blast.day
          == ExposureDay(
            day: QuotaBook.day(of: Self.now), credentialPeople: 25, vendorPeople: 0, rowHolders: 3, fields: 3)
    )
  }

  @Test func peopleReachWhatTheirRolesLetThem() async throws {
    let company = try await Company()
    company.arrive(25)
    try await company.control.setStaffQuota(Quota(rows: 100, subjects: 7, bytes: 1))
    func member(_ name: String, _ roles: Set<Role>) -> StaffMember {
      StaffMember(
        id: .random(), name: name,
        roles: StaffRoles(isOwner: roles.contains(.owner), byProject: [company.project.id: roles.subtracting([.owner])]),
        createdAt: Self.ago(2), enrolledAt: Self.ago(1), suspension: nil, suspendedAt: nil, passkeys: 1)
    }
    let staff = [
      member("Ada", [.owner]), member("Bea", [.analyst]), member("Cai", [.developer]), member("Dov", [.admin]), member("Eve", [.viewer]),
    ]
    var facts = try await company.maker.facts(of: company.project.id, company.place())
    facts.staff = staff
    let blast = BlastRadius(facts)
    #expect(staff.map { blast.holder(.person($0.id))?.people } == [7, 7, 7, 0, 0])
    #expect(blast.shown(vendors: true, names: false).holders.allSatisfy { !["Ada", "Bea", "Cai", "Dov", "Eve"].contains($0.name) })
    #expect(blast.holder(.person(staff[0].id))?.name == "Ada")
  }

  @Test func aVendorHoldsWhatItGotUntilItConfirms() async throws {
    let company = try await Company()
    company.arrive(25)
    _ = try await company.declare("tallymark", fields: "plan, city", at: Self.ago(60))
    let id = try #require(Vendor.ID(rawValue: "tallymark"))
    try await company.deliver(1...12, to: "tallymark", ["plan"])
    // Two ids of one person are one person.
    company.store.change { $0.parents[2] = 1 }
    var holder = try #require(try await company.blast().holder(.vendor(id)))
    #expect(holder.people == 11 && holder.fields == ["event", "plan", "time"] && holder.span == .held)
    #expect(holder.organizations == ["org_id": 10] && holder.severity?.quarters == 6)
    var suggestions = try await company.blast().suggestions
    #expect(suggestions.map(\.kind) == [.unusedFields] && suggestions[0].before == 11 && suggestions[0].after == 0)
    #expect(suggestions[0].sentence.contains("city") && !suggestions[0].sentence.contains("plan"))
    // Killed: what it holds stays until it says that it deleted it.
    try await company.control.setState(.killed, of: id, from: [.flowing])
    suggestions = try await company.blast().suggestions
    #expect(suggestions.map(\.kind) == [.unconfirmedDeletion] && suggestions[0].command == "sealane vendors confirm-deletion tallymark all")
    let owner = Principal(kind: .staff, id: "st_0", credential: "ses_0")
    try await company.ledger.record(.vendorDeletionAsked(company.project.id, vendor: "tallymark", subjects: []), by: owner)
    try await company.ledger.record(.vendorDeletionConfirmed(company.project.id, vendor: "tallymark", subjects: []), by: owner)
    let blast = try await company.blast()
    holder = try #require(blast.holder(.vendor(id)))
    #expect(holder.people == 0 && holder.severity == nil && blast.suggestions.isEmpty && blast.day.vendorPeople == 0)
    #expect(blast.shown(vendors: false, names: true).vendors.isEmpty)
  }

  @Test func aSilentVendorIsToBeKilled() async throws {
    let company = try await Company()
    company.arrive(25)
    _ = try await company.declare("tallymark", fields: "plan", at: Self.ago(90))
    try await company.deliver(1...9, to: "tallymark", ["plan"], at: Self.ago(31))
    #expect(try await company.blast().suggestions.map(\.kind) == [.silentVendor])
    try await company.deliver(1...2, to: "tallymark", ["plan"], at: Self.ago(29))
    #expect(try await company.blast().suggestions.isEmpty)
  }

  @Test func whatTheLedgerHasLostIsSaidAndNothingIsConcludedFromIt() async throws {
    let company = try await Company()
    company.arrive(25)
    _ = try await company.declare("tallymark", fields: "plan, city", at: Self.ago(60))
    try await company.deliver(1...9, to: "tallymark", ["plan"])
    try await company.deliver(5...20, to: "tallymark", ["plan", "city"])
    let last = try await company.ledger.count() - 1
    try await company.ledger.eraseDetail(of: last, by: Principal(kind: .staff, id: "st_0", credential: "ses_0"))
    let blast = try await company.blast()
    let holder = try #require(blast.vendors.first)
    #expect(holder.people == 9 && holder.isAtLeast)
    #expect(blast.suggestions.isEmpty, "nobody knows whether the city was sent")
  }

  @Test func whatThePlanHidesAndWhatNamesAnOrganizationTellsNobodyApart() async throws {
    let company = try await Company()
    company.arrive(3)
    let account = try await company.account("A", [.export])
    func quarters(_ place: BlastRadiusMaker.Place) async throws -> Int? {
      try await company.maker.blastRadius(of: company.project.id, place).holder(.serviceAccount(account.username))?.severity?.quarters
    }
    let fields = ["city", "company"]
    #expect(try await quarters(.init(resolver: company.store, groupKeys: [], fields: fields)) == 8)
    #expect(try await quarters(.init(resolver: company.store, groupKeys: [], fields: fields, hidden: ["city"])) == 8)
    #expect(try await quarters(.init(resolver: company.store, groupKeys: ["company"], fields: fields, hidden: ["city"])) == 6)
  }

  @Test func aDeclarationOfYesterdayIsGivenTime() async throws {
    let company = try await Company()
    company.arrive(5)
    _ = try await company.declare("tallymark", fields: "plan, city", at: Self.ago(1))
    try await company.deliver(1...5, to: "tallymark", ["plan"])
    #expect(try await company.blast().suggestions.isEmpty)
  }

  @Test func accountsAreSuggestedByWhatTheyUse() async throws {
    let company = try await Company()
    company.arrive(20_000)
    let young = try await company.account("Young", [.export])
    let unused = try await company.account("Unused", [.export], at: Self.ago(31))
    var facts = try await company.maker.facts(of: company.project.id, company.place())
    func kinds(_ account: ServiceAccount, _ facts: BlastFacts) -> [BlastSuggestion.Kind] {
      facts.suggestions.filter { $0.holder == .serviceAccount(account.username) }.map(\.kind)
    }
    #expect(kinds(young, facts) == [.fromAnywhere], "it had no time to be used")
    #expect(kinds(unused, facts) == [.unusedAccount])
    // Used, but for counts only.
    company.time.set(Self.ago(31))
    let made = try await company.control.createServiceAccount(
      ServiceAccountDraft(name: "Exporter", scopes: [.export, .query], lifetime: .seconds(300 * 86_400)), project: company.project.id,
      by: Principal(kind: .system, id: "test", credential: "test"))
    company.time.set(Self.now)
    let exporter = made.account
    _ = company.control.present(username: exporter.username, secret: made.secret.text, from: nil)
    facts = try await company.maker.facts(of: company.project.id, company.place())
    #expect(kinds(exporter, facts) == [.unusedExport])
    #expect(facts.suggestions.first { $0.kind == .unusedExport }?.sentence.contains("query alone") == true)
    let holder = try #require(QuotaHolder(Principal(kind: .serviceAccount, id: exporter.username, credential: "")))
    facts.mostUsed = [holder: Quota(rows: 500, subjects: 400, bytes: 1)]
    let wide = try #require(facts.suggestions.first { $0.kind == .wideQuota })
    #expect(wide.before == 20_000 && wide.after == 1_000, "twice the most, in a round number")
    #expect(kinds(exporter, facts) == [.fromAnywhere, .wideQuota], "the one that takes away more first")
    facts.mostUsed = [holder: Quota(rows: 50_000, subjects: 30_000, bytes: 1)]
    #expect(kinds(exporter, facts) == [.fromAnywhere])
  }

  @Test func whoLooksAtNothingNeedsNoRole() async throws {
    let company = try await Company()
    company.arrive(100)
    var facts = try await company.maker.facts(of: company.project.id, company.place())
    func member(_ days: Int, isOwner: Bool = false) -> StaffMember {
      StaffMember(
        id: .random(), name: "X", roles: StaffRoles(isOwner: isOwner, byProject: [company.project.id: [.analyst]]),
        createdAt: Self.ago(days),
        enrolledAt: Self.ago(days), suspension: nil, suspendedAt: nil, passkeys: 1)
    }
    let (old, young) = (member(40), member(3))
    facts.staff = [old, young, member(40, isOwner: true)]
    #expect(facts.suggestions.map(\.holder) == [.person(old.id)], "an owner is needed")
    facts.mostUsed = [
      try #require(QuotaHolder(Principal(kind: .staff, id: old.id.rawValue, credential: ""))): Quota(rows: 3, subjects: 1, bytes: 0)
    ]
    #expect(facts.suggestions.map(\.kind) == [.wideQuota] && facts.suggestions.map(\.holder) == [.staff])
  }

  @Test func hostsHoldEverybody() async throws {
    let company = try await Company()
    company.arrive(30)
    let apart = try await company.blast()
    #expect(apart.hosts.map(\.people) == [30, 30, 30] && apart.hosts.allSatisfy { $0.identities == 0 })
    #expect(apart.hosts.map { $0.severity?.quarters } == [8, 12, 6])
    #expect(apart.hosts[1].note.contains("together with a copy of the data 30") && apart.hosts[1].fields.isEmpty)
    let beside = try await company.blast(beside: true)
    #expect(beside.holder(.host(.server))?.identities == 30 && beside.holder(.host(.server))?.severity?.level == .high)
    #expect(beside.suggestions.map(\.kind) == [.custodianBeside])
  }

  @Test(
    "a field by which others know people raises the severity",
    arguments: [
      ("$city", true), ("billingCity", true), ("city_of_birth", true), ("capacity", false), ("age", true), ("usage", false),
      ("Age Group", true),
    ])
  func tellingFields(_ name: String, _ tells: Bool) async throws {
    #expect(BlastRadius.tellsApart(name) == tells)
    let company = try await Company()
    company.arrive(3)
    let account = try await company.account("A", [.export])
    let severity = try await company.blast(["event", name]).holder(.serviceAccount(account.username))?.severity
    #expect(severity?.quarters == (tells ? 8 : 6))
  }

  @Test func organizationsAreAtMostThoseOfThePeopleWithMost() {
    let reach = OrganizationReach([
      "org": (0..<5).map { OrganizationMembers(number: SubjectNumber($0), members: $0 < 3 ? [1, 2] : [3]) }
    ])
    #expect([0, 1, 2, 3, 9].map { reach.most(of: $0)["org"] } == [0, 3, 5, 5, 5])
  }
}
