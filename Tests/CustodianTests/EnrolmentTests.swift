import Access
import Custodian
import Events
import Foundation
import Passkeys
import SoftAuthenticator
import Testing
import Vault

/// Who becomes an approver, and how long a session lasts.
struct EnrolmentTests {
  @Test func `a link makes one approver, once`() throws {
    let it = try ApprovalBench(enrolled: [])
    let link = try it.link(expires: 1_000)
    let ada = try it.enrol("Ada", link: link)
    #expect(ada.isActive(at: it.clock.read()) && ada.admittedBy == nil)
    #expect(throws: ApprovalError.linkNotValid) { try it.enrol("Bea", link: link) }
    #expect(throws: ApprovalError.linkNotValid) { try it.enrol("Bea", link: String(link.dropLast()) + "x") }
    #expect(throws: ApprovalError.linkNotValid) { try it.enrol("Bea", link: Secret.random(.approverLink).text) }
    let late = try it.link(expires: 1_000)
    it.clock.advance(1_000)
    #expect(throws: ApprovalError.linkNotValid) { try it.enrol("Bea", link: late) }
    #expect(try it.codes() == .init(repeating: "link_not_valid", count: 4))
    #expect(try it.store.approvers().filter { $0.enrolledAt != nil }.count == 1)
  }

  @Test func `two who race for a link do not both enrol`() throws {
    let it = try ApprovalBench(enrolled: [])
    let link = try it.link(expires: 1_000)
    let (first, second) = (
      try it.approvals.beginEnrolment(link: link, name: "Ada"), try it.approvals.beginEnrolment(link: link, name: "Eve")
    )
    var (one, two) = (it.authenticator("Ada"), it.authenticator("Eve"))
    _ = try it.approvals.finishEnrolment(challenge: first.challenge, with: one.register(first.challenge))
    #expect(throws: ApprovalError.linkNotValid) {
      try it.approvals.finishEnrolment(challenge: second.challenge, with: two.register(second.challenge))
    }
    #expect(try it.store.passkeys().count == 1)
  }

  @Test func `names and passkeys are different ones`() throws {
    let it = try ApprovalBench(enrolled: ["Ada"])
    let link = try it.link(expires: 1_000)
    for name in ["", "  ", "ada", "A\u{202E}b", String(repeating: "a", count: 65), "A\nb"] {
      #expect(throws: ApprovalError.self, "\(name)") { try it.approvals.beginEnrolment(link: link, name: name) }
    }
    let begun = try it.approvals.beginEnrolment(link: link, name: "Bea")
    var same = try #require(it.passkeys["Ada"])
    #expect(throws: ApprovalError.passkey(PasskeyError(.registration, step: 26, .credentialAlreadyRegistered))) {
      try it.approvals.finishEnrolment(challenge: begun.challenge, with: same.register(begun.challenge))
    }
    // The link was not used up by that.
    try it.enrol("Bea", link: link)
  }

  @Test func `a question is answered once, and within five minutes`() throws {
    let it = try ApprovalBench(enrolled: ["Ada"])
    let challenge = it.approvals.beginSignIn()
    let assertion = try it.assertion("Ada", challenge)
    _ = try it.approvals.finishSignIn(challenge: challenge, with: assertion)
    #expect(throws: ApprovalError.ceremonyOver) { try it.approvals.finishSignIn(challenge: challenge, with: assertion) }
    // A wrong answer uses the question up as well.
    let second = it.approvals.beginSignIn()
    #expect(throws: ApprovalError.self) { try it.approvals.finishSignIn(challenge: second, with: assertion) }
    #expect(throws: ApprovalError.ceremonyOver) {
      try it.approvals.finishSignIn(challenge: second, with: it.assertion("Ada", second))
    }
    let third = it.approvals.beginSignIn()
    it.clock.advance(Ceremonies.lifetime)
    #expect(throws: ApprovalError.ceremonyOver) { try it.approvals.finishSignIn(challenge: third, with: it.assertion("Ada", third)) }
    let fourth = try it.approvals.beginEnrolment(link: it.link(expires: 1_000), name: "Bea")
    #expect(throws: ApprovalError.ceremonyOver) {
      try it.approvals.finishSignIn(challenge: fourth.challenge, with: it.assertion("Ada", fourth.challenge))
    }
    #expect(Set(try it.codes()) == ["reused_challenge", "wrong_challenge"])
  }

  @Test func `a session ends after a quarter of an hour without use, and after twelve hours`() throws {
    let it = try ApprovalBench(enrolled: ["Ada"])
    func signIn() throws -> String {
      let challenge = it.approvals.beginSignIn()
      return try it.approvals.finishSignIn(challenge: challenge, with: it.assertion("Ada", challenge)).cookie.text
    }
    let idle = try signIn()
    it.clock.advance(ApproverSessions.idleLimit)
    #expect(try it.approvals.visitor(cookie: idle) == nil)
    let busy = try signIn()
    for _ in 0..<71 {
      it.clock.advance(10 * 60_000)
      #expect(try it.approvals.visitor(cookie: busy) != nil)
    }
    it.clock.advance(10 * 60_000)
    #expect(try it.approvals.visitor(cookie: busy) == nil)
    let ended = try signIn()
    it.approvals.sessions.end(cookie: ended)
    #expect(try it.approvals.visitor(cookie: ended) == nil)
    #expect(try it.approvals.visitor(cookie: nil) == nil && it.approvals.visitor(cookie: "slc_x") == nil)
  }

  @Test func `a further approver needs two approvals and 72 hours`() throws {
    let it = try ApprovalBench()
    let request = try it.ask(.admit(name: "Dora"), purpose: "Cleo leaves at the end of the month")
    let ada = try it.approver("Ada")
    #expect(throws: ApprovalError.notApproved) { try it.approvals.invite(request.digest, by: ada, ticket: []) }
    for name in ["Bea", "Cleo"] { try it.sign(request, as: name) }
    #expect(throws: ApprovalError.notTheRequester) { try it.approvals.invite(request.digest, by: try it.approver("Bea"), ticket: []) }
    #expect(throws: ApprovalError.ceremonyOver) { try it.approvals.invite(request.digest, by: ada, ticket: []) }
    let link = try it.approvals.invite(request.digest, by: ada, ticket: it.ticket(request)).text
    #expect(throws: ApprovalError.decided) { try it.approvals.invite(request.digest, by: ada, ticket: []) }
    it.clock.advance(3_600_000)
    // Under the name that was approved, whatever is written.
    let begun = try it.approvals.beginEnrolment(link: link, name: "Eve")
    #expect(begun.name == "Dora")
    let dora = try it.enrol("Dora", link: link)
    let other = try it.ask(purpose: "Another case altogether, 4712")
    #expect(throws: ApprovalError.notYetActive) { try it.sign(other, as: "Dora") }
    #expect(throws: ApprovalError.notYetActive) { _ = try it.ask(by: "Dora") }
    it.clock.advance(Approver.admissionDelay - 3_600_001)
    #expect(!dora.isActive(at: it.clock.read()))
    it.clock.advance(1)
    #expect(dora.isActive(at: it.clock.read()))
    let later = try it.ask(purpose: "A third case, 4713")
    try it.sign(later, as: "Dora")
  }

  @Test func `links of init are taken up once, and new ones end the old`() throws {
    let it = try ApprovalBench(enrolled: [])
    let old = try it.link(expires: 1_000_000)
    let secrets = (0..<3).map { _ in Secret.random(.approverLink) }
    let end = Timestamp(milliseconds: it.clock.read().milliseconds + 1_000_000)
    #expect(try it.store.replaceSetupLinks(secrets.map(\.digest.bytes), expires: end, at: it.clock.read()) == 3)
    #expect(throws: ApprovalError.linkNotValid) { try it.enrol("Ada", link: old) }
    for (name, secret) in zip(["Ada", "Bea", "Cleo"], secrets) { try it.enrol(name, link: secret.text) }
    #expect(try it.store.replaceSetupLinks([secrets[0].digest.bytes], expires: end, at: it.clock.read()) == 0)
    // A file that comes again, as after a crash or from a backup, revives no link.
    try CustodianDirectory.write(setupLinks: [secrets[0].digest.bytes], expiresAt: end.milliseconds, in: it.bench.directory)
    try it.store.takeSetupLinks(at: it.clock.read())
    #expect(throws: ApprovalError.linkNotValid) { try it.enrol("Eve", link: secrets[0].text) }
    #expect(try it.store.approvers().count == 3)
  }
}
