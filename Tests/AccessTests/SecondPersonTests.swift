import Access
import Events
import Foundation
import Ledger
import SoftAuthenticator
import Testing

/// What takes two people, who counts as the second one, and what is entered of it.
struct SecondPersonTests {
  private let here: Surroundings
  private let ledger: Ledger
  private let desk: StaffDesk
  private let project: ProjectID
  private let ada: StaffMember.ID

  init() async throws {
    here = try Surroundings()
    let directory = here.directory.appendingPathComponent("ledger")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let keys = try LedgerKeys(
      origin: "test.example/ledger", signingSeed: Array(repeating: 7, count: 32), setsKey: Array(repeating: 9, count: 32))
    ledger = try Ledger.open(directory: directory, keys: keys, clock: { [here] in here.clock.now })
    desk = StaffDesk(
      control: here.control, ledger: ledger,
      alerts: AlertDesk(control: here.control, ledger: ledger, clock: { [here] in here.clock.now }), origin: Surroundings.origin,
      clock: { [here] in here.clock.now })
    project = try await here.control.createProject(name: "One").id
    var owner = SoftPerson()
    ada = try await owner.enrol(try await here.control.createSetupLink(), at: desk, name: "Ada").session.session.staff
    // So that who comes next comes later than the first owner.
    here.clock.advance(by: .seconds(3 * 86_400))
  }

  private func principal(_ id: StaffMember.ID) -> Principal { Principal(kind: .staff, id: id.rawValue, credential: "ses_0000000000000000") }

  private func come(_ name: String, by inviter: StaffMember.ID, _ role: Role = .admin) async throws -> StaffMember.ID {
    let (_, link, _) = try await desk.invite(
      name: name, roles: role == .owner ? StaffRoles(isOwner: true) : StaffRoles(byProject: [project: [role]]), by: inviter,
      as: principal(inviter))
    var person = SoftPerson()
    return try await person.enrol(link, at: desk, name: "").session.session.staff
  }

  private func entries() async throws -> [String] {
    try await ledger.records(from: 0, limit: 1_000).map(\.entry.kind).filter { !$0.hasPrefix("alert") }
  }

  private func alerts() async throws -> [Alert] { try await here.control.alerts(kind: .powerGranted) }

  private func ask(_ scopes: Set<ServiceAccount.Scope> = [.export], by staff: StaffMember.ID) async throws -> AccountRequest {
    try await desk.accounts.ask(
      for: ServiceAccountDraft(name: "Nightly", scopes: scopes), in: project, by: staff, as: principal(staff)
    ).0
  }

  private func agree(_ request: AccountRequest, by staff: StaffMember.ID) async throws {
    _ = try await desk.accounts.decide(on: request, isApproved: true, by: staff, as: principal(staff))
  }

  // MARK: Accounts

  @Test("one person alone makes no account that may export or administer", arguments: ServiceAccount.Scope.allCases)
  func alone(scope: ServiceAccount.Scope) async throws {
    let draft = ServiceAccountDraft(name: "x", scopes: [.query, scope])
    if scope == .export || scope == .admin {
      await #expect(throws: AccessError.self) { _ = try await desk.accounts.make(draft, in: project, by: principal(ada)) }
      #expect(here.control.serviceAccounts(of: nil).isEmpty)
    } else {
      let (made, _) = try await desk.accounts.make(draft, in: project, by: principal(ada))
      #expect(made.account.madeBy == ada)
      #expect(try await alerts().isEmpty)
    }
    // A trap opens nothing, and the machine's user holds the database anyway.
    _ = try await desk.accounts.make(ServiceAccountDraft(name: "trap", scopes: [scope], isCanary: true), in: project, by: principal(ada))
    let user = Principal(kind: .operatingSystemUser, id: "0", credential: "control-socket")
    #expect(try await desk.accounts.make(draft, in: project, by: user).0.account.madeBy == nil)
    #expect(try await alerts().count == (scope == .export || scope == .admin ? 1 : 0))
  }

  @Test func withASecondPersonItIsMadeOnceByWhoeverAsked() async throws {
    let bea = try await come("Bea", by: ada)
    here.clock.advance(by: .seconds(86_401))
    let request = try await ask(by: bea)
    await #expect(throws: AccessError.self) { _ = try await desk.accounts.makeAgreed(request, by: bea, as: principal(bea)) }
    await #expect(throws: AccessError.self) { try await agree(request, by: bea) }
    try await agree(request, by: ada)
    await #expect(throws: AccessError.self) { _ = try await desk.accounts.makeAgreed(request, by: ada, as: principal(ada)) }
    let (made, _) = try await desk.accounts.makeAgreed(request, by: bea, as: principal(bea))
    #expect(here.control.authenticate(username: made.account.username, secret: made.secret.text) != nil)
    #expect(made.account.madeBy == bea && made.account.scopes == [.export])
    await #expect(throws: AccessError.self) { _ = try await desk.accounts.makeAgreed(request, by: bea, as: principal(bea)) }
    let alert = try #require(try await alerts().first { $0.about?.id == made.account.username })
    #expect(alert.details["by"] == .text(bea.rawValue) && alert.details["agreed_by"] == .text(ada.rawValue))
    #expect(
      try await entries().suffix(3) == ["service_account_asked", "service_account_approved", "service_account_created"],
      "what was refused is not entered")
  }

  @Test func anAnswerIsGoodForADay() async throws {
    let bea = try await come("Bea", by: ada)
    let old = try await ask(by: bea)
    here.clock.advance(by: .seconds(86_400))
    await #expect(throws: AccessError.self) { try await agree(old, by: ada) }
    let request = try await ask(by: bea)
    try await agree(request, by: ada)
    here.clock.advance(by: .seconds(86_400))
    await #expect(throws: AccessError.self) { _ = try await desk.accounts.makeAgreed(request, by: bea, as: principal(bea)) }
  }

  // MARK: Who counts

  @Test func whomOneInvitedCountsADayLater() async throws {
    let bea = try await come("Bea", by: ada)
    let request = try await ask(by: ada)
    await #expect(throws: AccessError.self) { try await agree(request, by: bea) }
    here.clock.advance(by: .seconds(86_399))
    await #expect(throws: AccessError.self) { try await agree(request, by: bea) }
    here.clock.advance(by: .seconds(1))
    let again = try await ask(by: ada)
    try await agree(again, by: bea)
  }

  @Test func aChainOfInvitationsIsOneInvitation() async throws {
    let bea = try await come("Bea", by: ada)
    let cleo = try await come("Cleo", by: bea)
    let dora = try await come("Dora", by: cleo)
    let request = try await ask(by: ada)
    for person in [bea, cleo, dora] { await #expect(throws: AccessError.self) { try await agree(request, by: person) } }
    // Nor the other way round: whoever was made up may be the one who asks.
    for person in [bea, cleo, dora] {
      let theirs = try await ask(by: person)
      await #expect(throws: AccessError.self) { try await agree(theirs, by: ada) }
    }
  }

  @Test func twoWhomOneInvitedAreNotTwo() async throws {
    let bea = try await come("Bea", by: ada)
    let cleo = try await come("Cleo", by: ada)
    let request = try await ask(by: bea)
    await #expect(throws: AccessError.self) { try await agree(request, by: cleo) }
    // One of them came a day ago: that is enough.
    here.clock.advance(by: .seconds(86_400))
    let dora = try await come("Dora", by: ada)
    try await agree(try await ask(by: dora), by: bea)
  }

  @Test func whoCameBySomebodyElseCountsAtOnce() async throws {
    let bea = try await come("Bea", by: ada, .owner)
    here.clock.advance(by: .seconds(2 * 86_400))
    let cleo = try await come("Cleo", by: bea)
    try await agree(try await ask(by: ada), by: cleo)
  }

  @Test func aLinkMadeAnewIsAnInvitation() async throws {
    let bea = try await come("Bea", by: ada, .owner)
    here.clock.advance(by: .seconds(2 * 86_400))
    let (member, _, _) = try await desk.invite(
      name: "Cleo", roles: StaffRoles(byProject: [project: [.admin]]), by: bea, as: principal(bea))
    let (link, _) = try await desk.renewInvitation(of: member, by: ada, as: principal(ada))
    var person = SoftPerson()
    try await person.enrol(link, at: desk)
    await #expect(throws: AccessError.self) { try await agree(try await ask(by: ada), by: member.id) }
  }

  @Test func theSameHoldsForExportsAndRecoveries() async throws {
    let bea = try await come("Bea", by: ada, .owner)
    let cleo = try await come("Cleo", by: ada, .analyst)
    let export = try await here.control.askForExport(of: project, from: "2026-01-01", to: "2026-01-02", events: [], purpose: "x", by: ada)
    await #expect(throws: AccessError.self) { _ = try await desk.decide(on: export, isApproved: true, by: bea, as: principal(bea)) }
    _ = try await here.control.suspend(cleo, .phished, force: true)
    _ = try await desk.askForRecovery(of: cleo, by: ada, as: principal(ada))
    let recovery = try #require(try await here.control.recoveries().first)
    await #expect(throws: AccessError.self) {
      _ = try await desk.agreeToRecovery(recovery.id, by: bea, as: principal(bea)) { _ in }
    }
    // Refusing and taking back need no acquaintance.
    _ = try await desk.decide(on: export, isApproved: false, by: bea, as: principal(bea))
    here.clock.advance(by: .seconds(86_400 - 1))
    _ = try await desk.askForRecovery(of: cleo, by: ada, as: principal(ada))
    here.clock.advance(by: .seconds(1))
    let second = try #require(try await here.control.recoveries().first)
    _ = try await desk.agreeToRecovery(second.id, by: bea, as: principal(bea)) { _ in }
  }

  // MARK: Alerts

  @Test func powerOverOthersIsAnAlert() async throws {
    let bea = try await come("Bea", by: ada, .viewer)
    #expect(try await alerts().isEmpty)
    let viewer = StaffRoles(byProject: [project: [.viewer]])
    let admin = StaffRoles(byProject: [project: [.viewer, .admin]])
    _ = try await desk.setRoles(admin, of: bea, expecting: viewer, as: principal(ada))
    #expect(try await alerts().map(\.about?.id) == [bea.rawValue])
    _ = try await desk.setRoles(StaffRoles(byProject: [project: [.analyst, .admin]]), of: bea, expecting: admin, as: principal(ada))
    #expect(try await alerts().count == 1, "who was an admin is no news")
    _ = try await come("Cleo", by: ada, .owner)
    #expect(try await alerts().count == 2)
  }

  @Test func aRotationByOnePersonAloneIsTold() async throws {
    let user = Principal(kind: .operatingSystemUser, id: "0", credential: "control-socket")
    for (scope, told) in [(ServiceAccount.Scope.query, 0), (.export, 1)] {
      let (made, _) = try await desk.accounts.make(ServiceAccountDraft(name: "x", scopes: [scope]), in: project, by: user)
      let before = try await alerts().count
      _ = try await desk.accounts.rotate(made.account.username, overlap: .zero, lifetime: .seconds(86_400), by: principal(ada))
      #expect(try await alerts().count == before + told)
      let newest = try await alerts().first
      #expect(told == 0 || newest?.details["act"] == .text("rotated"))
    }
  }

  @Test func anOwnerByAnotherSetupLinkIsAnAlert() async throws {
    #expect(try await alerts().isEmpty, "the very first one is none")
    _ = try await desk.end(ada, .removed, force: true, by: Principal(kind: .operatingSystemUser, id: "0", credential: "control-socket"))
    var thief = SoftPerson()
    let session = try await thief.enrol(try await here.control.createSetupLink(), at: desk, name: "Mallory")
    #expect(try await alerts().map(\.about?.id) == [session.session.session.staff.rawValue])
  }

  // MARK: What is entered

  @Test func actsThatAreRefusedAreNotEntered() async throws {
    let bea = try await come("Bea", by: ada, .owner)
    here.clock.advance(by: .seconds(2 * 86_400))
    let export = try await here.control.askForExport(of: project, from: "2026-01-01", to: "2026-01-02", events: [], purpose: "x", by: bea)
    _ = try await desk.decide(on: export, isApproved: true, by: ada, as: principal(ada))
    _ = try await here.control.takeExport(export.id, by: bea)
    let (invited, _, _) = try await desk.invite(
      name: "Cleo", roles: StaffRoles(byProject: [project: [.viewer]]), by: ada, as: principal(ada))
    let before = try await entries()
    let refused: [() async throws -> Void] = [
      { _ = try await desk.decide(on: export, isApproved: false, by: ada, as: principal(ada)) },
      { _ = try await desk.decide(on: export, isApproved: true, by: ada, as: principal(ada)) },
      { _ = try await desk.removePasskey([1, 2, 3], of: ada, as: principal(ada)) },
      { _ = try await desk.removePasskey(try await here.control.staffPasskeys(of: ada)[0].credential, of: ada, as: principal(ada)) },
      { _ = try await desk.askForRecovery(of: invited.id, by: ada, as: principal(ada)) },
      { _ = try await desk.askForRecovery(of: ada, by: ada, as: principal(ada)) },
      { _ = try await desk.agreeToRecovery(99, by: ada, as: principal(ada)) { _ in } },
      { _ = try await desk.setRoles(StaffRoles(isOwner: true), of: bea, expecting: StaffRoles(), as: principal(ada)) },
      { _ = try await desk.invite(name: "cleo", roles: StaffRoles(isOwner: true), by: ada, as: principal(ada)) },
      { _ = try await desk.accounts.rotate("sa_0000000000000000", overlap: .zero, lifetime: .seconds(86_400), by: principal(ada)) },
      { _ = try await desk.accounts.revoke("sa_0000000000000000", by: principal(ada)) },
    ]
    for (number, act) in refused.enumerated() {
      do {
        try await act()
        Issue.record("act \(number) was not refused")
      } catch is AccessError {}
    }
    #expect(try await entries() == before)
    #expect(try await here.control.staff().count == 3, "what was tried was taken back")
  }

  @Test func ofManyAnswersAtOnceOneIsEnteredAndCounts() async throws {
    let bea = try await come("Bea", by: ada, .owner)
    here.clock.advance(by: .seconds(2 * 86_400))
    let export = try await here.control.askForExport(of: project, from: "2026-01-01", to: "2026-01-02", events: [], purpose: "x", by: bea)
    let passed = await withTaskGroup { group in
      for number in 0..<20 {
        group.addTask { [desk, ada] in
          let who = Principal(kind: .staff, id: ada.rawValue, credential: "ses_0000000000000000")
          return (try? await desk.decide(on: export, isApproved: number % 2 == 0, by: ada, as: who)) != nil
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(passed == 1)
    #expect(try await entries().filter { $0 == "export_approved" || $0 == "export_refused" }.count == 1)
  }

  // MARK: After a cut-off

  @Test func whatSomebodyBroughtInIsListedAndEndedAtOnce() async throws {
    let bea = try await come("Bea", by: ada)
    let cleo = try await come("Cleo", by: bea, .analyst)
    let dora = try await come("Dora", by: ada, .analyst)
    let (made, _) = try await desk.accounts.make(ServiceAccountDraft(name: "of Bea", scopes: [.query]), in: project, by: principal(bea))
    let (other, _) = try await desk.accounts.make(ServiceAccountDraft(name: "of Ada", scopes: [.query]), in: project, by: principal(ada))
    await #expect(throws: AccessError.self) { try await desk.endBroughtIn(by: bea, as: principal(ada)) }
    _ = try await desk.end(bea, .phished, force: true, by: principal(ada))
    let left = try await here.control.broughtIn(by: bea)
    #expect(left.accounts.map(\.username) == [made.account.username] && left.people.map(\.id) == [cleo])
    // Some can be left out.
    let none = try await desk.endBroughtIn(by: bea, accounts: [], people: [dora], as: principal(ada))
    #expect(none.isEmpty)
    try await desk.endBroughtIn(by: bea, as: principal(ada))
    #expect(here.control.authenticate(username: made.account.username, secret: made.secret.text) == nil)
    #expect(here.control.authenticate(username: other.account.username, secret: other.secret.text) != nil)
    #expect(try await here.control.staffMember(cleo)?.suspension == .phished)
    #expect(try await here.control.staffMember(dora)?.suspension == nil)
    #expect(try await here.control.broughtIn(by: bea).isEmpty)
    #expect(try await entries().suffix(2) == ["service_account_revoked", "staff_cut_off"])
  }

  @Test func agreementsOfWhoIsCutOffCountNoMore() async throws {
    let bea = try await come("Bea", by: ada, .owner)
    let cleo = try await come("Cleo", by: ada, .owner)
    here.clock.advance(by: .seconds(2 * 86_400))
    func export(by who: StaffMember.ID, agreedBy other: StaffMember.ID) async throws -> ExportRequest {
      let asked = try await here.control.askForExport(of: project, from: "2026-01-01", to: "2026-01-02", events: [], purpose: "x", by: who)
      _ = try await desk.decide(on: asked, isApproved: true, by: other, as: principal(other))
      return asked
    }
    let fetched = try await export(by: ada, agreedBy: bea)
    _ = try await here.control.takeExport(fetched.id, by: ada)
    let waiting = try await export(by: ada, agreedBy: bea)
    let theirs = try await export(by: bea, agreedBy: cleo)
    let account = try await ask(by: ada)
    try await agree(account, by: bea)
    _ = try await desk.end(bea, .phished, force: true, by: principal(ada))
    await #expect(throws: AccessError.self) { _ = try await here.control.takeExport(waiting.id, by: ada) }
    await #expect(throws: AccessError.self) { _ = try await desk.accounts.makeAgreed(account, by: ada, as: principal(ada)) }
    let now = here.clock.now
    #expect(try await here.control.exportRequest(waiting.id, of: project).state(at: now) == .waiting, "it waits for another answer")
    #expect(try await here.control.exportRequest(fetched.id, of: project).state(at: now) == .done)
    #expect(try await here.control.exportRequest(theirs.id, of: project).state(at: now) == .refused, "what they asked for is taken back")
    _ = try await desk.decide(on: waiting, isApproved: true, by: cleo, as: principal(cleo))
    try await agree(account, by: cleo)
    _ = try await here.control.takeExport(waiting.id, by: ada)
  }

  @Test func anApprovedExportIsUsedUpByTakingItAlone() async throws {
    let bea = try await come("Bea", by: ada, .owner)
    here.clock.advance(by: .seconds(2 * 86_400))
    let export = try await here.control.askForExport(
      of: project, from: "2026-01-01", to: "2026-01-02", events: ["a"], purpose: "x", by: bea)
    _ = try await desk.decide(on: export, isApproved: true, by: ada, as: principal(ada))
    for _ in 0..<2 { #expect(try await here.control.approvedExport(export.id, by: bea).events == ["a"]) }
    await #expect(throws: AccessError.self) { _ = try await here.control.approvedExport(export.id, by: ada) }
    _ = try await here.control.takeExport(export.id, by: bea)
    await #expect(throws: AccessError.self) { _ = try await here.control.approvedExport(export.id, by: bea) }
    await #expect(throws: AccessError.self) { _ = try await here.control.takeExport(export.id, by: bea) }
  }

  @Test func sessionsThatEndedTakeNoMemory() async throws {
    for number in 0..<5 {
      let id = try await come("Person \(number)", by: ada, .viewer)
      let session = try #require(try await here.control.sessions(of: id).first)
      let again = try await here.control.beginSession(
        ControlDatabase.newSessionID(), of: id, key: try SoftPerson().key, client: "Firefox on Linux")
      #expect(try await here.control.session(cookie: again.cookie.text) != nil)
      #expect(here.control.sessionsInMemory == 1)
      _ = try await here.control.suspend(id, .phished, force: true)
      #expect(here.control.sessionsInMemory == 0)
      _ = session
    }
  }
}
