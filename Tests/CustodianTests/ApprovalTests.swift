import Access
import Crypto
import Custodian
import Events
import Foundation
import GRDB
import Passkeys
import SoftAuthenticator
import Synchronization
import Testing
import Vault

/// Opening takes one who asks and two others; every way around is refused, and the refusal is on record.
struct ApprovalTests {
  private let it: ApprovalBench

  init() throws { it = try ApprovalBench() }

  private func refused(_ error: ApprovalError, _ body: () throws -> Void) throws {
    #expect(throws: error) { try body() }
    #expect(try it.codes().first == error.code)
  }

  private func refusedToOpen(_ error: ApprovalError, _ request: CustodianRequest, by name: String = "Ada") async throws {
    let who = try it.approver(name)
    await #expect(throws: error) { _ = try await it.approvals.open(request.digest, by: who, ticket: []) }
    #expect(try it.codes().first == error.code)
  }

  /// Everything that the server has of these people, as it would hand it over.
  private func sealValues(_ names: [String]) async throws {
    let values = try it.bench.seal(names)
    _ = try await it.bench.courier().round()
    let rows = zip(names, values).map { name, value in
      (subject: "s_\(it.bench.pseudonyms.subject(name))", field: "$email", layer: "verified", bytes: value.bytes)
    }
    it.bench.server.state.withLock { $0.sealed = rows }
  }

  @Test func `two others sign the same bytes, and it opens once`() async throws {
    try await sealValues(["dora", "emil"])
    let request = try it.ask()
    await #expect(throws: ApprovalError.notApproved) {
      _ = try await it.approvals.open(request.digest, by: try it.approver("Ada"), ticket: [])
    }
    #expect(try it.sign(request, as: "Bea").state == .waiting)
    #expect(try it.sign(request, as: "Cleo").state == .approved)
    #expect(it.bench.server.state.withLock { $0.openings.isEmpty })
    let opening = try await it.open(request)
    #expect(opening.ledgerEntry == 41 && opening.subjects.count == 1)
    // What the server sends beside what was asked for is not opened.
    #expect(opening.subjects[0].fields.count == 1)
    #expect(try opening.subjects[0].fields[0].outcome.get() == "dora@orrery.example")
    let asked = try #require(it.bench.server.state.withLock { $0.openings.first })
    #expect(asked.request == request.digest.hexadecimal && asked.requester == request.requester)
    #expect(Set(asked.approvers) == Set([try it.approver("Bea").text, try it.approver("Cleo").text]))
    #expect(asked.project == 7 && asked.subjects == ["s_\(it.bench.pseudonyms.subject("dora"))"] && asked.fields == ["$email"])
    try await refusedToOpen(.decided, request)
    #expect(it.bench.server.state.withLock { $0.openings.count } == 1)
    #expect(try it.store.request(request.digest)?.ledgerEntry == 41)
  }

  @Test func `another's value under the subject's name stays shut`() async throws {
    try await sealValues(["dora", "emil"])
    it.bench.server.state.withLock { $0.sealed[1].subject = $0.sealed[0].subject }
    let request = try it.ask()
    for name in ["Bea", "Cleo"] { try it.sign(request, as: name) }
    let fields = try await it.open(request).subjects[0].fields
    #expect(try fields[0].outcome.get() == "dora@orrery.example")
    #expect(throws: OpeningError.self) { try fields[1].outcome.get() }
  }

  @Test func `nothing is shown that the ledger does not have`() async throws {
    try await sealValues(["dora"])
    let request = try it.ask()
    for name in ["Bea", "Cleo"] { try it.sign(request, as: name) }
    it.bench.server.state.withLock { $0.openingStatus = 503 }
    await #expect(throws: ApprovalError.self) { _ = try await it.open(request) }
    #expect(try it.store.request(request.digest)?.state == .approved)
    it.bench.server.state.withLock { $0.openingStatus = 200 }
    #expect(try await it.open(request).ledgerEntry == 41)
  }

  @Test func `self-approval, the same person twice, a fourth signature`() throws {
    let request = try it.ask()
    try refused(.selfApproval) { try it.sign(request, as: "Ada") }
    try it.sign(request, as: "Bea")
    try refused(.samePersonTwice) { try it.sign(request, as: "Bea") }
    try it.sign(request, as: "Cleo")
    try refused(.decided) { try it.sign(request, as: "Bea") }
  }

  @Test func `a session alone opens nothing: the passkey answers once more, for this request`() async throws {
    try await sealValues(["dora"])
    let (request, other) = (try it.ask(), try it.ask(purpose: "Another case altogether, 4712"))
    for name in ["Bea", "Cleo"] { for request in [request, other] { try it.sign(request, as: name) } }
    try await refusedToOpen(.ceremonyOver, request)
    let ticket = try it.ticket(other)
    let ada = try it.approver("Ada")
    await #expect(throws: ApprovalError.ceremonyOver) { _ = try await it.approvals.open(request.digest, by: ada, ticket: ticket) }
    let late = try it.ticket(request)
    it.clock.advance(Ceremonies.lifetime)
    await #expect(throws: ApprovalError.ceremonyOver) { _ = try await it.approvals.open(request.digest, by: ada, ticket: late) }
    // An approver's signature is none of the requester's, whatever it is for.
    #expect(throws: ApprovalError.passkey(PasskeyError(.authentication, step: 5, .unknownCredential))) {
      try it.approvals.sign(request.digest, by: ada, with: it.assertion("Bea", request.challenge(for: .completion)))
    }
    #expect(it.bench.server.state.withLock { $0.openings.isEmpty })
    #expect(try await it.open(request).ledgerEntry == 41)
  }

  @Test func `only its writer carries a request out`() async throws {
    let request = try it.ask()
    for name in ["Bea", "Cleo"] { try it.sign(request, as: name) }
    try await refusedToOpen(.notTheRequester, request, by: "Bea")
    try it.approvals.refuse(request.digest, by: it.approver("Cleo"))
    try await refusedToOpen(.decided, request)
  }

  @Test("a signature is refused where the passkey, the page, or what it signed is another")
  func badSignatures() throws {
    let request = try it.ask()
    let cases: [(Int, PasskeyError.Reason, (inout SoftAuthenticator) -> Void)] = [
      (12, .wrongOrigin, { $0.origin = "https://custodian.example.org.attacker.example" }),
      (13, .crossOrigin, { $0.crossOrigin = true }), (15, .wrongRelyingParty, { $0.relyingParty = "example.org" }),
      (16, .userNotPresent, { $0.flags = 4 }), (17, .userNotVerified, { $0.flags = 1 }),
      (21, .badSignature, { $0.key = .es256(P256.Signing.PrivateKey()) }), (10, .wrongType, { $0.getType = "webauthn.create" }),
      (5, .unknownCredential, { $0.credentialID[0] ^= 1 }),
    ]
    for (step, reason, change) in cases {
      try refused(.passkey(PasskeyError(.authentication, step: step, reason))) { try it.sign(request, as: "Bea", change: change) }
    }
    let bea = try it.approver("Bea")
    // What another approver signed, what was signed for another request, and a signature of the other act.
    let other = try it.ask(purpose: "Another case altogether, 4712")
    let wrong = ApprovalError.passkey(PasskeyError(.authentication, step: 11, .wrongChallenge))
    try refused(.passkey(PasskeyError(.authentication, step: 5, .unknownCredential))) {
      _ = try it.approvals.sign(request.digest, by: bea, with: it.assertion("Cleo", request.challenge(for: .approval)))
    }
    try refused(wrong) { _ = try it.approvals.sign(request.digest, by: bea, with: it.assertion("Bea", other.challenge(for: .approval))) }
    try refused(wrong) { _ = try it.approvals.sign(request.digest, by: bea, with: it.assertion("Bea", request.challenge(for: .request))) }
    try refused(wrong) { _ = try it.approvals.sign(request.digest, by: bea, with: it.assertion("Bea", request.digest)) }
    #expect(try it.store.request(request.digest)?.approvals.isEmpty == true)
  }

  @Test func `a cloned passkey is noticed by its counter, and a replayed signature too`() throws {
    let (first, second) = (try it.ask(), try it.ask(purpose: "Another case altogether, 4712"))
    let bea = try it.approver("Bea")
    let clone = try #require(it.passkeys["Bea"])
    let signed = try it.assertion("Bea", first.challenge(for: .approval))
    _ = try it.approvals.sign(first.digest, by: bea, with: signed)
    try refused(.samePersonTwice) { _ = try it.approvals.sign(first.digest, by: bea, with: signed) }
    it.passkeys["Bea"] = clone
    try refused(.passkey(PasskeyError(.authentication, step: 22, .clonedCounter))) { try it.sign(second, as: "Bea") }
    #expect(try it.store.request(second.digest)?.approvals.isEmpty == true)
  }

  @Test func `requests and drafts end by themselves`() async throws {
    let who = try it.approver("Ada")
    let wish = CustodianRequest.Wish.open(project: it.bench.project, subjects: ["s_" + String(repeating: "a", count: 32)], fields: ["$id"])
    let draft = try it.approvals.write(wish, purpose: "Support case 4711", by: who)
    #expect(throws: ApprovalError.noSuchRequest) { try it.sign(draft, as: "Bea") }
    it.clock.advance(CustodianRequest.draftLifetime + 1)
    #expect(throws: ApprovalError.draftOver) { try it.sign(draft, as: "Ada") }
    let (request, approved) = (try it.ask(), try it.ask(purpose: "Another case altogether, 4712"))
    try it.sign(request, as: "Bea")
    for name in ["Bea", "Cleo"] { try it.sign(approved, as: name) }
    it.clock.advance(CustodianRequest.lifetime)
    try refused(.expired) { try it.sign(request, as: "Cleo") }
    try await refusedToOpen(.expired, approved)
  }

  @Test("whoever writes to the database opens nothing by that")
  func changedDatabase() async throws {
    try await sealValues(["dora", "emil"])
    let request = try it.ask()
    try it.sign(request, as: "Bea")
    let file = it.bench.directory.appendingPathComponent(CustodianDirectory.database).path
    func change(_ sql: String, _ arguments: StatementArguments = []) throws {
      let queue = try DatabaseQueue(path: file)
      try queue.write { try $0.execute(sql: sql, arguments: arguments) }
    }
    // Another subject in the bytes.
    let emil = "s_\(it.bench.pseudonyms.subject("emil"))"
    let text = String(decoding: request.canonical, as: UTF8.self)
      .replacingOccurrences(of: "s_\(it.bench.pseudonyms.subject("dora"))", with: emil)
    try change("UPDATE request SET canonical = ?, state = 'approved'", [Data(text.utf8)])
    try await refusedToOpen(.changedBytes, request)
    #expect(try it.store.requests().changed == [request.digest])
    // The state alone: one approval is missing.
    try change("UPDATE request SET canonical = ?, state = 'approved'", [Data(request.canonical)])
    try await refusedToOpen(.notApproved, request)
    // An approval that is a copy of another's.
    try change(
      """
      INSERT INTO signature SELECT request, (SELECT id FROM approver WHERE name = 'Cleo'), act, (SELECT passkey.id FROM passkey JOIN approver \
      ON approver.id = passkey.approver WHERE name = 'Cleo'), client_data, authenticator_data, signature, made_at FROM signature WHERE act = 'approval'
      """)
    try await refusedToOpen(.changedBytes, request)
    #expect(it.bench.server.state.withLock { $0.openings.isEmpty })
  }

  @Test func `a day has a limit, which rises only three days after two others agreed`() async throws {
    let subjects = (0..<CustodianRequest.mostSubjects).map { "s_" + String(repeating: "\($0)", count: 32) }
    func openTen() async throws {
      let request = try it.ask(.open(project: it.bench.project, subjects: subjects, fields: ["$email"]))
      for name in ["Bea", "Cleo"] { try it.sign(request, as: name) }
      _ = try await it.open(request)
    }
    try await openTen()
    // Two at once cannot both take what is left.
    let wish = CustodianRequest.Wish.open(project: it.bench.project, subjects: subjects, fields: ["$id"])
    let (one, two) = (try it.ask(wish), try it.ask(wish))
    for name in ["Bea", "Cleo"] { for request in [one, two] { try it.sign(request, as: name) } }
    _ = try await it.open(one)
    try await refusedToOpen(.overDailyLimit(left: 0), two)
    try refused(.overDailyLimit(left: 0)) { _ = try it.ask() }
    let raise = try it.ask(.dailyLimit(subjects: 40))
    for name in ["Bea", "Cleo"] { try it.sign(raise, as: name) }
    #expect(try it.store.dailyLimit(at: it.clock.read()).left == 0)
    it.clock.advance(CustodianStore.limitDelay - 1)
    #expect(try it.store.dailyLimit(at: it.clock.read()).limit == 20)
    it.clock.advance(1)
    #expect(try it.store.dailyLimit(at: it.clock.read()).limit == 40)
    // A lower one holds at once, and takes back what was to come.
    let higher = try it.ask(.dailyLimit(subjects: 100))
    for name in ["Bea", "Cleo"] { try it.sign(higher, as: name) }
    let lower = try it.ask(.dailyLimit(subjects: 5))
    for name in ["Bea", "Cleo"] { try it.sign(lower, as: name) }
    let now = try it.store.dailyLimit(at: it.clock.read())
    #expect(now.limit == 5 && now.next == nil)
  }

  @Test func `a request survives a restart, a sign-in does not`() throws {
    let request = try it.ask()
    let challenge = it.approvals.beginSignIn()
    let cookie = try it.approvals.finishSignIn(challenge: challenge, with: it.assertion("Bea", challenge)).cookie.text
    #expect(try it.approvals.visitor(cookie: cookie)?.approver.name == "Bea")
    try it.restart()
    #expect(try it.approvals.visitor(cookie: cookie) == nil)
    try it.sign(request, as: "Bea")
    #expect(try it.sign(request, as: "Cleo").state == .approved)
  }
}
