import Events
import Ledger
import Passkeys

/// How people sign in: questions to passkeys and their answers, links, proofs, and tickets for what needs a passkey once more. What gives
/// power is in the ledger before it is done.
package final class StaffDesk: Sendable {
  /// What a passkey is asked to confirm besides signing in.
  package enum Act: Sendable, Hashable {
    case addPasskey
    case agreeToRecovery(Int64)
    /// The answer to somebody else's wish for an export.
    case approveExport(Int64)
    /// The same of a service account that takes a second person.
    case approveAccount(Int64)
    /// The same of a version of a vendor's declaration.
    case approveVendor(Vendor.ID, version: Int)
  }

  enum Purpose: Sendable, Hashable {
    case enrolment(link: String, name: String)
    case signIn
    case furtherPasskey(StaffMember.ID)
    case confirmation(Act, StaffMember.ID)
    /// The passkey has answered: the challenge is the ticket for the act.
    case ticket(Act, StaffMember.ID)
  }

  let control: ControlDatabase
  let ledger: Ledger
  let alerts: AlertDesk?
  private let uses: UseWatch?
  package let accounts: AccountDesk
  /// Nil where the console's origin is one at which browsers have no passkeys.
  package let relyingParty: RelyingParty?
  package let origin: String
  /// Whether the setup link alone lets in: in the demo, whose people and data are made up, and which listens on this machine alone.
  package let isDemo: Bool
  let clock: @Sendable () -> Timestamp
  /// Questions to strangers: how many there are is theirs.
  let challenges = ChallengeBook<Purpose>(most: 20_000)
  /// Questions to signed-in people, and their tickets, which strangers must not push out.
  let ownChallenges = ChallengeBook<Purpose>()
  let proofs = ProofBook()

  package init(
    control: ControlDatabase, ledger: Ledger, alerts: AlertDesk? = nil, uses: UseWatch? = nil, origin: String, isDemo: Bool = false,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.alerts = alerts
    self.uses = uses
    accounts = AccountDesk(control: control, ledger: ledger, alerts: alerts)
    self.control = control
    self.ledger = ledger
    self.origin = origin
    self.isDemo = isDemo
    self.clock = clock
    relyingParty = RelyingParty(origin: origin)
  }

  /// A question to a passkey: what is to be registered, or which passkeys may answer.
  package struct Question: Sendable {
    package enum Kind: Sendable {
      case create(handle: [UInt8], name: String, known: [[UInt8]])
      /// None listed: any of this site.
      case get(allowed: [[UInt8]])
    }
    package let challenge: [UInt8]
    package let kind: Kind
  }

  // MARK: Enrolment

  /// - Parameter name: counts for a first owner alone.
  package func beginEnrolment(link text: String, name: String) async throws -> Question {
    _ = try party()
    guard let secret = Secret(text, kind: .setupLink), let (kind, member) = try await control.link(secret) else {
      throw ControlDatabase.linkNotValid
    }
    if kind == .setup { try Name.validate(name, what: "Your name", longest: StaffMember.longestName) }
    let name = member?.name ?? name
    let challenge = challenges.begin(.enrolment(link: text, name: name), at: clock())
    // A first owner has no row yet: the handle is the beginning of the challenge, and stays it.
    var (handle, known) = (Array(challenge.prefix(16)), [[UInt8]]())
    if let member, let own = try await control.userHandle(of: member.id) {
      handle = own
      known = try await control.staffPasskeys(of: member.id).map(\.credential)
    }
    return Question(challenge: challenge, kind: .create(handle: handle, name: name, known: known))
  }

  package func finishEnrolment(challenge: [UInt8], with response: RegistrationResponse, key: SessionKey, client: String) async throws
    -> NewSession
  {
    guard case .enrolment(let text, let name)? = challenges.end(challenge, at: clock()), let secret = Secret(text, kind: .setupLink) else {
      throw Self.over
    }
    let passkey = try await verified(response, challenge)
    return try await enrol(secret, name: name, passkey: passkey, handle: Array(challenge.prefix(16)), key: key, client: client)
  }

  /// In by the setup link alone; only in the demo.
  package func enterDemo(link text: String, key: SessionKey, client: String) async throws -> NewSession {
    guard isDemo, let secret = Secret(text, kind: .setupLink), try await control.link(secret)?.kind == .setup else {
      throw ControlDatabase.linkNotValid
    }
    return try await enrol(secret, name: "Demo visitor", passkey: nil, handle: nil, key: key, client: client)
  }

  private func enrol(
    _ link: Secret, name: String, passkey: CredentialRecord?, handle: [UInt8]?, key: SessionKey, client: String
  ) async throws -> NewSession {
    guard let (kind, invited) = try await control.link(link) else { throw ControlDatabase.linkNotValid }
    let id = invited?.id ?? .random()
    let session = ControlDatabase.newSessionID()
    // The entry first: a crash after it leaves an entry about somebody who did not come, and the link as it was.
    try await ledger.record(
      .staffEnrolled(staff: id.rawValue, by: kind.rawValue, session: session),
      by: Principal(kind: .staff, id: id.rawValue, credential: session))
    let member = try await control.useLink(link, id: id, name: name, handle: handle, passkey: passkey)
    // The very first person is expected; a first owner after others is made at the machine, when nobody can get in.
    if kind == .setup, try await control.staff().count > 1 {
      await alerts?.raise(
        .powerGranted(id, roles: member.roles, by: Principal(kind: .staff, id: id.rawValue, credential: session)))
    }
    return try await control.beginSession(session, of: member.id, key: key, client: client)
  }

  // MARK: Signing in

  package func beginSignIn() throws -> Question {
    _ = try party()
    return Question(challenge: challenges.begin(.signIn, at: clock()), kind: .get(allowed: []))
  }

  package func finishSignIn(challenge: [UInt8], with assertion: AssertionResponse, key: SessionKey, client: String) async throws
    -> NewSession
  {
    guard case .signIn? = challenges.end(challenge, at: clock()) else { throw Self.over }
    let member = try await answered(
      assertion, in: AuthenticationCeremony(relyingParty: try party(), challenge: challenge, user: .unidentified))
    guard member.isActive else { throw Self.suspended }
    let session = ControlDatabase.newSessionID()
    try await ledger.record(
      .sessionBegan(session: session), by: Principal(kind: .staff, id: member.id.rawValue, credential: session))
    return try await control.beginSession(session, of: member.id, key: key, client: client)
  }

  // MARK: Once more

  /// Asks a signed-in person's passkey to confirm an act.
  package func beginConfirmation(of act: Act, by session: ActiveSession) async throws -> Question {
    _ = try party()
    let allowed = try await control.staffPasskeys(of: session.session.staff).map(\.credential)
    guard !allowed.isEmpty else { throw AccessError(.invalid, "You have no passkey here. Add one first.") }
    return Question(
      challenge: ownChallenges.begin(.confirmation(act, session.session.staff), at: clock()), kind: .get(allowed: allowed))
  }

  /// - Returns: a ticket for the act, good once and for five minutes.
  package func finishConfirmation(challenge: [UInt8], with assertion: AssertionResponse, by session: ActiveSession) async throws -> [UInt8]
  {
    guard case .confirmation(let act, let staff)? = ownChallenges.end(challenge, at: clock()), staff == session.session.staff else {
      throw Self.over
    }
    let allowed = Set(try await control.staffPasskeys(of: staff).map(\.credential))
    guard let handle = try await control.userHandle(of: staff) else { throw Self.over }
    let member = try await answered(
      assertion,
      in: AuthenticationCeremony(
        relyingParty: try party(), challenge: challenge, allowedCredentials: allowed, user: .identified(handle: handle)))
    guard member.id == staff, member.isActive else { throw Self.suspended }
    return ownChallenges.begin(.ticket(act, staff), at: clock())
  }

  /// Takes a ticket for an act; it is used up whatever comes.
  package func redeem(_ ticket: [UInt8], for act: Act, by session: ActiveSession) throws(AccessError) {
    guard ownChallenges.end(ticket, at: clock()) == .ticket(act, session.session.staff) else { throw Self.over }
  }

  /// - Parameter ticket: of `addPasskey`; a person without any passkey (the demo's visitor) needs none.
  package func beginFurtherPasskey(by session: ActiveSession, ticket: [UInt8]) async throws -> Question {
    _ = try party()
    let staff = session.session.staff
    let known = try await control.staffPasskeys(of: staff).map(\.credential)
    if !known.isEmpty { try redeem(ticket, for: .addPasskey, by: session) }
    guard let handle = try await control.userHandle(of: staff) else { throw Self.over }
    return Question(
      challenge: ownChallenges.begin(.furtherPasskey(staff), at: clock()),
      kind: .create(handle: handle, name: session.name, known: known))
  }

  package func finishFurtherPasskey(challenge: [UInt8], with response: RegistrationResponse, by session: ActiveSession) async throws {
    guard case .furtherPasskey(let staff)? = ownChallenges.end(challenge, at: clock()), staff == session.session.staff else {
      throw Self.over
    }
    let passkey = try await verified(response, challenge)
    try await ledger.record(.passkeyAdded(staff: staff.rawValue), by: session.who.principal)
    guard try await control.addPasskey(passkey, to: staff) else {
      throw AccessError(.invalid, "This passkey is registered already, or you are not on the staff any more.")
    }
  }

  // MARK: The bad moment

  /// Ends everything that somebody could do. It is ended first: a ledger that cannot be written must not keep a thief in.
  ///
  /// - Parameter force: whether the last owner may go too.
  package func end(_ id: StaffMember.ID, _ suspension: StaffMember.Suspension, force: Bool, by principal: Principal) async throws -> (
    sessions: Int, receipt: LedgerReceipt
  ) {
    let ended = try await control.suspend(id, suspension, force: force)
    if suspension == .phished { await alerts?.raise(.phished(id, endedSessions: ended, by: principal)) }
    let receipt = try await ledger.record(.staffCutOff(staff: id.rawValue, reason: suspension.rawValue), by: principal)
    if suspension == .removed { try await uses?.forget(id) }
    return (ended, receipt)
  }

  // MARK: Proofs

  /// The nonce for the next proofs.
  package var nonce: String { proofs.nonce(at: clock()) }

  /// The session with word on whether this request was signed by its browser's key.
  package func proven(_ session: ActiveSession, by proof: String?, method: String, path: String) -> ActiveSession {
    var session = session
    if let proof, let read = SessionProof(reading: proof), read.key == session.key {
      session.isProven = (try? proofs.take(read, method: method, address: origin + path, at: clock())) != nil
    }
    return session
  }

  /// The next cookie for the session of the key that signed this; nil if there is none.
  package func renew(_ proof: String?, path: String) async throws -> NewSession? {
    guard let proof, let read = SessionProof(reading: proof) else { throw ProofBook.Refusal.missing }
    // Nothing is remembered of keys that have no session.
    guard try await control.hasSession(key: read.key) else { return nil }
    return try await control.renewSession(key: try proofs.take(read, method: "POST", address: origin + path, at: clock()).key)
  }

  // MARK: Parts

  private func party() throws(AccessError) -> RelyingParty {
    guard let relyingParty else {
      throw AccessError(
        .invalid,
        "Browsers have no passkeys at \(origin). Open the console at https:// and a host name, or at http://localhost on this machine; `--origin` says which."
      )
    }
    return relyingParty
  }

  /// Whose passkey answered. That its counter did not go up is an alert about the person: the signature was the passkey's, or a copy's.
  private func answered(_ assertion: AssertionResponse, in ceremony: AuthenticationCeremony) async throws -> StaffMember {
    do {
      return try await control.use(assertion, in: ceremony)
    } catch let error as PasskeyError where error.reason == .clonedCounter {
      if let owner = try await control.owner(ofPasskey: assertion.credentialID) {
        await alerts?.raise(.clonedPasskey(owner, passkey: StaffPasskey.label(of: assertion.credentialID)))
      }
      throw error
    }
  }

  private func verified(_ response: RegistrationResponse, _ challenge: [UInt8]) async throws -> CredentialRecord {
    let isKnown = try await control.isKnownCredential(response.credentialID)
    return try RegistrationCeremony(relyingParty: try party(), challenge: challenge).verify(response) { _ in isKnown }
  }

  private static let over = AccessError(
    .invalid, "This question is over: it is answered once, within five minutes. Reload the page and try again.")
  private static let suspended = AccessError(
    .suspended,
    "This passkey's owner may not sign in: removed, or cut off after a phishing report. Two admins can let the person in again; an owner, two other owners."
  )
}
