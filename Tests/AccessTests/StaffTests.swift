import Access
import Events
import Passkeys
import SoftAuthenticator
import Testing

/// How people come, sign in, are cut off, and come back.
struct StaffTests {
  private func owner(_ here: Surroundings, _ desk: StaffDesk, name: String = "Ada") async throws -> (SoftPerson, NewSession) {
    var person = SoftPerson()
    let session = try await person.enrol(try await here.control.createSetupLink(), at: desk, name: name)
    return (person, session)
  }

  private func colleague(
    _ here: Surroundings, _ desk: StaffDesk, _ name: String, _ roles: StaffRoles, by: ActiveSession
  ) async throws -> (SoftPerson, NewSession) {
    let member = try await here.control.inviteStaff(.random(), name: name, roles: roles)
    var person = SoftPerson()
    let session = try await person.enrol(
      try await here.control.createInvitationLink(for: member.id, by: by.session.staff), at: desk, name: "whatever they write")
    return (person, session)
  }

  @Test func aSetupLinkWorksOnceEvenForManyAtOnce() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    let link = try await here.control.createSetupLink()
    let wins = await withTaskGroup { group in
      for _ in 0..<20 {
        group.addTask {
          var person = SoftPerson()
          return (try? await person.enrol(link, at: desk)) == nil ? 0 : 1
        }
      }
      return await group.reduce(0, +)
    }
    #expect(wins == 1)
    #expect(try await here.control.staff().count == 1)
    #expect(try await here.control.sessions().count == 1)
  }

  @Test func aSetupLinkEndsAfterAnHourAndWithTheFirstOwner() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    let (early, second) = (try await here.control.createSetupLink(), try await here.control.createSetupLink())
    here.clock.advance(by: .seconds(3599))
    var person = SoftPerson()
    try await person.enrol(early, at: desk)
    for link in [early, second] {
      await #expect(throws: AccessError.self) { try await desk.beginEnrolment(link: link.token.text, name: "Eve") }
    }
    for text in ["", "slu_", Secret.random(.setupLink).text, Secret.random(.session).text] {
      await #expect(throws: AccessError.self) { try await desk.beginEnrolment(link: text, name: "Eve") }
    }
    do {
      _ = try await here.control.createSetupLink()
      Issue.record("a setup link beside an owner")
    } catch { #expect(error.code == .inUse) }
    let late = try Surroundings()
    let link = try await late.control.createSetupLink()
    late.clock.advance(by: .seconds(3600))
    await #expect(throws: AccessError.self) { try await late.desk().beginEnrolment(link: link.token.text, name: "Ada") }
  }

  @Test func anInvitationGivesItsNameAndItsRolesAndNothingElse() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    let project = try await here.control.createProject(name: "One").id
    let (_, ada) = try await owner(here, desk)
    let (_, bea) = try await colleague(here, desk, "Bea", StaffRoles(byProject: [project: [.analyst]]), by: ada.session)
    #expect(bea.session.name == "Bea")
    #expect(throws: Never.self) { try Access.authorize(bea.session.who, .readSubjects, in: project) }
    #expect(throws: Access.Denied.self) { try Access.authorize(bea.session.who, .readSubjects, in: ProjectID(99)) }
    #expect(throws: Access.Denied.self) { try Access.authorize(bea.session.who, .manageStaff, in: project) }
  }

  @Test func aLaterInvitationMakesTheEarlierOneVoid() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    let member = try await here.control.inviteStaff(.random(), name: "Bea", roles: StaffRoles(isOwner: true))
    let first = try await here.control.createInvitationLink(for: member.id, by: nil)
    let second = try await here.control.createInvitationLink(for: member.id, by: nil)
    await #expect(throws: AccessError.self) { try await desk.beginEnrolment(link: first.token.text, name: "") }
    var person = SoftPerson()
    try await person.enrol(second, at: desk)
    await #expect(throws: AccessError.self) { try await here.control.createInvitationLink(for: member.id, by: nil) }
  }

  @Test func signingInNeedsAPasskeyOfSomebodyWhoMay() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    var (ada, first) = try await owner(here, desk)
    let session = try await ada.signIn(at: desk)
    #expect(session.session.session.staff == first.session.session.staff && session.session.session.id != first.session.session.id)
    var stranger = SoftPerson()
    stranger.passkey.userHandle = [1, 2, 3]
    await #expect(throws: PasskeyError.self) { try await stranger.signIn(at: desk) }
    _ = try await here.control.suspend(session.session.session.staff, .phished, force: true)
    await #expect(throws: AccessError.self) { try await ada.signIn(at: desk) }
  }

  @Test("what a phishing page, a proxy or malware could send is refused, each for its own reason", arguments: attempts)
  func whatAThiefCouldSend(name: String, reason: PasskeyError.Reason, change: @Sendable (inout SoftAuthenticator) -> Void) async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    var (ada, _) = try await owner(here, desk)
    change(&ada.passkey)
    do {
      _ = try await ada.signIn(at: desk)
      Issue.record("\(name) signed in")
    } catch let error as PasskeyError {
      #expect(error.reason == reason, "\(name): \(error)")
    }
    #expect(try await here.control.sessions().count == 1)
  }

  static let attempts: [(String, PasskeyError.Reason, @Sendable (inout SoftAuthenticator) -> Void)] = [
    ("a phishing origin", .wrongOrigin, { $0.origin = "http://localhost.evil.example" }),
    ("another port", .wrongOrigin, { $0.origin = "http://localhost:8001" }),
    ("another relying party", .wrongRelyingParty, { $0.relyingParty = "custodian.localhost" }),
    ("no user verification", .userNotVerified, { $0.flags = 0x01 }),
    ("nobody there", .userNotPresent, { $0.flags = 0x04 }),
    ("a cross-origin frame", .crossOrigin, { $0.crossOrigin = true }),
    ("a framing page", .topOrigin, { $0.topOrigin = "https://evil.example" }),
    ("a registration in place of a sign-in", .wrongType, { $0.getType = "webauthn.create" }),
    ("an unknown credential", .unknownCredential, { $0.credentialID = [9, 9, 9] }),
    ("another's handle", .wrongUser, { $0.userHandle = [9, 9, 9] }),
  ]

  @Test func aCounterThatGoesBackIsACloneAndRefused() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    var ada = SoftPerson()
    ada.passkey.counter = 7
    try await ada.enrol(try await here.control.createSetupLink(), at: desk)
    _ = try await ada.signIn(at: desk)
    var clone = ada
    clone.passkey.counter = 5
    do {
      _ = try await clone.signIn(at: desk)
      Issue.record("a clone signed in")
    } catch let error as PasskeyError { #expect(error.reason == .clonedCounter) }
    _ = try await ada.signIn(at: desk)
  }

  @Test func anAnswerCountsOnceAndForItsQuestion() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    var (ada, _) = try await owner(here, desk)
    let challenge = try desk.beginSignIn().challenge
    let answer = try ada.passkey.assert(challenge)
    _ = try await desk.finishSignIn(challenge: challenge, with: answer, key: try ada.key, client: "")
    await #expect(throws: AccessError.self) {
      try await desk.finishSignIn(challenge: challenge, with: answer, key: try ada.key, client: "")
    }
    let other = try desk.beginSignIn().challenge
    await #expect(throws: PasskeyError.self) { try await desk.finishSignIn(challenge: other, with: answer, key: try ada.key, client: "") }
    let slow = try desk.beginSignIn().challenge
    here.clock.advance(by: .seconds(300))
    let late = try ada.passkey.assert(slow)
    await #expect(throws: AccessError.self) { try await desk.finishSignIn(challenge: slow, with: late, key: try ada.key, client: "") }
  }

  @Test func whoWasPhishedIsOutAtOnceAndComesBackByTwoOthers() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    var (ada, adas) = try await owner(here, desk)
    let everything = StaffRoles(isOwner: true)
    var (bea, beas) = try await colleague(here, desk, "Bea", everything, by: adas.session)
    let (_, cleos) = try await colleague(here, desk, "Cleo", everything, by: adas.session)
    let (adaID, beaID, cleoID) = (adas.session.session.staff, beas.session.session.staff, cleos.session.session.staff)
    bea.browser = SoftBrowser()
    _ = try await bea.signIn(at: desk)
    #expect(try await here.control.suspend(beaID, .phished, force: true) == 2)
    #expect(try await here.control.session(cookie: beas.cookie.text) == nil)
    #expect(try await here.control.renewSession(key: beas.session.key) == nil)
    await #expect(throws: AccessError.self) { try await bea.signIn(at: desk) }

    // So that they are two: Ada has invited Cleo.
    here.clock.advance(by: .seconds(86_400))
    let asked = try await here.control.askForRecovery(of: beaID, by: cleoID)
    await #expect(throws: AccessError.self) { try await here.control.agreeToRecovery(asked.id, by: cleoID) }
    await #expect(throws: AccessError.self) { try await here.control.agreeToRecovery(asked.id, by: beaID) }
    await #expect(throws: AccessError.self) { try await here.control.askForRecovery(of: adaID, by: adaID) }
    let (_, link) = try await here.control.agreeToRecovery(asked.id, by: adaID)
    await #expect(throws: AccessError.self) { try await here.control.agreeToRecovery(asked.id, by: adaID) }
    let old = bea.passkey
    bea.passkey = SoftPerson().passkey
    try await bea.enrol(link, at: desk)
    _ = try await bea.signIn(at: desk)
    var stolen = SoftPerson()
    stolen.passkey = old
    await #expect(throws: PasskeyError.self) { try await stolen.signIn(at: desk) }
    _ = try await ada.signIn(at: desk)
  }

  @Test func aRecoveryThatNobodyAgreesToEndsAfterADay() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    let (_, ada) = try await owner(here, desk)
    let (_, bea) = try await colleague(here, desk, "Bea", StaffRoles(isOwner: true), by: ada.session)
    let (_, cleo) = try await colleague(here, desk, "Cleo", StaffRoles(isOwner: true), by: ada.session)
    let asked = try await here.control.askForRecovery(of: bea.session.session.staff, by: ada.session.session.staff)
    here.clock.advance(by: .seconds(86_400))
    #expect(try await here.control.recoveries().isEmpty)
    await #expect(throws: AccessError.self) { try await here.control.agreeToRecovery(asked.id, by: cleo.session.session.staff) }
  }

  @Test("the last owner stays, unless the bad moment or the machine's user says otherwise")
  func anOwnerRemains() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    let project = try await here.control.createProject(name: "One").id
    let (_, ada) = try await owner(here, desk)
    let id = ada.session.session.staff
    let viewer = StaffRoles(byProject: [project: [.viewer]])
    for attempt in [
      { try await here.control.setRoles(viewer, of: id) }, { _ = try await here.control.suspend(id, .removed, force: false) },
    ] as [@Sendable () async throws -> Void] {
      await #expect(throws: AccessError.self) { try await attempt() }
    }
    #expect(try await here.control.hasOwner())
    #expect(try await here.control.session(cookie: ada.cookie.text) != nil)
    _ = try await here.control.suspend(id, .removed, force: true)
    #expect(try await !here.control.hasOwner())
    _ = try await here.control.createSetupLink()
  }

  @Test func aSecondPasskeyNeedsTheFirst() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    var (ada, session) = try await owner(here, desk)
    let staff = session.session.session.staff
    for ticket in [[], [1, 2, 3]] as [[UInt8]] {
      await #expect(throws: AccessError.self) { try await desk.beginFurtherPasskey(by: session.session, ticket: ticket) }
    }
    let wrong = try await ada.ticket(for: .agreeToRecovery(1), session.session, at: desk)
    await #expect(throws: AccessError.self) { try await desk.beginFurtherPasskey(by: session.session, ticket: wrong) }
    let ticket = try await ada.ticket(for: .addPasskey, session.session, at: desk)
    let asked = try await desk.beginFurtherPasskey(by: session.session, ticket: ticket)
    await #expect(throws: AccessError.self) { try await desk.beginFurtherPasskey(by: session.session, ticket: ticket) }
    var second = SoftPerson().passkey
    second.userHandle = ada.passkey.userHandle
    try await desk.finishFurtherPasskey(challenge: asked.challenge, with: second.register(asked.challenge), by: session.session)
    #expect(try await here.control.staffPasskeys(of: staff).count == 2)
    try await here.control.removePasskey(ada.passkey.credentialID, of: staff)
    await #expect(throws: AccessError.self) { try await here.control.removePasskey(second.credentialID, of: staff) }
    await #expect(throws: PasskeyError.self) { try await ada.signIn(at: desk) }
    ada.passkey = second
    session = try await ada.signIn(at: desk)
  }

  @Test func withoutAPasskeyOneComesInByTheDemoAlone() async throws {
    let here = try Surroundings()
    let link = try await here.control.createSetupLink()
    let key = try SoftPerson().key
    let usual = try here.desk()
    await #expect(throws: AccessError.self) { try await usual.enterDemo(link: link.token.text, key: key, client: "") }
    let demo = try here.desk(isDemo: true)
    let session = try await demo.enterDemo(link: link.token.text, key: key, client: "")
    #expect(try await here.control.session(cookie: session.cookie.text) != nil)
    #expect(try await !here.control.hasOwner())
  }

  @Test(arguments: ["http://192.168.1.4:8000", "http://analytics.example.com", "http://127.0.0.1:8000"])
  func whereBrowsersHaveNoPasskeysNobodyIsAsked(origin: String) async throws {
    let here = try Surroundings()
    let desk = try here.desk(origin: origin)
    #expect(desk.relyingParty == nil)
    #expect(throws: AccessError.self) { try desk.beginSignIn() }
    let link = try await here.control.createSetupLink()
    await #expect(throws: AccessError.self) { try await desk.beginEnrolment(link: link.token.text, name: "Ada") }
  }

  @Test func strangersPushOutNobodysTicket() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    var (ada, session) = try await owner(here, desk)
    let asked = try await desk.beginConfirmation(of: .addPasskey, by: session.session)
    for _ in 0..<3_000 { _ = try desk.beginSignIn() }
    let ticket = try await desk.finishConfirmation(
      challenge: asked.challenge, with: try ada.passkey.assert(asked.challenge), by: session.session)
    for _ in 0..<3_000 { _ = try desk.beginSignIn() }
    try desk.redeem(ticket, for: .addPasskey, by: session.session)
    session = try await ada.signIn(at: desk)
  }

  @Test func proofsByKeysWithoutASessionAreNotRemembered() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    let stranger = SoftBrowser()
    let proof = try stranger.proof("POST", Surroundings.origin + "/session/renew", nonce: desk.nonce)
    // The second one would be a replay if the first had been kept.
    for _ in 0..<2 { #expect(try await desk.renew(proof, path: "/session/renew") == nil) }
  }

  @Test func rolesAreSetOnlyIfTheyAreAsTheyWereSeen() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    let project = try await here.control.createProject(name: "One").id
    let (_, ada) = try await owner(here, desk)
    let seen = StaffRoles(byProject: [project: [.analyst]])
    let (_, bea) = try await colleague(here, desk, "Bea", seen, by: ada.session)
    let id = bea.session.session.staff
    try await here.control.setRoles(StaffRoles(isOwner: true), of: id)
    await #expect(throws: AccessError.self) {
      try await here.control.setRoles(StaffRoles(byProject: [project: [.viewer]]), of: id, expecting: seen)
    }
    #expect(try await here.control.staffMember(id)?.roles.isOwner == true)
  }

  @Test func anAnswerUnderWayEndsWithTheRole() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    let project = try await here.control.createProject(name: "One").id
    let (_, ada) = try await owner(here, desk)
    let (_, bea) = try await colleague(here, desk, "Bea", StaffRoles(byProject: [project: [.analyst]]), by: ada.session)
    let who = bea.session.who
    #expect(try await here.control.isStillGood(who, for: .exportSubjects, in: project))
    try await here.control.setRoles(StaffRoles(byProject: [project: [.viewer]]), of: bea.session.session.staff)
    #expect(try await !here.control.isStillGood(who, for: .exportSubjects, in: project))
    try await here.control.setRoles(StaffRoles(byProject: [project: [.analyst]]), of: bea.session.session.staff)
    here.clock.advance(by: .seconds(3_600))
    #expect(try await !here.control.isStillGood(who, for: .exportSubjects, in: project))
  }

  @Test func aPhishedColleaguesNameIsNotFree() async throws {
    let here = try Surroundings()
    let desk = try here.desk()
    let (_, ada) = try await owner(here, desk)
    let (_, bea) = try await colleague(here, desk, "Bea", StaffRoles(isOwner: true), by: ada.session)
    _ = try await here.control.suspend(bea.session.session.staff, .phished, force: true)
    await #expect(throws: AccessError.self) {
      try await here.control.inviteStaff(.random(), name: "bea", roles: StaffRoles(isOwner: true))
    }
  }
}
