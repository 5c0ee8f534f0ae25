package import Access
package import Events
internal import Foundation
package import Logging
package import Notices
package import Passkeys
internal import Vault

/// What approvers do at the custodian: enrol, sign in, ask, approve, open. Every refusal of it is recorded, for everybody to see.
package final class Approvals: Sendable {
  package let store: CustodianStore
  package let relyingParty: RelyingParty
  package let ceremonies = Ceremonies()
  package let sessions = ApproverSessions()
  let connection: ServerConnection
  package let witness: Witness
  let clock: @Sendable () -> Timestamp
  let logger: Logger

  package init(
    store: CustodianStore, relyingParty: RelyingParty, connection: ServerConnection, logger: Logger,
    clock: @escaping @Sendable () -> Timestamp
  ) {
    self.store = store
    self.relyingParty = relyingParty
    self.connection = connection
    witness = Witness(store: store, connection: connection, logger: logger, clock: clock)
    self.clock = clock
    self.logger = logger
  }

  // MARK: Signing in

  package func beginSignIn() -> [UInt8] { ceremonies.begin(.signIn, at: clock()) }

  package func finishSignIn(challenge: [UInt8], with assertion: AssertionResponse) throws -> (approver: Approver, cookie: Secret) {
    try recording("sign_in") {
      guard case .signIn? = ceremonies.end(challenge, at: clock()) else { throw ApprovalError.ceremonyOver }
      let ceremony = AuthenticationCeremony(relyingParty: relyingParty, challenge: challenge, user: .unidentified)
      let approver = try store.use(assertion, in: ceremony, at: clock())
      return (approver, sessions.begin(approver.id, at: clock()))
    }
  }

  /// Who is signed in with this cookie.
  package func visitor(cookie: String?) throws -> (approver: Approver, session: ApproverSessions.Session)? {
    // Looked at each time: whoever is removed is signed out by that.
    guard let session = sessions.session(cookie: cookie, at: clock()), let approver = try store.approver(session.approver),
      approver.isEnrolled
    else { return nil }
    return (approver, session)
  }

  // MARK: Requests

  /// Writes a request, which is nothing until its writer signs it.
  ///
  /// - Parameter letters: the texts that a request to notify names.
  package func write(
    _ wish: CustodianRequest.Wish, purpose: String, by approver: Approver, letters: [LetterTemplate] = []
  ) throws -> CustodianRequest {
    try recording("request", by: approver) {
      let now = clock()
      try ApprovalRule.mayAct(approver, at: now)
      if case .remove(let id, _) = wish { try ApprovalRule.mayRemove(id, from: store.approvers(), at: now) }
      let request = try CustodianRequest(wish, purpose: purpose, by: approver, at: now)
      let left = try store.dailyLimit(at: now).left
      guard request.subjectCount <= left else { throw ApprovalError.overDailyLimit(left: left) }
      try store.enter(request, letters: letters)
      return request
    }
  }

  /// What a passkey of this approver is asked to sign on a request, and which passkeys may.
  package func beginSignature(_ digest: [UInt8], by approver: Approver) throws -> (challenge: [UInt8], passkeys: [[UInt8]]) {
    try recording("approval", by: approver, on: digest) {
      guard let stored = try store.request(digest) else { throw ApprovalError.noSuchRequest }
      let act = try ApprovalRule.act(of: approver, on: stored, at: clock())
      return (stored.request.challenge(for: act), try store.passkeys(of: approver.id))
    }
  }

  /// What became of a request by a signature; a ticket where the signature was for carrying it out.
  package struct Signed: Sendable {
    package let request: StoredRequest
    package let ticket: [UInt8]?
  }

  package func sign(_ digest: [UInt8], by approver: Approver, with assertion: AssertionResponse) throws -> Signed {
    try recording("approval", by: approver, on: digest) {
      let (stored, act) = try store.sign(digest, by: approver, with: assertion, relyingParty: relyingParty, at: clock())
      if act == .completion {
        return Signed(
          request: stored, ticket: ceremonies.begin(.completion(request: digest, approver: approver.id), at: clock()))
      }
      if stored.state == .done, case .remove(let id, _) = stored.request.wish, let gone = [UInt8](hexadecimal: id) {
        sessions.end(of: gone)
        logger.notice("an approver was removed", metadata: ["approver": "\(id)"])
      }
      logger.notice(
        "a request was signed",
        metadata: ["request": "\(digest.hexadecimal)", "approver": "\(approver.text)", "state": "\(stored.state.rawValue)"])
      return Signed(request: stored, ticket: nil)
    }
  }

  package func refuse(_ digest: [UInt8], by approver: Approver) throws {
    try recording("approval", by: approver, on: digest) {
      guard let stored = try store.request(digest) else { throw ApprovalError.noSuchRequest }
      try ApprovalRule.mayRefuse(stored, by: approver, at: clock())
      try store.refuse(digest, at: clock())
      logger.notice("a request was refused", metadata: ["request": "\(digest.hexadecimal)", "approver": "\(approver.text)"])
    }
  }

  /// A one-time link for whom an approved request admits, or for the passkey that it grants to whoever asked.
  package func invite(_ digest: [UInt8], by approver: Approver, ticket: [UInt8]) throws -> Secret {
    try recording("request", by: approver, on: digest) {
      let now = clock()
      let stored = try carriedOut(digest, by: approver, at: now)
      let link = Secret.random(.approverLink)
      func end(_ lifetime: Int64) -> Timestamp { Timestamp(milliseconds: now.milliseconds + lifetime) }
      switch stored.request.wish {
      case .admit(let name):
        try take(ticket, for: digest, by: approver)
        try store.invite(name, by: digest, link: link.digest.bytes, expires: end(CustodianDirectory.setupLinkLifetime), at: now)
      case .passkey:
        try take(ticket, for: digest, by: approver)
        try store.grantPasskey(
          to: approver.id, by: digest, link: link.digest.bytes, expires: end(CustodianRequest.passkeyLinkLifetime), at: now)
      case .open, .dailyLimit, .remove, .acceptLedger, .state, .notify: throw ApprovalError.noSuchRequest
      }
      return link
    }
  }

  /// Takes the ticket that a passkey's signature gave, so that a session alone carries out nothing.
  func take(_ ticket: [UInt8], for digest: [UInt8], by approver: Approver) throws(ApprovalError) {
    guard ceremonies.end(ticket, at: clock()) == .completion(request: digest, approver: approver.id) else { throw .ceremonyOver }
  }

  /// A request that may be carried out: its state says so, and every signature under it is verified once more against its bytes, so that
  /// whoever can write to the database opens nothing by that.
  func carriedOut(_ digest: [UInt8], by approver: Approver, at time: Timestamp) throws -> StoredRequest {
    guard let stored = try store.request(digest) else { throw ApprovalError.noSuchRequest }
    try ApprovalRule.mayCarryOut(stored, by: approver, at: time)
    try SignatureCheck(store: store, relyingParty: relyingParty).check(stored)
    return stored
  }

  // MARK: Refusals

  /// Records a refusal before it is passed on.
  func recording<Result>(
    _ attempt: String, by approver: Approver? = nil, on request: [UInt8]? = nil, _ body: () throws -> Result
  ) throws -> Result {
    do { return try body() } catch let error as ApprovalError {
      try record(error, attempt, by: approver, on: request)
      throw error
    }
  }

  func record(_ error: ApprovalError, _ attempt: String, by approver: Approver?, on request: [UInt8]?) throws {
    guard error.isRecorded else { return }
    logger.warning(
      "refused", metadata: ["attempt": "\(attempt)", "code": "\(error.code)", "approver": "\(approver?.text ?? "-")"])
    try store.note(
      Refusal(
        time: clock(), approver: approver?.id, request: request, attempt: attempt, code: error.code, sentence: error.description))
  }
}
