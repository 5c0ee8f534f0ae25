import Access
import Custodian
import Events
import Foundation
import GRDB
import Passkeys
import SoftAuthenticator
import Synchronization
import Testing
import Vault

/// Approvers who go, and passkeys that come: by requests that others sign, and entered in the ledger.
struct ApproverChangeTests {
  private let it: ApprovalBench
  private let reason = "The device was lost on a journey"

  init() throws { it = try ApprovalBench() }

  private func refused(_ error: ApprovalError, _ body: () throws -> Void) throws {
    #expect(throws: error) { try body() }
    #expect(try it.codes().first == error.code)
  }

  /// A fourth one who may act.
  private func admitDora() throws {
    let request = try it.ask(.admit(name: "Dora"), purpose: "Cleo leaves at the end of the month")
    for name in ["Bea", "Cleo"] { try it.sign(request, as: name) }
    let link = try it.approvals.invite(request.digest, by: it.approver("Ada"), ticket: it.ticket(request))
    try it.enrol("Dora", link: link.text)
    it.clock.advance(Approver.admissionDelay)
  }

  private func removal(of name: String, by requester: String = "Ada") throws -> CustodianRequest {
    try it.ask(.remove(approver: it.approver(name).text, name: name), by: requester, purpose: reason)
  }

  private func signIn(_ name: String) throws -> String {
    let challenge = it.approvals.beginSignIn()
    return try it.approvals.finishSignIn(challenge: challenge, with: it.assertion(name, challenge)).cookie.text
  }

  // MARK: Removal

  @Test func `two others remove an approver, at once, with sessions and everything under way`() throws {
    try admitDora()
    let (cookie, other) = (try signIn("Cleo"), try signIn("Bea"))
    let (asked, approved) = (try it.ask(by: "Cleo"), try it.ask(by: "Bea", purpose: "Another case altogether, 4712"))
    for name in ["Cleo", "Ada"] { try it.sign(approved, as: name) }
    let untouched = try it.ask(by: "Bea", purpose: "A third case, number 4713")
    let request = try removal(of: "Cleo")
    try refused(.concernsYou) { try it.sign(request, as: "Cleo") }
    try refused(.selfApproval) { try it.sign(request, as: "Ada") }
    #expect(try it.sign(request, as: "Bea").state == .waiting && it.approvals.visitor(cookie: cookie) != nil)
    #expect(try it.sign(request, as: "Dora").state == .done)
    #expect(try it.approver("Cleo").isActive(at: it.clock.read()) == false)
    #expect(try it.approvals.visitor(cookie: cookie) == nil && it.approvals.visitor(cookie: other)?.approver.name == "Bea")
    try refused(.removed) { _ = try signIn("Cleo") }
    try refused(.removed) { try it.sign(untouched, as: "Cleo") }
    try refused(.removed) { _ = try it.approvals.write(.passkey, purpose: reason, by: it.approver("Cleo")) }
    try refused(.removed) { try it.approvals.refuse(untouched.digest, by: it.approver("Cleo")) }
    // What it asked or approved ends; the rest goes on.
    #expect(try it.store.request(asked.digest)?.state == .refused && it.store.request(approved.digest)?.state == .refused)
    #expect(try it.store.request(untouched.digest)?.state == .waiting)
    for name in ["Ada", "Dora"] { try it.sign(untouched, as: name) }
    #expect(try it.store.request(untouched.digest)?.state == .approved)
    // It holds after a start anew, too, and no setup link comes of it.
    try it.restart()
    try refused(.removed) { _ = try signIn("Cleo") }
    let link = Secret.random(.approverLink)
    let end = Timestamp(milliseconds: it.clock.read().milliseconds + 1_000)
    #expect(try it.store.replaceSetupLinks([link.digest.bytes], expires: end, at: it.clock.read()) == 0)
    // The name is free again, for another passkey.
    let anew = try it.ask(.admit(name: "Cleo"), purpose: "Cleo is back with another device")
    for name in ["Bea", "Dora"] { try it.sign(anew, as: name) }
    let invited = try it.approvals.invite(anew.digest, by: it.approver("Ada"), ticket: it.ticket(anew))
    #expect(try it.approvals.beginEnrolment(link: invited.text, name: "").name == "Cleo")
  }

  @Test func `three who can act are always left`() throws {
    try refused(.tooFewApprovers) { _ = try removal(of: "Cleo") }
    try admitDora()
    // Two removals that were both all right when they were written: the second one is not any more.
    let (cleo, dora) = (try removal(of: "Cleo"), try removal(of: "Dora"))
    try it.sign(dora, as: "Bea")
    for name in ["Bea", "Dora"] { try it.sign(cleo, as: name) }
    try refused(.removed) { try it.sign(dora, as: "Cleo") }
    try refused(.tooFewApprovers) { _ = try removal(of: "Dora") }
    #expect(try Set(it.store.approvers().filter { $0.isActive(at: it.clock.read()) }.map(\.name)) == ["Ada", "Bea", "Dora"])
  }

  @Test func `it is looked at again when the last one signs`() throws {
    try admitDora()
    let own = try removal(of: "Dora", by: "Dora")
    try it.sign(own, as: "Bea")
    let cleo = try removal(of: "Cleo")
    for name in ["Bea", "Dora"] { try it.sign(cleo, as: name) }
    try refused(.tooFewApprovers) { try it.sign(own, as: "Ada") }
    #expect(try it.store.request(own.digest)?.state == .waiting && it.approver("Dora").isActive(at: it.clock.read()))
  }

  @Test func `who goes takes along what was half done, and who waits counts for nothing`() throws {
    try admitDora()
    let one = try removal(of: "Dora")
    try it.sign(one, as: "Bea")
    // Ada goes by her own wish, for which two others signed.
    let own = try removal(of: "Ada", by: "Ada")
    for name in ["Bea", "Cleo"] { try it.sign(own, as: name) }
    // The request of whoever went is over; for another one there are too few.
    #expect(try it.store.request(one.digest)?.state == .refused)
    try refused(.tooFewApprovers) { _ = try removal(of: "Dora", by: "Bea") }
    // Whoever waits for the 72 hours does not count as one who is left, and can be removed.
    let request = try it.ask(.admit(name: "Emil"), by: "Bea", purpose: "We want to be four again")
    for name in ["Cleo", "Dora"] { try it.sign(request, as: name) }
    let link = try it.approvals.invite(request.digest, by: it.approver("Bea"), ticket: it.ticket(request, as: "Bea"))
    try it.enrol("Emil", link: link.text)
    try refused(.tooFewApprovers) { _ = try removal(of: "Dora", by: "Bea") }
    let emil = try removal(of: "Emil", by: "Bea")
    for name in ["Cleo", "Dora"] { try it.sign(emil, as: name) }
    it.clock.advance(Approver.admissionDelay)
    #expect(try !it.approver("Emil").isActive(at: it.clock.read()))
  }

  @Test func `somebody who was invited and removed does not enrol any more`() throws {
    let request = try it.ask(.admit(name: "Dora"), purpose: "Cleo leaves at the end of the month")
    for name in ["Bea", "Cleo"] { try it.sign(request, as: name) }
    let link = try it.approvals.invite(request.digest, by: it.approver("Ada"), ticket: it.ticket(request))
    let begun = try it.approvals.beginEnrolment(link: link.text, name: "")
    let removal = try removal(of: "Dora")
    for name in ["Bea", "Cleo"] { try it.sign(removal, as: name) }
    try refused(.linkNotValid) { _ = try it.approvals.beginEnrolment(link: link.text, name: "") }
    var device = it.authenticator("Dora")
    try refused(.linkNotValid) { _ = try it.approvals.finishEnrolment(challenge: begun.challenge, with: device.register(begun.challenge)) }
  }

  // MARK: Further passkeys

  private func grant(to name: String = "Ada", by others: [String] = ["Bea", "Cleo"]) throws -> Secret {
    let request = try it.ask(.passkey, by: name, purpose: reason)
    for other in others { try it.sign(request, as: other) }
    return try it.approvals.invite(request.digest, by: it.approver(name), ticket: it.ticket(request, as: name))
  }

  /// Registers another device by a link; `name` is what the bench calls it.
  private func register(_ name: String, _ link: Secret) throws {
    var device = it.authenticator(name)
    let begun = try it.approvals.beginEnrolment(link: link.text, name: "whoever")
    device.userHandle = begun.approver.id
    _ = try it.approvals.finishEnrolment(challenge: begun.challenge, with: device.register(begun.challenge))
    it.passkeys[name] = device
  }

  @Test func `a second passkey signs like the first, and is nobody more`() throws {
    let request = try it.ask(.passkey, purpose: reason)
    let ada = try it.approver("Ada")
    #expect(throws: ApprovalError.notApproved) { try it.approvals.invite(request.digest, by: ada, ticket: []) }
    for name in ["Bea", "Cleo"] { try it.sign(request, as: name) }
    #expect(throws: ApprovalError.ceremonyOver) { try it.approvals.invite(request.digest, by: ada, ticket: []) }
    #expect(throws: ApprovalError.notTheRequester) { try it.approvals.invite(request.digest, by: it.approver("Bea"), ticket: []) }
    let link = try it.approvals.invite(request.digest, by: ada, ticket: it.ticket(request))
    #expect(throws: ApprovalError.decided) { try it.approvals.invite(request.digest, by: ada, ticket: []) }
    try register("Ada's phone", link)
    try refused(.linkNotValid) { _ = try it.approvals.beginEnrolment(link: link.text, name: "") }
    #expect(try it.store.passkeys(of: ada.id).count == 2 && it.store.approvers().count == 3)
    // Asked with one, approved by the other: still the same person.
    let other = try it.ask(purpose: "Another case altogether, 4712")
    let begun = try it.approvals.beginSignature(
      try it.ask(by: "Bea", purpose: "A third case, number 4713").digest, by: ada)
    #expect(begun.passkeys.count == 2)
    #expect(throws: ApprovalError.selfApproval) {
      try it.approvals.sign(other.digest, by: ada, with: it.assertion("Ada's phone", other.challenge(for: .approval)))
    }
    let theirs = try it.ask(by: "Bea", purpose: "A fourth case, number 4714")
    _ = try it.approvals.sign(theirs.digest, by: ada, with: it.assertion("Ada's phone", theirs.challenge(for: .approval)))
    #expect(throws: ApprovalError.samePersonTwice) {
      try it.approvals.sign(theirs.digest, by: ada, with: it.assertion("Ada", theirs.challenge(for: .approval)))
    }
    let cookie = try signIn("Ada's phone")
    #expect(try it.approvals.visitor(cookie: cookie)?.approver == it.approver("Ada"))
  }

  @Test func `a link for a passkey ends after a day, with its approver, and by being used`() throws {
    let late = try grant()
    it.clock.advance(CustodianRequest.passkeyLinkLifetime)
    try refused(.linkNotValid) { _ = try it.approvals.beginEnrolment(link: late.text, name: "") }
    // Two who race for one link.
    let link = try grant()
    let (first, second) = (
      try it.approvals.beginEnrolment(link: link.text, name: ""), try it.approvals.beginEnrolment(link: link.text, name: "")
    )
    var (one, two) = (it.authenticator("one"), it.authenticator("two"))
    _ = try it.approvals.finishEnrolment(challenge: first.challenge, with: one.register(first.challenge))
    try refused(.linkNotValid) { _ = try it.approvals.finishEnrolment(challenge: second.challenge, with: two.register(second.challenge)) }
    // The same authenticator twice, and one of somebody else.
    let next = try grant()
    let begun = try it.approvals.beginEnrolment(link: next.text, name: "")
    #expect(throws: ApprovalError.passkey(PasskeyError(.registration, step: 26, .credentialAlreadyRegistered))) {
      try it.approvals.finishEnrolment(challenge: begun.challenge, with: one.register(begun.challenge))
    }
    try admitDora()
    let cleos = try grant(to: "Cleo", by: ["Ada", "Bea"])
    let removal = try removal(of: "Cleo")
    for name in ["Bea", "Dora"] { try it.sign(removal, as: name) }
    try refused(.linkNotValid) { _ = try it.approvals.beginEnrolment(link: cleos.text, name: "") }
  }

  // MARK: The ledger and the database

  @Test func `every change is entered in the ledger once the server answers`() async throws {
    try admitDora()
    let limit = try it.ask(.dailyLimit(subjects: 5), purpose: "We open very few of them")
    for name in ["Bea", "Cleo"] { try it.sign(limit, as: name) }
    _ = try grant()
    let removal = try removal(of: "Cleo")
    for name in ["Bea", "Dora"] { try it.sign(removal, as: name) }
    let courier = it.bench.courier()
    it.bench.server.state.withLock { $0.changeStatus = 503 }
    await #expect(throws: CustodianError.self) { try await courier.enterChanges() }
    #expect(try it.store.unentered().count == 4)
    it.bench.server.state.withLock { $0.changeStatus = 200 }
    try await courier.enterChanges()
    try await courier.enterChanges()
    let changes = it.bench.server.state.withLock { $0.changes }
    #expect(changes.map(\.act).sorted() == ["admit", "daily_limit", "passkey", "remove"])
    let change = try #require(changes.first { $0.act == "remove" })
    #expect(try change.request == removal.digest.hexadecimal && change.requester == it.approver("Ada").text)
    #expect(Set(change.approvers) == Set([try it.approver("Bea").text, try it.approver("Dora").text]))
    #expect(try it.store.request(removal.digest)?.ledgerEntry != nil && it.store.unentered().isEmpty)
  }

  @Test func `a directory of the version before is taken up`() throws {
    let file = it.bench.directory.appendingPathComponent(CustodianDirectory.database).path
    let queue = try DatabaseQueue(path: file)
    try queue.write {
      try $0.execute(
        sql: """
          ALTER TABLE approver DROP COLUMN removed_at; DROP TABLE passkey_link;
          DELETE FROM grdb_migrations WHERE identifier LIKE '4 %'
          """)
    }
    try queue.close()
    try it.restart()
    #expect(try Set(it.store.approvers().map(\.name)) == ["Ada", "Bea", "Cleo"])
    try admitDora()
    let removal = try removal(of: "Cleo")
    for name in ["Bea", "Dora"] { try it.sign(removal, as: name) }
    #expect(try it.approver("Cleo").removedAt != nil)
  }
}
